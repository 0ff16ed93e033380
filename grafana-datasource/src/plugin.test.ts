import { existsSync, readdirSync, readFileSync } from 'fs';
import { join } from 'path';

import { PAGES } from './app/pages';
import { PLUGIN_APP, PLUGIN_DATASOURCE, PLUGIN_PANEL } from './shared/links';

const read = (path: string) => JSON.parse(readFileSync(join(__dirname, path), 'utf8'));
const MANIFESTS = ['plugin.json', 'datasource/plugin.json', 'panel/plugin.json'];
const app = read('plugin.json');

describe('manifests', () => {
  it('have the ids that the code knows', () =>
    expect(MANIFESTS.map((path) => read(path).id)).toEqual([PLUGIN_APP, PLUGIN_DATASOURCE, PLUGIN_PANEL]));

  it.each(MANIFESTS)('%s runs from Grafana 12.3 on, and has its logos and a module', (path) => {
    const manifest = read(path);
    const folder = join(__dirname, path, '..');
    expect(manifest.dependencies.grafanaDependency).toBe('>=12.3.0');
    expect(manifest.info.version).toBe('%VERSION%');
    for (const logo of Object.values<string>(manifest.info.logos)) {
      expect(existsSync(join(folder, logo))).toBe(true);
    }
    expect(['module.ts', 'module.tsx'].some((module) => existsSync(join(folder, module)))).toBe(true);
  });

  it('includes what there is, once each', () => {
    const included: Array<{ type: string; path: string }> = app.includes;
    const dashboards = included.filter((one) => one.type === 'dashboard').map((one) => one.path);
    const files = readdirSync(join(__dirname, 'dashboards')).filter((name) => name.endsWith('.json'));
    expect([...dashboards].sort()).toEqual(files.map((name) => `dashboards/${name}`).sort());
    for (const { type, path } of included.filter((one) => one.type !== 'dashboard')) {
      expect(read(path).type).toBe(type);
    }
    expect(included.filter((one) => 'defaultNav' in one)).toHaveLength(1);
  });

  it('offers dashboards on the start page that exist', () => {
    const uids = app.includes
      .filter((one: { type: string }) => one.type === 'dashboard')
      .map((one: { path: string }) => read(one.path).uid);
    PAGES.forEach((page) => expect(uids).toContain(page.uid));
  });

  it('has a data source that alerts, streams and annotates with the backend that is built', () => {
    const datasource = read('datasource/plugin.json');
    expect(datasource).toMatchObject({
      backend: true,
      executable: 'gpx_errata',
      alerting: true,
      annotations: true,
      streaming: true,
      logs: true,
      tracing: true,
      metrics: true,
    });
  });
});
