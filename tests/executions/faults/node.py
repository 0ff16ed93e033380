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
