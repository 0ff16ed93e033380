const manifest = `{
  "name": "report-builder",
  "version": "1.4.0",
}`;

const { name, version } = JSON.parse(manifest);
console.log(`${name}@${version}`);
