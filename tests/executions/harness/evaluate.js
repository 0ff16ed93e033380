// Runs a program inside this process, as platforms do: node evaluate.js HOW FILE NAME
const fs = require('fs');
const path = require('path');
const vm = require('vm');
const { createRequire } = require('module');

const [how, file, name] = process.argv.slice(2);
const source = fs.readFileSync(file, 'utf8');
const required = createRequire(path.resolve(file));

function <<run>>(code) {
  if (how === 'vm') {
    const sandbox = vm.createContext({ require: required, console, module: {}, process, setTimeout, setImmediate, queueMicrotask, Buffer, URL, fetch, AbortSignal });
    return vm.runInContext(code, sandbox, { filename: name });
  }
  return new Function('require', 'module', code)(required, {});
}

process.argv = ['node', file];
<<run>>(source);
