"""Python with packages, continued."""

from fault import Faults

CLIENTS = ("script", "log", "sdk", "exec", "ipython", "stdin")
fault = Faults("python", wide=True, needs="libs", clients=CLIENTS, variants=11)

# pandas.

fault("pandas-drop-axis", "runtime", "KeyError", "KeyMissing", """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': [<<int>>], '<<key2>>': ['<<word>>']})
    <<var>> = <<var>>.drop('<<key2>>')
    """, """
    import pandas as pd
    ---
    pd.DataFrame({'<<key>>': [<<int>>, <<int2>>]}).drop(['<<key>>'], inplace=True)
    """, sign="not found in axis")  # fmt: skip

fault("pandas-columns-wanted", "runtime", "ValueError", "KeyMissing", """
    import io
    import pandas as pd
    ---
    pd.read_csv(io.StringIO('<<key>>,<<key2>>\\n<<int>>,<<int2>>\\n'), usecols=['<<key>>', '<<attr>>'])
    """, """
    import pandas as pd
    ---
    with open('<<stem>>.csv', 'w') as out:
        out.write('id;<<key>>\\n<<int>>;<<word>>\\n')
    <<var>> = pd.read_csv('<<stem>>.csv', usecols=['id', '<<key>>'])
    """, sign="Usecols do not match columns")  # fmt: skip

fault("pandas-attribute-misspelt", "runtime", "AttributeError", "UndefinedName", """
    import pandas as pd
    ---
    pd.DataFrame({'<<key>>': [<<int>>]}).groupBy('<<key>>').sum()
    """, """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': [<<int>>], '<<attr>>': [<<int2>>]})
    <<var>>.sortvalues('<<key>>')
    """, """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': [<<int>>, <<int2>>]})
    print(<<var>>.<<attr>>_total.mean())
    """, """
    import pandas as pd
    ---
    pd.DataFrame([[<<int>>]]).to_cvs('<<stem>>.csv')
    """, sign="'DataFrame' object has no attribute")  # fmt: skip

fault("pandas-text-accessor", "runtime", "AttributeError", "WrongType", """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': [<<int>>, <<int2>>]})
    <<var>>['<<key>>'].str.replace(',', '.')
    """, """
    import pandas as pd
    ---
    print(pd.Series([<<float>>, <<float2>>]).str.len())
    """, sign="Can only use .str accessor")  # fmt: skip

fault("pandas-date-accessor", "runtime", "AttributeError", "WrongType", """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': ['<<date>>', '<<date2>>']})
    <<var>>['year'] = <<var>>['<<key>>'].dt.year
    """, """
    import io
    import pandas as pd
    ---
    <<var>> = pd.read_csv(io.StringIO('id,<<key>>\\n<<int>>,<<date>>\\n'))
    print(<<var>>['<<key>>'].dt.strftime('%d.%m.%Y'))
    """, sign="Can only use .dt accessor")  # fmt: skip

fault("pandas-merge-repeated", "runtime", "MergeError", "ConstraintViolation", """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': [<<int>>, <<int>>]})
    <<var>>.merge(pd.DataFrame({'<<key>>': [<<int>>]}), on='<<key>>', validate='one_to_one')
    """, """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'id': [1, 2], '<<attr>>': ['<<word>>', '<<noun>>']})
    print(pd.merge(<<var>>, pd.DataFrame({'id': [1, 1, 2]}), on='id', validate='m:1'))
    """, sign="Merge keys are not unique")  # fmt: skip

fault("pandas-pivot-repeated", "runtime", "ValueError", "ConstraintViolation", """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'day': ['<<date>>', '<<date>>'], '<<key>>': ['<<word>>', '<<word>>'], '<<attr>>': [<<int>>, <<int2>>]})
    <<var>>.pivot(index='day', columns='<<key>>', values='<<attr>>')
    """, """
    import pandas as pd
    ---
    pd.Series([<<int>>, <<int2>>], index=pd.MultiIndex.from_tuples([('<<noun>>', 1)] * 2)).unstack()
    """, sign="contains duplicate entries")  # fmt: skip

fault("pandas-zones", "runtime", "TypeError", "WrongType", """
    import pandas as pd
    ---
    <<var>> = pd.Timestamp('<<date>>', tz='UTC')
    print(<<var>> < pd.Timestamp('<<date2>>'))
    """, """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': pd.to_datetime(['<<date>>']).tz_localize('UTC')})
    <<var>>[<<var>>['<<key>>'] > pd.Timestamp('<<date2>>')]
    """, """
    import pandas as pd
    ---
    pd.Timestamp('<<date>>') - pd.Timestamp('<<date2>>T10:00:00+02:00')
    """, sign="tz-naive and tz-aware|Invalid comparison between dtype=datetime64")  # fmt: skip

fault("pandas-date-range", "runtime", "OutOfBoundsDatetime", "InvalidValue", """
    import pandas as pd
    ---
    pd.to_datetime('9999-12-<<int>>'.replace('-9', '-2')[:10])
    """, """
    import pandas as pd
    ---
    print(pd.Timestamp('1<<small>>00-01-0<<small>>'))
    """, """
    import pandas as pd
    ---
    <<var>> = pd.Series(['<<date>>', '2999-01-01']).astype('datetime64[ns]')
    """, sign="Out of bounds")  # fmt: skip

# numpy and scipy.

fault("numpy-axis", "runtime", "AxisError", "IndexOutOfRange", """
    import numpy as np
    ---
    np.zeros((<<small>>, <<int>>)).sum(axis=2)
    """, """
    import numpy as np
    ---
    <<var>> = np.arange(<<int>>)
    print(np.mean(<<var>>, axis=1))
    """, """
    import numpy as np
    ---
    np.concatenate([np.ones(<<small>>), np.ones(<<int>>)], axis=1)
    """, sign="is out of bounds for array of dimension")  # fmt: skip

fault("numpy-index-type", "runtime", "IndexError", "WrongType", """
    import numpy as np
    ---
    print(np.arange(<<int>>)[<<int>> / 2])
    """, """
    import numpy as np
    ---
    <<var>> = np.zeros((<<small>>, 3))
    <<var>>['<<key>>'] = <<int>>
    """, sign="valid indices")  # fmt: skip

fault("numpy-indices-many", "runtime", "IndexError", "ShapeMismatch", """
    import numpy as np
    ---
    <<var>> = np.arange(<<int>>)
    print(<<var>>[0, 1])
    """, """
    import numpy as np
    ---
    np.zeros((<<small>>, <<int>>))[:, 0, 1]
    """, sign="too many indices for array")  # fmt: skip

fault("numpy-mask-length", "runtime", "IndexError", "ShapeMismatch", """
    import numpy as np
    ---
    <<var>> = np.arange(<<int>> + 3)
    print(<<var>>[np.ones(<<int>>, dtype=bool)])
    """, """
    import numpy as np
    ---
    np.zeros((<<small>>, 9))[np.array([True] * 7)]
    """, sign="boolean index did not match")  # fmt: skip

fault("numpy-memory", "runtime", "_ArrayMemoryError", "ResourceExhausted", """
    import numpy as np
    ---
    np.zeros((<<big>>, <<int>> * 10000000))
    """, """
    import numpy as np
    ---
    <<var>> = np.ones(<<int>> * 10 ** 11, dtype='float32')
    """, sign="Unable to allocate", sends=("_ArrayMemoryError", "MemoryError"))  # fmt: skip

fault("numpy-one-value-wanted", "runtime", "TypeError", "ShapeMismatch", """
    import numpy as np
    ---
    print(float(np.array([<<float>>, <<int>>])))
    """, """
    import math
    import numpy as np
    ---
    <<var>> = math.sqrt(np.arange(<<int>> + 2))
    """, """
    import numpy as np
    ---
    int(np.zeros((<<small>>, 2)))
    """, sign="can be converted to Python scalars")  # fmt: skip

fault("numpy-not-square", "runtime", "LinAlgError", "ShapeMismatch", """
    import numpy as np
    ---
    np.linalg.inv(np.ones((<<small>>, <<int>> + 5)))
    """, """
    from numpy import linalg, zeros
    ---
    <<var>> = linalg.det(zeros((9, <<small>>)))
    """, sign="must be square")  # fmt: skip

fault("numpy-not-positive", "runtime", "LinAlgError", "InvalidValue", """
    import numpy as np
    ---
    np.linalg.cholesky(-np.eye(<<small>>) * <<int>>)
    """, """
    import numpy as np
    ---
    <<var>> = np.array([[1.0, <<int>>], [<<int>>, 1.0]])
    print(np.linalg.cholesky(<<var>>))
    """, sign="not positive definite")  # fmt: skip

fault("scipy-root-signs", "runtime", "ValueError", "InvalidValue", """
    from scipy.optimize import brentq
    ---
    brentq(lambda x: x * x + <<float>>, 0, <<int>>)
    """, """
    from scipy import optimize
    ---
    <<var>> = optimize.bisect(lambda x: x - <<big>>, -<<int>>, <<int>>)
    """, sign="must have different signs")  # fmt: skip

# scikit-learn.

fault("sklearn-one-class", "runtime", "ValueError", "InvalidValue", """
    from sklearn.linear_model import LogisticRegression
    ---
    LogisticRegression().fit([[<<int>>], [<<int2>>]], [1, 1])
    """, """
    from sklearn.svm import SVC
    ---
    <<var>> = SVC().fit([[<<float>>], [<<int>>], [<<int2>>]], ['<<noun>>'] * 3)
    """, sign="(at least 2 classes|number of classes has to be greater than one)")  # fmt: skip

fault("sklearn-one-dimension", "runtime", "ValueError", "ShapeMismatch", """
    from sklearn.linear_model import LinearRegression
    ---
    LinearRegression().fit([<<int>>, <<int2>>], [1, 2])
    """, """
    import numpy as np
    from sklearn.preprocessing import StandardScaler
    ---
    <<var>> = np.array([<<float>>, <<int>>, <<int2>>])
    StandardScaler().fit_transform(<<var>>)
    """, sign="Expected 2D array, got 1D array", )  # fmt: skip

fault("sklearn-label-unseen", "runtime", "ValueError", "InvalidValue", """
    from sklearn.preprocessing import LabelEncoder
    ---
    <<var>> = LabelEncoder().fit(['<<noun>>', '<<word>>'])
    <<var>>.transform(['<<datum>>.'])
    """, """
    from sklearn.preprocessing import LabelEncoder
    ---
    print(LabelEncoder().fit([<<int>>, 1]).transform([<<big>>]))
    """, sign="previously unseen labels")  # fmt: skip

fault("sklearn-parameter", "runtime", "InvalidParameterError", "InvalidValue", """
    from sklearn.ensemble import RandomForestClassifier
    ---
    RandomForestClassifier(n_estimators=-<<int>>).fit([[<<int>>], [1]], [0, 1])
    """, """
    from sklearn.cluster import KMeans
    ---
    KMeans(n_clusters='<<word>>').fit([[<<int>>], [<<int2>>]])
    """, """
    from sklearn.tree import DecisionTreeClassifier
    ---
    <<var>> = DecisionTreeClassifier(criterion='<<noun>>')
    <<var>>.fit([[<<float>>], [1]], [0, 1])
    """, sign="parameter of \\w+ must be")  # fmt: skip

# HTTP clients.

fault("requests-429", "runtime", "HTTPError", "ResourceExhausted", """
    import requests
    ---
    requests.get('<<http>>/429/<<noun>>s/<<id>>').raise_for_status()
    """, """
    import requests
    ---
    <<var>> = requests.Session()
    for page in range(<<int>>):
        <<var>>.get('<<http>>/429/<<noun>>', params={'page': page}, timeout=3).raise_for_status()
    """, sign="429 Client Error")  # fmt: skip

fault("httpx-404", "runtime", "HTTPStatusError", "NotFoundRemote", """
    import httpx
    ---
    httpx.get('<<http>>/404/<<noun>>s/<<id>>'.replace('#', '')).raise_for_status()
    """, """
    import httpx
    ---
    with httpx.Client(base_url='<<http>>/404') as <<var>>:
        <<var>>.delete('/<<hex>>').raise_for_status()
    """, sign="404 Not Found")  # fmt: skip

fault("httpx-no-scheme", "runtime", "UnsupportedProtocol", "InvalidValue", """
    import httpx
    ---
    httpx.get('<<noun>>.example.com/<<noun2>>s')
    """, """
    import httpx
    ---
    with httpx.Client() as <<var>>:
        <<var>>.post('/v1/<<noun>>s', json={'<<key>>': <<int>>})
    """)  # fmt: skip

fault("httpx-slow", "runtime", "ReadTimeout", "Timeout", """
    import httpx
    ---
    httpx.get('<<http>>/299/<<noun>>s', timeout=0.<<small>>)
    """, """
    import httpx
    ---
    with httpx.Client(timeout=httpx.Timeout(1, read=0.<<small>>)) as <<var>>:
        print(<<var>>.post('<<http>>/299/<<hex>>', content='<<text>>').status_code)
    """)  # fmt: skip

fault("aiohttp-session-closed", "runtime", "RuntimeError", "StateMisuse", """
    import aiohttp, asyncio
    async def <<fn>>():
        async with aiohttp.ClientSession() as session:
            pass
        await session.get('<<http>>/404/<<noun>>')
    ---
    asyncio.run(<<fn>>())
    """, """
    import asyncio
    from aiohttp import ClientSession
    async def <<fn>>(<<var>>):
        session = ClientSession()
        await session.close()
        async with session.post('<<http>>/500/<<noun>>s', json=<<var>>) as answer:
            return await answer.json()
    ---
    print(asyncio.run(<<fn>>({'<<key>>': <<int>>})))
    """, no_loop=True, sign="Session is closed")  # fmt: skip

fault("postgres-unresolved", "runtime", "OperationalError", "NetworkUnreachable", """
    import psycopg2
    ---
    psycopg2.connect(host='db.<<noun>>.invalid', user='app', password='<<hex>>', dbname='<<noun>>s')
    """, """
    import psycopg2
    ---
    <<var>> = psycopg2.connect('postgresql://app:<<hex>>@<<noun>>-<<int>>.invalid:5432/<<noun>>')
    """, sign="could not translate host name")  # fmt: skip

# Databases and data models.

fault("sqlalchemy-no-row", "runtime", "NoResultFound", "KeyMissing", """
    from sqlalchemy import create_engine, text
    ---
    with create_engine('sqlite://').connect() as connection:
        connection.execute(text('CREATE TABLE <<noun>>s (id INTEGER)'))
        connection.execute(text('SELECT id FROM <<noun>>s WHERE id = :id'), {'id': <<int>>}).one()
    """, """
    import sqlalchemy as sa
    ---
    <<var>> = sa.create_engine('sqlite://').connect()
    print(<<var>>.execute(sa.text("SELECT <<int>> WHERE '<<word>>' = '<<noun>>'")).scalar_one())
    """)  # fmt: skip

fault("sqlalchemy-many-rows", "runtime", "MultipleResultsFound", "ConstraintViolation", """
    from sqlalchemy import create_engine, text
    ---
    with create_engine('sqlite://').connect() as connection:
        connection.execute(text('CREATE TABLE <<noun>>s (id INTEGER)'))
        connection.execute(text('INSERT INTO <<noun>>s VALUES (<<int>>), (<<int>>)'))
        connection.execute(text('SELECT id FROM <<noun>>s WHERE id = :id'), {'id': <<int>>}).one()
    """, """
    import sqlalchemy as sa
    ---
    <<var>> = sa.create_engine('sqlite://').connect()
    print(<<var>>.execute(sa.text("SELECT <<int>> UNION SELECT '<<word>>'")).scalar_one_or_none())
    """)  # fmt: skip

fault("sqlalchemy-not-null", "runtime", "IntegrityError", "ConstraintViolation", """
    from sqlalchemy import create_engine, text
    ---
    with create_engine('sqlite://').connect() as connection:
        connection.execute(text('CREATE TABLE <<noun>>s (id INTEGER, <<attr>> TEXT NOT NULL)'))
        connection.execute(text('INSERT INTO <<noun>>s VALUES (:id, :value)'), {'id': <<int>>, 'value': None})
    """, """
    import sqlalchemy as sa
    ---
    <<var>> = sa.create_engine('sqlite://', poolclass=sa.pool.StaticPool)
    <<var2>> = sa.Table('<<noun>>s', sa.MetaData(), sa.Column('id', sa.Integer), sa.Column('<<attr>>', sa.String, nullable=False))
    <<var2>>.metadata.create_all(<<var>>)
    with <<var>>.begin() as connection:
        connection.execute(<<var2>>.insert().values(id=<<int>>))
    """, sign="NOT NULL constraint")  # fmt: skip

fault("sqlalchemy-url", "runtime", "ArgumentError", "InvalidValue", """
    from sqlalchemy import create_engine
    ---
    create_engine('<<noun>>s.db')
    """, """
    import sqlalchemy
    ---
    <<var>> = sqlalchemy.create_engine('<<noun>>-<<int>>.internal:5432/<<key>>')
    """, sign="Could not parse")  # fmt: skip

fault("sqlalchemy-property-misspelt", "runtime", "InvalidRequestError", "UndefinedName", """
    import sqlalchemy as sa
    from sqlalchemy.orm import Session, declarative_base
    Base = declarative_base()
    class <<Class>>(Base):
        __tablename__ = '<<noun>>s'
        id = sa.Column(sa.Integer, primary_key=True)
        <<attr>> = sa.Column(sa.String)
    ---
    with Session(sa.create_engine('sqlite://')) as session:
        session.query(<<Class>>).filter_by(<<attr2>>='<<datum>>').first()
    """, sign="has no property", one_file=True)  # fmt: skip

fault("pydantic-not-allowed", "runtime", "ValidationError", "InvalidValue", """
    from enum import Enum
    from pydantic import BaseModel
    class Kind(str, Enum):
        NEW = 'new'
        PAID = '<<noun>>'
    class <<Class>>(BaseModel):
        <<attr>>: Kind
    ---
    <<Class>>(<<attr>>='<<datum>>.')
    """, """
    from typing import Literal
    from pydantic import BaseModel
    class <<Class>>(BaseModel):
        <<attr>>: Literal['json', 'csv']
    ---
    print(<<Class>>(**{'<<attr>>': '<<word>>'}))
    """, sign="permitted|Input should be '", clients=("sdk", "exec", "ipython"))  # fmt: skip

fault("pydantic-settings-moved", "deploy", "PydanticImportError", "VersionMismatch", """
    from pydantic import BaseSettings
    class <<Class>>(BaseSettings):
        <<attr>>: str = '<<word>>'
    ---
    <<Class>>()
    """, """
    import pydantic
    ---
    class <<Class>>(pydantic.BaseSettings):
        <<attr>>: int = <<int>>
    """, pythons=("libs-new",))  # fmt: skip

fault("jsonschema-property-absent", "runtime", "ValidationError", "KeyMissing", """
    import jsonschema
    ---
    jsonschema.validate({'<<key>>': <<int>>}, {'type': 'object', 'required': ['<<key>>', '<<attr>>']})
    """, """
    from jsonschema import validate
    ---
    validate([{'<<key>>': '<<datum>>'}, {}], {'items': {'required': ['<<key>>']}})
    """, sign="is a required property")  # fmt: skip

# Templates, tokens, files, clouds, frameworks.

fault("jinja-syntax", "runtime", "TemplateSyntaxError", "SyntaxMistake", """
    import jinja2
    ---
    jinja2.Template('{% if <<key>> %}<<word>>')
    """, """
    from jinja2 import Environment
    ---
    <<var>> = Environment().from_string('Dear {{ <<key>> }, <<text>>')
    """, """
    import jinja2
    ---
    jinja2.Environment().from_string('{% foreach <<key>> in <<key2>> %}{% endforeach %}')
    """)  # fmt: skip

fault("jinja-filter-absent", "runtime", "TemplateAssertionError", "UndefinedName", """
    import jinja2
    ---
    jinja2.Template('{{ <<key>> | <<noun>>_format }}').render(<<key>>=<<int>>)
    """, """
    from jinja2 import Environment
    ---
    <<var>> = Environment().from_string('<<text>>: {{ "<<word>>" | titlecase }}')
    """, sign="No filter named")  # fmt: skip

fault("jwt-malformed", "runtime", "DecodeError", "MalformedData", """
    import jwt
    ---
    jwt.decode('<<hex>>', '<<hex2>>', algorithms=['HS256'])
    """, """
    import jwt
    ---
    <<var>> = jwt.decode('Bearer <<letters>>.<<letters2>>', 'key', algorithms=['HS256'])
    """, sign="Not enough segments")  # fmt: skip

fault("jwt-audience", "runtime", "InvalidAudienceError", "AuthFailure", """
    import jwt
    ---
    jwt.decode(jwt.encode({'aud': '<<noun>>s'}, '<<hex>>'), '<<hex>>', algorithms=['HS256'], audience='<<noun2>>-<<int>>')
    """, """
    import jwt
    ---
    <<var>> = jwt.encode({'sub': '<<id>>', 'aud': ['https://<<noun>>.example', '<<key>>']}, '<<hex>>')
    print(jwt.decode(<<var>>, '<<hex>>', algorithms=['HS256'], audience=['https://<<noun>>.example/v<<small>>']))
    """)  # fmt: skip

fault("workbook-of-other-format", "runtime", "InvalidFileException", "InvalidValue", """
    import openpyxl
    ---
    openpyxl.load_workbook('<<stem>>.xls')
    """, """
    from openpyxl import load_workbook
    ---
    open('<<stem>>.csv', 'w').write('<<key>>;<<int>>')
    <<var>> = load_workbook('<<stem>>.csv', read_only=True)
    """)  # fmt: skip

fault("lxml-expression", "runtime", "XPathEvalError", "SyntaxMistake", """
    from lxml import etree
    ---
    etree.fromstring('<a/>').xpath('//<<noun>>[@id=')
    """, """
    from lxml import html
    ---
    <<var>> = html.fromstring('<p><<word>></p>').xpath('//div[class="<<noun>>"]]/text()')
    """, sign="Invalid (expression|predicate)")  # fmt: skip

fault("image-truncated", "runtime", "OSError", "MalformedData", """
    import io
    from PIL import Image
    ---
    out = io.BytesIO()
    Image.effect_noise((200, 200), <<int>>).save(out, 'JPEG')
    Image.open(io.BytesIO(out.getvalue()[:-<<big>> % 3000 - 2000])).load()
    """, """
    from PIL import Image
    ---
    Image.effect_noise((300, 2<<int>>), 40).save('<<stem>>.jpg')
    with open('<<stem>>.jpg', 'r+b') as <<var>>:
        <<var>>.truncate(4000 + <<int>>)
    Image.open('<<stem>>.jpg').convert('L')
    """, sign="image file is truncated")  # fmt: skip

fault("aws-parameters", "runtime", "ParamValidationError", "ArgumentMismatch", """
    import boto3
    ---
    boto3.client('sqs', region_name='eu-west-<<small>>').send_message(QueueUrl='<<noun>>')
    """, """
    import boto3
    ---
    <<var>> = boto3.client('s3', region_name='us-east-1')
    <<var>>.put_object(Bucket='<<noun>>-<<hex>>', Body=b'<<text>>')
    """, """
    import boto3
    ---
    boto3.client('dynamodb', region_name='us-east-1').get_item(Key={'id': {'S': '<<id>>'}})
    """, sign="Missing required parameter")  # fmt: skip

fault("aws-service-unknown", "runtime", "UnknownServiceError", "UndefinedName", """
    import boto3
    ---
    boto3.client('<<noun>>db', region_name='eu-west-<<small>>')
    """, """
    import boto3
    ---
    <<var>> = boto3.Session(region_name='us-east-1').client('dynamo')
    """)  # fmt: skip

fault("flask-endpoint-absent", "runtime", "BuildError", "UndefinedName", """
    import flask
    ---
    app = flask.Flask('<<noun>>')
    with app.test_request_context():
        flask.url_for('<<fn>>', id=<<int>>)
    """, """
    from flask import Flask, url_for
    ---
    <<var>> = Flask('app')
    <<var>>.add_url_rule('/<<key>>', '<<fn>>', lambda: '<<word>>')
    with <<var>>.test_request_context('/<<key>>'):
        print(url_for('<<fn>>_page'))
    """, sign="Could not build url for endpoint")  # fmt: skip
