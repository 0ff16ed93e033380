// force timezone to UTC to allow tests to work regardless of local timezone
// generally used by snapshots, but can affect specific tests
process.env.TZ = 'UTC';

const scaffold = require('./.config/jest.config');

module.exports = {
  // Jest configuration provided by Grafana scaffolding
  ...scaffold,
  roots: ['<rootDir>/src'],
  // For browsers it would come as an ES module.
  moduleNameMapper: { ...scaffold.moduleNameMapper, '^yaml$': require.resolve('yaml') },
  // Some of the libraries that it transforms come as .mjs, which it leaves out.
  transform: { '^.+\\.m?[tj]sx?$': Object.values(scaffold.transform)[0] },
};
