"""Python without packages: what people's programs do wrong with the language and its library.

A program is its top, a line `---`, and the statements that fail; `<<kind>>` is filled in for each variant.
"""

from fault import Faults

fault = Faults("python")

# Names and attributes.

fault("name-undefined", "runtime", "NameError", "UndefinedName", """
    <<var>> = <<int>>
    ---
    print(<<var2>> + 1)
    """, """
    def <<fn>>(<<var>>):
        return <<var>> * 2
    ---
    <<fn2>>(<<int>>)
    """, quick=True)  # fmt: skip

fault("local-unbound", "runtime", "UnboundLocalError", "UndefinedName", """
    ---
    if <<int>> > 100:
        <<var>> = 1
    def <<fn>>():
        if len('<<word>>') > 40:
            <<var2>> = 0
        return <<var2>>
    <<fn>>()
    """, """
    <<var>> = <<int>>
    def <<fn>>():
        <<var>> += 1
    ---
    <<fn>>()
    """, quick=True)  # fmt: skip

fault("none-attribute", "runtime", "AttributeError", "NullAccess", """
    import re
    ---
    <<var>> = re.match(r'[0-9]{9}', '<<word>>')
    print(<<var>>.group(0))
    """, """
    def <<fn>>(<<var>>):
        <<var>>.sort()
    ---
    <<fn>>([<<int>>, <<int2>>]).append(<<int3>>)
    """, """
    ---
    <<var>> = {'<<key>>': <<int>>}
    <<var>>.get('<<key2>>').strip()
    """, quick=True)  # fmt: skip

fault("none-subscript", "runtime", "TypeError", "NullAccess", """
    ---
    <<var>> = {}.get('<<key>>')
    <<var>>['<<key2>>']
    """, """
    def <<fn>>(<<var>>):
        <<var>>.append(<<int>>)
    ---
    print(<<fn>>([])[0])
    """, sign="not subscriptable", quick=True)  # fmt: skip

fault("none-iterated", "runtime", "TypeError", "NullAccess", """
    def <<fn>>():
        '<<text>>'.split()
    ---
    for <<var>> in <<fn>>():
        print(<<var>>)
    """, """
    ---
    <<var>> = dict(<<key>>=None)
    <<var2>> = [item for item in <<var>>['<<key>>']]
    """, sign="not iterable")  # fmt: skip

fault("none-operand", "runtime", "TypeError", "NullAccess", """
    ---
    <<var>> = {'<<key>>': <<int>>}
    <<var2>> = <<var>>.get('<<key2>>') + <<int2>>
    """, """
    def <<fn>>(<<var>>):
        print(<<var>> * <<int>>)
    ---
    <<var2>> = <<float>> * <<fn>>(<<int>>)
    """, sign="unsupported operand")  # fmt: skip

fault("attribute-misspelt", "runtime", "AttributeError", "UndefinedName", """
    class <<Class>>:
        def __init__(self):
            self.<<attr>> = <<int>>
    ---
    print(<<Class>>().<<attr2>>)
    """, """
    class <<Class>>:
        def <<fn>>(self):
            return self.<<attr>>
    ---
    <<Class>>().<<fn>>()
    """, quick=True)  # fmt: skip

fault("wrong-type-attribute", "runtime", "AttributeError", "WrongType", """
    ---
    <<var>> = '<<word>>'
    <<var>>.append('<<word2>>')
    """, """
    ---
    <<var>> = [<<int>>, <<int2>>]
    print(<<var>>.items())
    """, """
    import json
    ---
    <<var>> = json.loads('{"<<key>>": "<<word>>"}')
    <<var>>['<<key>>'].get('<<key2>>')
    """, sign="'(str|list)' object has no attribute", quick=True)  # fmt: skip

fault("module-attribute-gone", "runtime", "AttributeError", "VersionMismatch", """
    import collections
    ---
    isinstance({'<<key>>': <<int>>}, collections.Mapping)
    """, """
    import inspect
    ---
    print(inspect.getargspec(print))
    """, """
    import asyncio
    ---
    <<var>> = asyncio.coroutine(lambda: <<int>>)
    """, min=(3, 11), sign="module '[a-z]+' has no attribute")  # fmt: skip

# Imports.

fault("import-absent", "deploy", "ModuleNotFoundError", "MissingPackage", """
    import xgboost
    ---
    print(xgboost.__version__)
    """, """
    ---
    import torch.nn as nn
    """, """
    from bs4 import BeautifulSoup
    ---
    BeautifulSoup('<p><<word>></p>')
    """, """
    ---
    import geopandas as gpd
    """, """
    from tensorflow.keras import layers
    ---
    layers.Dense(<<int>>)
    """, sends=("ModuleNotFoundError",), quick=True)  # fmt: skip

fault("import-removed-module", "deploy", "ModuleNotFoundError", "VersionMismatch", """
    ---
    from distutils.version import LooseVersion
    """, """
    import imp
    ---
    imp.reload(<<var>>)
    """, """
    ---
    import asyncore
    """, min=(3, 12), pythons=("bare-3.13",), one_file=True)  # fmt: skip

fault("import-removed-name", "deploy", "ImportError", "VersionMismatch", """
    from collections import Mapping, OrderedDict
    ---
    isinstance({}, Mapping)
    """, """
    ---
    from collections import Iterable
    """, """
    from inspect import getargspec
    ---
    getargspec(print)
    """, """
    ---
    from asyncio import coroutine
    """, min=(3, 11))  # fmt: skip

fault("import-own-name-misspelt", "runtime", "ImportError", "UndefinedName", """
    from <<mod>> import <<fn>>
    ---
    print(<<fn>>(<<int>>))
    === <<mod>>.py
    def <<fn2>>(value):
        return value
    """, """
    ---
    from <<mod>> import <<Class>>
    === <<mod>>.py
    class <<Class2>>:
        pass
    """, sign="cannot import name", one_file=True)  # fmt: skip

fault("import-circular", "runtime", "ImportError", "CircularImport", """
    import <<mod>>
    ---
    <<mod>>.<<fn>>()
    === <<mod>>.py
    from <<mod2>> import <<fn2>>

    def <<fn>>():
        return <<fn2>>()
    === <<mod2>>.py
    from <<mod>> import <<fn>>

    def <<fn2>>():
        return <<fn>>()
    """, """
    ---
    from <<mod>> import <<Class>>
    === <<mod>>.py
    import <<mod3>>
    class <<Class>>:
        pass
    === <<mod3>>.py
    from <<mod2>> import <<Class2>>
    === <<mod2>>.py
    from <<mod>> import <<Class>>
    class <<Class2>>(<<Class>>):
        pass
    """, sign="circular import", one_file=True)  # fmt: skip

fault("import-shadowed", "deploy", "ModuleNotFoundError", "PathIssue", """
    import email.message
    ---
    print(email.message.Message())
    === email.py
    def <<fn>>():
        return <<int>>
    """, """
    ---
    from http.client import HTTPConnection
    === http.py
    <<var>> = '<<word>>'
    """, """
    ---
    import xml.dom.minidom
    === xml.py
    <<var>> = <<int>>
    """, sign="is not a package", one_file=True, clients=("script", "log", "command", "stdin"))  # fmt: skip

# Keys and indexes.

fault("dict-key", "runtime", "KeyError", "KeyMissing", """
    ---
    <<var>> = {'<<key>>': <<int>>, '<<key2>>': <<float>>}
    print(<<var>>['<<datum>>'])
    """, """
    <<var>> = {<<int>>: '<<word>>'}
    ---
    del <<var>>[<<big>>]
    """, """
    import json
    ---
    <<var>> = json.loads('{"<<key>>": {"<<key2>>": 1}}')
    <<var>>['<<key>>']['<<key3>>']
    """, """
    ---
    <<var>> = dict(<<key>>=<<int>>)
    <<var>>.pop('<<datum>>')
    """, quick=True)  # fmt: skip

fault("environ-key", "runtime", "KeyError", "KeyMissing", """
    import os
    ---
    <<var>> = os.environ['<<env>>']
    """, """
    from os import environ
    ---
    print(int(environ['<<env>>']) + 1)
    """, quick=True)  # fmt: skip

fault("config-option", "runtime", "NoOptionError", "KeyMissing", """
    import configparser
    ---
    <<var>> = configparser.ConfigParser()
    <<var>>.read_string('[<<key>>]\\n<<key2>> = <<int>>\\n')
    <<var>>.get('<<key>>', '<<key3>>')
    """)  # fmt: skip

fault("list-index", "runtime", "IndexError", "IndexOutOfRange", """
    ---
    <<var>> = [<<int>>, <<int2>>, <<int3>>]
    print(<<var>>[<<small>> + 3])
    """, """
    import sys
    ---
    <<var>> = sys.argv[<<small>>]
    """, """
    ---
    <<var>> = ('<<word>>', '<<word2>>')
    for <<var2>> in range(len(<<var>>) + 1):
        print(<<var>>[<<var2>>])
    """, """
    ---
    <<var>> = '<<text>>'.split('|')
    <<var>>[<<small>>]
    """, quick=True)  # fmt: skip

fault("pop-empty", "runtime", "IndexError", "StateMisuse", """
    ---
    <<var>> = []
    <<var>>.pop()
    """, """
    <<var>> = ['<<word>>']
    ---
    while True:
        <<var>>.pop()
    """, sign="pop from empty list")  # fmt: skip

# Types.

fault("add-str-number", "runtime", "TypeError", "WrongType", """
    ---
    <<var>> = '<<word>>: ' + <<int>>
    """, """
    ---
    <<var>> = ''
    for <<var2>> in [<<float>>, <<int>>]:
        <<var>> = <<var>> + <<var2>>
    """, sign="can only concatenate str", quick=True)  # fmt: skip

fault("operand-types", "runtime", "TypeError", "WrongType", """
    ---
    <<var>> = <<int>> + '<<word>>'
    """, """
    ---
    <<var>> = {'<<key>>': '<<int>>'}
    print(<<float>> - <<var>>['<<key>>'])
    """, """
    ---
    print([<<int>>, <<int2>>] / <<small>>)
    """, sign="unsupported operand", quick=True)  # fmt: skip

fault("compare-types", "runtime", "TypeError", "WrongType", """
    ---
    <<var>> = sorted([<<int>>, '<<word>>', <<int2>>])
    """, """
    ---
    <<var>> = '<<int>>'
    if <<var>> > <<int2>>:
        print('<<word>>')
    """, """
    ---
    max([<<float>>, '<<word>>'])
    """, sign="not supported between instances")  # fmt: skip

fault("not-callable", "runtime", "TypeError", "WrongType", """
    ---
    list = [<<int>>, <<int2>>]
    print(list((<<int>>, 1)))
    """, """
    ---
    <<var>> = '<<word>>'
    <<var>>()
    """, """
    class <<Class>>:
        <<attr>> = <<int>>
    ---
    <<Class>>().<<attr>>()
    """, sign="object is not callable")  # fmt: skip

fault("unhashable", "runtime", "TypeError", "WrongType", """
    ---
    <<var>> = {[<<int>>, <<int2>>]: '<<word>>'}
    """, """
    ---
    <<var>> = set()
    <<var>>.add({'<<key>>': <<int>>})
    """, """
    import functools
    @functools.lru_cache(maxsize=None)
    def <<fn>>(<<var>>):
        return len(<<var>>)
    ---
    <<fn>>([<<int>>])
    """, sign="unhashable type")  # fmt: skip

fault("not-subscriptable", "runtime", "TypeError", "WrongType", """
    ---
    <<var>> = <<int>>
    print(<<var>>[0])
    """, """
    def <<fn>>():
        return [<<int>>]
    ---
    print(<<fn>>[0])
    """, """
    class <<Class>>:
        pass
    ---
    <<Class>>()['<<key>>']
    """, sign="not subscriptable")  # fmt: skip

fault("list-str-index", "runtime", "TypeError", "WrongType", """
    import json
    ---
    <<var>> = json.loads('[{"<<key>>": <<int>>}]')
    print(<<var>>['<<key>>'])
    """, """
    ---
    <<var>> = [<<int>>, <<int2>>]
    <<var>>['<<int>>']
    """, sign="list indices must be")  # fmt: skip

fault("not-iterable-number", "runtime", "TypeError", "WrongType", """
    ---
    for <<var>> in <<int>>:
        print(<<var>>)
    """, """
    ---
    <<var>> = [*<<float>>]
    """, """
    ---
    <<var>> = list(<<big>>)
    """, sign="not iterable")  # fmt: skip

fault("datetime-zones", "runtime", "TypeError", "WrongType", """
    import datetime
    ---
    <<var>> = datetime.datetime.now(datetime.timezone.utc)
    print(<<var>> < datetime.datetime(2024, 5, <<small>>))
    """, """
    from datetime import datetime, timezone
    ---
    <<var>> = datetime(2023, 1, <<small>>, tzinfo=timezone.utc)
    <<var>> - datetime.now()
    """, sign="offset-naive and offset-aware")  # fmt: skip

fault("json-unserialisable", "runtime", "TypeError", "WrongType", """
    import json, datetime
    ---
    json.dumps({'<<key>>': datetime.date(2024, 2, <<small>>)})
    """, """
    import json
    class <<Class>>:
        pass
    ---
    print(json.dumps([<<Class>>(), <<int>>], indent=2))
    """, """
    import json
    ---
    json.dumps({'<<key>>': {<<int>>, <<int2>>}})
    """, sign="not JSON serializable")  # fmt: skip

fault("unpicklable", "runtime", "TypeError", "WrongType", """
    import pickle, threading
    ---
    pickle.dumps({'<<key>>': threading.Lock()})
    """, """
    import copy, threading
    class <<Class>>:
        def __init__(self):
            self.<<attr>> = threading.RLock()
    ---
    copy.deepcopy(<<Class>>())
    """, sign="cannot pickle")  # fmt: skip

# Calls.

fault("argument-missing", "runtime", "TypeError", "ArgumentMismatch", """
    def <<fn>>(<<var>>, <<var2>>):
        return <<var>>
    ---
    <<fn>>(<<int>>)
    """, """
    class <<Class>>:
        def __init__(self, <<var>>, *, <<var2>>):
            self.<<attr>> = <<var>>
    ---
    <<Class>>()
    """, sign="missing \\d+ required", quick=True)  # fmt: skip

fault("argument-surplus", "runtime", "TypeError", "ArgumentMismatch", """
    def <<fn>>(<<var>>):
        return <<var>>
    ---
    <<fn>>(<<int>>, '<<word>>')
    """, """
    class <<Class>>:
        def <<fn>>():
            return <<int>>
    ---
    <<Class>>().<<fn>>()
    """, sign="takes .* positional argument", quick=True)  # fmt: skip

fault("argument-unknown", "runtime", "TypeError", "ArgumentMismatch", """
    def <<fn>>(<<var>>=None):
        return <<var>>
    ---
    <<fn>>(<<attr>>=<<int>>)
    """, """
    class <<Class>>:
        def __init__(self, <<var>>=0):
            pass
    ---
    <<Class>>(<<key>>='<<word>>')
    """, sign="unexpected keyword argument")  # fmt: skip

fault("format-arguments", "runtime", "TypeError", "ArgumentMismatch", """
    ---
    print('<<word>>: %s' % ('<<word2>>', <<int>>))
    """, """
    ---
    <<var>> = 'id=%d ' % (<<int>>, <<int2>>, <<int3>>)
    """, sign="not all arguments converted")  # fmt: skip

fault("unpack-few", "runtime", "ValueError", "ArityMismatch", """
    ---
    <<var>>, <<var2>>, <<var3>> = '<<noun>> <<noun2>>'.split(' ')
    """, """
    ---
    for <<var>>, <<var2>> in [(<<int>>, <<int2>>), (<<int3>>,)]:
        print(<<var>>)
    """, sign="not enough values to unpack", quick=True)  # fmt: skip

fault("recursion", "runtime", "RecursionError", "InfiniteRecursion", """
    def <<fn>>(<<var>>):
        return <<fn>>(<<var>> + 1)
    ---
    <<fn>>(<<int>>)
    """, """
    class <<Class>>:
        @property
        def <<attr>>(self):
            return self.<<attr>>
    ---
    print(<<Class>>().<<attr>>)
    """, """
    def <<fn>>(<<var>>):
        if <<var>> == -1:
            return 0
        return <<fn2>>(<<var>>) + 1
    def <<fn2>>(<<var>>):
        return <<fn>>(<<var>>)
    ---
    print(<<fn>>(<<int>>))
    """, """
    class <<Class>>:
        def __getattr__(self, name):
            return self._<<attr>>
    ---
    <<Class>>().<<attr2>>
    """, quick=True)  # fmt: skip

# Values.

fault("zero-division", "runtime", "ZeroDivisionError", "DivisionByZero", """
    ---
    <<var>> = []
    print(sum(<<var>>) / len(<<var>>))
    """, """
    ---
    <<var>> = <<int>> % (<<int2>> - <<int2>>)
    """, """
    def <<fn>>(<<var>>, <<var2>>):
        return <<var>> // <<var2>>
    ---
    <<fn>>(<<int>>, 0)
    """, """
    ---
    print(<<float>> / 0.0)
    """, quick=True)  # fmt: skip

fault("int-text", "runtime", "ValueError", "InvalidValue", """
    ---
    <<var>> = int('<<datum>>x')
    """, """
    ---
    print([int(part) for part in '<<int>>,<<int2>>,<<word>>!'.split(',')])
    """, sign="invalid literal for int", quick=True)  # fmt: skip

fault("date-format", "runtime", "ValueError", "MalformedData", """
    import datetime
    ---
    datetime.datetime.strptime('<<datum>>', '%Y-%m-%d')
    """, """
    from datetime import datetime
    ---
    <<var>> = datetime.strptime('<<date>>T10', '%d/%m/%Y')
    """, sign="does not match format")  # fmt: skip

fault("math-domain", "runtime", "ValueError", "InvalidValue", """
    import math
    ---
    print(math.sqrt(-<<float>>))
    """, """
    import math
    ---
    <<var>> = math.log(0)
    """, """
    from math import acos
    ---
    acos(<<int>>)
    """, max=(3, 13), sign="math domain error")  # fmt: skip

fault("enum-value", "runtime", "ValueError", "InvalidValue", """
    import enum
    class <<Class>>(enum.Enum):
        A = '<<word>>'
        B = '<<noun>>'
    ---
    print(<<Class>>('<<datum>>.'))
    """, """
    from enum import IntEnum
    class <<Class>>(IntEnum):
        LOW = 1
        HIGH = 2
    ---
    <<Class>>(<<big>>)
    """, sign="is not a valid")  # fmt: skip

fault("uuid-text", "runtime", "ValueError", "InvalidValue", """
    import uuid
    ---
    uuid.UUID('<<datum>>')
    """, """
    from uuid import UUID
    ---
    <<var>> = UUID(hex='<<hex>>-<<word>>')
    """, sign="badly formed hexadecimal")  # fmt: skip

fault("list-remove-absent", "runtime", "ValueError", "InvalidValue", """
    ---
    <<var>> = ['<<word>>', '<<noun>>']
    <<var>>.remove('<<datum>>.')
    """, """
    ---
    <<var>> = [<<int>>, <<int2>>]
    <<var>>.remove(<<big>>)
    """, sign="not in list")  # fmt: skip

fault("regex-pattern", "runtime", "error", "InvalidValue", """
    import re
    ---
    re.compile('(<<noun>>|<<noun2>>')
    """, """
    import re
    ---
    print(re.findall('[<<noun>>', '<<text>>'))
    """, """
    import re
    ---
    re.sub('*<<noun>>', '', '<<text>>')
    """, sends=("error", "PatternError"), type_as_sent=True)  # fmt: skip

fault("assertion", "runtime", "AssertionError", "AssertionFailed", """
    ---
    <<var>> = <<int>>
    assert <<var>> > 100, '<<text>> <<id>>'
    """, """
    def <<fn>>(<<var>>):
        return <<var>> * 2
    ---
    assert <<fn>>(<<int>>) == <<int>>
    """, """
    ---
    <<var>> = {'<<key>>': <<int>>}
    assert '<<key2>>' in <<var>>, f'missing key in {<<var>>}'
    """, quick=True)  # fmt: skip

fault("order-below-balance", "runtime", "OrderRejected", "InvalidValue", """
    class OrderRejected(Exception):
        pass
    ---
    raise OrderRejected(f'order <<id>> rejected: balance <<float>> is below <<float2>>')
    """, """
    class OrderRejected(ValueError):
        def __init__(self, order, balance, needed):
            super().__init__(f'order {order} rejected: balance {balance} is below {needed}')
    ---
    raise OrderRejected('<<id>>', <<float>>, <<int>>)
    """, shaped=True, quick=True)  # fmt: skip

fault("order-blocked-customer", "runtime", "OrderRejected", "PermissionDenied", """
    class OrderRejected(Exception):
        pass
    ---
    raise OrderRejected(f'order <<id>> rejected: customer <<datum>> may not buy on credit')
    """, shaped=True, quick=True)  # fmt: skip

# Immutable things.

fault("tuple-assigned", "runtime", "TypeError", "ImmutableMutation", """
    ---
    <<var>> = (<<int>>, <<int2>>)
    <<var>>[0] = <<int3>>
    """, """
    ---
    <<var>> = '<<word>>'
    <<var>>[0] = 'x'
    """, sign="does not support item assignment")  # fmt: skip

fault("frozen-assigned", "runtime", "FrozenInstanceError", "ImmutableMutation", """
    from dataclasses import dataclass
    @dataclass(frozen=True)
    class <<Class>>:
        <<attr>>: int
    ---
    <<var>> = <<Class>>(<<int>>)
    <<var>>.<<attr>> = <<int2>>
    """)  # fmt: skip

# Files.

fault("file-absent", "runtime", "FileNotFoundError", "PathIssue", """
    ---
    with open('<<missing>>') as handle:
        print(handle.read())
    """, """
    from pathlib import Path
    ---
    <<var>> = Path('<<missing>>').read_text()
    """, """
    import os
    ---
    for <<var>> in os.listdir('<<missing>>.d'):
        print(<<var>>)
    """, """
    import shutil
    ---
    shutil.copy('<<missing>>', 'copy.bin')
    """, """
    import os
    ---
    os.remove('<<missing>>')
    """, quick=True)  # fmt: skip

fault("file-forbidden", "runtime", "PermissionError", "PermissionDenied", """
    import os
    ---
    with open('<<stem>>.cfg', 'w') as handle:
        handle.write('<<word>>')
    os.chmod('<<stem>>.cfg', 0)
    print(open('<<stem>>.cfg').read())
    """, """
    import os, pathlib
    os.mkdir('<<stem>>', 0o500)
    ---
    pathlib.Path('<<stem>>/out.txt').write_text('<<word>>')
    """, """
    import os
    ---
    if not os.path.exists('<<stem>>'):
        os.mkdir('<<stem>>')
    os.chmod('<<stem>>', 0)
    os.listdir('<<stem>>')
    """, denied=True, sign="Errno 13", quick=True)  # fmt: skip

fault("file-is-folder", "runtime", "IsADirectoryError", "PathIssue", """
    import os
    ---
    os.makedirs('<<stem>>', exist_ok=True)
    open('<<stem>>').read()
    """, """
    from pathlib import Path
    ---
    Path('/tmp').write_text('<<word>>')
    """)  # fmt: skip

fault("disk-full", "runtime", "OSError", "ResourceExhausted", """
    ---
    with open('/dev/full', 'w') as handle:
        handle.write('<<text>>' * <<int>>)
        handle.flush()
    """, """
    import json
    ---
    with open('/dev/full', 'wb', buffering=0) as <<var>>:
        <<var>>.write(json.dumps([<<int>>, '<<word>>']).encode())
    """, sign="Errno 28")  # fmt: skip

fault("handles-used-up", "runtime", "OSError", "ResourceExhausted", """
    import resource
    resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
    ---
    <<var>> = []
    while True:
        <<var>>.append(open('/dev/null'))
    """, """
    import resource, socket
    ---
    resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24))
    <<var>> = [socket.socket() for _ in range(40)]
    """, sign="Errno 24", no_loop=True, clients=("script", "log", "stdin", "command", "exec"))  # fmt: skip

fault("closed-file", "runtime", "ValueError", "StateMisuse", """
    import io
    ---
    <<var>> = io.StringIO('<<text>>')
    <<var>>.close()
    print(<<var>>.read())
    """, """
    ---
    with open('/dev/null') as <<var>>:
        pass
    for line in <<var>>:
        print(line)
    """, sign="I/O operation on closed file")  # fmt: skip

# Data.

fault("json-malformed", "runtime", "JSONDecodeError", "MalformedData", """
    import json
    ---
    json.loads("{'<<key>>': <<int>>}")
    """, """
    import json
    ---
    <<var>> = json.loads('')
    """, """
    import json, io
    ---
    json.load(io.StringIO('{"<<key>>": "<<word>>"}{"<<key2>>": <<int>>}'))
    """, """
    import json
    ---
    json.loads('{"<<key>>": "<<word>>", "<<key2>>": [<<int>>,')
    """, quick=True)  # fmt: skip

fault("xml-malformed", "runtime", "ParseError", "MalformedData", """
    import xml.etree.ElementTree as ET
    ---
    ET.fromstring('<<<noun>>><item><<int>></<<noun>>>')
    """, """
    from xml.etree import ElementTree
    ---
    <<var>> = ElementTree.fromstring('<<word>> is not xml')
    """)  # fmt: skip

fault("config-malformed", "runtime", "MissingSectionHeaderError", "MalformedData", """
    import configparser
    ---
    configparser.ConfigParser().read_string('<<key>> = <<word>>\\n')
    """)  # fmt: skip

fault("bytes-not-utf8", "runtime", "UnicodeDecodeError", "EncodingIssue", """
    ---
    <<var>> = '<<noun>> caf\\u00e9 <<int>>'.encode('latin-1')
    print(<<var>>.decode('utf-8'))
    """, """
    from pathlib import Path
    ---
    Path('<<stem>>.txt').write_bytes(b'<<noun>>\\xff\\xfe')
    Path('<<stem>>.txt').read_text(encoding='utf-8')
    """, """
    import json
    ---
    json.loads(b'{"<<key>>": "\\xe9"}')
    """, quick=True)  # fmt: skip

fault("codec-unknown", "runtime", "LookupError", "EncodingIssue", """
    ---
    '<<word>>'.encode('<<noun>>-8')
    """, """
    ---
    open('/dev/null', encoding='latin<<int>>x').read()
    """, sign="unknown encoding")  # fmt: skip

fault("base64-padding", "runtime", "Error", "MalformedData", """
    import base64
    ---
    base64.b64decode('YWJjZ<<letters>>')
    """, """
    import binascii
    ---
    print(binascii.a2b_base64('YWJjZ<<letters>>'))
    """, sign="ncorrect padding|cannot be 1 more than")  # fmt: skip

fault("zip-malformed", "runtime", "BadZipFile", "MalformedData", """
    import zipfile, io
    ---
    zipfile.ZipFile(io.BytesIO(b'<<noun>> <<int>>'))
    """, """
    import zipfile
    ---
    with open('<<stem>>.zip', 'wb') as out:
        out.write(b'<html><<word>></html>' * <<int>>)
    zipfile.ZipFile('<<stem>>.zip').namelist()
    """)  # fmt: skip

fault("struct-size", "runtime", "error", "MalformedData", """
    import struct
    ---
    struct.unpack('<<small>>i', b'<<noun>>')
    """, """
    import struct
    ---
    <<var>> = struct.unpack_from('>QQ', b'\\x00' * <<small>>)
    """, sign="requires a buffer")  # fmt: skip

fault("decimal-text", "runtime", "InvalidOperation", "MalformedData", """
    import decimal
    ---
    decimal.Decimal('<<datum>>!')
    """, """
    from decimal import Decimal
    ---
    <<var>> = sum(Decimal(part) for part in ['<<float>>', '<<word>>!'])
    """, sign="ConversionSyntax")  # fmt: skip

fault("pickle-stale", "runtime", "AttributeError", "CacheStale", """
    import pickle
    ---
    pickle.loads(b'\\x80\\x02c__main__\\n<<five>>\\nq\\x00)\\x81q\\x01.')
    """, sign="Can't get attribute", one_file=True)  # fmt: skip

# Concurrency and state.

fault("dict-changed", "runtime", "RuntimeError", "ConcurrencyMisuse", """
    ---
    <<var>> = {'<<key>>': <<int>>, '<<key2>>': 0}
    for item in <<var>>:
        del <<var>>[item]
    """, """
    ---
    <<var>> = {number: 0 for number in range(<<int>>)}
    for item in <<var>>.keys():
        <<var>>[item + <<big>>] = 1
    """, """
    ---
    <<var>> = {'<<word>>', '<<noun>>'}
    for item in <<var>>:
        <<var>>.add(item + '<<word2>>')
    """, sign="changed (size )?during iteration")  # fmt: skip

fault("loop-running", "runtime", "RuntimeError", "ConcurrencyMisuse", """
    import asyncio
    async def <<fn>>():
        await asyncio.sleep(0)
    async def <<fn2>>():
        asyncio.run(<<fn>>())
    ---
    asyncio.run(<<fn2>>())
    """, """
    import asyncio
    async def <<fn>>():
        return <<int>>
    async def <<fn2>>():
        return asyncio.get_running_loop().run_until_complete(<<fn>>())
    ---
    asyncio.run(<<fn2>>())
    """, sign="running event loop|already running", no_loop=True)  # fmt: skip

fault("await-forgotten", "runtime", "TypeError", "ConcurrencyMisuse", """
    import asyncio
    async def <<fn>>():
        return [<<int>>]
    async def <<fn2>>():
        return <<fn>>()[0]
    ---
    asyncio.run(<<fn2>>())
    """, """
    import asyncio
    async def <<fn>>():
        return '<<word>>'
    async def <<fn2>>():
        for item in <<fn>>():
            print(item)
    ---
    asyncio.run(<<fn2>>())
    """, """
    async def <<fn>>():
        return <<int>>
    ---
    print(<<fn>>() + <<int2>>)
    """, sign="'coroutine'", no_loop=True)  # fmt: skip

fault("asyncio-timeout", "runtime", "TimeoutError", "Timeout", """
    import asyncio
    async def <<fn>>():
        await asyncio.wait_for(asyncio.sleep(9), timeout=0.0<<small>>)
    ---
    asyncio.run(<<fn>>())
    """, """
    import asyncio
    async def <<fn>>():
        await asyncio.sleep(<<int>>)
    async def <<fn2>>():
        return await asyncio.wait_for(<<fn>>(), 0.01)
    ---
    print(asyncio.run(<<fn2>>()))
    """, no_loop=True)  # fmt: skip

fault("thread-twice", "runtime", "RuntimeError", "StateMisuse", """
    import threading
    ---
    <<var>> = threading.Thread(target=print, args=('<<word>>',))
    <<var>>.start()
    <<var>>.join()
    <<var>>.start()
    """, sign="threads can only be started once")  # fmt: skip

# The network.

fault("socket-refused", "runtime", "ConnectionRefusedError", "NetworkUnreachable", """
    import socket
    ---
    socket.create_connection(('127.0.0.1', <<refused>>), timeout=2)
    """, """
    import socket
    ---
    <<var>> = socket.socket()
    <<var>>.connect(('127.0.0.1', <<refused>>))
    """, """
    import http.client
    ---
    <<var>> = http.client.HTTPConnection('127.0.0.1', <<refused>>)
    <<var>>.request('GET', '/<<noun>>/<<id>>')
    """, quick=True)  # fmt: skip

fault("urllib-refused", "runtime", "URLError", "NetworkUnreachable", """
    import urllib.request
    ---
    urllib.request.urlopen('http://127.0.0.1:<<refused>>/<<noun>>', timeout=2)
    """, sign="Connection refused", env={"no_proxy": "*"})  # fmt: skip

fault("urllib-404", "runtime", "HTTPError", "NotFoundRemote", """
    import urllib.request
    ---
    urllib.request.urlopen('<<http>>/404/<<noun>>s/<<big>>').read()
    """, """
    from urllib.request import Request, urlopen
    ---
    <<var>> = urlopen(Request('<<http>>/404/<<hex>>', headers={'Accept': '*/*'}))
    """, env={"no_proxy": "*"}, sign="Error 404", quick=True)  # fmt: skip

fault("urllib-401", "runtime", "HTTPError", "AuthFailure", """
    import urllib.request
    ---
    urllib.request.urlopen('<<http>>/401/<<noun>>s/<<big>>').read()
    """, """
    from urllib.request import Request, urlopen
    ---
    <<var>> = urlopen(Request('<<http>>/401/<<noun>>', headers={'Authorization': 'Bearer <<hex>>'}))
    """, env={"no_proxy": "*"}, sign="Error 401", quick=True)  # fmt: skip

fault("name-unresolved", "runtime", "gaierror", "NetworkUnreachable", """
    import socket
    ---
    socket.create_connection(('<<noun>>-<<int>>.invalid', 443), timeout=2)
    """, """
    import socket
    ---
    print(socket.getaddrinfo('db.<<noun>>.invalid', 5432))
    """)  # fmt: skip

fault("port-taken", "runtime", "OSError", "AddressInUse", """
    import socket
    ---
    <<var>> = socket.socket()
    <<var>>.bind(('127.0.0.1', <<busy>>))
    """, """
    import http.server
    ---
    class <<Class>>(http.server.HTTPServer):
        allow_reuse_address = False
    <<Class>>(('127.0.0.1', <<busy>>), http.server.BaseHTTPRequestHandler)
    """, sign="Errno 98")  # fmt: skip

# Databases.

fault("sqlite-unique", "runtime", "IntegrityError", "ConstraintViolation", """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    <<var>>.execute('CREATE TABLE <<noun>>s (<<attr>> TEXT UNIQUE)')
    for _ in range(2):
        <<var>>.execute("INSERT INTO <<noun>>s VALUES ('<<word>>')")
    """, sign="UNIQUE constraint")  # fmt: skip

fault("sqlite-foreign-key", "runtime", "IntegrityError", "ConstraintViolation", """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    <<var>>.executescript('PRAGMA foreign_keys=ON; CREATE TABLE a(id INTEGER PRIMARY KEY); CREATE TABLE <<noun>>s(a INT REFERENCES a(id))')
    <<var>>.execute('INSERT INTO <<noun>>s VALUES (<<int>>)')
    """, sign="FOREIGN KEY")  # fmt: skip

fault("sqlite-sql", "runtime", "OperationalError", "SyntaxMistake", """
    import sqlite3
    ---
    sqlite3.connect(':memory:').execute('SELEC * FROM <<noun>>s')
    """, """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:').cursor()
    <<var>>.execute('SELECT <<int>> FORM <<noun>>s WHERE id = <<int2>>')
    """, sign="syntax error")  # fmt: skip

fault("sqlite-locked", "runtime", "OperationalError", "ConcurrencyMisuse", """
    import sqlite3
    ---
    <<var>> = sqlite3.connect('<<stem>>.db', timeout=0.05)
    <<var2>> = sqlite3.connect('<<stem>>.db', timeout=0.05)
    <<var>>.execute('CREATE TABLE IF NOT EXISTS <<noun>>s (id INT)')
    <<var>>.execute('BEGIN EXCLUSIVE')
    <<var2>>.execute('INSERT INTO <<noun>>s VALUES (<<int>>)')
    """, sign="database is locked")  # fmt: skip

fault("sqlite-bindings", "runtime", "ProgrammingError", "ArgumentMismatch", """
    import sqlite3
    ---
    sqlite3.connect(':memory:').execute('SELECT ?, ?', (<<int>>,))
    """, """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    <<var>>.execute('CREATE TABLE <<noun>>s (a, b)')
    <<var>>.execute('INSERT INTO <<noun>>s VALUES (?, ?)', ('<<word>>', <<int>>, <<int2>>))
    """, sign="Incorrect number of bindings")  # fmt: skip

fault("sqlite-closed", "runtime", "ProgrammingError", "StateMisuse", """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    <<var>>.close()
    <<var>>.execute('SELECT <<int>>')
    """, sign="closed database")  # fmt: skip

# Processes and memory.

fault("binary-absent", "deploy", "FileNotFoundError", "MissingBinary", """
    import subprocess
    ---
    subprocess.run(['ffmpeg', '-i', '<<file>>'], check=True)
    """, """
    from subprocess import Popen
    ---
    Popen(['wkhtmltopdf', '<<stem>>.html'])
    """, """
    import subprocess
    ---
    subprocess.check_output(['nvidia-smi', '-L'])
    """, """
    import os
    ---
    os.execvp('pandoc', ['pandoc', '<<stem>>.md'])
    """, clients=("script", "log", "stdin", "command", "sdk", "exec", "ipython"), one_file=True)  # fmt: skip

fault("command-timeout", "runtime", "TimeoutExpired", "Timeout", """
    import subprocess
    ---
    subprocess.run(['sleep', '<<int>>'], timeout=0.0<<small>>)
    """, """
    import subprocess
    ---
    subprocess.check_output('sleep <<int>>', shell=True, timeout=0.05)
    """)  # fmt: skip

fault("memory", "runtime", "MemoryError", "ResourceExhausted", """
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
    ---
    <<var>> = bytearray(<<small>> << 30)
    """, """
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
    ---
    <<var>> = [0] * (<<small>> << 28)
    """, no_loop=True, clients=("script", "log", "stdin", "command", "exec", "sdk"))  # fmt: skip

# Source text.

fault("bracket-open", "compile", "SyntaxError", "SyntaxMistake", """
    <<var>> = [<<int>>, <<int2>>
    print(<<var>>)
    """, """
    def <<fn>>(<<var>>):
        return (<<var>> + <<int>>


    print(<<fn>>(<<int2>>)
    """, """
    import os
    <<var>> = {'<<key>>': <<int>>, '<<key2>>': <<float>>
    for item in <<var>>:
        print(item)
    """, whole=True, quick=True)  # fmt: skip

fault("colon-missing", "compile", "SyntaxError", "SyntaxMistake", """
    def <<fn>>(<<var>>)
        return <<var>>
    """, """
    <<var>> = <<int>>
    if <<var>> > <<int2>>
        print('<<word>>')
    """, """
    for <<var>> in range(<<int>>)
        print(<<var>>)
    """, """
    class <<Class>>
        <<attr>> = <<int>>
    """, min=(3, 10), whole=True, quick=True)  # fmt: skip

fault("string-open", "compile", "SyntaxError", "SyntaxMistake", """
    <<var>> = '<<word>>
    print(<<var>>)
    """, """
    def <<fn>>():
        print("<<text>>)
    <<fn>>()
    """, min=(3, 10), whole=True)  # fmt: skip

fault("print-statement", "compile", "SyntaxError", "VersionMismatch", """
    <<var>> = <<int>>
    print "<<text>>", <<var>>
    """, """
    def <<fn>>(<<var>>):
        for item in <<var>>:
            print item
    <<fn>>([<<int>>])
    """, whole=True)  # fmt: skip

fault("return-outside", "compile", "SyntaxError", "SyntaxMistake", """
    <<var>> = <<int>>
    if <<var>> > 1:
        return <<var>>
    """, """
    <<var>> = [<<int>>, <<int2>>]
    return sum(<<var>>)
    """, whole=True, clients=("script", "log", "stdin", "command", "sdk", "exec"))  # fmt: skip

fault("keyword-assigned", "compile", "SyntaxError", "SyntaxMistake", """
    <<fn>>() = <<int>>
    """, """
    None = '<<word>>'
    """, """
    <<var>> = <<int>>
    if <<var>> + 1 = <<int2>>:
        print(<<var>>)
    """, whole=True, sign="cannot assign to")  # fmt: skip

fault("tabs-mixed", "compile", "TabError", "SyntaxMistake", """
    def <<fn>>(<<var>>):
            <<var>> += <<int>>
    \treturn <<var>>
    """, """
    if <<int>>:
            print('<<word>>')
    \tprint('<<word2>>')
    """, whole=True, clients=("script", "log", "stdin", "command", "sdk", "exec"))  # fmt: skip

fault("dedent-unmatched", "compile", "IndentationError", "SyntaxMistake", """
    def <<fn>>(<<var>>):
        if <<var>>:
            print(<<int>>)
          return <<var>>
    """, """
    class <<Class>>:
        def <<fn>>(self):
            pass
       <<attr>> = <<int>>
    """, whole=True, sign="unindent does not match", quick=True)  # fmt: skip

# Look-alikes: what shares its type, and often its words, with a fault above and is mended in another way.

fault("unpack-many", "runtime", "ValueError", "ArityMismatch", """
    ---
    <<var>>, <<var2>> = '<<noun>>;<<noun2>>;<<word>>'.split(';')
    """, """
    ---
    for <<var>>, <<var2>> in {'<<key>>1': <<int>>, '<<key2>>22': <<int2>>}:
        print(<<var>>)
    """, """
    def <<fn>>(<<var>>):
        return min(<<var>>), max(<<var>>), sum(<<var>>)
    ---
    <<var2>>, <<var3>> = <<fn>>([<<int>>, <<int2>>])
    """, sign="too many values to unpack")  # fmt: skip

fault("argument-twice", "runtime", "TypeError", "ArgumentMismatch", """
    def <<fn>>(<<var>>, <<var2>>=None):
        return <<var>>
    ---
    <<fn>>(<<int>>, <<var>>=<<int2>>)
    """, """
    class <<Class>>:
        def <<fn>>(self, <<attr>>):
            return <<attr>>
    ---
    <<Class>>().<<fn>>('<<word>>', **{'<<attr>>': <<int>>})
    """, """
    class <<Class>>:
        def __init__(<<attr>>, <<attr2>>=0):
            pass
    ---
    <<Class>>(<<attr>>=<<int>>)
    """, sign="multiple values for argument")  # fmt: skip

fault("module-attribute-misspelt", "runtime", "AttributeError", "UndefinedName", """
    import math
    ---
    <<var>> = math.squareroot(<<int>>)
    """, """
    import os
    ---
    for <<var>> in os.listfiles('.'):
        print(<<var>>)
    """, """
    import json
    ---
    <<var>> = json.parse('{"<<key>>": <<int>>}')
    """, """
    import random
    ---
    print(random.randInt(1, <<int>>))
    """, """
    import time
    ---
    <<var>> = time.now()
    """, sign="module '[a-z]+' has no attribute")  # fmt: skip

fault("property-without-setter", "runtime", "AttributeError", "ImmutableMutation", """
    class <<Class>>:
        @property
        def <<attr>>(self):
            return <<int>>
    ---
    <<Class>>().<<attr>> = <<int2>>
    """, """
    class <<Class>>:
        def __init__(self):
            self.<<attr>> = '<<word>>'
        <<attr>> = property(lambda self: '<<word2>>')
    ---
    <<var>> = <<Class>>()
    """, sign="can't set attribute|has no setter")  # fmt: skip

fault("none-as-number", "runtime", "TypeError", "NullAccess", """
    import os
    ---
    <<var>> = int(os.environ.get('<<env>>'))
    """, """
    ---
    <<var>> = {'<<key>>': '<<int>>'}
    print(float(<<var>>.get('<<key2>>')))
    """, """
    import json
    ---
    <<var>> = json.loads('[<<int>>, null]')
    sum(int(item) for item in <<var>>)
    """, sign="not 'NoneType'")  # fmt: skip

fault("list-as-number", "runtime", "TypeError", "WrongType", """
    ---
    <<var>> = int('<<int>> <<int2>>'.split())
    """, """
    ---
    <<var>> = {'<<key>>': [<<float>>, <<float2>>]}
    print(float(<<var>>['<<key>>']))
    """, """
    ---
    <<var>> = [[<<int>>], [<<int2>>, <<int3>>]]
    print([int(item) for item in <<var>>])
    """, sign="must be a string.* not 'list'")  # fmt: skip

fault("float-as-count", "runtime", "TypeError", "WrongType", """
    ---
    <<var>> = <<int>>
    for <<var2>> in range(<<var>> / 2):
        print(<<var2>>)
    """, """
    ---
    <<var>> = ['<<word>>', '<<noun>>', '<<noun2>>']
    print(<<var>>[len(<<var>>) / 2])
    """, """
    ---
    <<var>> = '<<word>>' * (<<int>> / <<small>>)
    """, """
    ---
    print(chr(65 + <<small>> / 2))
    """, sign="integer|non-int of type 'float'")  # fmt: skip

fault("join-numbers", "runtime", "TypeError", "WrongType", """
    ---
    print(', '.join([<<int>>, <<int2>>, <<int3>>]))
    """, """
    ---
    <<var>> = ['<<word>>', '<<noun>>', <<float>>]
    <<var2>> = ';'.join(<<var>>)
    """, """
    ---
    <<var>> = {'<<key>>': '<<word>>', '<<key2>>': <<int>>}
    '\\n'.join(<<var>>.values())
    """, sign="sequence item \\d+: expected str instance")  # fmt: skip

fault("bytes-wanted", "runtime", "TypeError", "WrongType", """
    ---
    with open('<<stem>>.bin', 'wb') as <<var>>:
        <<var>>.write('<<text>>')
    """, """
    import subprocess
    ---
    <<var>> = subprocess.check_output(['echo', '<<word>> <<int>>'])
    print(<<var>>.split(' '))
    """, """
    import socket
    ---
    <<var>>, <<var2>> = socket.socketpair()
    <<var>>.send('<<word>>')
    """, """
    import base64
    ---
    print(base64.b64encode('<<datum>>'))
    """, sign="bytes-like object is required, not 'str'")  # fmt: skip

fault("abstract-method-missing", "runtime", "TypeError", None, """
    import abc
    class <<Class>>(abc.ABC):
        @abc.abstractmethod
        def <<fn>>(self):
            ...
    class <<Class2>>(<<Class>>):
        pass
    ---
    <<Class2>>()
    """, """
    from abc import ABCMeta, abstractmethod
    class <<Class>>(metaclass=ABCMeta):
        @abstractmethod
        def <<fn>>(self, <<var>>): pass
        @abstractmethod
        def <<fn2>>(self): pass
        @abstractmethod
        def <<fn3>>(self): pass
    class <<Class2>>(<<Class>>):
        def <<fn2>>(self): return <<int>>
    ---
    <<var2>> = [<<Class2>>()]
    """, """
    from collections.abc import Iterator
    class <<Class>>(Iterator):
        def <<fn>>(self):
            return <<int>>
    ---
    for <<var>> in <<Class>>():
        print(<<var>>)
    """, sign="instantiate abstract class")  # fmt: skip

fault("format-positions", "runtime", "IndexError", "ArgumentMismatch", """
    ---
    print('{} of {}'.format(<<int>>))
    """, """
    ---
    <<var>> = '<<word>> {0}, {2}: {1}'.format('<<noun>>', <<float>>)
    """, """
    ---
    <<var>> = ('<<word>>', <<int>>)
    '{:>10} {:>5} {:.2f}'.format(*<<var>>)
    """, sign="Replacement index")  # fmt: skip

fault("choice-of-nothing", "runtime", "IndexError", "InvalidValue", """
    import random
    ---
    random.choice([])
    """, """
    import random
    ---
    <<var>> = [item for item in range(<<int>>) if item > <<big>>]
    print(random.choice(<<var>>))
    """, """
    from random import Random
    ---
    <<var>> = Random(<<int>>).choice('')
    """, sign="Cannot choose from an empty|index out of range")  # fmt: skip

fault("template-placeholder", "runtime", "KeyError", "KeyMissing", """
    import string
    ---
    string.Template('Dear $<<key>>, $<<key2>> is due').substitute(<<key2>>='<<datum>>')
    """, """
    from string import Template
    ---
    <<var>> = Template('${<<key>>}/<<noun>>/${<<attr>>}').substitute({'<<key>>': <<int>>})
    """)  # fmt: skip

fault("enum-name", "runtime", "KeyError", "KeyMissing", """
    import enum
    class <<Class>>(enum.Enum):
        LOW = '<<word>>'
        HIGH = '<<noun>>'
    ---
    print(<<Class>>['<<datum>>'])
    """, """
    from enum import IntEnum
    class <<Class>>(IntEnum):
        RED = <<int>>
        BLUE = <<int>> + 1
    ---
    <<var>> = [<<Class>>[name] for name in ('RED', '<<noun>>')]
    """, """
    from enum import Enum
    <<Class>> = Enum('<<Class>>', ['OPEN', 'CLOSED'])
    ---
    <<Class>>['open']
    """)  # fmt: skip

fault("config-section", "runtime", "KeyError", "KeyMissing", """
    import configparser
    ---
    <<var>> = configparser.ConfigParser()
    <<var>>.read('<<stem>>.ini')
    print(<<var>>['<<key>>']['<<key2>>'])
    """, """
    from configparser import ConfigParser
    ---
    <<var>> = ConfigParser()
    <<var>>.read_string('[<<key>>]\\n<<key2>> = <<word>>\\n')
    dict(<<var>>['<<key3>>.<<small>>'])
    """)  # fmt: skip

fault("archive-member-absent", "runtime", "KeyError", "KeyMissing", """
    import io, zipfile
    ---
    <<var>> = zipfile.ZipFile(io.BytesIO(), 'w')
    <<var>>.writestr('<<noun>>/<<stem>>.txt', '<<text>>')
    <<var>>.read('<<file>>')
    """, """
    from zipfile import ZipFile
    ---
    with ZipFile('<<stem>>.zip', 'w') as out:
        out.writestr('<<noun>>.csv', '<<int>>')
    with ZipFile('<<stem>>.zip') as <<var>>:
        print(<<var>>.getinfo('<<noun>>s.csv').file_size)
    """, sign="There is no item named")  # fmt: skip

fault("minimum-of-nothing", "runtime", "ValueError", "InvalidValue", """
    ---
    print(max([]))
    """, """
    ---
    <<var>> = [item for item in [<<int>>, <<int2>>] if item > <<big>>]
    <<var2>> = min(<<var>>)
    """, """
    ---
    <<var>> = max((len(word) for word in ''.split()), key=abs)
    """, sign="is an empty sequence|is empty")  # fmt: skip

fault("float-text", "runtime", "ValueError", "InvalidValue", """
    ---
    <<var>> = float('<<datum>>!')
    """, """
    ---
    <<var>> = sum(map(float, '<<float>>;<<word>>.;<<float2>>'.split(';')))
    """, """
    ---
    print(float('1,<<int>>.5') + <<float>>)
    """, sign="could not convert string to float")  # fmt: skip

fault("substring-absent", "runtime", "ValueError", "InvalidValue", """
    ---
    <<var>> = '<<text>>'.index('@@')
    """, """
    ---
    <<var>> = '<<key>>=<<int>>'
    print(<<var>>[<<var>>.rindex(':') + 1:])
    """, """
    ---
    b'<<noun>> <<int>>'.index(b'\\r\\n\\r\\n')
    """, sign="(substring|subsection) not found")  # fmt: skip

fault("date-day-range", "runtime", "ValueError", "InvalidValue", """
    import datetime
    ---
    datetime.date(2023, 2, 28 + <<small>>)
    """, """
    from datetime import datetime
    ---
    <<var>> = datetime(2024, 12 + <<small>>, 1)
    """, """
    from datetime import date
    ---
    print(date(<<int>> + 1990, 4, 30).replace(day=31))
    """, sign="out of range for month|must be in (range )?1\\.\\.")  # fmt: skip

fault("date-not-iso", "runtime", "ValueError", "MalformedData", """
    import datetime
    ---
    datetime.date.fromisoformat('<<datum>>.')
    """, """
    from datetime import datetime
    ---
    <<var>> = datetime.fromisoformat('<<int>>/5/2024 at noon')
    """, """
    from datetime import time
    ---
    print(time.fromisoformat('<<word>>'))
    """, sign="Invalid isoformat string")  # fmt: skip

fault("literal-malformed", "runtime", "ValueError", "MalformedData", """
    import ast
    ---
    ast.literal_eval('<<var>> + <<fn>>(<<int>>)')
    """, """
    import ast
    ---
    <<var>> = ast.literal_eval("{'<<key>>': true, '<<key2>>': <<int>>}")
    """, """
    from ast import literal_eval
    ---
    print([literal_eval(part) for part in ('<<int>>', 'null')])
    """, sign="malformed node or string")  # fmt: skip

fault("dataclass-mutable-default", "runtime", "ValueError", "InvalidValue", """
    from dataclasses import dataclass
    ---
    @dataclass
    class <<Class>>:
        <<attr>>: list = []
    """, """
    import dataclasses
    ---
    @dataclasses.dataclass(frozen=True)
    class <<Class>>:
        <<attr2>>: int = <<int>>
        <<attr>>: dict = dataclasses.field(default={'<<key>>': <<int>>})
    """, sign="mutable default")  # fmt: skip

fault("input-used-up", "runtime", "EOFError", None, """
    ---
    <<var>> = int(input())
    """, """
    ---
    while True:
        <<var>> = input('<<text>>: ')
    """, """
    ---
    <<var>>, <<var2>> = map(int, input().split())
    """, """
    ---
    <<var>> = [input() for _ in range(<<int>>)]
    """, sign="EOF when reading a line", one_file=True)  # fmt: skip

fault("iterator-used-up", "runtime", "StopIteration", "StateMisuse", """
    ---
    <<var>> = iter([<<int>>])
    next(<<var>>)
    print(next(<<var>>))
    """, """
    ---
    <<var>> = next(item for item in [<<int>>, <<int2>>] if item > <<big>>)
    """, """
    import csv, io
    ---
    <<var>> = next(csv.reader(io.StringIO('')))
    """, no_loop=True, sends=("StopIteration",))  # fmt: skip

fault("number-too-large", "runtime", "OverflowError", "InvalidValue", """
    import math
    ---
    print(math.exp(<<int>> + 800))
    """, """
    ---
    <<var>> = (<<float>> + 2) ** 2000.0
    """, """
    import math
    ---
    math.pow(<<int>>, 1000 + <<big>>)
    """, sign="math range error|result out of range")  # fmt: skip

# States of threads, loops and files.

fault("thread-not-initialised", "runtime", "RuntimeError", "StateMisuse", """
    import threading
    class <<Class>>(threading.Thread):
        def __init__(self, <<attr>>):
            self.<<attr>> = <<attr>>
    ---
    <<Class>>(<<int>>).start()
    """, """
    from threading import Thread
    class <<Class>>(Thread):
        def __init__(self):
            self._<<attr>> = '<<word>>'
        def run(self):
            print(self._<<attr>>)
    ---
    <<var>> = <<Class>>()
    <<var>>.join(<<int>>)
    """, sign="(?i)thread.__init__\\(\\) not called")  # fmt: skip

fault("loop-absent", "runtime", "RuntimeError", "ConcurrencyMisuse", """
    import asyncio
    async def <<fn>>():
        return <<int>>
    ---
    asyncio.create_task(<<fn>>())
    """, """
    import asyncio
    ---
    <<var>> = asyncio.get_running_loop()
    <<var>>.call_later(<<int>>, print)
    """, """
    import asyncio
    from concurrent.futures import ThreadPoolExecutor
    async def <<fn>>():
        await asyncio.sleep(0)
    ---
    with ThreadPoolExecutor() as pool:
        pool.submit(lambda: asyncio.ensure_future(asyncio.sleep(<<int>>), loop=asyncio.get_running_loop())).result()
    """, sign="no running event loop", no_loop=True,
    clients=("script", "log", "stdin", "command", "sdk", "exec"))  # fmt: skip

fault("mode-does-not-fit", "runtime", "UnsupportedOperation", "StateMisuse", """
    ---
    with open('<<stem>>.txt', 'w') as <<var>>:
        <<var>>.write('<<text>>')
        print(<<var>>.read())
    """, """
    ---
    with open('/dev/null') as <<var>>:
        <<var>>.write('<<word>>')
    """, """
    from pathlib import Path
    ---
    <<var>> = Path('<<stem>>.log').open('a')
    for line in <<var>>:
        print(line)
    """, sign="not (readable|writable)")  # fmt: skip

fault("not-a-folder", "runtime", "NotADirectoryError", "PathIssue", """
    import os
    ---
    open('<<stem>>.txt', 'w').close()
    os.listdir('<<stem>>.txt')
    """, """
    from pathlib import Path
    ---
    Path('<<stem>>').write_text('<<word>>')
    Path('<<stem>>', '<<noun>>.json').read_text()
    """, """
    import os
    ---
    os.chdir('/dev/null')
    """)  # fmt: skip

fault("file-exists", "runtime", "FileExistsError", "PathIssue", """
    import os
    ---
    os.makedirs('<<stem>>', exist_ok=True)
    os.mkdir('<<stem>>')
    """, """
    from pathlib import Path
    ---
    Path('<<stem>>.csv').write_text('<<word>>')
    Path('<<stem>>.csv').open('x')
    """, """
    import os
    ---
    os.makedirs('<<stem>>/<<noun>>', exist_ok=True)
    os.makedirs('<<stem>>/<<noun>>')
    """)  # fmt: skip

fault("folder-not-empty", "runtime", "OSError", "PathIssue", """
    import os
    ---
    os.makedirs('<<stem>>/<<noun>>', exist_ok=True)
    os.rmdir('<<stem>>')
    """, """
    from pathlib import Path
    ---
    Path('<<stem>>').mkdir(exist_ok=True)
    Path('<<stem>>/<<noun>>.txt').touch()
    Path('<<stem>>').rmdir()
    """, sign="Errno 39")  # fmt: skip

fault("file-name-too-long", "runtime", "OSError", "PathIssue", """
    ---
    open('<<noun>>_<<word2>>'.replace('/', '-') * 40 + '.txt', 'w')
    """, """
    from pathlib import Path
    ---
    <<var>> = '<<hex>><<hex2>><<hex3>>' * 12
    Path(<<var>>).write_text('<<word>>')
    """, """
    import os
    ---
    os.mkdir('<<key>>-' * 100 + '<<date>>')
    """, sign="Errno 36")  # fmt: skip

fault("ascii-only", "runtime", "UnicodeEncodeError", "EncodingIssue", """
    ---
    '<<noun>> caf\\u00e9 <<int>>'.encode('ascii')
    """, """
    ---
    with open('<<stem>>.txt', 'w', encoding='ascii') as <<var>>:
        <<var>>.write('\\u6570\\u636e <<word>>')
    """, """
    import io
    ---
    <<var>> = io.TextIOWrapper(io.BytesIO(), encoding='latin-1')
    <<var>>.write('<<float>> \\u20ac')
    """, sign="codec can't encode.* ordinal not in range")  # fmt: skip

fault("lone-surrogate", "runtime", "UnicodeEncodeError", "EncodingIssue", """
    import json
    ---
    json.loads('"<<noun>> \\\\ud83d"').encode('utf-8')
    """, """
    ---
    <<var>> = b'<<noun>>\\xff<<int>>'.decode('utf-8', 'surrogateescape')
    with open('<<stem>>.txt', 'w', encoding='utf-8') as out:
        out.write(<<var>>)
    """, sign="surrogates not allowed")  # fmt: skip

fault("gzip-malformed", "runtime", "BadGzipFile", "MalformedData", """
    import gzip
    ---
    gzip.decompress(b'<<noun>> <<int>>')
    """, """
    import gzip
    ---
    with open('<<stem>>.gz', 'w') as out:
        out.write('{"<<key>>": "<<word>>"}')
    print(gzip.open('<<stem>>.gz', 'rt').read())
    """)  # fmt: skip

# Databases, processes and the network, again.

fault("sqlite-table", "runtime", "OperationalError", "SchemaMismatch", """
    import sqlite3
    ---
    sqlite3.connect('<<stem>>.db').execute('SELECT * FROM <<noun>>s WHERE id = ?', (<<int>>,))
    """, """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:').cursor()
    <<var>>.execute("INSERT INTO <<key>> VALUES ('<<word>>', <<int>>)")
    """, """
    import sqlite3
    ---
    with sqlite3.connect('<<stem>>.sqlite') as <<var>>:
        <<var>>.execute('DELETE FROM <<noun>>_<<noun2>>')
    """, sign="no such table")  # fmt: skip

fault("sqlite-column", "runtime", "OperationalError", "SchemaMismatch", """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    <<var>>.execute('CREATE TABLE <<noun>>s (id INT, <<attr>> TEXT)')
    <<var>>.execute('SELECT <<attr2>> FROM <<noun>>s')
    """, """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    <<var>>.executescript('CREATE TABLE <<noun>>s (<<attr>> REAL); UPDATE <<noun>>s SET <<attr2>> = <<float>>')
    """, """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    <<var>>.execute('CREATE TABLE <<noun>>s (id INT)')
    <<var>>.execute('INSERT INTO <<noun>>s (id, <<attr>>) VALUES (?, ?)', (<<int>>, '<<word>>'))
    """, sign="no such column|has no column named")  # fmt: skip

fault("sqlite-other-thread", "runtime", "ProgrammingError", "ConcurrencyMisuse", """
    import sqlite3
    from concurrent.futures import ThreadPoolExecutor
    ---
    <<var>> = sqlite3.connect(':memory:')
    with ThreadPoolExecutor() as pool:
        pool.submit(<<var>>.execute, 'SELECT <<int>>').result()
    """, """
    import sqlite3, concurrent.futures
    ---
    <<var>> = sqlite3.connect('<<stem>>.db').cursor()
    list(concurrent.futures.ThreadPoolExecutor(<<small>>).map(<<var>>.execute, ['SELECT 1', 'SELECT <<int>>']))
    """, sign="created in a thread")  # fmt: skip

fault("command-failed", "runtime", "CalledProcessError", "ExternalCommandFailed", """
    import subprocess
    ---
    subprocess.run(['grep', '<<noun>>', '/dev/null'], check=True)
    """, """
    import subprocess
    ---
    <<var>> = subprocess.check_output('test -d <<missing>>', shell=True)
    """, """
    from subprocess import check_call
    ---
    check_call(['sh', '-c', 'exit <<int>>'])
    """, sign="returned non-zero exit status")  # fmt: skip

fault("answer-timeout", "runtime", "TimeoutError", "Timeout", """
    import urllib.request
    ---
    urllib.request.urlopen('<<http>>/299/<<noun>>', timeout=0.<<small>>).read()
    """, """
    import http.client
    ---
    <<var>> = http.client.HTTPConnection('127.0.0.1', <<port>>, timeout=0.<<small>>)
    <<var>>.request('GET', '/299/<<noun>>s?page=<<int>>')
    print(<<var>>.getresponse().status)
    """, """
    import socket
    ---
    <<var>>, <<var2>> = socket.socketpair()
    <<var>>.settimeout(0.0<<small>>)
    <<var>>.recv(<<big>>)
    """, sends=("TimeoutError", "timeout"), type_as_sent=True, sign="timed out", env={"no_proxy": "*"})  # fmt: skip

# Exceptions of a program's own: one type, many values, two causes.

fault("payment-card-expired", "runtime", "PaymentError", "InvalidValue", """
    class PaymentError(Exception):
        pass
    ---
    raise PaymentError('payment <<id>> of <<float>> for <<email>>: card <<card>> expired on <<date>>')
    """, """
    class PaymentError(RuntimeError):
        def __init__(self, payment, reason):
            super().__init__(f'payment {payment} of <<float>> for <<datum>>: {reason}')
    ---
    raise PaymentError('<<id>>', 'card <<card>> expired on <<date>>')
    """, shaped=True)  # fmt: skip

fault("payment-repeated", "runtime", "PaymentError", "ConstraintViolation", """
    class PaymentError(Exception):
        pass
    ---
    raise PaymentError('payment <<id>> of <<float>> for <<email>>: already booked as <<id2>> on <<date>>')
    """, """
    class PaymentError(ValueError):
        def __init__(self, payment, earlier):
            super().__init__(f'payment {payment} of <<float>> for <<datum>>: already booked as {earlier} on <<date>>')
    ---
    raise PaymentError('<<id>>', '<<id2>>')
    """, shaped=True)  # fmt: skip

# Source text that people paste or that a model writes.

fault("markdown-fence", "compile", "SyntaxError", "SyntaxMistake", """
    ```python
    <<var>> = <<int>>
    print(<<var>>)
    ```
    """, """
    ```
    import json
    print(json.dumps({'<<key>>': <<int>>}))
    ```
    """, """
    <<var>> = [<<int>>, <<int2>>]
    print(sum(<<var>>))
    ```
    """, whole=True, sign="invalid syntax")  # fmt: skip

fault("shell-line-in-python", "compile", "SyntaxError", "SyntaxMistake", """
    pip install pandas
    import pandas as pd
    print(pd.DataFrame([<<int>>]))
    """, """
    !pip install -q matplotlib
    import matplotlib.pyplot as plt
    plt.plot([<<int>>, <<int2>>])
    """, """
    import os
    cd <<noun>>s
    print(os.listdir('<<noun>>'))
    """, """
    %matplotlib inline
    <<var>> = <<int>>
    """, whole=True, sign="invalid syntax", clients=("script", "log", "stdin", "command", "sdk", "exec"))  # fmt: skip

fault("typographic-quotes", "compile", "SyntaxError", "SyntaxMistake", """
    <<var>> = \u201c<<word>>\u201d
    print(<<var>>)
    """, """
    def <<fn>>(<<var>>):
        return <<var>>[\u2018<<key>>\u2019]
    print(<<fn>>({}))
    """, """
    print(\u201c<<text>>\u201d, <<int>>)
    """, whole=True, sign="invalid character")  # fmt: skip

fault("indent-wanted", "compile", "IndentationError", "SyntaxMistake", """
    def <<fn>>(<<var>>):
    return <<var>> + <<int>>
    """, """
    for <<var>> in range(<<int>>):
    print(<<var>>)
    """, """
    class <<Class>>:
        def <<fn>>(self):
        self.<<attr>> = <<int>>
    """, """
    if <<int>> > 1:
        # <<text>>
    print('<<word>>')
    """, whole=True, sign="expected an indented block")  # fmt: skip

fault("indent-unexpected", "compile", "IndentationError", "SyntaxMistake", """
    <<var>> = <<int>>
      print(<<var>>)
    """, """
    def <<fn>>(<<var>>):
        <<var2>> = <<var>> * 2
            return <<var2>>
    """, """
    import os
        import sys
    print('<<word>>')
    """, whole=True, sign="unexpected indent",
    clients=("script", "log", "stdin", "command", "sdk", "exec"))  # fmt: skip

fault("bracket-surplus", "compile", "SyntaxError", "SyntaxMistake", """
    print(len([<<int>>, <<int2>>])))
    """, """
    <<var>> = {'<<key>>': <<int>>}}
    """, """
    <<var>> = (<<int>> + <<int2>>]
    print(<<var>>)
    """, """
    def <<fn>>(<<var>>):
        return <<var>>[0]]
    """, whole=True, sign="unmatched|does not match opening")  # fmt: skip

fault("await-outside", "compile", "SyntaxError", "ConcurrencyMisuse", """
    import asyncio
    def <<fn>>():
        await asyncio.sleep(0.<<int>>)
    <<fn>>()
    """, """
    async def <<fn>>():
        return <<int>>
    class <<Class>>:
        def <<fn2>>(self):
            return await <<fn>>()
    """, """
    def <<fn>>(<<var>>):
        async with <<var>> as handle:
            return handle
    """, whole=True, sign="outside async function")  # fmt: skip
