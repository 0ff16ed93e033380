// Loaded before a program (node -r): writes what a client would report of its uncaught exception.
// RECORD_FILE says where, RECORD_AS how: sdk (OpenTelemetry: the code, else the name, as the type) or name.
const fs = require('fs');

process.on('uncaughtException', (error) => {
  const named = error instanceof Error || (error && error.stack);
  const kind = process.env.RECORD_AS === 'sdk' && named && error.code ? String(error.code) : named ? error.name : typeof error;
  const record = { type: kind, message: named ? error.message : String(error), stacktrace: named ? error.stack : '' };
  fs.writeFileSync(process.env.RECORD_FILE, JSON.stringify(record));
  process.exit(1);
});
