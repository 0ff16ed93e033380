"""Node.js, continued: small applications with errors of their own, and more of language, modules and packages."""

from fault import Faults

fault = Faults("node", wide=True)
PLAIN = ("script", "log", "stdin", "eval")

# Applications: what their authors wrote into the message. Each pair shares its type and is mended in two ways.

fault("environment-absent", "runtime", "ConfigError", "KeyMissing", """
    class ConfigError extends Error { constructor(message) { super(message); this.name = 'ConfigError'; } }
    const <<fn>> = (name) => {
      if (!process.env[name]) throw new ConfigError(`Missing required environment variable ${name}`);
      return process.env[name];
    };
    ---
    <<fn>>('<<env>>');
    """, """
    class ConfigError extends Error { get name() { return 'ConfigError'; } }
    ---
    for (const name of ['PATH', '<<env>>', '<<env2>>']) {
      if (process.env[name] === undefined) throw new ConfigError('Missing required environment variable ' + name);
    }
    """)  # fmt: skip

fault("environment-not-allowed", "runtime", "ConfigError", "InvalidValue", """
    class ConfigError extends Error { constructor(message) { super(message); this.name = 'ConfigError'; } }
    const <<fn>> = (name, value, allowed) => {
      if (!allowed.includes(value)) throw new ConfigError(`Invalid environment variable ${name}: "${value}" is not one of ${allowed.join(', ')}`);
    };
    ---
    <<fn>>('<<env>>', '<<datum>>', ['dev', 'prod', '<<noun>>']);
    """, """
    class ConfigError extends Error { get name() { return 'ConfigError'; } }
    ---
    const <<var>> = { <<env>>: '<<word>>' };
    throw new ConfigError('Invalid environment variable <<env>>: "' + <<var>>.<<env>> + '" is not one of debug, info, <<noun>>');
    """)  # fmt: skip

fault("order-not-found", "runtime", "Error", "KeyMissing", """
    const <<fn>> = (orders, id) => {
      const order = orders.find((each) => each.id === id);
      if (!order) throw new Error(`Order ${id} not found`);
      return order;
    };
    ---
    <<fn>>([{ id: <<int>> }], '<<id>>');
    """, """
    class <<Class>> {
      constructor() { this.orders = new Map([['<<hex>>', { total: <<float>> }]]); }
      get(id) {
        if (!this.orders.has(id)) throw new Error('Order ' + id + ' not found');
        return this.orders.get(id);
      }
    }
    ---
    return new <<Class>>().get('<<id>>');
    """, sign="Order \\S+ not found")  # fmt: skip

fault("order-of-other", "runtime", "Error", "PermissionDenied", """
    const <<fn>> = (order, user) => {
      if (order.owner !== user) throw new Error(`Order ${order.id} not found for ${user}: it belongs to ${order.owner}`);
      return order;
    };
    ---
    <<fn>>({ id: '<<id>>', owner: '<<who>>' }, '<<email>>');
    """, """
    ---
    const <<var>> = { id: '<<id>>', owner: '<<email>>' };
    throw new Error('Order ' + <<var>>.id + ' not found for <<who>>: it belongs to ' + <<var>>.owner);
    """, sign="it belongs to")  # fmt: skip

def answer(name, cause, status, told, told_as_well):
    """A server's answer: only the status and its words tell these apart."""
    fault(name, "runtime", "HttpError", cause, """
    class HttpError extends Error {
      constructor(method, path, status, text) {
        super(`${method} ${path} failed: ${status} ${text}`);
        this.name = 'HttpError';
        this.status = status;
      }
    }
    ---
    throw new HttpError('PUT', '/<<noun>>s/<<id>>', STATUS, 'TOLD');
    """.replace("STATUS", status).replace("TOLD", told), """
    class HttpError extends Error { constructor(...parts) { super(parts.join(' ')); this.name = 'HttpError'; } }
    const <<fn>> = (answer) => { if (!answer.ok) throw new HttpError('POST', `/api/<<noun>>s?for=<<who>>`, 'failed:', answer.status, answer.text); };
    ---
    <<fn>>({ ok: false, status: STATUS, text: 'TOLD' });
    """.replace("STATUS", status).replace("TOLD", told_as_well))  # fmt: skip


answer("answer-conflict", "ConstraintViolation", "409", "Conflict (version <<int>>, expected <<int2>>)", "Conflict (<<noun>> <<id>> exists)")
answer(
    "answer-unprocessable", "InvalidValue", "422",
    "Unprocessable Entity (<<key>>: <<datum>>)", "Unprocessable Entity (<<key>> must not be negative: -<<int>>)",
)  # fmt: skip

fault("load-failed-file", "runtime", "Error", "PathIssue", """
    const fs = require('fs');
    const <<fn>> = (file) => {
      try {
        return JSON.parse(fs.readFileSync(file, 'utf8'));
      } catch (cause) {
        throw new Error(`Could not load ${file}`, { cause });
      }
    };
    ---
    <<fn>>('<<stem>>.json');
    """, """
    const { readFile } = require('fs/promises');
    async function <<fn>>(file) {
      try {
        return JSON.parse(await readFile(file, 'utf8'));
      } catch (error) {
        throw new Error('Could not load ' + file, { cause: error });
      }
    }
    ---
    return <<fn>>('config/<<stem>>.json');
    """, sign="Could not load[\\s\\S]*ENOENT", clients=PLAIN)  # fmt: skip

fault("load-failed-json", "runtime", "Error", "MalformedData", """
    const fs = require('fs');
    const <<fn>> = (file) => {
      try {
        return JSON.parse(fs.readFileSync(file, 'utf8'));
      } catch (cause) {
        throw new Error(`Could not load ${file}`, { cause });
      }
    };
    ---
    fs.writeFileSync('<<stem>>.json', "{'<<key>>': <<int>>}");
    <<fn>>('<<stem>>.json');
    """, """
    const { readFile, writeFile } = require('fs/promises');
    async function <<fn>>(file) {
      try {
        return JSON.parse(await readFile(file, 'utf8'));
      } catch (error) {
        throw new Error('Could not load ' + file, { cause: error });
      }
    }
    ---
    return writeFile('<<stem>>.json', '{"<<key>>": [<<int>>, ').then(() => <<fn>>('<<stem>>.json'));
    """, sign="Could not load[\\s\\S]*SyntaxError", clients=PLAIN)  # fmt: skip

fault("amount-not-a-number", "runtime", "TypeError", "WrongType", """
    function <<fn>>(amount, id) {
      if (typeof amount !== 'number') throw new TypeError(`amount of ${id} must be a number, got ${typeof amount}: ${amount}`);
      return amount * 2;
    }
    ---
    <<fn>>('<<money>>', '<<id>>');
    """, """
    const <<fn>> = (<<key>>) => {
      if (!Number.isFinite(<<key>>.amount)) throw new TypeError('amount of ' + <<key>>.id + ' must be a number, got ' + typeof <<key>>.amount + ': ' + <<key>>.amount);
    };
    ---
    <<fn>>({ id: '<<id>>', amount: '<<datum>>' });
    """, sign="must be a number, got")  # fmt: skip

fault("amount-out-of-range", "runtime", "RangeError", "InvalidValue", """
    function <<fn>>(amount, id) {
      if (amount < 1 || amount > 1000) throw new RangeError(`amount of ${id} must be between 1 and 1000, got ${amount}`);
      return amount * 2;
    }
    ---
    <<fn>>(-<<float>>, '<<id>>');
    """, """
    const <<fn>> = (<<key>>, limit) => {
      if (<<key>>.amount > limit) throw new RangeError('amount of ' + <<key>>.id + ' must be between 0 and ' + limit + ', got ' + <<key>>.amount);
    };
    ---
    <<fn>>({ id: '<<id>>', amount: <<big>> }, <<int>>);
    """, sign="must be between")  # fmt: skip

fault("line-columns", "runtime", "ImportError", "MalformedData", """
    class ImportError extends Error {
      constructor(file, line, why) {
        super(`${file}, line ${line}: ${why}`);
        this.name = 'ImportError';
      }
    }
    const <<fn>> = (text, wanted) => text.split('\\n').forEach((line, at) => {
      const cells = line.split(',');
      if (cells.length !== wanted) throw new ImportError('<<file>>', at + 1, `expected ${wanted} columns, found ${cells.length}`);
    });
    ---
    <<fn>>('<<noun>>,<<int>>\\n<<word>>', 2);
    """, """
    class ImportError extends Error { get name() { return 'ImportError'; } }
    ---
    throw new ImportError('<<file>>, line <<big>>: expected <<small>> columns, found <<int>>');
    """)  # fmt: skip

fault("line-repeated", "runtime", "ImportError", "ConstraintViolation", """
    class ImportError extends Error {
      constructor(file, line, why) {
        super(`${file}, line ${line}: ${why}`);
        this.name = 'ImportError';
      }
    }
    const <<fn>> = (rows) => rows.reduce((seen, id, at) => {
      if (seen.has(id)) throw new ImportError('<<file>>', at + 1, `duplicate id ${id}, first seen in line ${seen.get(id)}`);
      return seen.set(id, at + 1);
    }, new Map());
    ---
    <<fn>>(['<<word>>', '<<id>>', '<<noun>>.', '<<id>>']);
    """, """
    class ImportError extends Error { get name() { return 'ImportError'; } }
    ---
    throw new ImportError('<<file>>, line <<big>>: duplicate id <<datum>>, first seen in line <<int>>');
    """)  # fmt: skip

# The language.

fault("callback-not-given", "runtime", "TypeError", "ArgumentMismatch", """
    function <<fn>>(<<var>>, callback) {
      callback(null, <<var>> * 2);
    }
    ---
    <<fn>>(<<int>>);
    """, """
    const <<fn>> = (list, done) => {
      for (const item of list) console.log(item);
      done();
    };
    ---
    <<fn>>(['<<word>>', '<<noun>>']);
    """, sign="(callback|done) is not a function")  # fmt: skip

fault("promise-not-awaited", "runtime", "TypeError", "ConcurrencyMisuse", """
    async function <<fn>>() {
      return [<<int>>, <<int2>>];
    }
    ---
    <<fn>>().map((item) => item + 1);
    """, """
    const <<fn>> = async (id) => [{ id, name: '<<word>>' }];
    ---
    const <<var>> = <<fn>>(<<int>>);
    return <<var>>.filter((item) => item.id > <<small>>);
    """, """
    const { readFile } = require('fs/promises');
    ---
    const <<var>> = readFile('/dev/null', 'utf8');
    return <<var>>.split('\\n').length;
    """, sign="\\.(map|split|filter) is not a function")  # fmt: skip

fault("null-spread", "runtime", "TypeError", "NullAccess", """
    ---
    const [<<var>>] = undefined;
    """, """
    const <<fn>> = ([first]) => first;
    ---
    return <<fn>>(null);
    """, """
    ---
    const <<var>> = { <<key>>: <<int>> };
    return Promise.all(<<var>>.<<key2>>);
    """, sign="(undefined|null) is not iterable", asynchronous=True)  # fmt: skip

fault("symbol-as-text", "runtime", "TypeError", "WrongType", """
    ---
    return 'key: ' + Symbol('<<word>>');
    """, """
    ---
    const <<var>> = Symbol.for('<<key>>');
    console.log(`<<noun>> ${<<var>>}`);
    """, sign="Cannot convert a Symbol value")  # fmt: skip

fault("object-as-primitive", "runtime", "TypeError", "WrongType", """
    ---
    const <<var>> = Object.create(null);
    return '<<word>>' + <<var>>;
    """, """
    ---
    const <<var>> = { toString: () => ({ <<key>>: <<int>> }), valueOf: () => [] };
    return `<<noun>> ${<<var>>}`;
    """, sign="Cannot convert object to primitive value")  # fmt: skip

fault("bigint-of-text", "runtime", "SyntaxError", "InvalidValue", """
    ---
    return BigInt('<<datum>>!');
    """, """
    ---
    const <<var>> = ['<<int>>', '<<float>>', '12n'].map((item) => BigInt(item));
    """, sign="Cannot convert .* to a BigInt")  # fmt: skip

fault("bigint-of-fraction", "runtime", "RangeError", "InvalidValue", """
    ---
    return BigInt(<<int>> + 0.5);
    """, """
    ---
    const <<var>> = [<<int>>, NaN];
    <<var>>.forEach((item) => console.log(BigInt(item)));
    """, sign="cannot be converted to a BigInt")  # fmt: skip

fault("radix-range", "runtime", "RangeError", "InvalidValue", """
    ---
    return (<<big>>).toString(<<int>> + 36);
    """, """
    ---
    const <<var>> = <<int>>;
    console.log(<<var>>.toString(1));
    """, sign="radix (argument )?must be between")  # fmt: skip

fault("view-offset", "runtime", "RangeError", "IndexOutOfRange", """
    ---
    const <<var>> = new DataView(new ArrayBuffer(8));
    return <<var>>.getUint32(<<int>> + 5);
    """, """
    ---
    new DataView(Buffer.from('<<noun>>').buffer.slice(0, 4)).setInt16(3, <<int>>);
    """, sign="outside the bounds of the DataView")  # fmt: skip

fault("array-alignment", "runtime", "RangeError", "InvalidValue", """
    ---
    return new Int32Array(new ArrayBuffer(16), 3);
    """, """
    ---
    const <<var>> = new ArrayBuffer(<<int>> * 8 + 3);
    console.log(new Float64Array(<<var>>).length);
    """, sign="should be a multiple of")  # fmt: skip

fault("locale-invalid", "runtime", "RangeError", "InvalidValue", """
    ---
    return (<<float>>).toLocaleString('<<word>>_<<noun>>!');
    """, """
    ---
    const <<var>> = new Intl.DateTimeFormat('en_US');
    console.log(<<var>>.format(new Date(<<ms>>)));
    """, sign="Incorrect locale information")  # fmt: skip

fault("zone-invalid", "runtime", "RangeError", "InvalidValue", """
    ---
    return new Date(<<ms>>).toLocaleString('en-GB', { timeZone: 'Europe/<<Class>>' });
    """, """
    ---
    const <<var>> = new Intl.DateTimeFormat('de', { timeZone: '<<five>>' });
    """, sign="Invalid time zone specified")  # fmt: skip

fault("clone-of-function", "runtime", "DataCloneError", "WrongType", """
    ---
    return structuredClone({ <<key>>: () => <<int>> });
    """, """
    const { MessageChannel } = require('worker_threads');
    ---
    const { port1 } = new MessageChannel();
    port1.postMessage({ <<key>>: '<<word>>', done() {} });
    """, sends=("DataCloneError", "25", "Error"), sign="could not be cloned",
    clients=("script", "log", "stdin", "eval", "sdk", "name"))  # fmt: skip

fault("private-member", "runtime", "TypeError", "WrongType", """
    class <<Class>> {
      #<<attr>> = <<int>>;
      static <<fn>>(other) { return other.#<<attr>>; }
    }
    ---
    <<Class>>.<<fn>>({ <<attr>>: <<int2>> });
    """, """
    class <<Class>> {
      #<<attr>> = '<<word>>';
      <<fn>>() { return this.#<<attr>>; }
    }
    ---
    const { <<fn>> } = new <<Class>>();
    <<fn>>.call({});
    """, sign="Cannot read private member")  # fmt: skip

# Releases.

fault("method-too-new", "runtime", "TypeError", "VersionMismatch", """
    ---
    return Object.groupBy([<<int>>, <<int2>>], (item) => (item > 20 ? 'high' : 'low'));
    """, """
    ---
    const { promise, resolve } = Promise.withResolvers();
    resolve(<<int>>);
    """, """
    ---
    const <<var>> = new Set([<<int>>]);
    console.log(<<var>>.union(new Set([<<int2>>])));
    """, """
    ---
    return Map.groupBy(['<<word>>'], (item) => item.length);
    """, releases=(18, 20), sign="(groupBy|withResolvers|union) is not a function")  # fmt: skip

fault("method-removed", "runtime", "TypeError", "VersionMismatch", """
    const util = require('util');
    ---
    if (util.isArray([<<int>>])) console.log('<<word>>');
    """, """
    const util = require('node:util');
    ---
    return ['<<word>>', <<int>>].filter((item) => util.isString(item));
    """, """
    const crypto = require('crypto');
    ---
    crypto.createCipher('aes-256-cbc', '<<hex>>').update('<<text>>');
    """, """
    const util = require('util');
    ---
    util.log('<<text>>');
    """, releases=(24,), sign="(isArray|isString|createCipher|log) is not a function")  # fmt: skip

fault("builtin-too-new", "deploy", "ERR_UNKNOWN_BUILTIN_MODULE", "VersionMismatch", """
    const { DatabaseSync } = require('node:sqlite');
    ---
    new DatabaseSync(':memory:').exec('CREATE TABLE <<noun>>s (id INT)');
    """, """
    ---
    const sea = require('node:sea');
    console.log(sea.isSea(), <<int>>);
    """, releases=(18,), sends=("Error", "ERR_UNKNOWN_BUILTIN_MODULE"), sign="No such built-in module")  # fmt: skip

# Files, processes, streams, cryptography.

fault("descriptor-closed", "runtime", "EBADF", "StateMisuse", """
    const fs = require('fs');
    ---
    const <<var>> = fs.openSync('/dev/null', 'r');
    fs.closeSync(<<var>>);
    fs.readSync(<<var>>, Buffer.alloc(<<int>>));
    """, """
    const fs = require('node:fs');
    ---
    const <<var>> = fs.openSync('<<stem>>.log', 'a');
    fs.writeSync(<<var>>, '<<text>>');
    fs.closeSync(<<var>>);
    fs.writeSync(<<var>>, '<<word>>');
    """, sends=("Error", "EBADF"), sign="EBADF")  # fmt: skip

fault("disk-full", "runtime", "ENOSPC", "ResourceExhausted", """
    const fs = require('fs');
    ---
    fs.writeFileSync('/dev/full', '<<text>>');
    """, """
    const { writeFile } = require('fs/promises');
    ---
    return writeFile('/dev/full', JSON.stringify({ <<key>>: <<int>> }));
    """, """
    const fs = require('fs');
    ---
    const <<var>> = fs.createWriteStream('/dev/full');
    <<var>>.write('<<word>>,<<int>>\\n');
    """, sends=("Error", "ENOSPC"), sign="ENOSPC")  # fmt: skip

fault("file-name-too-long", "runtime", "ENAMETOOLONG", "PathIssue", """
    const fs = require('fs');
    ---
    fs.writeFileSync('<<hex>><<hex2>>-<<noun>>'.repeat(15) + '.json', '{}');
    """, """
    const fs = require('fs');
    ---
    return fs.promises.mkdir('<<key>>_'.repeat(90));
    """, sends=("Error", "ENAMETOOLONG"), sign="ENAMETOOLONG")  # fmt: skip

fault("program-not-executable", "deploy", "EACCES", "PermissionDenied", """
    const fs = require('fs');
    const { execFileSync } = require('child_process');
    ---
    fs.writeFileSync('<<stem>>.sh', '#!/bin/sh\\necho <<int>>\\n');
    execFileSync('./<<stem>>.sh', ['--<<key>>']);
    """, """
    const fs = require('fs');
    const { spawn } = require('child_process');
    ---
    fs.writeFileSync('<<stem>>', '');
    spawn('./<<stem>>', ['<<word>>', '<<int>>']);
    """, sends=("Error", "EACCES"), sign="spawn(Sync)? \\S+ EACCES")  # fmt: skip

fault("command-timeout", "runtime", "ETIMEDOUT", "Timeout", """
    const { execSync } = require('child_process');
    ---
    execSync('sleep <<int>>', { timeout: 20 + <<int>> });
    """, """
    const { execFileSync } = require('node:child_process');
    ---
    execFileSync('sleep', ['<<int>>'], { timeout: 50, stdio: 'ignore' });
    """, """
    const { spawnSync } = require('child_process');
    ---
    const <<var>> = spawnSync('tail', ['-f', '/dev/null'], { timeout: <<int>> });
    if (<<var>>.error) throw <<var>>.error;
    """, sends=("Error", "ETIMEDOUT"), sign="spawnSync \\S+ ETIMEDOUT")  # fmt: skip

fault("command-output-large", "runtime", "ENOBUFS", "ResourceExhausted", """
    const { execSync } = require('child_process');
    ---
    execSync('seq 1 <<big>>00', { maxBuffer: <<int>> });
    """, """
    const { execFileSync } = require('node:child_process');
    ---
    return execFileSync('seq', ['500000'], { encoding: 'utf8' }).split('\\n').length;
    """, sends=("Error", "ENOBUFS"), sign="spawnSync \\S+ ENOBUFS")  # fmt: skip

fault("write-after-destroy", "runtime", "ERR_STREAM_DESTROYED", "StateMisuse", """
    const { Writable } = require('stream');
    ---
    const <<var>> = new Writable({ write(chunk, encoding, done) { done(); } });
    <<var>>.destroy();
    <<var>>.write('<<word>>', (error) => { if (error) throw error; });
    """, """
    const fs = require('fs');
    ---
    const <<var>> = fs.createWriteStream('<<stem>>.txt');
    <<var>>.destroy();
    <<var>>.write('<<text>>', (error) => { if (error) throw error; });
    """, sends=("Error", "ERR_STREAM_DESTROYED"), sign="after a stream was destroyed")  # fmt: skip

fault("gzip-malformed", "runtime", "Z_DATA_ERROR", "MalformedData", """
    const zlib = require('zlib');
    ---
    zlib.gunzipSync(Buffer.from('<<noun>> <<int>>'));
    """, """
    const zlib = require('node:zlib');
    ---
    return zlib.inflateSync('{"<<key>>": "<<word>>"}');
    """, sends=("Error", "Z_DATA_ERROR"), sign="incorrect header check")  # fmt: skip

fault("gzip-truncated", "runtime", "Z_BUF_ERROR", "MalformedData", """
    const zlib = require('zlib');
    ---
    zlib.gunzipSync(zlib.gzipSync('<<text>> <<big>>').subarray(0, 15));
    """, """
    const zlib = require('node:zlib');
    ---
    const <<var>> = zlib.deflateSync('<<noun>> <<uuid>>'.repeat(<<int>>));
    return zlib.inflateSync(<<var>>.subarray(0, <<var>>.length - 6)).toString();
    """, sends=("Error", "Z_BUF_ERROR"), sign="unexpected end of file")  # fmt: skip

fault("vector-length", "runtime", "ERR_CRYPTO_INVALID_IV", "InvalidValue", """
    const crypto = require('crypto');
    ---
    crypto.createCipheriv('aes-256-cbc', Buffer.alloc(32), '<<hex>>').update('<<text>>');
    """, """
    const { createDecipheriv, randomBytes } = require('crypto');
    ---
    return createDecipheriv('aes-128-cbc', randomBytes(16), randomBytes(<<int>> + 16));
    """, sends=("TypeError", "ERR_CRYPTO_INVALID_IV"), sign="Invalid initialization vector")  # fmt: skip

fault("key-wrong", "runtime", "ERR_OSSL_BAD_DECRYPT", "InvalidValue", """
    const crypto = require('crypto');
    ---
    const iv = Buffer.alloc(16);
    const <<var>> = crypto.createCipheriv('aes-256-cbc', Buffer.alloc(32, '<<hex>>'), iv);
    const sealed = Buffer.concat([<<var>>.update('<<text>>'), <<var>>.final()]);
    const <<var2>> = crypto.createDecipheriv('aes-256-cbc', Buffer.alloc(32, '<<hex2>>'), iv);
    Buffer.concat([<<var2>>.update(sealed), <<var2>>.final()]);
    """, sends=("Error", "ERR_OSSL_BAD_DECRYPT", "ERR_OSSL_EVP_BAD_DECRYPT"), sign="(?i)bad.decrypt", type_as_sent=False)  # fmt: skip

# HTTP and sockets.

fault("socket-hung-up", "runtime", "ECONNRESET", "NetworkUnreachable", """
    const http = require('http');
    ---
    const server = http.createServer((request) => request.socket.destroy()).listen(0, '127.0.0.1', () => {
      http.get({ port: server.address().port, host: '127.0.0.1', path: '/<<noun>>s/<<int>>' });
    });
    """, """
    const http = require('node:http');
    const net = require('node:net');
    ---
    const <<var>> = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1', () => {
      http.request({ port: <<var>>.address().port, host: '127.0.0.1', method: 'POST' }).end('<<word>>');
    });
    """, sends=("Error", "ECONNRESET"), sign="socket hang up")  # fmt: skip

fault("header-characters", "runtime", "ERR_INVALID_CHAR", "InvalidValue", """
    const http = require('http');
    ---
    http.request({ host: '127.0.0.1', headers: { 'X-<<noun>>': '<<word>>\\n<<int>>' } });
    """, """
    const http = require('http');
    ---
    new http.OutgoingMessage().setHeader('X-<<noun>>-Name', 'caf\\u00e9 \\u6570<<int>>');
    """, sends=("TypeError", "ERR_INVALID_CHAR"), sign="Invalid character in header content")  # fmt: skip

fault("status-code-invalid", "runtime", "ERR_HTTP_INVALID_STATUS_CODE", "InvalidValue", """
    const http = require('http');
    ---
    const server = http.createServer((request, response) => {
      const <<var>> = { <<key>>: <<int>> };
      response.writeHead(<<var>>.status);
      response.end('<<word>>');
    }).listen(0, '127.0.0.1', () => http.get({ port: server.address().port, host: '127.0.0.1' }).on('error', () => {}));
    """, """
    const http = require('node:http');
    ---
    new http.ServerResponse({ method: 'GET' }).writeHead(<<small>>);
    """, sends=("RangeError", "ERR_HTTP_INVALID_STATUS_CODE"), sign="Invalid status code")  # fmt: skip

fault("protocol-of-other-module", "runtime", "ERR_INVALID_PROTOCOL", "InvalidValue", """
    const http = require('http');
    ---
    http.get('https://<<noun>>.example.com/<<int>>');
    """, """
    const https = require('https');
    ---
    https.request({ protocol: 'http:', host: '127.0.0.1', path: '/<<noun>>' });
    """, sends=("TypeError", "ERR_INVALID_PROTOCOL"), sign='Protocol "https?:" not supported')  # fmt: skip

fault("path-unescaped", "runtime", "ERR_UNESCAPED_CHARACTERS", "InvalidValue", """
    const http = require('http');
    ---
    http.get({ host: '127.0.0.1', path: '/<<noun>>s?name=<<noun2>> <<int>>' });
    """, """
    const https = require('node:https');
    ---
    https.request({ hostname: 'localhost', path: '/caf\\u00e9/\\u6570/<<id>>' }).end();
    """, sends=("TypeError", "ERR_UNESCAPED_CHARACTERS"), sign="unescaped characters")  # fmt: skip

fault("port-range", "runtime", "ERR_SOCKET_BAD_PORT", "InvalidValue", """
    const net = require('net');
    ---
    net.createServer().listen(65535 + <<int>>);
    """, """
    const net = require('node:net');
    ---
    net.connect(Number('<<word>>'), '127.0.0.1');
    """, """
    const http = require('http');
    ---
    http.createServer(() => {}).listen({ port: -<<int>>, host: '127.0.0.1' });
    """, sends=("RangeError", "ERR_SOCKET_BAD_PORT"), sign="should be >= 0 and < 65536")  # fmt: skip

fault("server-listens-already", "runtime", "ERR_SERVER_ALREADY_LISTEN", "StateMisuse", """
    const http = require('http');
    ---
    const <<var>> = http.createServer(() => {});
    <<var>>.listen(0);
    <<var>>.listen(0);
    """, """
    const net = require('net');
    ---
    const server = net.createServer();
    for (let attempt = 0; attempt < <<small>>; attempt += 1) server.listen(0, () => console.log('<<noun>>'));
    """, sends=("Error", "ERR_SERVER_ALREADY_LISTEN"), sign="called more than once")  # fmt: skip

fault("fetch-url", "runtime", "TypeError", "InvalidValue", """
    ---
    return fetch('/<<noun>>s/<<int>>');
    """, """
    ---
    return fetch('<<noun>>.example.com/v1?id=<<id>>', { method: 'POST', body: '<<word>>' });
    """, sign="Failed to parse URL", asynchronous=True)  # fmt: skip

fault("body-read-twice", "runtime", "TypeError", "StateMisuse", """
    ---
    return fetch('<<http>>/404/<<noun>>').then(async (answer) => [await answer.text(), await answer.json()]);
    """, """
    const <<fn>> = async (answer) => {
      console.log(await answer.json());
      return answer.text();
    };
    ---
    return fetch('<<http>>/500/<<noun>>s', { method: 'POST', body: '<<int>>' }).then(<<fn>>);
    """, sign="Body (is unusable|has already been read)", asynchronous=True)  # fmt: skip

# SQLite of Node.js itself.

fault("sqlite-unique", "runtime", "ERR_SQLITE_ERROR", "ConstraintViolation", """
    const { DatabaseSync } = require('node:sqlite');
    ---
    const <<var>> = new DatabaseSync(':memory:');
    <<var>>.exec('CREATE TABLE <<noun>>s (<<attr>> TEXT UNIQUE)');
    for (const value of ['<<datum>>', '<<datum>>']) <<var>>.prepare('INSERT INTO <<noun>>s VALUES (?)').run(value);
    """, releases=(22, 24), sends=("Error", "ERR_SQLITE_ERROR"), sign="UNIQUE constraint")  # fmt: skip

fault("sqlite-table", "runtime", "ERR_SQLITE_ERROR", "SchemaMismatch", """
    const { DatabaseSync } = require('node:sqlite');
    ---
    new DatabaseSync(':memory:').prepare('SELECT * FROM <<noun>>s WHERE id = ?').get(<<int>>);
    """, """
    const { DatabaseSync } = require('node:sqlite');
    ---
    const <<var>> = new DatabaseSync('<<stem>>.db');
    <<var>>.exec("INSERT INTO <<key>> VALUES ('<<word>>', <<int>>)");
    """, releases=(22, 24), sends=("Error", "ERR_SQLITE_ERROR"), sign="no such table")  # fmt: skip

# Modules.

fault("require-circular", "runtime", "TypeError", "CircularImport", """
    const { <<fn>> } = require('./<<mod>>');
    ---
    setTimeout(() => <<fn>>(<<int>>), 10);
    === <<mod>>.js
    const { <<fn2>> } = require('./<<mod2>>');
    exports.<<fn>> = (value) => <<fn2>>(value);
    === <<mod2>>.js
    const { <<fn>> } = require('./<<mod>>');
    exports.<<fn2>> = (value) => <<fn>>(value);
    """, """
    const <<var>> = require('./<<mod>>');
    ---
    setTimeout(() => console.log(new <<var>>.<<Class>>().total()), <<small>>);
    === <<mod>>.js
    const other = require('./<<mod2>>');
    exports.<<Class>> = class { total() { return other.count() + <<int>>; } };
    exports.<<fn>> = () => <<int2>>;
    === <<mod2>>.js
    const { <<fn>>: size } = require('./<<mod>>');
    exports.count = () => size() * 2;
    """, clients=("script", "log"), one_file=True, sign="inside circular dependency")  # fmt: skip

fault("subpath-not-exported", "deploy", "ERR_PACKAGE_PATH_NOT_EXPORTED", "PathIssue", """
    const <<var>> = require('zod/lib/types');
    ---
    console.log(<<var>>, <<int>>);
    """, """
    ---
    const { <<Class>> } = require('axios/lib/core/<<Class>>.mjs.map');
    """, """
    ---
    require('zod/src/<<noun>>').<<fn>>('<<word>>');
    """, needs="packages", sends=("Error", "ERR_PACKAGE_PATH_NOT_EXPORTED"), sign="is not defined by \"exports\"")  # fmt: skip

fault("folder-imported", "deploy", "ERR_UNSUPPORTED_DIR_IMPORT", "PathIssue", """
    import { <<fn>> } from './<<noun>>s';
    <<fn>>(<<int>>);
    === <<noun>>s/index.js
    exports.<<fn>> = (value) => value;
    """, """
    import * as <<var>> from './lib/<<mod>>/';
    console.log(<<var>>);
    === lib/<<mod>>/index.mjs
    export const <<key>> = <<int>>;
    """, whole=True, module=True, sends=("Error", "ERR_UNSUPPORTED_DIR_IMPORT"), sign="Directory import")  # fmt: skip

# Source text, again.

fault("jsx-in-source", "compile", "SyntaxError", "SyntaxMistake", """
    function <<Class>>() {
      return <div className="<<noun>>"><<word>></div>;
    }
    """, """
    const <<fn>> = (items) => (
      <ul>{items.map((item) => <li key={item}>{item}</li>)}</ul>
    );
    """, """
    const <<var>> = <h1><<text>></h1>;
    """, whole=True, clients=PLAIN, sign="Unexpected token '<'")  # fmt: skip

fault("comma-missing", "compile", "SyntaxError", "SyntaxMistake", """
    const <<var>> = { <<key>>: <<int>> <<attr>>: '<<word>>' };
    """, """
    const <<var>> = ['<<noun>>' '<<noun2>>'];
    console.log(<<var>>);
    """, """
    function <<fn>>(<<var>> <<var2>>) {
      return <<var>>;
    }
    """, whole=True, clients=PLAIN, sign="Unexpected (identifier|string)|missing \\)")  # fmt: skip

fault("assignment-target", "compile", "SyntaxError", "SyntaxMistake", """
    if (<<int>> = <<int2>>) {
      console.log('<<word>>');
    }
    """, """
    const <<fn>> = () => <<int>>;
    <<fn>>() = <<int2>>;
    """, """
    '<<word>>' = '<<noun>>';
    """, whole=True, clients=("script", "log", "stdin", "eval"), sign="Invalid left-hand side in assignment")  # fmt: skip

fault("catch-missing", "compile", "SyntaxError", "SyntaxMistake", """
    try {
      JSON.parse('<<noun>>');
    }
    console.log('<<word>>');
    """, """
    function <<fn>>(<<var>>) {
      try {
        return <<var>>.<<attr>>;
      }
    }
    """, whole=True, clients=PLAIN, sign="Missing catch or finally")  # fmt: skip

fault("python-in-source", "compile", "SyntaxError", "SyntaxMistake", """
    def <<fn>>(<<var>>):
        return <<var>> + <<int>>
    print(<<fn>>(<<int2>>))
    """, """
    import json
    print(json.dumps({'<<key>>': <<int>>}))
    """, """
    for <<var>> in range(<<int>>):
        print(<<var>>)
    """, """
    from datetime import date
    <<var>> = date.today()
    """, whole=True, clients=("script", "log"), sign="Unexpected|Cannot use import")  # fmt: skip

fault("return-outside", "compile", "SyntaxError", "SyntaxMistake", """
    const <<var>> = <<int>>;
    return <<var>> + 1;
    """, """
    if (<<int>> > 1) {
      return '<<word>>';
    }
    """, whole=True, clients=("eval", "stdin", "vm"), sign="Illegal return statement")  # fmt: skip

# Packages.

fault("axios-500", "runtime", "AxiosError", None, """
    const axios = require('axios');
    ---
    return axios.get('<<http>>/500/<<noun>>/<<id>>');
    """, """
    const axios = require('axios');
    ---
    return axios.create({ baseURL: '<<http>>/500' }).post('/<<hex>>', { <<key>>: <<int>> });
    """, needs="packages", sends=("AxiosError", "ERR_BAD_RESPONSE"), sign="status code 500", asynchronous=True)  # fmt: skip

fault("axios-429", "runtime", "AxiosError", "ResourceExhausted", """
    const axios = require('axios');
    ---
    return axios.get('<<http>>/429/<<noun>>/<<id>>');
    """, """
    const axios = require('axios');
    ---
    return axios.create({ baseURL: '<<http>>/429' }).delete('/<<hex>>');
    """, needs="packages", sends=("AxiosError", "ERR_BAD_REQUEST"), sign="status code 429", asynchronous=True)  # fmt: skip

fault("yaml-key-repeated", "runtime", "YAMLException", "MalformedData", """
    const yaml = require('js-yaml');
    ---
    yaml.load('<<key>>: <<int>>\\n<<key2>>: <<word>>\\n<<key>>: <<int2>>\\n');
    """, """
    const yaml = require('js-yaml');
    ---
    return yaml.load('{<<noun>>: 1, <<noun>>: <<int>>}');
    """, needs="packages", sign="duplicated mapping key")  # fmt: skip

fault("yaml-tag-unknown", "runtime", "YAMLException", "MalformedData", """
    const yaml = require('js-yaml');
    ---
    yaml.load('<<key>>: !Ref <<noun>>');
    """, """
    const yaml = require('js-yaml');
    ---
    return yaml.load('- !<<noun>> { <<key>>: <<int>> }');
    """, needs="packages", sign="unknown tag")  # fmt: skip

fault("yaml-load-removed", "runtime", "Error", "VersionMismatch", """
    const yaml = require('js-yaml');
    ---
    yaml.safeLoad('<<key>>: <<int>>');
    """, """
    const yaml = require('js-yaml');
    ---
    return yaml.safeDump({ <<key>>: '<<word>>' });
    """, needs="packages", sign="is removed in js-yaml 4")  # fmt: skip

fault("jwt-malformed", "runtime", "JsonWebTokenError", "MalformedData", """
    const jwt = require('jsonwebtoken');
    ---
    jwt.verify('<<hex>>', '<<hex2>>');
    """, """
    const jwt = require('jsonwebtoken');
    ---
    return jwt.verify('Bearer <<letters>>', process.env.<<env>> || '<<hex>>');
    """, needs="packages", sign="jwt malformed")  # fmt: skip

fault("jwt-not-given", "runtime", "JsonWebTokenError", "NullAccess", """
    const jwt = require('jsonwebtoken');
    ---
    jwt.verify(undefined, '<<hex>>');
    """, """
    const jwt = require('jsonwebtoken');
    ---
    const headers = { <<key>>: '<<word>>' };
    return jwt.verify((headers.authorization || '').slice(7), '<<hex>>');
    """, needs="packages", sign="jwt must be provided")  # fmt: skip

fault("jwt-secret-absent", "runtime", "Error", "KeyMissing", """
    const jwt = require('jsonwebtoken');
    ---
    jwt.sign({ sub: '<<id>>' }, process.env.<<env>>);
    """, """
    const jwt = require('jsonwebtoken');
    ---
    const <<var>> = { <<key>>: '<<hex>>' };
    return jwt.sign({ id: <<int>>, email: '<<who>>' }, <<var>>.secret, { expiresIn: '<<int>>h' });
    """, needs="packages", sign="secretOrPrivateKey must have a value")  # fmt: skip

fault("react-element-undefined", "runtime", "Error", "UndefinedName", """
    const { createElement } = require('react');
    const { renderToString } = require('react-dom/server');
    const { <<Class>> } = {};
    ---
    return renderToString(createElement(<<Class>>, { <<key>>: <<int>> }));
    """, """
    const { createElement } = require('react');
    const { renderToStaticMarkup } = require('react-dom/server');
    const parts = { <<Class>>: () => null };
    ---
    return renderToStaticMarkup(createElement('div', null, createElement(parts.<<Class2>>)));
    """, needs="packages", sign="Element type is invalid")  # fmt: skip

fault("react-hook-outside", "runtime", "TypeError", "StateMisuse", """
    const { useState } = require('react');
    ---
    const [<<key>>] = useState(<<int>>);
    """, """
    const React = require('react');
    const <<fn>> = () => React.useMemo(() => '<<word>>', []);
    ---
    return <<fn>>();
    """, needs="packages", sign="reading 'use(State|Memo)'")  # fmt: skip

fault("template-helper-absent", "runtime", "Error", "UndefinedName", """
    const handlebars = require('handlebars');
    ---
    handlebars.compile('{{<<noun>>Format <<key>> "<<word>>"}}')({ <<key>>: <<int>> });
    """, """
    const handlebars = require('handlebars');
    ---
    return handlebars.compile('<<text>>: {{#if (<<fn>> <<key>> <<int>>)}}x{{/if}}')({});
    """, needs="packages", sign="Missing helper")  # fmt: skip

fault("template-partial-absent", "runtime", "Error", "KeyMissing", """
    const handlebars = require('handlebars');
    ---
    handlebars.compile('{{> <<noun>>}} <<word>>')({ <<key>>: <<int>> });
    """, """
    const handlebars = require('handlebars');
    ---
    handlebars.registerPartial('<<noun>>', '<b>{{<<key>>}}</b>');
    return handlebars.compile('{{#each items}}{{> <<noun>>Row}}{{/each}}')({ items: [<<int>>] });
    """, needs="packages", sign="The partial .* could not be found")  # fmt: skip

fault("express-handler-undefined", "runtime", "Error", "UndefinedName", """
    const express = require('express');
    const <<key>> = { <<fn>>: (request, response) => response.send('<<word>>') };
    ---
    express().get('/<<noun>>s', <<key>>.<<fn2>>);
    """, """
    const express = require('express');
    const { <<fn>> } = {};
    ---
    const router = express.Router();
    router.post('/<<noun>>s/:id', <<fn>>);
    """, needs="packages", sign="requires a callback function")  # fmt: skip

fault("express-middleware-undefined", "runtime", "TypeError", "UndefinedName", """
    const express = require('express');
    ---
    express().use(express.<<noun>>Parser);
    """, """
    const express = require('express');
    const { <<fn>> } = {};
    ---
    const app = express();
    app.use('/<<noun>>s', <<fn>>);
    """, needs="packages", sign="requires a middleware function")  # fmt: skip
