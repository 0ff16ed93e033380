"""Node.js: what goes wrong in JavaScript and around it.

A program is its top, a line `---`, and the statements that fail; `<<kind>>` is filled in for each variant.
"""

from fault import Faults

fault = Faults("node")

# Names, null and types.

fault("null-property", "runtime", "TypeError", "NullAccess", """
    ---
    const <<var>> = { <<key>>: <<int>> };
    console.log(<<var>>.<<key2>>.<<attr>>);
    """, """
    const <<fn>> = (list) => list.find((item) => item.id === <<int>>);
    ---
    return <<fn>>([]).<<attr>>;
    """, """
    ---
    let <<var>> = null;
    <<var>>.<<attr>>();
    """, sign="Cannot read propert", quick=True)  # fmt: skip

fault("null-assigned", "runtime", "TypeError", "NullAccess", """
    ---
    const <<var>> = {};
    <<var>>.<<key>>.<<attr>> = <<int>>;
    """, """
    ---
    let <<var>>;
    <<var>>['<<word>>'] = '<<word2>>';
    """, sign="Cannot set propert")  # fmt: skip

fault("null-destructured", "runtime", "TypeError", "NullAccess", """
    ---
    const { <<key>> } = undefined;
    """, """
    function <<fn>>({ <<key>>, <<key2>> }) { return <<key>>; }
    ---
    <<fn>>(null);
    """, sign="Cannot destructure", quick=True)  # fmt: skip

fault("not-a-function", "runtime", "TypeError", "UndefinedName", """
    ---
    const <<var>> = { <<key>>: <<int>> };
    <<var>>.<<fn>>();
    """, """
    class <<Class>> { constructor() { this.<<attr>> = '<<word>>'; } }
    ---
    new <<Class>>().<<fn2>>(<<int>>);
    """, """
    ---
    const <<var>> = <<int>>;
    <<var>>.map((item) => item + 1);
    """, sign="is not a function", quick=True)  # fmt: skip

fault("not-iterable", "runtime", "TypeError", "WrongType", """
    ---
    const <<var>> = { <<key>>: <<int>> };
    for (const item of <<var>>) console.log(item);
    """, """
    ---
    const [a, b] = <<int>>;
    """, """
    ---
    const <<var>> = <<int>>;
    return [...<<var>>];
    """, sign="is not iterable|not a function or its return value", quick=True)  # fmt: skip

fault("name-undefined", "runtime", "ReferenceError", "UndefinedName", """
    ---
    console.log(<<var>> + <<int>>);
    """, """
    ---
    const <<var>> = <<int>>;
    return <<fn>>(<<var>>);
    """, sign="is not defined", quick=True)  # fmt: skip

fault("used-before-declared", "runtime", "ReferenceError", "UndefinedName", """
    ---
    console.log(<<var>>);
    const <<var>> = <<int>>;
    """, """
    ---
    const <<fn>> = () => <<var>> * 2;
    <<fn>>();
    let <<var>> = <<int>>;
    """, sign="before initialization")  # fmt: skip

fault("constant-assigned", "runtime", "TypeError", "ImmutableMutation", """
    ---
    const <<var>> = <<int>>;
    <<var>> = <<int2>>;
    """, """
    ---
    const <<var>> = 0;
    for (const item of [<<int>>, <<int2>>]) <<var>> += item;
    """, sign="Assignment to constant variable", quick=True)  # fmt: skip

fault("bigint-mixed", "runtime", "TypeError", "WrongType", """
    ---
    return <<big>>n + <<int>>;
    """, """
    ---
    const <<var>> = BigInt(<<big>>);
    console.log(<<var>> * 1.5);
    """, sign="Cannot mix BigInt")  # fmt: skip

fault("bigint-json", "runtime", "TypeError", "WrongType", """
    ---
    JSON.stringify({ <<key>>: <<big>>n });
    """, """
    ---
    const <<var>> = [BigInt(<<big>>)];
    return JSON.stringify(<<var>>, null, 2);
    """, sign="serialize a BigInt")  # fmt: skip

fault("circular-json", "runtime", "TypeError", "InvalidValue", """
    ---
    const <<var>> = { <<key>>: <<int>> };
    <<var>>.<<key2>> = <<var>>;
    JSON.stringify(<<var>>);
    """, """
    class <<Class>> { constructor() { this.<<attr>> = { owner: this }; } }
    ---
    return JSON.stringify(new <<Class>>());
    """, sign="circular structure")  # fmt: skip

fault("in-operator", "runtime", "TypeError", "WrongType", """
    ---
    return '<<key>>' in '<<word>>';
    """, """
    ---
    const <<var>> = <<int>>;
    if ('<<key>>' in <<var>>) console.log(1);
    """, sign="Cannot use 'in' operator")  # fmt: skip

fault("class-without-new", "runtime", "TypeError", "StateMisuse", """
    class <<Class>> { constructor(value) { this.<<attr>> = value; } }
    ---
    <<Class>>(<<int>>);
    """, sign="without 'new'")  # fmt: skip

fault("stack-overflow", "runtime", "RangeError", "InfiniteRecursion", """
    function <<fn>>(n) { return <<fn>>(n + 1); }
    ---
    <<fn>>(<<int>>);
    """, """
    class <<Class>> { get <<attr>>() { return this.<<attr>>; } }
    ---
    console.log(new <<Class>>().<<attr>>);
    """, """
    const <<fn>> = (n) => <<fn2>>(n) + 1;
    const <<fn2>> = (n) => <<fn>>(n - 1);
    ---
    return <<fn>>(<<int>>);
    """, sign="Maximum call stack", quick=True)  # fmt: skip

fault("array-length", "runtime", "RangeError", "InvalidValue", """
    ---
    return new Array(-<<int>>);
    """, """
    ---
    const <<var>> = [];
    <<var>>.length = <<float>> + 0.00001;
    """, sign="Invalid array length")  # fmt: skip

fault("date-invalid", "runtime", "RangeError", "InvalidValue", """
    ---
    return new Date('<<datum>>!').toISOString();
    """, """
    ---
    const <<var>> = new Date(NaN);
    console.log(<<var>>.toISOString());
    """, sign="Invalid time value")  # fmt: skip

fault("digits-range", "runtime", "RangeError", "InvalidValue", """
    ---
    return (<<float>>).toFixed(<<int>> + 101);
    """, """
    ---
    const <<var>> = <<int>>;
    <<var>>.toFixed(-1);
    """, sign="digits argument")  # fmt: skip

fault("regexp-pattern", "runtime", "SyntaxError", "InvalidValue", """
    ---
    new RegExp('(<<noun>>');
    """, """
    ---
    return '<<word>>'.match('[<<noun>>');
    """, sign="Invalid regular expression")  # fmt: skip

fault("uri-malformed", "runtime", "URIError", "MalformedData", """
    ---
    decodeURIComponent('%<<noun>>%');
    """, """
    ---
    return decodeURI('/<<noun>>/%E0%A4');
    """)  # fmt: skip

fault("json-malformed", "runtime", "SyntaxError", "MalformedData", """
    ---
    JSON.parse("{'<<key>>': <<int>>}");
    """, """
    ---
    const <<var>> = JSON.parse('<html><<word>></html>');
    """, """
    ---
    JSON.parse('');
    """, """
    ---
    return JSON.parse('{"<<key>>": [<<int>>, ');
    """, sign="JSON", quick=True)  # fmt: skip

fault("promise-any-failed", "runtime", "AggregateError", None, """
    ---
    return Promise.any([Promise.reject(new Error('<<text>>')), Promise.reject(new Error('<<noun>> <<int>>'))]);
    """, sign="All promises were rejected", asynchronous=True)  # fmt: skip

fault("stock-reserved", "runtime", "StockError", "InvalidValue", """
    class StockError extends Error { constructor(message) { super(message); this.name = 'StockError'; } }
    ---
    throw new StockError(`only <<int>> of <<datum>> left, <<big>> wanted`);
    """, quick=True)  # fmt: skip

fault("stock-closed", "runtime", "StockError", "StateMisuse", """
    class StockError extends Error { constructor(message) { super(message); this.name = 'StockError'; } }
    ---
    throw new StockError(`warehouse <<id>> is closed for counting until <<date>>`);
    """, quick=True)  # fmt: skip

# Rejections and events.

fault("rejected-with-nothing", "runtime", "UnhandledPromiseRejection", "UnhandledRejection", """
    ---
    Promise.reject('<<word>>');
    """, """
    ---
    Promise.reject({ <<key>>: <<int>> });
    """, """
    ---
    Promise.reject(undefined);
    """, sends=("UnhandledPromiseRejection", "ERR_UNHANDLED_REJECTION"), clients=("script", "log", "stdin", "eval"))  # fmt: skip

fault("assertion", "runtime", "AssertionError", "AssertionFailed", """
    const assert = require('assert');
    ---
    assert.strictEqual(<<int>>, <<int>> + 1);
    """, """
    const assert = require('node:assert');
    ---
    assert(<<int>> > 1000, '<<text>> <<id>>');
    """, """
    const { deepStrictEqual } = require('assert');
    ---
    deepStrictEqual({ <<key>>: <<int>> }, { <<key>>: '<<word>>' });
    """, sends=("AssertionError", "ERR_ASSERTION"), quick=True)  # fmt: skip

fault("argument-type", "runtime", "TypeError", "WrongType", """
    const path = require('path');
    ---
    path.join('<<noun>>', undefined);
    """, """
    const fs = require('fs');
    ---
    fs.readFileSync({ <<key>>: <<int>> });
    """, """
    ---
    Buffer.from(<<int>>);
    """, sends=("TypeError", "ERR_INVALID_ARG_TYPE"), sign="ERR_INVALID_ARG_TYPE", quick=True)  # fmt: skip

fault("url-invalid", "runtime", "TypeError", "InvalidValue", """
    ---
    new URL('<<noun>>/<<id>>');
    """, """
    const http = require('http');
    ---
    http.get('<<word>>');
    """, sends=("TypeError", "ERR_INVALID_URL"), sign="Invalid URL")  # fmt: skip

# Modules.

fault("package-absent", "deploy", "MODULE_NOT_FOUND", "MissingPackage", """
    const <<var>> = require('lodash-es-extra');
    ---
    console.log(<<var>>);
    """, """
    ---
    require('puppeteer').launch();
    """, """
    const { DataTypes } = require('typeorm');
    ---
    console.log(DataTypes);
    """, """
    const <<var>> = require('@tensorflow/tfjs-node');
    ---
    <<var>>.tensor([<<int>>]);
    """, sends=("Error", "MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"), sign="Cannot find (module|package)", quick=True)  # fmt: skip

fault("file-module-absent", "deploy", "MODULE_NOT_FOUND", "PathIssue", """
    const <<var>> = require('./<<mod>>');
    ---
    <<var>>();
    """, """
    ---
    require('../<<noun>>/<<mod>>.js').<<fn>>();
    """, sends=("Error", "MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"), sign="Cannot find (module|package)", quick=True)  # fmt: skip

fault("export-absent", "compile", "SyntaxError", "UndefinedName", """
    import { <<fn>> } from './<<mod>>.mjs';
    <<fn>>(<<int>>);
    === <<mod>>.mjs
    export const <<var>> = <<int>>;
    """, """
    import <<fn>> from './<<mod>>.mjs';
    <<fn>>();
    === <<mod>>.mjs
    export function <<fn2>>() {}
    """, whole=True, module=True, sign="does not provide an export")  # fmt: skip

# Files, network, processes.

fault("file-absent", "runtime", "ENOENT", "PathIssue", """
    const fs = require('fs');
    ---
    fs.readFileSync('<<missing>>', 'utf8');
    """, """
    const { readFile } = require('fs/promises');
    ---
    return readFile('<<missing>>');
    """, """
    const fs = require('node:fs');
    ---
    for (const name of fs.readdirSync('<<missing>>.d')) console.log(name);
    """, """
    const fs = require('fs');
    ---
    fs.createReadStream('<<missing>>').on('data', () => {});
    """, sends=("Error", "ENOENT"), sign="ENOENT", quick=True)  # fmt: skip

fault("folder-exists", "runtime", "EEXIST", "PathIssue", """
    const fs = require('fs');
    ---
    fs.mkdirSync('<<stem>>', { recursive: true });
    fs.mkdirSync('<<stem>>');
    """, sends=("Error", "EEXIST"), sign="EEXIST")  # fmt: skip

fault("file-is-folder", "runtime", "EISDIR", "PathIssue", """
    const fs = require('fs');
    ---
    fs.readFileSync('/tmp');
    """, """
    const fs = require('fs');
    ---
    fs.mkdirSync('<<stem>>', { recursive: true });
    fs.writeFileSync('<<stem>>', '<<text>>');
    """, sends=("Error", "EISDIR"), sign="EISDIR")  # fmt: skip

fault("file-forbidden", "runtime", "EACCES", "PermissionDenied", """
    const fs = require('fs');
    ---
    if (!fs.existsSync('<<stem>>')) fs.writeFileSync('<<stem>>', '<<word>>');
    fs.chmodSync('<<stem>>', 0);
    fs.readFileSync('<<stem>>');
    """, """
    const fs = require('fs');
    ---
    fs.mkdirSync('<<stem>>', { recursive: true, mode: 0o500 });
    fs.writeFileSync('<<stem>>/<<noun>>.json', '{}');
    """, denied=True, sends=("Error", "EACCES"), sign="EACCES")  # fmt: skip

fault("connect-refused", "runtime", "ECONNREFUSED", "NetworkUnreachable", """
    const net = require('net');
    ---
    net.connect(<<refused>>, '127.0.0.1');
    """, """
    const http = require('http');
    ---
    http.get('http://127.0.0.1:<<refused>>/<<noun>>/<<id>>', () => {});
    """, sends=("Error", "ECONNREFUSED"), sign="ECONNREFUSED", quick=True)  # fmt: skip

fault("fetch-refused", "runtime", "TypeError", "NetworkUnreachable", """
    ---
    return fetch('http://127.0.0.1:<<refused>>/<<noun>>');
    """, """
    ---
    return fetch('http://127.0.0.1:<<refused>>', { method: 'POST', body: '<<word>>' }).then((answer) => answer.json());
    """, sign="fetch failed", asynchronous=True)  # fmt: skip

fault("fetch-timeout", "runtime", "TimeoutError", "Timeout", """
    ---
    return fetch('<<http>>/299/<<noun>>', { signal: AbortSignal.timeout(<<int>>) });
    """, sends=("TimeoutError", "23"), sign="aborted due to timeout", asynchronous=True)  # fmt: skip

fault("name-unresolved", "runtime", "ENOTFOUND", "NetworkUnreachable", """
    const net = require('net');
    ---
    net.connect(443, '<<noun>>-<<int>>.invalid');
    """, """
    const dns = require('dns').promises;
    ---
    return dns.lookup('db.<<noun>>.invalid');
    """, sends=("Error", "ENOTFOUND"), sign="ENOTFOUND")  # fmt: skip

fault("port-taken", "runtime", "EADDRINUSE", "AddressInUse", """
    const net = require('net');
    ---
    net.createServer().listen(<<busy>>, '127.0.0.1');
    """, """
    const http = require('http');
    ---
    http.createServer(() => {}).listen(<<busy>>, '127.0.0.1');
    """, sends=("Error", "EADDRINUSE"), sign="EADDRINUSE", quick=True)  # fmt: skip

fault("command-absent", "deploy", "ENOENT", "MissingBinary", """
    const { execFileSync } = require('child_process');
    ---
    execFileSync('ffprobe', ['<<file>>']);
    """, """
    const { spawn } = require('child_process');
    ---
    spawn('pdftotext', ['<<stem>>.pdf']);
    """, """
    const { spawnSync } = require('node:child_process');
    ---
    const <<var>> = spawnSync('mongodump', ['--db', '<<noun>>']);
    if (<<var>>.error) throw <<var>>.error;
    """, sends=("Error", "ENOENT"), sign="spawn(Sync)? \\w+ ENOENT", quick=True)  # fmt: skip

fault("command-failed", "runtime", "Error", "ExternalCommandFailed", """
    const { execSync } = require('child_process');
    ---
    execSync('grep <<noun>> /dev/null', { stdio: 'pipe' });
    """, """
    const { execSync } = require('node:child_process');
    ---
    execSync('test -d /nonexistent/<<noun>>');
    """, sign="Command failed", sends=("Error", "1"))  # fmt: skip

fault("write-after-end", "runtime", "ERR_STREAM_WRITE_AFTER_END", "StateMisuse", """
    const { Writable } = require('stream');
    ---
    const <<var>> = new Writable({ write(chunk, encoding, done) { done(); } });
    <<var>>.end('<<word>>');
    <<var>>.write('<<word2>>');
    """, """
    const { PassThrough } = require('node:stream');
    ---
    const <<var>> = new PassThrough();
    <<var>>.end();
    <<var>>.write(String(<<int>>));
    """, sends=("Error", "ERR_STREAM_WRITE_AFTER_END"), sign="write after end")  # fmt: skip

fault("headers-sent", "runtime", "ERR_HTTP_HEADERS_SENT", "StateMisuse", """
    const http = require('http');
    ---
    const server = http.createServer((request, response) => {
      response.end('<<word>>');
      response.setHeader('X-<<noun>>', '<<int>>');
    }).listen(0, '127.0.0.1', () => http.get({ port: server.address().port, host: '127.0.0.1' }));
    """, sends=("Error", "ERR_HTTP_HEADERS_SENT"), sign="after they are sent")  # fmt: skip

fault("heap-exhausted", "runtime", "ExitCode134", "ResourceExhausted", """
    ---
    const <<var>> = [];
    while (true) <<var>>.push(new Array(<<big>>).fill('<<word>>'));
    """, flags=("--max-old-space-size=20",), fatal=True, clients=("script", "log"))  # fmt: skip

# Source text.

fault("bracket-open", "compile", "SyntaxError", "SyntaxMistake", """
    function <<fn>>(<<var>>) {
      return <<var>> * <<int>>;
    """, """
    const <<var>> = [<<int>>, <<int2>>;
    console.log(<<var>>);
    """, """
    console.log('<<word>>', <<int>>;
    """, whole=True, quick=True)  # fmt: skip

fault("declared-twice", "compile", "SyntaxError", "SyntaxMistake", """
    const <<var>> = <<int>>;
    let <<var>> = '<<word>>';
    """, """
    function <<fn>>(<<var>>) {
      const <<var>> = <<int>>;
      return <<var>>;
    }
    """, whole=True, sign="already been declared")  # fmt: skip

fault("await-outside", "compile", "SyntaxError", "ConcurrencyMisuse", """
    function <<fn>>() {
      const <<var>> = await Promise.resolve(<<int>>);
      return <<var>>;
    }
    <<fn>>();
    """, """
    [<<int>>, <<int2>>].forEach((item) => {
      await Promise.resolve(item);
    });
    """, whole=True, sign="await is only valid")  # fmt: skip

# Packages.

fault("axios-refused", "runtime", "AxiosError", "NetworkUnreachable", """
    const axios = require('axios');
    ---
    return axios.get('http://127.0.0.1:<<refused>>/<<noun>>/<<id>>');
    """, needs="packages", sends=("AxiosError", "ECONNREFUSED", "Error"), asynchronous=True)  # fmt: skip

fault("axios-404", "runtime", "AxiosError", "NotFoundRemote", """
    const axios = require('axios');
    ---
    return axios.get('<<http>>/404/<<noun>>/<<id>>');
    """, """
    const axios = require('axios');
    ---
    return axios.create({ baseURL: '<<http>>/404' }).delete('/<<hex>>');
    """, needs="packages", sends=("AxiosError", "ERR_BAD_REQUEST"), sign="status code 404", asynchronous=True)  # fmt: skip

fault("axios-401", "runtime", "AxiosError", "AuthFailure", """
    const axios = require('axios');
    ---
    return axios.get('<<http>>/401/<<noun>>', { headers: { Authorization: 'Basic <<hex>>' } });
    """, needs="packages", sends=("AxiosError", "ERR_BAD_REQUEST"), sign="status code 401", asynchronous=True)  # fmt: skip

fault("zod-invalid", "runtime", "ZodError", "InvalidValue", """
    const { z } = require('zod');
    ---
    z.object({ <<key>>: z.number() }).parse({ <<key>>: '<<datum>>' });
    """, """
    const { z } = require('zod');
    ---
    return z.array(z.string().email()).parse(['<<word>>', <<int>>]);
    """, needs="packages", clients=("sdk", "vm"))  # fmt: skip

fault("joi-invalid", "runtime", "ValidationError", "InvalidValue", """
    const Joi = require('joi');
    ---
    Joi.assert({ <<key>>: '<<word>>' }, Joi.object({ <<key>>: Joi.number() }));
    """, """
    const Joi = require('joi');
    ---
    const { error } = Joi.object({ <<key>>: Joi.string().required() }).validate({});
    if (error) throw error;
    """, needs="packages", clients=("sdk", "vm"))  # fmt: skip

fault("yaml-malformed", "runtime", "YAMLException", "MalformedData", """
    const yaml = require('js-yaml');
    ---
    yaml.load('<<key>>: <<word>>: <<int>>');
    """, """
    const yaml = require('js-yaml');
    ---
    return yaml.load('<<key>>: [<<int>>, <<noun>>');
    """, needs="packages", clients=("sdk", "vm", "script"))  # fmt: skip

fault("jwt-expired", "runtime", "TokenExpiredError", "AuthFailure", """
    const jwt = require('jsonwebtoken');
    ---
    jwt.verify(jwt.sign({ exp: <<big>> }, '<<hex>>'), '<<hex>>');
    """, needs="packages")  # fmt: skip

fault("jwt-signature", "runtime", "JsonWebTokenError", "AuthFailure", """
    const jwt = require('jsonwebtoken');
    ---
    jwt.verify(jwt.sign({ sub: '<<noun>>' }, '<<hex>>'), '<<hex2>>');
    """, needs="packages", sign="invalid signature")  # fmt: skip

fault("react-child", "runtime", "Error", "WrongType", """
    const { createElement } = require('react');
    const { renderToString } = require('react-dom/server');
    ---
    return renderToString(createElement('div', null, { <<key>>: <<int>> }));
    """, needs="packages", sign="not valid as a React child")  # fmt: skip

fault("template-malformed", "runtime", "Error", "SyntaxMistake", """
    const handlebars = require('handlebars');
    ---
    handlebars.compile('{{#if <<key>>}} <<word>>')({});
    """, """
    const handlebars = require('handlebars');
    ---
    return handlebars.compile('{{<<key>>')({ <<key>>: <<int>> });
    """, needs="packages", sign="Parse error on line")  # fmt: skip

# Look-alikes: what shares its type, and often its words, with a fault above and is mended in another way.

fault("not-a-constructor", "runtime", "TypeError", "WrongType", """
    const <<fn>> = (value) => ({ <<key>>: value });
    ---
    return new <<fn>>(<<int>>);
    """, """
    ---
    const <<var>> = { <<key>>: '<<word>>' };
    new <<var>>.<<key>>();
    """, """
    ---
    const <<var>> = new Symbol('<<word>>');
    """, """
    ---
    return new Math(<<int>>, <<float>>).max();
    """, sign="is not a constructor")  # fmt: skip

fault("base-class-undefined", "runtime", "TypeError", "UndefinedName", """
    const { <<Class>> } = require('events');
    ---
    class <<Class2>> extends <<Class>> {}
    """, """
    const models = {};
    ---
    const <<var>> = class extends models.<<Class>> { constructor() { super(<<int>>); } };
    """, """
    ---
    let <<Class>>;
    class <<Class2>> extends <<Class>> { <<fn>>() { return '<<word>>'; } }
    """, sign="Class extends value undefined")  # fmt: skip

fault("super-not-called", "runtime", "ReferenceError", "StateMisuse", """
    class <<Class>> {}
    class <<Class2>> extends <<Class>> { constructor(value) { this.<<attr>> = value; } }
    ---
    return new <<Class2>>(<<int>>);
    """, """
    class <<Class>> extends Error {
      constructor(<<key>>) {
        this.name = '<<Class>>';
        super(<<key>>);
      }
    }
    ---
    throw new <<Class>>('<<text>>');
    """, sign="Must call super constructor")  # fmt: skip

fault("frozen-object", "runtime", "TypeError", "ImmutableMutation", """
    class <<Class>> {
      constructor() { this.<<attr>> = <<int>>; Object.freeze(this); }
      <<fn>>() { this.<<attr>> += 1; }
    }
    ---
    new <<Class>>().<<fn>>();
    """, """
    ---
    Object.freeze([<<int>>, <<int2>>]).push(<<int3>>);
    """, """
    function <<fn>>(target) { 'use strict'; target.<<key>> = '<<word>>'; }
    ---
    <<fn>>(Object.freeze({ <<key>>: null, <<attr>>: <<int>> }));
    """, sign="read only property|not extensible")  # fmt: skip

fault("getter-without-setter", "runtime", "TypeError", "ImmutableMutation", """
    class <<Class>> {
      get <<attr>>() { return <<int>>; }
      <<fn>>(value) { this.<<attr>> = value; }
    }
    ---
    new <<Class>>().<<fn>>('<<word>>');
    """, """
    const <<fn>> = function (target) { 'use strict'; target.<<key>> = <<int>>; };
    ---
    <<fn>>({ get <<key>>() { return '<<word>>'; } });
    """, sign="which has only a getter")  # fmt: skip

fault("null-as-object", "runtime", "TypeError", "NullAccess", """
    ---
    const <<var>> = { <<key>>: <<int>> };
    return Object.keys(<<var>>.<<key2>>);
    """, """
    ---
    for (const [name, value] of Object.entries(null)) console.log(name, value);
    """, """
    const <<fn>> = (options) => Object.values(options).length;
    ---
    return <<fn>>();
    """, sign="Cannot convert undefined or null to object")  # fmt: skip

fault("reduce-of-nothing", "runtime", "TypeError", "InvalidValue", """
    ---
    return [].reduce((sum, item) => sum + item);
    """, """
    ---
    const <<var>> = [<<int>>, <<int2>>].filter((item) => item > <<big>>);
    console.log(<<var>>.reduce((a, b) => Math.max(a, b)));
    """, sign="Reduce of empty array")  # fmt: skip

fault("json-of-object", "runtime", "SyntaxError", "WrongType", """
    ---
    return JSON.parse({ <<key>>: <<int>> });
    """, """
    ---
    const <<var>> = JSON.parse('{"<<key>>": "<<word>>"}');
    JSON.parse(<<var>>);
    """, """
    class <<Class>> { constructor() { this.<<attr>> = '<<word>>'; } }
    ---
    console.log(JSON.parse(new <<Class>>()));
    """, sign="object Object|Unexpected token '?o'?")  # fmt: skip

fault("json-of-undefined", "runtime", "SyntaxError", "NullAccess", """
    ---
    return JSON.parse(undefined);
    """, """
    ---
    const <<var>> = { <<key>>: '{}' };
    JSON.parse(<<var>>.<<key2>>);
    """, """
    function <<fn>>(text) { return JSON.parse(text).<<attr>>; }
    ---
    <<fn>>(process.env.<<env>>);
    """, sign='"undefined" is not valid|Unexpected token \'?u\'?')  # fmt: skip

fault("repeat-count", "runtime", "RangeError", "InvalidValue", """
    ---
    return '<<word>>'.repeat(-<<int>>);
    """, """
    ---
    const <<var>> = '<<noun>>';
    console.log(<<var>> + ' '.repeat(<<small>> - <<var>>.length - 20) + '|');
    """, """
    ---
    '='.repeat(<<int>> / 0);
    """, sign="Invalid count value")  # fmt: skip

fault("string-too-long", "runtime", "RangeError", "ResourceExhausted", """
    ---
    return '<<word>>'.repeat(2 ** 29);
    """, """
    ---
    let <<var>> = '<<noun>> <<int>>';
    while (true) <<var>> += <<var>>;
    """, """
    ---
    console.log('<<word>>'.padEnd(2 ** 30, '<<noun>>').length);
    """, sign="Invalid string length")  # fmt: skip

fault("callback-missing", "runtime", "TypeError", "ArgumentMismatch", """
    const fs = require('fs');
    ---
    fs.readFile('<<file>>');
    """, """
    ---
    setTimeout('<<fn>>()', <<big>>);
    """, """
    const fs = require('node:fs');
    ---
    fs.writeFile('<<stem>>.json', '{"<<key>>": <<int>>}', 'utf8');
    """, sends=("TypeError", "ERR_INVALID_ARG_TYPE"),
    sign='The "(cb|callback)" argument must be of type function')  # fmt: skip

fault("buffer-offset", "runtime", "RangeError", "IndexOutOfRange", """
    ---
    const <<var>> = Buffer.from('<<noun>>');
    return <<var>>.readUInt32LE(<<int>> + 20);
    """, """
    ---
    Buffer.alloc(8).writeInt16BE(<<int>>, 8 + <<small>>);
    """, """
    ---
    for (let at = 0; at <= 16; at += 4) Buffer.alloc(16 + 1).readFloatBE(at);
    """, sends=("RangeError", "ERR_OUT_OF_RANGE"), sign='The value of "offset" is out of range')  # fmt: skip

fault("buffer-value", "runtime", "RangeError", "InvalidValue", """
    ---
    Buffer.alloc(<<int>>).writeUInt8(<<big>>, 0);
    """, """
    ---
    const <<var>> = Buffer.allocUnsafe(16);
    <<var>>.writeInt16LE(-40000 - <<big>>, <<small>>);
    """, """
    ---
    Buffer.alloc(8).writeUInt32BE(-<<int>>);
    """, sends=("RangeError", "ERR_OUT_OF_RANGE"), sign='The value of "value" is out of range')  # fmt: skip

fault("key-length", "runtime", "RangeError", "InvalidValue", """
    const crypto = require('crypto');
    ---
    crypto.createCipheriv('aes-256-cbc', '<<hex>>', Buffer.alloc(16)).update('<<text>>');
    """, """
    const { createDecipheriv, randomBytes } = require('crypto');
    ---
    return createDecipheriv('aes-128-gcm', randomBytes(<<int>> + 33), randomBytes(12));
    """, sends=("RangeError", "ERR_CRYPTO_INVALID_KEYLEN"), sign="Invalid key length")  # fmt: skip

fault("not-a-folder", "runtime", "ENOTDIR", "PathIssue", """
    const fs = require('fs');
    ---
    fs.writeFileSync('<<stem>>.txt', '<<text>>');
    fs.readdirSync('<<stem>>.txt');
    """, """
    const { readFile } = require('fs/promises');
    ---
    return readFile('/dev/null/<<file>>'.replace('..', 'up'), 'utf8');
    """, """
    const fs = require('node:fs');
    ---
    fs.mkdirSync('/dev/null/<<noun>>/<<int>>');
    """, sends=("Error", "ENOTDIR"), sign="ENOTDIR")  # fmt: skip

fault("folder-not-empty", "runtime", "ENOTEMPTY", "PathIssue", """
    const fs = require('fs');
    ---
    fs.mkdirSync('<<stem>>/<<noun>>', { recursive: true });
    fs.rmdirSync('<<stem>>');
    """, """
    const fs = require('fs');
    ---
    fs.mkdirSync('<<stem>>.d', { recursive: true });
    fs.writeFileSync('<<stem>>.d/<<noun>>.json', '[<<int>>]');
    return fs.promises.rmdir('<<stem>>.d');
    """, sends=("Error", "ENOTEMPTY"), sign="ENOTEMPTY")  # fmt: skip

fault("axios-slow", "runtime", "AxiosError", "Timeout", """
    const axios = require('axios');
    ---
    return axios.get('<<http>>/299/<<noun>>/<<id>>', { timeout: <<int>> });
    """, """
    const axios = require('axios');
    ---
    return axios.create({ baseURL: '<<http>>/299', timeout: 100 + <<int>> }).post('/<<hex>>', { <<key>>: '<<word>>' });
    """, needs="packages", sends=("AxiosError", "ECONNABORTED"), sign="timeout of \\d+ms exceeded",
    asynchronous=True)  # fmt: skip

# Errors of a program's own: one type, many values, two causes.

fault("booking-overlap", "runtime", "BookingError", "ConstraintViolation", """
    class BookingError extends Error { constructor(message) { super(message); this.name = 'BookingError'; } }
    ---
    throw new BookingError(`booking <<id>> of <<email>>: room <<int>> is taken by <<id2>> on <<date>>`);
    """, """
    class BookingError extends Error { get name() { return 'BookingError'; } }
    const <<fn>> = (id, who, room) => `booking ${id} of ${who}: room ${room} is taken by <<id2>> on <<date>>`;
    ---
    throw new BookingError(<<fn>>('<<id>>', '<<datum>>', <<int>>));
    """)  # fmt: skip

fault("booking-not-owner", "runtime", "BookingError", "PermissionDenied", """
    class BookingError extends Error { constructor(message) { super(message); this.name = 'BookingError'; } }
    ---
    throw new BookingError(`booking <<id>> of <<email>>: room <<int>> may be changed by <<email2>> only, <<date>>`);
    """, """
    class BookingError extends Error { get name() { return 'BookingError'; } }
    const <<fn>> = (id, who) => `booking ${id} of ${who}: room <<int>> may be changed by <<email>> only, <<date>>`;
    ---
    throw new BookingError(<<fn>>('<<id>>', '<<datum>>', <<int>>));
    """)  # fmt: skip

# Modules and source text, again.

fault("require-in-module", "runtime", "ReferenceError", "UndefinedName", """
    const fs = require('fs');
    console.log(fs.existsSync('<<file>>'));
    """, """
    import path from 'path';
    const <<var>> = path.join(__dirname, '<<noun>>.json');
    """, """
    export const <<fn>> = (value) => value + <<int>>;
    module.exports = { <<fn>> };
    """, """
    import { readFileSync } from 'node:fs';
    console.log(readFileSync(__filename, 'utf8').length * <<int>>);
    """, whole=True, module=True, sign="is not defined in ES module scope")  # fmt: skip

fault("import-in-script", "compile", "SyntaxError", None, """
    import fs from 'fs';
    console.log(fs.existsSync('<<file>>'));
    """, """
    import { <<fn>> } from './<<mod>>.js';
    <<fn>>(<<int>>);
    """, """
    const <<var>> = <<int>>;
    import * as path from 'node:path';
    console.log(path.join('<<noun>>', String(<<var>>)));
    """, whole=True, clients=("vm", "function"), sign="Cannot use import statement outside")  # fmt: skip

fault("types-in-source", "compile", "SyntaxError", "SyntaxMistake", """
    const <<var>>: number = <<int>>;
    console.log(<<var>>);
    """, """
    function <<fn>>(<<var>>: string[], <<var2>>: boolean) {
      return <<var>>.length;
    }
    console.log(<<fn>>(['<<word>>'], true));
    """, """
    let <<var>> = { <<key>>: <<int>> } as Record<string, number>;
    console.log(<<var>>);
    """, """
    const <<fn>> = (value: number): number => value * <<int>>;
    console.log(<<fn>>(<<small>>));
    """, whole=True, clients=("script", "log"),
    sign="Missing initializer|Unexpected (token|identifier)|missing \\)")  # fmt: skip

fault("typographic-quotes", "compile", "SyntaxError", "SyntaxMistake", """
    const <<var>> = \u201c<<word>>\u201d;
    console.log(<<var>>);
    """, """
    console.log(\u2018<<text>>\u2019, <<int>>);
    """, """
    function <<fn>>(<<var>>) {
      return <<var>>[\u201c<<key>>\u201d];
    }
    """, whole=True, clients=("script", "log", "stdin", "eval"), sign="Invalid or unexpected token")  # fmt: skip

fault("string-open", "compile", "SyntaxError", "SyntaxMistake", """
    const <<var>> = '<<word>>;
    console.log(<<var>>);
    """, """
    console.log("<<text>>, <<int>>);
    """, """
    function <<fn>>() {
      return { <<key>>: '<<word>> };
    }
    """, whole=True, clients=("script", "log", "stdin", "eval"), sign="Invalid or unexpected token")  # fmt: skip
