"""Python without packages, continued: small applications with exceptions of their own, and more of language and library.

A program is its top, a line `---`, and the statements that fail; `<<kind>>` is filled in for each variant.
"""

from fault import Faults

fault = Faults("python", wide=True)

# Applications: what their authors wrote into the message. Each pair shares its type and is mended in two ways.

fault("setting-absent", "runtime", "ConfigError", "KeyMissing", """
    class ConfigError(Exception):
        pass
    def <<fn>>(config, key):
        if key not in config:
            raise ConfigError(f'config/<<noun>>.toml: missing required setting "{key}"')
        return config[key]
    ---
    <<fn>>({'<<key>>': <<int>>}, '<<key2>>')
    """, """
    class ConfigError(RuntimeError):
        def __init__(self, path, key):
            super().__init__('%s: missing required setting "%s"' % (path, key))
            self.key = key
    ---
    <<var>> = {'<<key>>': {'<<key2>>': '<<word>>'}}
    if <<var>>.get('<<attr>>') is None:
        raise ConfigError('/etc/<<noun>>/<<noun2>>.toml', '<<attr>>')
    """, shaped=True)  # fmt: skip

fault("setting-not-allowed", "runtime", "ConfigError", "InvalidValue", """
    class ConfigError(Exception):
        pass
    def <<fn>>(key, value, allowed):
        if value not in allowed:
            raise ConfigError(f'config/<<noun>>.toml: setting "{key}" must be one of {", ".join(allowed)}, got "{value}"')
    ---
    <<fn>>('<<key>>', '<<datum>>', ['json', 'csv', '<<noun2>>'])
    """, """
    class ConfigError(RuntimeError):
        def __init__(self, path, key, allowed, value):
            super().__init__('%s: setting "%s" must be one of %s, got "%s"' % (path, key, ', '.join(allowed), value))
    ---
    raise ConfigError('/etc/<<noun>>/<<noun2>>.toml', '<<attr>>', ('debug', 'info', '<<key>>'), '<<word>>')
    """, shaped=True)  # fmt: skip

fault("quantity-not-positive", "runtime", "ValueError", "InvalidValue", """
    def <<fn>>(sku, quantity):
        if quantity <= 0:
            raise ValueError(f'quantity of {sku} must be positive, got {quantity}')
    ---
    <<fn>>('<<sku>>', -<<int>>)
    """, """
    class <<Class>>:
        def __init__(self, sku, quantity):
            if quantity < 1:
                raise ValueError('quantity of {} must be positive, got {}'.format(sku, quantity))
            self.quantity = quantity
    ---
    <<var>> = [<<Class>>('<<sku>>', <<int>>), <<Class>>('<<sku2>>', 0)]
    """, shaped=True, sign="must be positive")  # fmt: skip

fault("quantity-over-stock", "runtime", "ValueError", "InvalidValue", """
    def <<fn>>(sku, quantity, stock):
        if quantity > stock:
            raise ValueError(f'quantity of {sku} exceeds stock: {quantity} ordered, {stock} left')
    ---
    <<fn>>('<<sku>>', <<big>>, <<int>>)
    """, """
    class <<Class>>:
        def __init__(self, stock):
            self.stock = stock
        def <<fn>>(self, sku, quantity):
            left = self.stock.get(sku, 0)
            if left < quantity:
                raise ValueError('quantity of {} exceeds stock: {} ordered, {} left'.format(sku, quantity, left))
    ---
    <<Class>>({'<<sku>>': <<int>>}).<<fn>>('<<sku>>', <<big>>)
    """, shaped=True, sign="exceeds stock")  # fmt: skip

fault("customer-unknown", "runtime", "LookupError", "KeyMissing", """
    def <<fn>>(rows, email):
        found = [row for row in rows if row['email'] == email]
        if not found:
            raise LookupError(f'no customer with e-mail {email}')
        if len(found) > 1:
            raise LookupError(f'{len(found)} customers with e-mail {email}: ids {[row["id"] for row in found]}')
        return found[0]
    ---
    <<fn>>([{'id': <<int>>, 'email': '<<noun>>@<<noun2>>.example'}], '<<email>>')
    """, """
    <<var>> = {<<big>>: '<<noun>>@<<noun2>>.example'}
    ---
    if '<<email>>' not in <<var>>.values():
        raise LookupError('no customer with e-mail ' + '<<email>>')
    """, shaped=True)  # fmt: skip

fault("customer-ambiguous", "runtime", "LookupError", "ConstraintViolation", """
    def <<fn>>(rows, email):
        found = [row for row in rows if row['email'] == email]
        if not found:
            raise LookupError(f'no customer with e-mail {email}')
        if len(found) > 1:
            raise LookupError(f'{len(found)} customers with e-mail {email}: ids {[row["id"] for row in found]}')
        return found[0]
    ---
    <<fn>>([{'id': <<int>>, 'email': '<<email>>'}, {'id': <<big>>, 'email': '<<email>>'}], '<<email>>')
    """, """
    <<var>> = [(<<big>>, '<<email>>')] * <<small>>
    ---
    if len(<<var>>) > 1:
        raise LookupError(str(len(<<var>>)) + ' customers with e-mail ' + '<<email>>' + ': ids ' + str([item[0] for item in <<var>>]))
    """, shaped=True)  # fmt: skip

fault("job-already-finished", "runtime", "RuntimeError", "StateMisuse", """
    class <<Class>>:
        def __init__(self, id):
            self.id, self.state = id, '<<state>>'
        def start(self):
            if self.state != 'new':
                raise RuntimeError(f'job {self.id} cannot be started: it is already {self.state}')
    ---
    <<Class>>('<<id>>').start()
    """, """
    ---
    <<var>> = {'id': '<<uuid>>', 'state': '<<state>>'}
    raise RuntimeError('job %(id)s cannot be started: it is already %(state)s' % <<var>>)
    """, shaped=True, sign="it is already")  # fmt: skip

fault("job-waits-too-long", "runtime", "RuntimeError", "Timeout", """
    import time
    def <<fn>>(job, needed, limit):
        started = time.monotonic()
        while time.monotonic() - started < limit:
            time.sleep(0.01)
        raise RuntimeError(f'job {job} cannot be started: gave up waiting for {needed} after {limit}s')
    ---
    <<fn>>('<<id>>', '<<noun>>-<<int>>', 0.0<<small>>)
    """, """
    ---
    <<var>> = {'id': '<<uuid>>', 'limit': <<int>>}
    raise RuntimeError('job %(id)s cannot be started: gave up waiting for <<noun>>s after %(limit)ds' % <<var>>)
    """, shaped=True, sign="gave up waiting")  # fmt: skip

fault("row-fields", "runtime", "RowError", "MalformedData", """
    class RowError(ValueError):
        pass
    def <<fn>>(path, text, wanted=<<small>>):
        for number, line in enumerate(text.splitlines(), <<int>>):
            fields = line.split(';')
            if len(fields) != wanted:
                raise RowError(f'{path}:{number}: expected {wanted} fields, found {len(fields)}: {line!r}')
    ---
    <<fn>>('<<file>>', '<<datum>>\\n<<word>>;<<int>>')
    """, """
    class RowError(Exception):
        def __init__(self, path, line, why):
            Exception.__init__(self, f'{path}:{line}: {why}')
    ---
    raise RowError('<<file>>', <<big>>, 'expected 1<<small>> fields, found 2: %r' % '<<text>>;<<datum>>')
    """, shaped=True, sign="fields, found")  # fmt: skip

fault("row-currency", "runtime", "RowError", "InvalidValue", """
    class RowError(ValueError):
        pass
    RATES = {'EUR': 1, 'USD': <<float>>}
    def <<fn>>(path, text):
        for number, line in enumerate(text.splitlines(), <<int>>):
            currency = line.split(';')[0]
            if currency not in RATES:
                raise RowError(f'{path}:{number}: unknown currency {currency!r} in field 1')
    ---
    <<fn>>('<<file>>', '<<datum>>;<<money>>\\n<<word>>;<<int>>')
    """, """
    class RowError(Exception):
        def __init__(self, path, line, why):
            Exception.__init__(self, f'{path}:{line}: {why}')
    ---
    raise RowError('<<file>>', <<big>>, 'unknown currency %r in field <<small>>' % '<<five>>')
    """, shaped=True, sign="unknown currency")  # fmt: skip

fault("load-failed-file", "runtime", "LoadError", "PathIssue", """
    import json
    class LoadError(Exception):
        pass
    def <<fn>>(path):
        try:
            with open(path) as handle:
                return json.load(handle)
        except (OSError, ValueError) as error:
            raise LoadError(f'cannot load {path}') from error
    ---
    <<fn>>('<<stem>>.json')
    """, """
    import json, pathlib
    class LoadError(RuntimeError):
        def __init__(self, path):
            super().__init__('cannot load ' + str(path))
    ---
    try:
        <<var>> = json.loads(pathlib.Path('<<stem>>.json').read_text())
    except Exception as error:
        raise LoadError('<<stem>>.json') from error
    """, shaped=True, chained=True, sign="No such file")  # fmt: skip

fault("load-failed-json", "runtime", "LoadError", "MalformedData", """
    import json
    class LoadError(Exception):
        pass
    def <<fn>>(path):
        try:
            with open(path) as handle:
                return json.load(handle)
        except (OSError, ValueError) as error:
            raise LoadError(f'cannot load {path}') from error
    ---
    with open('<<stem>>.json', 'w') as out:
        out.write("{'<<key>>': <<int>>}")
    <<fn>>('<<stem>>.json')
    """, """
    import json, pathlib
    class LoadError(RuntimeError):
        def __init__(self, path):
            super().__init__('cannot load ' + str(path))
    ---
    pathlib.Path('<<stem>>.json').write_text('{"<<key>>": [<<int>>, ')
    try:
        <<var>> = json.loads(pathlib.Path('<<stem>>.json').read_text())
    except Exception as error:
        raise LoadError('<<stem>>.json') from error
    """, shaped=True, chained=True, sign="JSONDecodeError")  # fmt: skip

def api(name, cause, status, told, told_as_well):
    """A server's answer: only the status tells these apart."""
    fault(name, "runtime", "ApiError", cause, """
    class ApiError(Exception):
        def __init__(self, method, path, status, body):
            super().__init__(f'{method} {path} returned {status}: {body}')
            self.status = status
    def <<fn>>(method, path, status, body):
        if status >= 400:
            raise ApiError(method, path, status, body)
    ---
    <<fn>>('GET', '/v2/<<noun>>s/<<id>>', STATUS, '{"error": "TOLD"}')
    """.replace("STATUS", status).replace("TOLD", told), """
    class ApiError(RuntimeError):
        pass
    ---
    raise ApiError('%s %s returned %d: %s' % ('POST', '/v2/<<noun>>s?page=<<int>>', STATUS, '{"error": "TOLD"}'))
    """.replace("STATUS", status).replace("TOLD", told_as_well), shaped=True)  # fmt: skip


api("api-unauthorised", "AuthFailure", "401", "token expired at <<date>>", "invalid token <<hex>>")
api("api-absent", "NotFoundRemote", "404", "no such <<noun>> on <<date>>", "unknown <<noun>> <<hex>>")
api("api-too-many", "ResourceExhausted", "429", "rate limit reached, retry in <<int>> s", "limit of <<big>> calls a day")

# None and other types where something else was wanted.

fault("none-length", "runtime", "TypeError", "NullAccess", """
    ---
    <<var>> = {'<<key>>': '<<word>>'}
    print(len(<<var>>.get('<<key2>>')))
    """, """
    def <<fn>>(<<var>>):
        <<var>>.sort()
    ---
    if len(<<fn>>([<<int>>, <<int2>>])) > 1:
        print('<<word>>')
    """, sign="'NoneType' has no len")  # fmt: skip

fault("no-length", "runtime", "TypeError", "WrongType", """
    ---
    <<var>> = (item for item in range(<<int>>))
    print(len(<<var>>))
    """, """
    ---
    <<var>> = <<big>>
    for index in range(len(<<var>>)):
        print(index)
    """, """
    ---
    <<var>> = map(str, [<<int>>, <<int2>>])
    print('<<word>>', len(<<var>>))
    """, """
    class <<Class>>:
        def __init__(self):
            self.<<attr>> = [<<int>>]
    ---
    len(<<Class>>())
    """, sign="has no len")  # fmt: skip

fault("none-called", "runtime", "TypeError", "NullAccess", """
    ---
    <<var>> = {'<<key>>': print}
    <<var>>.get('<<key2>>')('<<word>>')
    """, """
    def <<fn>>(function):
        def wrapper(*args):
            return function(*args)
    @<<fn>>
    def <<fn2>>(<<var>>):
        return <<var>>
    ---
    <<fn2>>(<<int>>)
    """, """
    def <<fn>>(<<var>>, callback=None):
        return callback(<<var>>)
    ---
    <<fn>>(<<int>>)
    """, sign="'NoneType' object is not callable")  # fmt: skip

fault("module-called", "runtime", "TypeError", "WrongType", """
    import datetime
    ---
    <<var>> = datetime(2024, <<small>>, 1)
    """, """
    import pprint
    ---
    pprint({'<<key>>': <<int>>})
    """, """
    import time
    ---
    <<var>> = time()
    print(<<var>> - <<int>>)
    """, """
    import random
    ---
    print(random(1, <<int>>))
    """, sign="'module' object is not callable")  # fmt: skip

fault("format-none", "runtime", "TypeError", "NullAccess", """
    ---
    <<var>> = {'<<key>>': <<float>>}.get('<<key2>>')
    print(f'<<noun>>: {<<var>>:.2f}')
    """, """
    ---
    print('{:>10}|{:<8}'.format('<<word>>', None))
    """, """
    import re
    ---
    <<var>> = re.match('x+', '<<int>>')
    <<var2>> = format(<<var>>, '<<small>>d')
    """, sign="unsupported format string passed to NoneType")  # fmt: skip

fault("format-container", "runtime", "TypeError", "WrongType", """
    ---
    <<var>> = [<<float>>, <<float2>>]
    print(f'<<noun>>: {<<var>>:.2f}')
    """, """
    ---
    print('{:>10}|{:<8}'.format('<<word>>', {'<<key>>': <<int>>}))
    """, """
    ---
    <<var2>> = format(('<<word>>', <<int>>), '<<small>>d')
    """, sign="unsupported format string passed to (list|dict|tuple)")  # fmt: skip

fault("format-code-of-text", "runtime", "ValueError", "WrongType", """
    ---
    <<var>> = '<<float>>'
    print(f'<<noun>>: {<<var>>:.2f}')
    """, """
    ---
    print('{:5d} of {:5d}'.format(<<int>>, '<<int2>>'))
    """, """
    import json
    ---
    <<var>> = json.loads('{"<<key>>": "<<int>>"}')
    '{:,.1f}'.format(<<var>>['<<key>>'])
    """, """
    ---
    print('{:,}'.format('<<big>>'))
    """, sign="of type 'str'|Cannot specify ',' with 's'")  # fmt: skip

fault("percent-of-text", "runtime", "TypeError", "WrongType", """
    ---
    print('%d <<noun>>s' % '<<int>>')
    """, """
    ---
    <<var>> = {'<<key>>': '<<float>>'}
    print('<<word>>: %(<<key>>).2f' % <<var>>)
    """, """
    ---
    '%s %5d' % ('<<word>>', '<<datum>>')
    """, sign="%d format|must be real number|format: a (real )?number is required")  # fmt: skip

fault("percent-arguments-few", "runtime", "TypeError", "ArgumentMismatch", """
    ---
    print('%s of %s' % '<<word>>')
    """, """
    ---
    <<var>> = ('<<datum>>', <<int>>)
    '<<noun>> %s: %d/%d' % <<var>>
    """, sign="not enough arguments for format string")  # fmt: skip

fault("format-field-absent", "runtime", "KeyError", "KeyMissing", """
    ---
    print('Dear {<<key>>}, {<<key2>>} is due'.format(<<key2>>='<<datum>>'))
    """, """
    ---
    <<var>> = {'<<key>>': <<int>>}
    '{<<key>>}/{<<attr>>}'.format(**<<var>>)
    """, """
    ---
    'SELECT {"id": {<<key>>}}'.format(<<key>>=<<int>>)
    """)  # fmt: skip

fault("context-manager-wanted", "runtime", "AttributeError", "WrongType", """
    ---
    with ['<<word>>', <<int>>] as <<var>>:
        print(<<var>>)
    """, """
    class <<Class>>:
        def close(self):
            pass
    ---
    with <<Class>>() as <<var>>:
        print(<<var>>)
    """, """
    def <<fn>>():
        yield <<int>>
    ---
    with <<fn>>() as <<var>>:
        print(<<var>>)
    """, sends=("AttributeError", "TypeError"), type_as_sent=True, sign="__enter__|context manager protocol")  # fmt: skip

fault("await-plain-value", "runtime", "TypeError", "WrongType", """
    import asyncio
    def <<fn>>():
        return <<int>>
    async def <<fn2>>():
        return await <<fn>>()
    ---
    asyncio.run(<<fn2>>())
    """, """
    import asyncio, time
    async def <<fn>>():
        await time.sleep(0)
    ---
    asyncio.run(<<fn>>())
    """, """
    import asyncio, json
    async def <<fn>>(text):
        <<var>> = await json.loads(text)
        return <<var>>
    ---
    asyncio.run(<<fn>>('{"<<key>>": <<int>>}'))
    """, no_loop=True, sign="await")  # fmt: skip

fault("run-of-function", "runtime", "ValueError", "WrongType", """
    import asyncio
    async def <<fn>>():
        return <<int>>
    ---
    asyncio.run(<<fn>>)
    """, """
    import asyncio
    def <<fn>>():
        print('<<word>>')
    ---
    asyncio.run(<<fn>>())
    """, no_loop=True, sends=("ValueError", "TypeError"), type_as_sent=True, sign="a coroutine was expected")  # fmt: skip

fault("json-keys", "runtime", "TypeError", "WrongType", """
    import json
    ---
    json.dumps({(<<int>>, <<int2>>): '<<word>>'})
    """, """
    import json, datetime
    ---
    <<var>> = {'<<key>>': {datetime.date(2024, 1, <<small>>): <<int>>}}
    print(json.dumps(<<var>>, indent=2))
    """, sign="keys must be")  # fmt: skip

fault("json-of-infinity", "runtime", "ValueError", "InvalidValue", """
    import json
    ---
    json.dumps({'<<key>>': float('nan')}, allow_nan=False)
    """, """
    import json, math
    ---
    <<var>> = [<<float>>, -math.inf]
    print(json.dumps(<<var>>, allow_nan=False))
    """, sign="Out of range float")  # fmt: skip

fault("json-of-cycle", "runtime", "ValueError", "InvalidValue", """
    import json
    ---
    <<var>> = {'<<key>>': <<int>>}
    <<var>>['<<key2>>'] = <<var>>
    json.dumps(<<var>>)
    """, """
    import json
    class <<Class>>:
        def __init__(self, parent=None):
            self.<<attr>> = '<<word>>'
            self.parent, self.children = parent, []
    ---
    <<var>> = <<Class>>()
    <<var>>.children.append(<<Class>>(<<var>>))
    print(json.dumps(<<var>>, default=vars))
    """, sign="Circular reference")  # fmt: skip

fault("pickle-of-local", "runtime", "PicklingError", "WrongType", """
    import pickle
    def <<fn>>():
        return lambda item: item * <<int>>
    ---
    pickle.dumps(<<fn>>())
    """, """
    import pickle
    ---
    def <<fn>>(value):
        return value + <<int>>
    def <<fn2>>():
        class <<Class>>:
            pass
        return <<Class>>()
    pickle.dumps({'<<key>>': <<fn2>>()})
    """, """
    from concurrent.futures import ProcessPoolExecutor
    ---
    with ProcessPoolExecutor(1) as pool:
        print(list(pool.map(lambda item: item + <<int>>, [<<int2>>])))
    """, no_loop=True, sends=("PicklingError", "AttributeError"), type_as_sent=True,
    sign="Can't (pickle|get) (local object|<function)", clients=("script", "log", "sdk", "exec"), one_file=True)  # fmt: skip

fault("nan-as-int", "runtime", "ValueError", "InvalidValue", """
    ---
    <<var>> = int(float('nan'))
    """, """
    import math
    ---
    <<var>> = [<<float>>, math.nan]
    print([round(item) for item in <<var>>])
    """, """
    import math
    ---
    print(math.floor(<<float>> * float('nan')))
    """, sign="cannot convert float NaN")  # fmt: skip

fault("mean-of-nothing", "runtime", "StatisticsError", "InvalidValue", """
    import statistics
    ---
    statistics.mean([])
    """, """
    from statistics import median
    ---
    <<var>> = [item for item in (<<int>>, <<int2>>) if item > <<big>>]
    print(median(<<var>>))
    """, """
    import statistics
    ---
    <<var>> = statistics.stdev([<<float>>])
    """)  # fmt: skip

fault("sample-too-large", "runtime", "ValueError", "InvalidValue", """
    import random
    ---
    random.sample(range(<<small>>), <<int>> + 5)
    """, """
    import random
    ---
    <<var>> = ['<<word>>', '<<noun>>']
    print(random.sample(<<var>>, k=<<small>> + 1))
    """, sign="larger than population")  # fmt: skip

fault("character-wanted", "runtime", "TypeError", "InvalidValue", """
    ---
    print([ord(item) for item in '<<word>> <<noun>>'.split()])
    """, """
    ---
    <<var>> = ord('') + <<int>>
    """, sign="ord\\(\\) expected a character")  # fmt: skip

fault("digits-limit", "runtime", "ValueError", "ResourceExhausted", """
    ---
    print(<<int>> ** 9999)
    """, """
    import math
    ---
    <<var>> = str(math.factorial(2000 + <<int>>))
    """, """
    ---
    <<var>> = int('<<int>>' * 4000)
    """, min=(3, 11), sign="Exceeds the limit")  # fmt: skip

fault("timestamp-in-milliseconds", "runtime", "ValueError", "InvalidValue", """
    import datetime
    ---
    datetime.datetime.fromtimestamp(<<ms>>)
    """, """
    from datetime import datetime, timezone
    ---
    <<var>> = {'<<key>>': <<ms>>}
    print(datetime.fromtimestamp(<<var>>['<<key>>'], tz=timezone.utc))
    """, sign="year -?\\d+ is out of range")  # fmt: skip

fault("zone-unknown", "runtime", "ZoneInfoNotFoundError", "InvalidValue", """
    from zoneinfo import ZoneInfo
    ---
    ZoneInfo('Europe/<<Class>>')
    """, """
    import datetime, zoneinfo
    ---
    <<var>> = datetime.datetime(2024, 3, <<small>>, tzinfo=zoneinfo.ZoneInfo('<<five>>'))
    """, min=(3, 9))  # fmt: skip

fault("regex-group-absent", "runtime", "IndexError", "IndexOutOfRange", """
    import re
    ---
    print(re.match('([a-z]+)', '<<noun>> <<int>>').group(<<small>>))
    """, """
    import re
    ---
    for <<var>> in re.finditer(r'(\\d+)-(\\d+)', '<<int>>-<<int2>>'):
        print(<<var>>[3])
    """, sign="no such group")  # fmt: skip

fault("decimal-zero-division", "runtime", "DivisionByZero", "DivisionByZero", """
    from decimal import Decimal
    ---
    print(Decimal('<<float>>') / Decimal(0))
    """, """
    import decimal
    ---
    <<var>> = sum([decimal.Decimal('<<float>>')]) / len([])
    """, sign="DivisionByZero")  # fmt: skip

# Definitions.

fault("constructor-absent", "runtime", "TypeError", "ArgumentMismatch", """
    class <<Class>>:
        def _init_(self, <<attr>>):
            self.<<attr>> = <<attr>>
    ---
    <<Class>>(<<int>>)
    """, """
    class <<Class>>:
        <<attr>>: int = <<int>>
    ---
    <<var>> = [<<Class>>('<<word>>'), <<Class>>('<<word2>>')]
    """, """
    class <<Class>>(object):
        def __int__(self, <<attr>>, <<attr2>>):
            self.<<attr>> = <<attr2>>
    ---
    print(<<Class>>('<<datum>>', <<attr2>>=<<int>>))
    """, sign="takes no arguments")  # fmt: skip

fault("dataclass-field-order", "runtime", "TypeError", "SyntaxMistake", """
    from dataclasses import dataclass
    ---
    @dataclass
    class <<Class>>:
        <<attr>>: int = <<int>>
        <<attr2>>: str
    """, """
    import dataclasses
    @dataclasses.dataclass
    class <<Class>>:
        <<attr>>: str = '<<word>>'
    ---
    @dataclasses.dataclass
    class <<Class2>>(<<Class>>):
        <<key>>: list
    """, sign="non-default argument")  # fmt: skip

fault("enum-member-misspelt", "runtime", "AttributeError", "UndefinedName", """
    import enum
    class <<Class>>(enum.Enum):
        OPEN = '<<word>>'
        CLOSED = '<<noun>>'
    ---
    print(<<Class>>.CLOSE)
    """, """
    from enum import IntEnum
    class <<Class>>(IntEnum):
        LOW = 1
        MEDIUM = 2
    ---
    if <<int>> > <<Class>>.HIGH:
        print('<<word>>')
    """, sign="HIGH|CLOSE")  # fmt: skip

fault("enum-reassigned", "runtime", "AttributeError", "ImmutableMutation", """
    import enum
    class <<Class>>(enum.Enum):
        OPEN = <<int>>
        CLOSED = <<int2>>
    ---
    <<Class>>.OPEN = <<int2>>
    """, """
    from enum import Enum
    <<Class>> = Enum('<<Class>>', ['LOW', 'HIGH'])
    ---
    setattr(<<Class>>, 'HIGH', '<<word>>')
    """, sign="(?i)cannot reassign member")  # fmt: skip

fault("free-variable-unbound", "runtime", "NameError", "UndefinedName", """
    def <<fn>>():
        def <<fn2>>():
            return <<var>> + <<int>>
        <<var2>> = <<fn2>>()
        <<var>> = <<int2>>
        return <<var2>>
    ---
    <<fn>>()
    """, """
    ---
    def <<fn>>(flag):
        if flag:
            <<var>> = '<<word>>'
        return [<<var>> + item for item in ['<<noun>>']]
    def <<fn2>>():
        if <<int>> > 100:
            <<var2>> = <<int>>
        return (lambda: <<var2>>)()
    <<fn2>>()
    """, sign="free variable")  # fmt: skip

fault("import-forgotten", "runtime", "NameError", "UndefinedName", """
    ---
    print(json.dumps({'<<key>>': <<int>>}))
    """, """
    ---
    for <<var>> in os.listdir('.'):
        print(<<var>>)
    """, """
    ---
    <<var>> = pd.DataFrame({'<<key>>': [<<int>>]})
    """, """
    ---
    <<var>> = np.zeros((<<small>>, <<int>>))
    """, """
    ---
    time.sleep(0.<<int>>)
    """, """
    ---
    if re.search('<<noun>>', '<<text>>'):
        print('<<word>>')
    """, sign="name '(json|os|pd|np|time|re)' is not defined")  # fmt: skip

fault("json-words", "runtime", "NameError", "UndefinedName", """
    ---
    <<var>> = {"<<key>>": true, "<<key2>>": <<int>>}
    """, """
    ---
    <<var>> = [{"<<key>>": "<<word>>", "<<attr>>": null}, {"<<key>>": "<<noun>>", "<<attr>>": null}]
    """, """
    def <<fn>>(<<key>>="<<word>>", <<attr>>=None):
        return <<attr>>
    ---
    <<fn>>("<<noun>>", <<attr>>=false)
    """, sign="name '(true|false|null)' is not defined")  # fmt: skip

# Releases.

fault("import-name-too-new", "deploy", "ImportError", "VersionMismatch", """
    from typing import Self
    ---
    print(Self)
    """, """
    ---
    from enum import StrEnum
    """, """
    from itertools import batched
    ---
    print(list(batched([<<int>>, <<int2>>, <<int3>>], 2)))
    """, """
    from datetime import UTC, datetime
    ---
    <<var>> = datetime.now(UTC)
    """, max=(3, 10), sign="cannot import name '(Self|StrEnum|batched|UTC)'")  # fmt: skip

fault("syntax-too-new", "compile", "SyntaxError", "VersionMismatch", """
    def <<fn>>(<<var>>):
        match <<var>>:
            case {'<<key>>': value}:
                return value
            case _:
                return None
    print(<<fn>>({'<<key>>': <<int>>}))
    """, """
    try:
        print(<<int>> / <<int2>>)
    except* ValueError as group:
        print(group.exceptions)
    """, """
    type <<Class>> = list[int]
    <<var>>: <<Class>> = [<<int>>]
    """, """
    def <<fn>>[T](<<var>>: list[T]) -> T:
        return <<var>>[0]
    print(<<fn>>([<<int>>]))
    """, max=(3, 9), whole=True, sign="invalid syntax|expected")  # fmt: skip

fault("union-too-new", "runtime", "TypeError", "VersionMismatch", """
    ---
    def <<fn>>(<<var>>: int | None = None) -> str | None:
        return <<var>>
    """, """
    class <<Class>>:
        <<key>> = '<<word>>'
    ---
    <<var>>: list = []
    <<Class2>> = <<Class>> | str
    """, """
    from dataclasses import dataclass
    ---
    @dataclass
    class <<Class>>:
        <<attr>>: float | None = <<float>>
    """, max=(3, 9), sign="unsupported operand type\\(s\\) for \\|")  # fmt: skip

fault("generics-too-new", "runtime", "TypeError", "VersionMismatch", """
    ---
    def <<fn>>(<<var>>: list[int]) -> dict[str, int]:
        return {}
    """, """
    ---
    <<var>>: tuple[int, str] = (<<int>>, '<<word>>')
    """, """
    from dataclasses import dataclass
    ---
    @dataclass
    class <<Class>>:
        <<attr>>: dict[str, float]
    """, max=(3, 8), shaped=True, sign="'type' object is not subscriptable")  # fmt: skip

fault("method-too-new", "runtime", "AttributeError", "VersionMismatch", """
    ---
    print('<<noun>>_<<word>>'.removeprefix('<<noun>>_'))
    """, """
    ---
    <<var>> = '<<stem>>.csv'
    <<var2>> = <<var>>.removesuffix('.csv')
    """, """
    import math
    ---
    print(math.lcm(<<int>>, <<int2>>))
    """, """
    from pathlib import Path
    ---
    print(Path('/srv/<<noun>>').is_relative_to('/srv'))
    """, max=(3, 8), sign="has no attribute '(removeprefix|removesuffix|lcm|is_relative_to)'")  # fmt: skip

# Imports and files of one's own.

fault("import-own-module-absent", "deploy", "ModuleNotFoundError", "PathIssue", """
    from utils.<<mod>> import <<fn>>
    ---
    <<fn>>(<<int>>)
    """, """
    from src.<<noun>>s.models import <<Class>>
    ---
    <<var>> = <<Class>>()
    """, """
    import config.settings
    ---
    print(config.settings.<<env>>)
    """, """
    ---
    from my_helpers import <<fn>>
    """, """
    import app.<<mod>> as <<noun>>
    ---
    <<noun>>.<<fn>>('<<word>>')
    """, one_file=True)  # fmt: skip

fault("import-relative", "deploy", "ImportError", "PathIssue", """
    from .<<mod>> import <<fn>>
    ---
    <<fn>>(<<int>>)
    """, """
    from . import <<mod>>
    ---
    print(<<mod>>.<<fn>>())
    """, """
    ---
    from ..<<noun>>s.models import <<Class>>
    """, sign="attempted relative import", one_file=True)  # fmt: skip

fault("module-shadowed-by-file", "runtime", "AttributeError", "PathIssue", """
    import statistics
    ---
    print(statistics.mean([<<int>>, <<int2>>]))
    === statistics.py
    import statistics

    <<var>> = statistics.mean([<<int>>, <<int3>>])
    print(<<var>>)
    """, """
    import calendar
    ---
    print(calendar.monthrange(2024, <<small>>))
    === calendar.py
    import calendar

    def <<fn>>(year):
        return calendar.isleap(year)

    print(<<fn>>(20<<int>>), calendar.isleap(2024))
    """, """
    import csv
    ---
    print(list(csv.reader(['<<word>>,<<int>>'])))
    === csv.py
    import csv

    for row in csv.reader(['<<noun>>;<<int>>'], delimiter=';'):
        print(row)
    """, """
    import wave
    ---
    wave.open('<<stem>>.wav')
    === wave.py
    import wave
    <<var>> = wave.Error
    """, sign="partially initialized module|consider renaming", one_file=True, clients=("script", "log", "command", "stdin"))  # fmt: skip

fault("program-not-executable", "deploy", "PermissionError", "PermissionDenied", """
    import subprocess
    ---
    with open('<<stem>>.sh', 'w') as out:
        out.write('#!/bin/sh\\necho <<int>>\\n')
    subprocess.run(['./<<stem>>.sh'], check=True)
    """, """
    import os
    from subprocess import Popen
    ---
    open('<<stem>>', 'w').close()
    Popen([os.path.abspath('<<stem>>'), '--<<key>>', '<<int>>'])
    """, sign="Errno 13", one_file=True)  # fmt: skip

fault("program-of-no-format", "deploy", "OSError", None, """
    import os, subprocess
    ---
    with open('<<stem>>.sh', 'w') as out:
        out.write('echo <<int>>\\n')
    os.chmod('<<stem>>.sh', 0o755)
    subprocess.run(['./<<stem>>.sh'])
    """, """
    import os
    from subprocess import check_output
    ---
    with open('<<stem>>', 'wb') as out:
        out.write(b'\\xcf\\xfa\\xed\\xfe\\x07\\x00\\x00\\x01' * <<int>>)
    os.chmod('<<stem>>', 0o700)
    print(check_output([os.path.abspath('<<stem>>')]))
    """, sign="Errno 8", one_file=True)  # fmt: skip

# sqlite3, again.

fault("sqlite-not-null", "runtime", "IntegrityError", "ConstraintViolation", """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    <<var>>.execute('CREATE TABLE <<noun>>s (id INTEGER PRIMARY KEY, <<attr>> TEXT NOT NULL)')
    <<var>>.execute('INSERT INTO <<noun>>s (<<attr>>) VALUES (?)', (None,))
    """, """
    import sqlite3
    ---
    with sqlite3.connect('<<stem>>.db') as <<var>>:
        <<var>>.executescript('CREATE TABLE IF NOT EXISTS <<noun>>s (<<key>> INT, <<attr>> REAL NOT NULL); INSERT INTO <<noun>>s (<<key>>) VALUES (<<int>>)')
    """, sign="NOT NULL constraint")  # fmt: skip

fault("sqlite-check", "runtime", "IntegrityError", "ConstraintViolation", """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    <<var>>.execute('CREATE TABLE <<noun>>s (<<attr>> INT CHECK (<<attr>> > 0))')
    <<var>>.execute('INSERT INTO <<noun>>s VALUES (?)', (-<<int>>,))
    """, """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    <<var>>.execute("CREATE TABLE <<noun>>s (<<key>> TEXT, CHECK (<<key>> IN ('new', 'paid')))")
    <<var>>.executemany('INSERT INTO <<noun>>s VALUES (?)', [('new',), ('<<word>>',)])
    """, sign="CHECK constraint")  # fmt: skip

fault("sqlite-value-type", "runtime", "InterfaceError", "WrongType", """
    import sqlite3
    ---
    sqlite3.connect(':memory:').execute('SELECT ?', ([<<int>>, <<int2>>],))
    """, """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    <<var>>.execute('CREATE TABLE <<noun>>s (a, b)')
    <<var>>.execute('INSERT INTO <<noun>>s VALUES (?, ?)', ('<<datum>>', {'<<key>>': <<int>>}))
    """, """
    import sqlite3
    ---
    <<var>> = sqlite3.connect('<<stem>>.db').cursor()
    <<var>>.execute('SELECT :<<key>>', {'<<key>>': {<<int>>, <<int2>>}})
    """, sends=("InterfaceError", "ProgrammingError"), type_as_sent=True, sign="rror binding parameter")  # fmt: skip

fault("sqlite-folder-absent", "runtime", "OperationalError", "PathIssue", """
    import sqlite3
    ---
    sqlite3.connect('<<missing>>.d/<<noun>>.db')
    """, """
    import sqlite3, contextlib
    ---
    with contextlib.closing(sqlite3.connect('/var/lib/<<stem>>/<<noun>>s.sqlite')) as <<var>>:
        print(<<var>>.execute('SELECT <<int>>').fetchall())
    """, sign="unable to open database file")  # fmt: skip

fault("sqlite-read-only", "runtime", "OperationalError", "PermissionDenied", """
    import sqlite3
    ---
    sqlite3.connect('<<stem>>.db').executescript('CREATE TABLE IF NOT EXISTS <<noun>>s (id INT)')
    <<var>> = sqlite3.connect('file:<<stem>>.db?mode=ro', uri=True)
    <<var>>.execute('INSERT INTO <<noun>>s VALUES (<<int>>)')
    """, """
    import sqlite3
    ---
    sqlite3.connect('<<stem>>.db').executescript('CREATE TABLE IF NOT EXISTS <<noun>>s (<<attr>> TEXT)')
    with sqlite3.connect('file:<<stem>>.db?immutable=1', uri=True) as <<var>>:
        <<var>>.execute('DELETE FROM <<noun>>s')
    """, sign="attempt to write a readonly database")  # fmt: skip

fault("sqlite-not-a-database", "runtime", "DatabaseError", "MalformedData", """
    import sqlite3
    ---
    with open('<<stem>>.db', 'w') as out:
        out.write('<<key>>,<<key2>>\\n' * <<int>> * 20)
    sqlite3.connect('<<stem>>.db').execute('SELECT * FROM <<noun>>s')
    """, """
    import sqlite3
    from pathlib import Path
    ---
    Path('<<stem>>.sqlite').write_bytes(b'<html><body><<noun>></body></html>' * 50)
    <<var>> = sqlite3.connect('<<stem>>.sqlite')
    <<var>>.executescript('CREATE TABLE <<noun>>s (id INT)')
    """, sign="file is not a database")  # fmt: skip

fault("sqlite-table-exists", "runtime", "OperationalError", None, """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:')
    for _ in range(<<small>>):
        <<var>>.execute('CREATE TABLE <<noun>>s (id INT, <<attr>> TEXT)')
    """, """
    import sqlite3
    ---
    <<var>> = sqlite3.connect('<<stem>>.db')
    <<var>>.execute('CREATE TABLE IF NOT EXISTS <<noun>>s (id INT)')
    <<var>>.execute('CREATE TABLE <<noun>>s (<<key>> REAL)')
    """, sign="already exists")  # fmt: skip

fault("sqlite-two-statements", "runtime", "Warning", "InvalidValue", """
    import sqlite3
    ---
    sqlite3.connect(':memory:').execute('CREATE TABLE <<noun>>s (id INT); INSERT INTO <<noun>>s VALUES (<<int>>)')
    """, """
    import sqlite3
    ---
    <<var>> = sqlite3.connect(':memory:').cursor()
    <<var>>.execute("SELECT <<int>>; SELECT '<<word>>';")
    """, sends=("Warning", "ProgrammingError"), type_as_sent=True, sign="one statement at a time")  # fmt: skip

# Threads, pools, queues, limits.

fault("pool-after-shutdown", "runtime", "RuntimeError", "StateMisuse", """
    from concurrent.futures import ThreadPoolExecutor
    ---
    with ThreadPoolExecutor(<<small>>) as <<var>>:
        <<var>>.submit(print, '<<word>>')
    <<var>>.submit(print, <<int>>)
    """, """
    import concurrent.futures
    ---
    <<var>> = concurrent.futures.ThreadPoolExecutor()
    <<var>>.shutdown()
    print(list(<<var>>.map(str, [<<int>>])))
    """, sign="cannot schedule new futures after shutdown")  # fmt: skip

fault("loop-closed", "runtime", "RuntimeError", "StateMisuse", """
    import asyncio
    async def <<fn>>():
        return <<int>>
    ---
    <<var>> = asyncio.new_event_loop()
    <<var>>.close()
    <<var>>.call_soon(print, '<<word>>')
    """, """
    import asyncio
    ---
    <<var>> = asyncio.new_event_loop()
    <<var>>.run_until_complete(asyncio.sleep(0))
    <<var>>.close()
    <<var>>.run_forever()
    """, no_loop=True, sign="Event loop is closed")  # fmt: skip

fault("queue-empty", "runtime", "Empty", "Timeout", """
    import queue
    ---
    queue.Queue().get(timeout=0.0<<small>>)
    """, """
    from queue import LifoQueue
    ---
    <<var>> = LifoQueue()
    <<var>>.put('<<word>>')
    while True:
        print(<<var>>.get(True, 0.0<<small>>))
    """)  # fmt: skip

fault("lock-not-held", "runtime", "RuntimeError", "ConcurrencyMisuse", """
    import threading
    ---
    <<var>> = threading.Lock()
    <<var>>.release()
    """, """
    import threading
    class <<Class>>:
        def __init__(self):
            self.lock = threading.RLock()
        def <<fn>>(self):
            with self.lock:
                self.lock.release()
    ---
    <<Class>>().<<fn>>()
    """, sign="release un(locked|-acquired) lock")  # fmt: skip

fault("threads-used-up", "runtime", "RuntimeError", "ResourceExhausted", """
    import resource, threading
    ---
    resource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20))
    threading.stack_size(256 << 20)
    <<var>> = [threading.Thread(target=threading.Event().wait, args=(0.5,), daemon=True) for _ in range(<<int>> + 8)]
    for item in <<var>>:
        item.start()
    """, """
    import resource
    import threading
    import time
    resource.setrlimit(resource.RLIMIT_AS, (900 << 20, 900 << 20))
    ---
    threading.stack_size(400 << 20)
    for <<var>> in range(<<int>> + 5):
        threading.Thread(target=time.sleep, args=(0.3,), daemon=True).start()
    """, no_loop=True, one_file=True, clients=("script", "log", "stdin", "command", "exec"), sign="can't start new thread")  # fmt: skip

fault("time-limit", "runtime", "TimeLimitExceeded", "Timeout", """
    import signal
    class TimeLimitExceeded(Exception):
        pass
    def <<fn>>(number, frame):
        raise TimeLimitExceeded('Time limit exceeded: 0.0<<small>> s')
    signal.signal(signal.SIGALRM, <<fn>>)
    signal.setitimer(signal.ITIMER_REAL, 0.0<<small>>)
    def <<fn2>>(<<var>>):
        total = 0
        while True:
            total += <<var>>
    <<fn2>>(<<int>>)
    """, """
    import signal, time
    class TimeLimitExceeded(BaseException):
        pass
    class <<Class>>:
        def __enter__(self):
            signal.signal(signal.SIGALRM, self._stop)
            signal.setitimer(signal.ITIMER_REAL, 0.0<<small>>)
        def _stop(self, *_):
            raise TimeLimitExceeded('Time limit exceeded: 0.0<<small>> s')
        def __exit__(self, *_):
            signal.setitimer(signal.ITIMER_REAL, 0)
    with <<Class>>():
        for <<var>> in range(<<int>>):
            time.sleep(<<int2>>)
    """, whole=True, clients=("script", "log", "stdin", "command", "exec"))  # fmt: skip

# The network, again.

fault("urllib-500", "runtime", "HTTPError", None, """
    import urllib.request
    ---
    urllib.request.urlopen('<<http>>/500/<<noun>>s/<<big>>').read()
    """, """
    from urllib.request import Request, urlopen
    ---
    <<var>> = urlopen(Request('<<http>>/500/<<hex>>', data=b'{"<<key>>": <<int>>}'))
    """, env={"no_proxy": "*"}, sign="Error 500")  # fmt: skip

fault("urllib-429", "runtime", "HTTPError", "ResourceExhausted", """
    import urllib.request
    ---
    for <<var>> in range(<<int>>):
        urllib.request.urlopen('<<http>>/429/<<noun>>s/<<big>>').read()
    """, """
    from urllib.request import Request, urlopen
    ---
    <<var>> = urlopen(Request('<<http>>/429/<<hex>>', headers={'Accept': '*/*'}))
    """, env={"no_proxy": "*"}, sign="Error 429")  # fmt: skip

fault("urllib-no-scheme", "runtime", "ValueError", "InvalidValue", """
    import urllib.request
    ---
    urllib.request.urlopen('<<noun>>.example.com/<<noun2>>s/<<int>>')
    """, """
    from urllib.request import Request
    ---
    <<var>> = Request('/v1/<<noun>>s?id=<<id>>', method='DELETE')
    """, sign="unknown url type")  # fmt: skip

fault("urllib-https-to-http", "runtime", "URLError", "InvalidValue", """
    import urllib.request
    ---
    urllib.request.urlopen('https://127.0.0.1:<<port>>/404/<<noun>>s', timeout=2)
    """, """
    from urllib.request import Request, urlopen
    ---
    <<var>> = urlopen(Request('https://127.0.0.1:<<port>>/500/<<hex>>', data=b'<<noun>>'), timeout=<<small>>)
    """, env={"no_proxy": "*"}, sign="(?i)wrong.version.number|record.layer")  # fmt: skip

fault("answer-cut-off", "runtime", "RemoteDisconnected", "NetworkUnreachable", """
    import http.client, socket, threading
    def <<fn>>(listener):
        listener.accept()[0].close()
    ---
    listener = socket.create_server(('127.0.0.1', 0))
    threading.Thread(target=<<fn>>, args=(listener,), daemon=True).start()
    <<var>> = http.client.HTTPConnection('127.0.0.1', listener.getsockname()[1], timeout=2)
    <<var>>.connect()
    import time; time.sleep(0.05)
    try:
        <<var>>.request('GET', '/<<noun>>s/<<id>>')
    except OSError:
        pass
    <<var>>.getresponse()
    """, sends=("RemoteDisconnected", "ConnectionResetError"), type_as_sent=True)  # fmt: skip

# Tables of text.

fault("csv-row-surplus-field", "runtime", "ValueError", "KeyMissing", """
    import csv, sys
    ---
    <<var>> = csv.DictWriter(sys.stdout, fieldnames=['<<key>>'])
    <<var>>.writerow({'<<key>>': <<int>>, '<<key2>>': '<<word>>'})
    """, """
    import csv, io
    ---
    with io.StringIO() as out:
        <<var>> = csv.DictWriter(out, ('id', '<<attr>>'))
        <<var>>.writeheader()
        <<var>>.writerows([{'id': <<int>>}, {'id': <<int2>>, '<<attr2>>': '<<datum>>'}])
    """, sign="dict contains fields not in fieldnames")  # fmt: skip

# Source text, again.

fault("comma-missing", "compile", "SyntaxError", "SyntaxMistake", """
    <<var>> = [<<int>>, <<int2>> <<int3>>]
    print(<<var>>)
    """, """
    <<var>> = {'<<key>>': '<<word>>' '<<key2>>': <<int>>}
    """, """
    print('<<text>>' <<int>>)
    """, """
    <<var>> = dict(<<key>>=<<int>> <<attr>>='<<word>>')
    """, whole=True, min=(3, 10), sign="invalid syntax")  # fmt: skip

fault("equals-in-condition", "compile", "SyntaxError", "SyntaxMistake", """
    <<var>> = <<int>>
    if <<var>> = <<int2>>:
        print('<<word>>')
    """, """
    <<var>> = '<<word>>'
    while <<var>> = '<<noun>>':
        break
    """, """
    def <<fn>>(<<var>>):
        return [item for item in <<var>> if item = <<int>>]
    """, whole=True, sign="invalid syntax|expected")  # fmt: skip

fault("else-if", "compile", "SyntaxError", "SyntaxMistake", """
    <<var>> = <<int>>
    if <<var>> > 10:
        print('<<word>>')
    else if <<var>> > 5:
        print('<<noun>>')
    """, """
    def <<fn>>(<<var>>):
        if <<var>> == '<<key>>':
            return <<int>>
        elseif <<var>> == '<<key2>>':
            return <<int2>>
    """, whole=True, sign="invalid syntax|expected ':'")  # fmt: skip

fault("keyword-as-name", "compile", "SyntaxError", "SyntaxMistake", """
    class = '<<word>>'
    print(class)
    """, """
    def import(<<var>>):
        return <<var>>
    """, """
    from = <<int>>
    to = <<int2>>
    print(from, to)
    """, """
    <<var>> = {}
    <<var>>.pass = <<int>>
    """, whole=True, sign="invalid syntax")  # fmt: skip

fault("default-before-plain", "compile", "SyntaxError", "SyntaxMistake", """
    def <<fn>>(<<var>>=<<int>>, <<var2>>):
        return <<var2>>
    """, """
    class <<Class>>:
        def __init__(self, <<attr>>='<<word>>', <<attr2>>, size=0):
            self.<<attr>> = <<attr>>
    """, whole=True, sign="non-default argument|without a default")  # fmt: skip

fault("keyword-before-positional", "compile", "SyntaxError", "SyntaxMistake", """
    def <<fn>>(<<var>>, <<var2>>):
        return <<var>>
    <<fn>>(<<var>>=<<int>>, '<<word>>')
    """, """
    print(sep='<<noun>>', '<<text>>', <<int>>)
    """, """
    <<var>> = dict(<<key>>=<<int>>, **{}, [<<int2>>])
    """, whole=True, sign="positional argument follows keyword")  # fmt: skip

fault("path-escapes", "compile", "SyntaxError", "SyntaxMistake", """
    import os
    <<var>> = 'C:\\Users\\<<noun>>\\<<noun2>>.csv'
    print(os.path.exists(<<var>>))
    """, """
    with open("D:\\data\\New<<int>>\\Users\\<<noun>>.xlsx") as <<var>>:
        print(<<var>>.read())
    """, """
    def <<fn>>(<<var>>="C:\\Users\\Public\\<<noun>>"):
        return <<var>>
    """, whole=True, sign="unicodeescape")  # fmt: skip
