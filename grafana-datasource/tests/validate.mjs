// Checks the plugins' plugin.json against Grafana's published schema. No registry carries the schema, so it is given:
//
//   curl -O https://raw.githubusercontent.com/grafana/grafana/main/docs/sources/developers/plugins/plugin.schema.json
//   node tests/validate.mjs plugin.schema.json
import { readFileSync } from 'node:fs';

import Ajv from 'ajv';
import addFormats from 'ajv-formats';

const schema = JSON.parse(readFileSync(process.argv[2], 'utf8'));
// The schema names its dialect without the fragment that ajv knows it by.
delete schema.$schema;
const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
addFormats(ajv);
const validate = ajv.compile(schema);

let failed = false;
for (const name of ['plugin.json', 'datasource/plugin.json', 'panel/plugin.json']) {
  const manifest = JSON.parse(readFileSync(new URL(`../src/${name}`, import.meta.url), 'utf8'));
  for (const error of validate(manifest) ? [] : validate.errors) {
    failed = true;
    console.error(`${name}${error.instancePath}: ${error.message} ${JSON.stringify(error.params)}`);
  }
}
process.exitCode = failed ? 1 : 0;
