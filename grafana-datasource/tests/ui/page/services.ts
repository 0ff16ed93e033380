/** Grafana's services as far as the plugin uses them: the client of its server, variables, the list of data sources. */
import { setBackendSrv, setDataSourceSrv, setTemplateSrv } from '@grafana/runtime';
import { from } from 'rxjs';

const TYPE = 'errata-patterns-datasource';
const UID = 'errata';

let role = 'Editor';
const variables = new Map<string, string>();

const settings = {
  id: 1,
  uid: UID,
  type: TYPE,
  name: 'Errata',
  url: '/',
  access: 'proxy',
  readOnly: false,
  meta: { id: TYPE, name: 'Errata', info: { version: '0.1.0', logos: { small: '', large: '' } } },
  jsonData: { jaegerUrl: 'http://jaeger.example.org' },
};

const jaeger = { ...settings, id: 2, uid: 'jaeger', type: 'jaeger', name: 'Jaeger', jsonData: {} };

async function ask(options: any) {
  const url = new URL(options.url, window.location.origin);
  for (const [name, value] of Object.entries(options.params ?? {})) {
    url.searchParams.set(name, String(value));
  }
  const response = await fetch(url, {
    method: options.method ?? 'GET',
    headers: { 'Content-Type': 'application/json', 'X-Test-Role': role, ...options.headers },
    body: options.data === undefined ? undefined : JSON.stringify(options.data),
  });
  const text = await response.text();
  let data: unknown = text;
  try {
    data = JSON.parse(text);
  } catch {
    // Not everything is JSON.
  }
  const answer = {
    data,
    status: response.status,
    statusText: response.statusText,
    headers: response.headers,
    ok: response.ok,
  };
  if (!response.ok) {
    throw { ...answer, config: options };
  }
  return answer;
}

const formats: Record<string, (value: string) => string> = { raw: (value) => value };

const templates: any = {
  replace(text: string, _scoped?: unknown, format?: unknown): string {
    return (text ?? '').replace(/\$(\w+)|\$\{(\w+)(?::(\w+))?\}/g, (match, short, long, named) => {
      const value = variables.get(short ?? long);
      if (value === undefined) {
        return match;
      }
      const chosen = named ? formats[named] : format;
      return typeof chosen === 'function' ? chosen(value) : value;
    });
  },
  getVariables: () => [],
  containsTemplate: () => false,
  updateTimeRange: () => undefined,
};

export const services: any = {
  settings,
  templates,
  variables,
  /** The data source under test, for code that asks Grafana for it. */
  instance: undefined,
  provide(parameters: URLSearchParams) {
    role = parameters.get('role') ?? role;
    variables.set('datasource', UID);
    for (const [name, value] of parameters) {
      if (name.startsWith('var-')) {
        variables.set(name.slice(4), value);
      }
    }
    setBackendSrv({ fetch: (options: any) => from(ask(options)) } as any);
    setTemplateSrv(templates);
    const all = [settings, jaeger];
    setDataSourceSrv({
      getList: ({ type, filter }: any = {}) =>
        all.filter((one) => (!type || one.type === type) && (!filter || filter(one))),
      // By uid or by name, variables put in, as Grafana does.
      getInstanceSettings: (ref: any) => {
        const wanted = templates.replace(ref?.uid ?? ref);
        return wanted ? all.find((one) => [one.uid, one.name].includes(wanted)) : settings;
      },
      get: async () => services.instance,
    } as any);
  },
};
