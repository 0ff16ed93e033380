// Loaded before a program (node -r): writes what a client would report of its uncaught exception.
// RECORD_FILE says where, RECORD_AS how: sdk (OpenTelemetry: the code, else the name, as the type), name, or as a log
// line: pino and winston (JSON), lambda (the trace of AWS Lambda's error object), lambda-log (its log line).
const fs = require('fs');

const lines = {
  pino: (error, kind) => JSON.stringify({ level: 50, time: 1700000000000, pid: process.pid, hostname: 'worker', err: { type: kind, message: error.message, stack: error.stack, code: error.code }, msg: error.message }),
  winston: (error) => JSON.stringify({ level: 'error', message: `uncaughtException: ${error.message}\n${error.stack}`, stack: error.stack }),
  lambda: (error) => error.stack.split('\n').map((line) => line.trimEnd()).join('\n'),
  'lambda-log': (error, kind) => `${process.env.RECORD_HEAD}\tERROR\tInvoke Error \t${JSON.stringify({ errorType: kind, errorMessage: error.message, code: error.code, stack: error.stack.split('\n') })}`,
};

process.on('uncaughtException', (error) => {
  const how = process.env.RECORD_AS;
  const named = error instanceof Error || (error && error.stack);
  const kind = how === 'sdk' && named && error.code ? String(error.code) : named ? error.name : typeof error;
  const stack = !named ? '' : lines[how] ? lines[how](error, kind) : error.stack;
  const record = { type: kind, message: named ? error.message : String(error), stacktrace: stack };
  fs.writeFileSync(process.env.RECORD_FILE, JSON.stringify(record));
  process.exit(1);
});
