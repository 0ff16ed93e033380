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
