/** docker-compose.yaml and the provisioning files: what they name exists, and every image is pinned. */
import { existsSync, readdirSync, readFileSync } from 'fs';
import { join } from 'path';

import { parse } from 'yaml';

import { PLUGIN_APP, PLUGIN_DATASOURCE, PLUGIN_PANEL } from './shared/links';

const ROOT = join(__dirname, '..');
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const yaml = (path: string) => parse(text(path));
const compose = yaml('docker-compose.yaml');
const services: Array<[string, any]> = Object.entries(compose.services);
const PINNED = /^[\w./-]+:\d+\.\d+(\.\d+)?[\w.-]*$/;

describe('docker-compose.yaml', () => {
  it('starts the four together', () =>
    expect(services.map(([name]) => name)).toEqual(['collector', 'errata', 'jaeger', 'grafana']));

  it.each(services)('%s has a pinned image, and ports on this machine only', (_name, service) => {
    expect(service.image).toMatch(PINNED);
    (service.ports ?? []).forEach((port: string) => expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/));
    for (const volume of service.volumes ?? []) {
      const [source] = volume.split(':');
      // The build makes dist.
      const known = source.startsWith('./')
        ? source === './dist' || existsSync(join(ROOT, source))
        : source in compose.volumes;
      expect(known ? source : `${source} is missing`).toBe(source);
    }
    Object.keys(service.depends_on ?? {}).forEach((name) => expect(services.map(([one]) => one)).toContain(name));
  });

  it('builds Errata from pinned images, from the whole repository', () => {
    const { context, dockerfile } = compose.services.errata.build;
    expect(existsSync(join(ROOT, context, dockerfile))).toBe(true);
    const images = [...text('compose/Dockerfile').matchAll(/^FROM (\S+)/gm)].map(([, image]) => image);
    expect(images).toHaveLength(2);
    images.forEach((image) => expect(image).toMatch(PINNED));
    const { channel } = /channel = "(?<channel>[\d.]+)"/.exec(text('../rust-toolchain.toml'))!.groups!;
    expect(images[0]).toContain(`rust:${channel}`);
  });

  it('lets the unsigned plugins load', () =>
    expect(compose.services.grafana.environment.GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS.split(',')).toEqual([
      PLUGIN_APP,
      PLUGIN_DATASOURCE,
      PLUGIN_PANEL,
    ]));

  it('sets what the provisioning files take from the environment', () => {
    const set = Object.keys(compose.services.grafana.environment);
    const wanted = text('provisioning/datasources/errata.yaml').match(/(?<=: )\$\w+/g);
    expect(wanted).toContain('$ERRATA_URL');
    wanted?.forEach((name) => expect(set).toContain(name.slice(1)));
  });

  it('has a Collector whose pipelines use what is configured, as the example does', () => {
    const config = yaml('compose/collector.yaml');
    const example = yaml('../examples/collector/config.yaml');
    expect(Object.keys(config.service.pipelines)).toEqual(Object.keys(example.service.pipelines));
    expect(Object.keys(config.receivers)).toEqual(Object.keys(example.receivers));
    for (const pipeline of Object.values<any>(config.service.pipelines)) {
      for (const part of ['receivers', 'processors', 'exporters']) {
        (pipeline[part] ?? []).forEach((name: string) => expect(Object.keys(config[part])).toContain(name));
      }
    }
    const forward = new URL(compose.services.errata.environment.ERRATA_FORWARD_ENDPOINT);
    expect(config.receivers['otlp/tagged'].protocols.grpc.endpoint).toBe(`0.0.0.0:${forward.port}`);
  });
});

describe('provisioning', () => {
  const [errata, traces] = yaml('provisioning/datasources/errata.yaml').datasources;

  it('has a data source of ours, whose traces open in the other', () => {
    expect(errata.type).toBe(PLUGIN_DATASOURCE);
    expect(traces).toMatchObject({ type: 'jaeger', uid: errata.jsonData.jaegerDatasourceUid });
  });

  it('has alert rules that ask this data source', () => {
    const folder = join(ROOT, 'provisioning/alerting');
    const rules = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
    expect(rules.length).toBeGreaterThan(0);
    const asked = rules.flatMap((name) => [
      ...readFileSync(join(folder, name), 'utf8').matchAll(/datasourceUid: (\S+)/g),
    ]);
    asked.forEach(([, uid]) => expect([errata.uid, '__expr__']).toContain(uid));
  });

  it('enables the app', () =>
    expect(yaml('provisioning/plugins/errata.yaml').apps).toEqual([{ type: PLUGIN_APP, org_id: 1, disabled: false }]));
});
