"""Python with packages: what goes wrong between a program and its libraries, in two sets of releases of them."""

from fault import Faults

faults = Faults("python")
all_faults = faults.all
CLIENTS = ("script", "log", "sdk", "exec", "ipython", "stdin")


def fault(name, phase, kind, cause, *programs, **options):
    options = {"needs": "libs", "clients": CLIENTS, "variants": 10, **options}
    faults(name, phase, kind, cause, *programs, **options)


# pandas and numpy.

fault("pandas-column", "runtime", "KeyError", "KeyMissing", """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': [<<int>>, <<int2>>]})
    print(<<var>>['<<key2>>'].sum())
    """, """
    import pandas as pd
    ---
    pd.DataFrame({'<<key>>': [<<int>>]}).groupby('<<key2>>').size()
    """, """
    import pandas
    ---
    <<var>> = pandas.Series([<<int>>, <<int2>>], index=['a', 'b'])
    <<var>>.loc['<<datum>>']
    """)  # fmt: skip

fault("pandas-length", "runtime", "ValueError", "ShapeMismatch", """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': [<<int>>, <<int2>>]})
    <<var>>['<<key2>>'] = [1, 2, <<int3>>]
    """, sign="does not match length of index")  # fmt: skip

fault("pandas-append-gone", "runtime", "AttributeError", "VersionMismatch", """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': [<<int>>]})
    <<var>> = <<var>>.append({'<<key>>': <<int2>>}, ignore_index=True)
    """, """
    import pandas as pd
    ---
    pd.DataFrame({'<<key>>': [<<int>>]}).iteritems()
    """, pythons=("libs-new",))  # fmt: skip

fault("pandas-csv-malformed", "runtime", "ParserError", "MalformedData", """
    import pandas as pd, io
    ---
    pd.read_csv(io.StringIO('a,b\\n1,2\\n3,4,5,<<int>>\\n'))
    """, """
    import pandas as pd
    ---
    with open('<<stem>>.csv', 'w') as out:
        out.write('<<key>>,<<key2>>\\n' + '1,2\\n' * <<int>> + '1,2,3\\n')
    <<var>> = pd.read_csv('<<stem>>.csv')
    """, sign="Error tokenizing data")  # fmt: skip

fault("pandas-csv-empty", "runtime", "EmptyDataError", "MalformedData", """
    import pandas as pd, io
    ---
    pd.read_csv(io.StringIO(''))
    """, """
    import pandas as pd
    ---
    open('<<stem>>.csv', 'w').close()
    print(pd.read_csv('<<stem>>.csv').head(<<int>>))
    """)  # fmt: skip

fault("pandas-merge-types", "runtime", "ValueError", "WrongType", """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': [<<int>>]})
    <<var2>> = pd.DataFrame({'<<key>>': ['<<word>>']})
    <<var>>.merge(<<var2>>, on='<<key>>')
    """, sign="You are trying to merge on")  # fmt: skip

fault("pandas-truth", "runtime", "ValueError", "WrongType", """
    import pandas as pd
    ---
    <<var>> = pd.Series([<<int>>, <<int2>>])
    if <<var>> > <<int3>>:
        print('<<word>>')
    """, """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': [<<int>>, <<int2>>]})
    <<var>>[(<<var>>['<<key>>'] > 1) and (<<var>>['<<key>>'] < <<int>>)]
    """, sign="truth value of a Series")  # fmt: skip

fault("pandas-position", "runtime", "IndexError", "IndexOutOfRange", """
    import pandas as pd
    ---
    pd.DataFrame({'<<key>>': [<<int>>]}).iloc[<<int2>>]
    """, """
    import pandas as pd
    ---
    <<var>> = pd.Series([<<int>>, <<int2>>])
    print(<<var>>.iloc[<<int3>>])
    """, sign="out-of-bounds")  # fmt: skip

fault("pandas-as-number", "runtime", "ValueError", "InvalidValue", """
    import pandas as pd
    ---
    pd.Series(['<<float>>', '<<datum>>!']).astype(float)
    """, """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': ['<<word>>x', '1']})
    <<var>>['<<key>>'] = <<var>>['<<key>>'].astype('float64')
    """, sign="could not convert string to float")  # fmt: skip

fault("pandas-optional-absent", "deploy", "ImportError", "MissingPackage", """
    import pandas as pd
    ---
    pd.DataFrame({'<<key>>': [<<int>>]}).to_parquet('<<stem>>.parquet')
    """, """
    import pandas as pd
    ---
    print(pd.DataFrame({'<<key>>': [<<int>>]}).to_markdown())
    """, """
    import pandas as pd
    ---
    pd.read_hdf('<<stem>>.h5')
    """, sign="Missing optional dependency|Unable to find a usable engine", sends=("ImportError",))  # fmt: skip

fault("numpy-broadcast", "runtime", "ValueError", "ShapeMismatch", """
    import numpy as np
    ---
    np.zeros((<<int>>, 3)) + np.ones((<<int>>, 7))
    """, """
    import numpy as np
    ---
    <<var>> = np.arange(<<int>> + 2)
    <<var>> * np.arange(<<int>>)
    """, sign="could not be broadcast")  # fmt: skip

fault("numpy-matmul", "runtime", "ValueError", "ShapeMismatch", """
    import numpy as np
    ---
    np.ones((<<small>>, 7)) @ np.ones((8, <<int>>))
    """, """
    import numpy as np
    ---
    <<var>> = np.matmul(np.zeros((<<int>>, 9)), np.zeros((7, <<small>>)))
    """, sign="matmul")  # fmt: skip

fault("numpy-index", "runtime", "IndexError", "IndexOutOfRange", """
    import numpy as np
    ---
    <<var>> = np.zeros(<<int>>)
    print(<<var>>[<<int>> + <<small>>])
    """, """
    import numpy as np
    ---
    np.eye(<<small>>)[0, <<int>> + 9]
    """, sign="is out of bounds for axis")  # fmt: skip

fault("numpy-reshape", "runtime", "ValueError", "ShapeMismatch", """
    import numpy as np
    ---
    np.arange(<<int>>).reshape(<<int>>, 2)
    """, """
    import numpy as np
    ---
    <<var>> = np.zeros((<<small>>, 4)).reshape((-1, 27))
    """, sign="cannot reshape array")  # fmt: skip

fault("numpy-truth", "runtime", "ValueError", "WrongType", """
    import numpy as np
    ---
    <<var>> = np.array([<<int>>, <<int2>>])
    if <<var>> == <<int>>:
        print('<<word>>')
    """, """
    import numpy as np
    ---
    while np.ones(<<int>>) > 0:
        pass
    """, sign="truth value of an array")  # fmt: skip

fault("numpy-singular", "runtime", "LinAlgError", "InvalidValue", """
    import numpy as np
    ---
    np.linalg.inv(np.zeros((<<small>>, <<small>>)))
    """, """
    from numpy import linalg, ones
    ---
    <<var>> = linalg.solve(ones((2, 2)), ones(2))
    """, sign="Singular matrix")  # fmt: skip

fault("numpy-name-gone", "runtime", "AttributeError", "VersionMismatch", """
    import numpy as np
    ---
    <<var>> = np.zeros(<<int>>, dtype=np.float)
    """, """
    import numpy as np
    ---
    np.array([<<int>>]).astype(np.int)
    """, """
    import numpy as np
    ---
    print(np.NaN)
    """, """
    import numpy as np
    ---
    <<var>> = np.float_(<<float>>)
    """, pythons=("libs-new",))  # fmt: skip

# scikit-learn.

fault("sklearn-not-fitted", "runtime", "NotFittedError", "StateMisuse", """
    from sklearn.linear_model import LinearRegression
    ---
    LinearRegression().predict([[<<int>>]])
    """, """
    from sklearn.preprocessing import StandardScaler
    ---
    <<var>> = StandardScaler()
    <<var>>.transform([[<<float>>, <<int>>]])
    """)  # fmt: skip

fault("sklearn-nan", "runtime", "ValueError", "InvalidValue", """
    import numpy as np
    from sklearn.linear_model import LinearRegression
    ---
    LinearRegression().fit(np.array([[<<int>>], [np.nan]]), [1, 2])
    """, """
    import numpy as np
    from sklearn.cluster import KMeans
    ---
    KMeans(n_clusters=2, n_init=1).fit([[<<float>>], [np.nan], [<<int>>]])
    """, sign="contains NaN")  # fmt: skip

fault("sklearn-samples", "runtime", "ValueError", "ShapeMismatch", """
    from sklearn.linear_model import LinearRegression
    ---
    LinearRegression().fit([[<<int>>], [<<int2>>]], [1, 2, 3])
    """, """
    from sklearn.metrics import mean_squared_error
    ---
    print(mean_squared_error([<<int>>, <<int2>>], [<<float>>]))
    """, sign="inconsistent numbers of samples")  # fmt: skip

# HTTP clients.

fault("requests-404", "runtime", "HTTPError", "NotFoundRemote", """
    import requests
    ---
    requests.get('<<http>>/404/<<noun>>s/<<id>>').raise_for_status()
    """, """
    import requests
    ---
    <<var>> = requests.Session()
    <<var>>.delete('<<http>>/404/<<hex>>', timeout=3).raise_for_status()
    """, sign="404 Client Error")  # fmt: skip

fault("requests-500", "runtime", "HTTPError", None, """
    import requests
    ---
    requests.post('<<http>>/500/<<noun>>s', json={'<<key>>': <<int>>}).raise_for_status()
    """, """
    import requests
    ---
    <<var>> = requests.get('<<http>>/500/<<noun>>/<<big>>?page=<<int>>')
    <<var>>.raise_for_status()
    """, sign="500 Server Error")  # fmt: skip

fault("requests-401", "runtime", "HTTPError", "AuthFailure", """
    import requests
    ---
    requests.get('<<http>>/401/<<noun>>s?access_token=<<hex>>').raise_for_status()
    """, """
    import requests
    ---
    <<var>> = requests.get('<<http>>/401/<<noun>>/me', auth=('svc', '<<hex>>'))
    <<var>>.raise_for_status()
    """, sign="401 Client Error")  # fmt: skip

fault("requests-not-json", "runtime", "JSONDecodeError", "MalformedData", """
    import requests
    ---
    requests.get('<<http>>/298/<<noun>>s').json()
    """, """
    import requests
    ---
    <<var>> = requests.post('<<http>>/298/<<noun>>', json=[<<int>>]).json()['<<key>>']
    """)  # fmt: skip

fault("requests-no-scheme", "runtime", "MissingSchema", "InvalidValue", """
    import requests
    ---
    requests.get('<<noun>>.example.com/<<noun2>>s/<<int>>')
    """, """
    import requests
    ---
    requests.Session().get('')
    """)  # fmt: skip

fault("httpx-refused", "runtime", "ConnectError", "NetworkUnreachable", """
    import httpx
    ---
    httpx.get('http://127.0.0.1:<<refused>>/<<noun>>/<<id>>')
    """, """
    import httpx
    ---
    with httpx.Client() as <<var>>:
        <<var>>.post('http://127.0.0.1:<<refused>>/', json={'<<key>>': <<int>>})
    """)  # fmt: skip

fault("aiohttp-refused", "runtime", "ClientConnectorError", "NetworkUnreachable", """
    import aiohttp, asyncio
    async def <<fn>>():
        async with aiohttp.ClientSession() as session:
            async with session.get('http://127.0.0.1:<<refused>>/<<noun>>') as answer:
                return await answer.text()
    ---
    asyncio.run(<<fn>>())
    """, no_loop=True)  # fmt: skip

fault("redis-refused", "runtime", "ConnectionError", "NetworkUnreachable", """
    import redis
    ---
    redis.Redis(host='127.0.0.1', port=<<refused>>).get('<<key>>')
    """, """
    import redis
    ---
    <<var>> = redis.from_url('redis://127.0.0.1:<<refused>>/<<small>>')
    <<var>>.ping()
    """)  # fmt: skip

fault("postgres-refused", "runtime", "OperationalError", "NetworkUnreachable", """
    import psycopg2
    ---
    psycopg2.connect(host='127.0.0.1', port=<<refused>>, user='app', password='<<hex>>', dbname='<<noun>>s')
    """, """
    import psycopg2
    ---
    <<var>> = psycopg2.connect('postgresql://app:<<hex>>@127.0.0.1:<<refused>>/<<noun>>')
    """, sign="refused")  # fmt: skip

# Databases and data models.

fault("sqlalchemy-table", "runtime", "OperationalError", "SchemaMismatch", """
    from sqlalchemy import create_engine, text
    ---
    with create_engine('sqlite://').connect() as connection:
        connection.execute(text('SELECT * FROM <<noun>>s WHERE id = <<int>>'))
    """, """
    import sqlalchemy as sa
    ---
    <<var>> = sa.create_engine('sqlite://')
    <<var2>> = sa.Table('<<noun>>s', sa.MetaData(), sa.Column('<<attr>>', sa.Integer))
    with <<var>>.begin() as connection:
        connection.execute(<<var2>>.insert().values(<<attr>>=<<int>>))
    """, sign="no such table")  # fmt: skip

fault("sqlalchemy-unique", "runtime", "IntegrityError", "ConstraintViolation", """
    from sqlalchemy import create_engine, text
    ---
    with create_engine('sqlite://').connect() as connection:
        connection.execute(text('CREATE TABLE <<noun>>s (<<attr>> TEXT PRIMARY KEY)'))
        for _ in range(2):
            connection.execute(text('INSERT INTO <<noun>>s VALUES (:value)'), {'value': '<<datum>>'})
    """, sign="UNIQUE constraint")  # fmt: skip

fault("sqlalchemy-dialect", "deploy", "NoSuchModuleError", "MissingPackage", """
    from sqlalchemy import create_engine
    ---
    create_engine('snowflake://app:<<hex>>@<<noun>>/<<key>>')
    """, """
    import sqlalchemy
    ---
    sqlalchemy.create_engine('clickhouse+http://127.0.0.1/<<noun>>')
    """)  # fmt: skip

fault("pydantic-invalid", "runtime", "ValidationError", "InvalidValue", """
    from pydantic import BaseModel
    class <<Class>>(BaseModel):
        <<attr>>: int
    ---
    <<Class>>(<<attr>>='<<datum>>')
    """, """
    from typing import List
    from pydantic import BaseModel
    class <<Class>>(BaseModel):
        <<attr>>: List[int]
    ---
    <<Class>>(**{'<<attr>>': [<<int>>, '<<word>>']})
    """)  # fmt: skip

fault("jsonschema-invalid", "runtime", "ValidationError", "InvalidValue", """
    import jsonschema
    ---
    jsonschema.validate({'<<key>>': '<<datum>>'}, {'properties': {'<<key>>': {'type': 'number'}}})
    """, """
    from jsonschema import validate
    ---
    validate([<<int>>, '<<word>>'], {'type': 'array', 'items': {'type': 'integer'}})
    """, sign="is not of type")  # fmt: skip

fault("yaml-malformed", "runtime", "ScannerError", "MalformedData", """
    import yaml
    ---
    yaml.safe_load('<<key>>: <<word>>: <<int>>')
    """, """
    import yaml
    ---
    <<var>> = yaml.safe_load('<<key>>:\\n\\t- <<noun>>')
    """)  # fmt: skip

fault("image-malformed", "runtime", "UnidentifiedImageError", "MalformedData", """
    import io
    from PIL import Image
    ---
    Image.open(io.BytesIO(b'<<noun>>'))
    """, """
    from PIL import Image
    ---
    open('<<stem>>.png', 'w').write('<<text>>')
    Image.open('<<stem>>.png').resize((<<int>>, <<int2>>))
    """)  # fmt: skip

fault("lxml-malformed", "runtime", "XMLSyntaxError", "MalformedData", """
    from lxml import etree
    ---
    etree.fromstring('<<<noun>>><item></<<noun>>>')
    """, """
    from lxml import etree
    ---
    <<var>> = etree.fromstring('<<noun>> <<int>>')
    """)  # fmt: skip

fault("worksheet-absent", "runtime", "KeyError", "KeyMissing", """
    import openpyxl
    ---
    <<var>> = openpyxl.Workbook()
    print(<<var>>['<<datum>>'])
    """, """
    from openpyxl import Workbook
    ---
    Workbook()['<<noun>> <<int>>'].append([<<int>>])
    """, sign="Worksheet")  # fmt: skip

# Templates, tokens, clouds, frameworks.

fault("jinja-undefined", "runtime", "UndefinedError", "UndefinedName", """
    import jinja2
    ---
    jinja2.Template('{{ <<key>>.<<attr>> }}').render()
    """, """
    from jinja2 import Environment, StrictUndefined
    ---
    <<var>> = Environment(undefined=StrictUndefined).from_string('Hello {{ <<key>> }}')
    <<var>>.render(<<key2>>=<<int>>)
    """, sign="is undefined")  # fmt: skip

fault("jinja-template-absent", "runtime", "TemplateNotFound", "PathIssue", """
    import jinja2
    ---
    jinja2.Environment(loader=jinja2.FileSystemLoader('templates')).get_template('<<stem>>.html')
    """, """
    from jinja2 import Environment, DictLoader
    ---
    <<var>> = Environment(loader=DictLoader({})).get_template('<<noun>>/index.html')
    """)  # fmt: skip

fault("jwt-expired", "runtime", "ExpiredSignatureError", "AuthFailure", """
    import jwt
    ---
    jwt.decode(jwt.encode({'exp': <<big>>}, '<<hex>>'), '<<hex>>', algorithms=['HS256'])
    """)  # fmt: skip

fault("jwt-signature", "runtime", "InvalidSignatureError", "AuthFailure", """
    import jwt
    ---
    jwt.decode(jwt.encode({'sub': '<<noun>>'}, '<<hex>>'), '<<hex2>>', algorithms=['HS256'])
    """)  # fmt: skip

fault("aws-no-credentials", "runtime", "NoCredentialsError", "AuthFailure", """
    import boto3
    ---
    boto3.client('sts', region_name='eu-west-<<small>>').get_caller_identity()
    """, """
    import boto3
    ---
    <<var>> = boto3.resource('s3', region_name='us-east-1')
    <<var>>.Bucket('<<noun>>-<<hex>>').upload_file('/dev/null', '<<stem>>')
    """, env={"AWS_EC2_METADATA_DISABLED": "true"})  # fmt: skip

fault("flask-no-context", "runtime", "RuntimeError", "StateMisuse", """
    from flask import current_app
    ---
    print(current_app.name)
    """, """
    from flask import jsonify
    ---
    jsonify({'<<key>>': <<int>>})
    """, sign="outside of application context")  # fmt: skip

# Look-alikes: what shares its type, and often its words, with another fault and is mended in another way.

fault("pandas-date", "runtime", "ParserError", "MalformedData", """
    import pandas as pd
    ---
    pd.to_datetime('<<datum>> !')
    """, """
    import pandas as pd
    ---
    <<var>> = pd.Timestamp('<<noun>> <<word>>')
    """, sends=("ParserError", "DateParseError", "ValueError"), type_as_sent=True,
    sign="Unknown (datetime )?string format|could not convert string to Timestamp")  # fmt: skip

fault("pandas-index-repeated", "runtime", "ValueError", "ConstraintViolation", """
    import pandas as pd
    ---
    <<var>> = pd.Series([<<int>>, <<int2>>], index=['<<key>>', '<<key>>'])
    <<var>>.reindex(['<<key>>', '<<key2>>'])
    """, """
    import pandas as pd
    ---
    <<var>> = pd.concat([pd.DataFrame({'<<key>>': [<<int>>]}), pd.DataFrame({'<<key>>': [<<int2>>]})])
    <<var>>['<<key2>>'] = pd.Series([1, <<int>>], index=[0, 1])
    <<var2>> = <<var>>.reindex(range(<<small>>))
    """, sign="cannot reindex on an axis with duplicate labels")  # fmt: skip

fault("pandas-nan-as-int", "runtime", "IntCastingNaNError", "InvalidValue", """
    import pandas as pd
    ---
    pd.Series([<<float>>, None]).astype(int)
    """, """
    import pandas as pd, io
    ---
    <<var>> = pd.read_csv(io.StringIO('<<key>>,<<key2>>\\n<<int>>,\\n<<int2>>,1\\n'))
    <<var>>['<<key2>>'] = <<var>>['<<key2>>'].astype('int64')
    """, """
    import numpy as np
    import pandas as pd
    ---
    print(pd.DataFrame({'<<key>>': [<<int>>, np.inf]}).astype({'<<key>>': 'int32'}))
    """, sign="non-finite values")  # fmt: skip

fault("pandas-text-and-number", "runtime", "TypeError", "WrongType", """
    import pandas as pd
    ---
    <<var>> = pd.DataFrame({'<<key>>': ['<<int>>', '<<word>>']})
    print(<<var>>['<<key>>'] + <<int2>>)
    """, """
    import pandas as pd
    ---
    <<var>> = pd.Series(['<<float>>', '<<int>>'])
    <<var2>> = <<var>> - <<int2>>
    """, """
    import pandas as pd, io
    ---
    <<var>> = pd.read_csv(io.StringIO('<<key>>\\n<<int>> EUR\\n<<int2>> EUR\\n'))
    <<var>>['<<key2>>'] = <<var>>['<<key>>'] / <<float>>
    """, sign="can only concatenate str|unsupported operand")  # fmt: skip

fault("numpy-concatenate", "runtime", "ValueError", "ShapeMismatch", """
    import numpy as np
    ---
    np.concatenate([np.zeros((<<small>>, 7)), np.ones((<<small>>, <<int>> + 8))])
    """, """
    import numpy as np
    ---
    <<var>> = np.vstack([np.arange(<<int>>), np.arange(<<int>> + <<small>>)])
    """, """
    import numpy as np
    ---
    print(np.hstack((np.eye(6), np.eye(6 + <<small>>))))
    """, sign="must match exactly")  # fmt: skip

fault("numpy-ragged", "runtime", "ValueError", "ShapeMismatch", """
    import numpy as np
    ---
    np.array([[<<int>>, <<int2>>], [<<int3>>]], dtype=float)
    """, """
    import numpy as np
    ---
    <<var>> = [<<int>>, [<<int2>>, <<int3>>]]
    <<var2>> = np.array(<<var>>, dtype='int64')
    """, """
    import numpy as np
    ---
    <<var>> = [[1] * <<small>>, [<<float>>] * 9]
    print(np.asarray(<<var>>, dtype='float32').mean())
    """, sign="inhomogeneous shape")  # fmt: skip

fault("numpy-cast", "runtime", "UFuncTypeError", "WrongType", """
    import numpy as np
    ---
    <<var>> = np.arange(<<int>>)
    <<var>> += <<float>>
    """, """
    import numpy as np
    ---
    <<var>> = np.ones((<<small>>, 3), dtype='uint8')
    <<var>> /= <<int>>
    """, sign="Cannot cast ufunc", sends=("UFuncTypeError", "_UFuncOutputCastingError"), type_as_sent=True)  # fmt: skip

fault("sklearn-features", "runtime", "ValueError", "ShapeMismatch", """
    from sklearn.linear_model import LinearRegression
    ---
    <<var>> = LinearRegression().fit([[<<int>>, 1], [2, <<int2>>]], [1, 2])
    <<var>>.predict([[<<float>>]])
    """, """
    from sklearn.preprocessing import StandardScaler
    ---
    <<var>> = StandardScaler().fit([[<<int>>], [<<int2>>]])
    print(<<var>>.transform([[<<int>>, <<float>>, 3]]))
    """, sign="is expecting \\d+ features")  # fmt: skip

fault("sklearn-text", "runtime", "ValueError", "InvalidValue", """
    from sklearn.linear_model import LinearRegression
    ---
    LinearRegression().fit([['<<word>>x', <<int>>], ['<<noun>>', 1]], [1, 2])
    """, """
    from sklearn.preprocessing import StandardScaler
    ---
    StandardScaler().fit_transform([[<<float>>], ['<<noun>>']])
    """, """
    from sklearn.tree import DecisionTreeClassifier
    ---
    <<var>> = DecisionTreeClassifier()
    <<var>>.fit([['<<noun>>'], ['<<noun2>>']], [0, 1])
    """, sign="could not convert string to float")  # fmt: skip

fault("requests-refused", "runtime", "ConnectionError", "NetworkUnreachable", """
    import requests
    ---
    requests.get('http://127.0.0.1:<<refused>>/<<noun>>s/<<id>>', timeout=<<small>>)
    """, """
    import requests
    ---
    <<var>> = requests.Session()
    <<var>>.headers['Authorization'] = 'Bearer <<hex>>'
    <<var>>.post('http://127.0.0.1:<<refused>>/<<key>>', json={'<<key>>': '<<word>>'})
    """, sign="refused")  # fmt: skip

fault("requests-slow", "runtime", "ReadTimeout", "Timeout", """
    import requests
    ---
    requests.get('<<http>>/299/<<noun>>s/<<id>>', timeout=0.<<small>>)
    """, """
    import requests
    ---
    with requests.Session() as <<var>>:
        print(<<var>>.put('<<http>>/299/<<hex>>', data='<<text>>', timeout=(1, 0.<<small>>)).status_code)
    """, sign="Read timed out")  # fmt: skip

fault("sqlalchemy-detached", "runtime", "DetachedInstanceError", "StateMisuse", """
    import sqlalchemy as sa
    from sqlalchemy.orm import Session, declarative_base
    Base = declarative_base()
    class <<Class>>(Base):
        __tablename__ = '<<noun>>s'
        id = sa.Column(sa.Integer, primary_key=True)
        <<attr>> = sa.Column(sa.String)
    ---
    <<var>> = sa.create_engine('sqlite://', poolclass=sa.pool.StaticPool)
    Base.metadata.create_all(<<var>>)
    with Session(<<var>>) as session:
        <<var2>> = <<Class>>(<<attr>>='<<datum>>')
        session.add(<<var2>>)
        session.commit()
    print(<<var2>>.<<attr>>)
    """, """
    from sqlalchemy import Column, ForeignKey, Integer, create_engine
    from sqlalchemy.orm import declarative_base, relationship, sessionmaker
    Base = declarative_base()
    class <<Class>>(Base):
        __tablename__ = 'a'
        id = Column(Integer, primary_key=True)
        <<key>>s = relationship('<<Class2>>')
    class <<Class2>>(Base):
        __tablename__ = 'b'
        id = Column(Integer, primary_key=True)
        a_id = Column(Integer, ForeignKey('a.id'))
    ---
    <<var>> = create_engine('sqlite:///<<stem>>.db')
    Base.metadata.drop_all(<<var>>)
    Base.metadata.create_all(<<var>>)
    session = sessionmaker(<<var>>)()
    session.add(<<Class>>(id=<<int>>))
    session.commit()
    <<var2>> = session.query(<<Class>>).first()
    session.close()
    print(len(<<var2>>.<<key>>s))
    """, sign="is not bound to a Session", one_file=True)  # fmt: skip

fault("sqlalchemy-plain-sql", "runtime", "ObjectNotExecutableError", "VersionMismatch", """
    from sqlalchemy import create_engine
    ---
    with create_engine('sqlite://').connect() as connection:
        connection.execute('SELECT <<int>>')
    """, """
    import sqlalchemy
    ---
    <<var>> = sqlalchemy.create_engine('sqlite://').connect()
    <<var>>.execute("UPDATE <<noun>>s SET <<attr>> = '<<word>>' WHERE id = <<int>>")
    """, sign="Not an executable object", pythons=("libs-new",))  # fmt: skip

fault("pydantic-field-absent", "runtime", "ValidationError", "KeyMissing", """
    from pydantic import BaseModel
    class <<Class>>(BaseModel):
        <<attr>>: str
        <<attr2>>: int = <<int>>
    ---
    <<Class>>(<<attr2>>=<<int2>>)
    """, """
    import json
    from typing import List
    from pydantic import BaseModel
    class <<Class>>(BaseModel):
        <<attr>>: int
    class <<Class2>>(BaseModel):
        items: List[<<Class>>]
    ---
    <<Class2>>(**json.loads('{"items": [{"<<attr>>": <<int>>}, {"<<key>>": "<<word>>"}]}'))
    """, sign="(?i)field required", clients=("sdk", "exec", "ipython"))  # fmt: skip

fault("yaml-tag-unknown", "runtime", "ConstructorError", "MalformedData", """
    import yaml
    ---
    yaml.safe_load('<<key>>: !Ref <<noun>>')
    """, """
    import yaml
    ---
    <<var>> = yaml.safe_load('!!python/object:<<mod>>.<<Class>>\\n<<attr>>: <<int>>')
    """, """
    import yaml
    ---
    with open('<<stem>>.yml', 'w') as out:
        out.write('<<key>>:\\n  - !Sub "${<<key2>>}-<<int>>"\\n')
    yaml.load(open('<<stem>>.yml'), Loader=yaml.SafeLoader)
    """, sign="could not determine a constructor", clients=("sdk", "exec", "ipython"))  # fmt: skip

fault("yaml-loader-missing", "runtime", "TypeError", "VersionMismatch", """
    import yaml
    ---
    yaml.load('<<key>>: <<int>>')
    """, """
    import yaml
    ---
    with open('<<stem>>.yaml', 'w') as out:
        out.write('[<<int>>, <<word>>]')
    with open('<<stem>>.yaml') as <<var>>:
        print(yaml.load(<<var>>))
    """, sign="'Loader'")  # fmt: skip

fault("image-mode", "runtime", "OSError", "WrongType", """
    from PIL import Image
    ---
    Image.new('RGBA', (<<int>>, <<int2>>)).save('<<stem>>.jpg')
    """, """
    import io
    from PIL import Image
    ---
    <<var>> = Image.new('P', (<<small>>, <<int>>))
    <<var>>.save(io.BytesIO(), format='JPEG')
    """, sign="cannot write mode")  # fmt: skip

fault("flask-endpoint-repeated", "runtime", "AssertionError", "ConstraintViolation", """
    import flask
    ---
    app = flask.Flask('<<noun>>')
    @app.route('/<<key>>')
    def <<fn>>():
        return '<<word>>'
    @app.route('/<<key2>>')
    def <<fn>>():
        return '<<word2>>'
    """, """
    from flask import Flask
    ---
    <<var>> = Flask('app')
    for name in ('<<noun>>', '<<noun2>>s'):
        <<var>>.add_url_rule('/' + name, '<<fn>>', lambda: '<<word>>')
    """, sign="overwriting an existing endpoint")  # fmt: skip

fault("aws-no-region", "runtime", "NoRegionError", "KeyMissing", """
    import boto3
    ---
    boto3.client('sqs').send_message(QueueUrl='<<noun>>', MessageBody='<<text>>')
    """, """
    import boto3
    ---
    <<var>> = boto3.resource('dynamodb').Table('<<noun>>-<<int>>')
    """, env={"AWS_EC2_METADATA_DISABLED": "true"})  # fmt: skip
