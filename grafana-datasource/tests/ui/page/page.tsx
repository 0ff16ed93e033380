/**
 * Shows one page of the built plugin as Grafana would: Grafana's own libraries as the modules that the bundle asks
 * for, Grafana's themes, and its services as far as the pages use them, answered by the host program.
 *
 * Parameters: `page` (a key of PAGES), `theme`, `role`, `width`, `height`, and `var-<name>` for
 * variables, `query` (JSON), `file` of a dashboard, `restless`.
 */
import * as emotion from '@emotion/css';
import * as data from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import * as runtime from '@grafana/runtime';
import * as ui from '@grafana/ui';
import React, { useState } from 'react';
import * as ReactDOM from 'react-dom';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router-dom';
import { CompatRouter } from 'react-router-dom-v5-compat';
import * as rxjs from 'rxjs';

import { askDashboard } from './dashboard';
import { services } from './services';

const parameters = new URLSearchParams(window.location.search);
const isDark = parameters.get('theme') !== 'light';
const theme = data.createTheme({ colors: { mode: isDark ? 'dark' : 'light' } });
const size = {
  width: Number(parameters.get('width') ?? window.innerWidth - 16),
  height: Number(parameters.get('height') ?? window.innerHeight - 16),
};
const range = {
  from: data.dateTime(Date.now() - 24 * 3600 * 1000),
  to: data.dateTime(),
  raw: { from: 'now-24h', to: 'now' },
};

/** Modules that the bundle takes from Grafana. */
function provideModules() {
  const modules: Record<string, unknown> = {
    react: React,
    'react-dom': ReactDOM,
    rxjs,
    '@emotion/css': emotion,
    '@grafana/data': data,
    '@grafana/runtime': runtime,
    '@grafana/ui': ui,
  };
  const imports: Record<string, string> = {};
  for (const [name, module] of Object.entries(modules)) {
    imports[name] = `${window.location.origin}/modules/${name}`;
    System.set(imports[name], { default: module, __useDefault: true });
  }
  System.addImportMap({ imports });
}

const load = async (path: string) =>
  (await System.import(`${window.location.origin}/public/plugins/errata-app/${path}module.js`)).plugin;

async function panel() {
  const plugin = await load('panel/');
  const Panel = plugin.panel;
  const options = { pattern: '$pattern', datasource: '${datasource}' };
  return (
    <Panel
      id={1}
      options={options}
      width={size.width}
      height={size.height}
      timeZone="utc"
      replaceVariables={services.templates.replace}
    />
  );
}

async function datasource() {
  const plugin = await load('datasource/');
  return { plugin, instance: new plugin.DataSourceClass(services.settings, services.templates) };
}

async function queryPage() {
  const { plugin, instance } = await datasource();
  services.instance = instance;
  const Editor = plugin.components.QueryEditor;
  const given = JSON.parse(parameters.get('query') ?? 'null') ?? instance.getDefaultQuery();
  function Page() {
    const [query, setQuery] = useState<any>({ refId: 'A', ...given });
    const [asked, setAsked] = useState(0);
    const result = useResult(() => run(instance, query), asked);
    useRestless();
    return (
      <>
        <Editor
          query={query}
          datasource={instance}
          range={range}
          onChange={setQuery}
          onRunQuery={() => setAsked((before) => before + 1)}
        />
        <pre data-testid="query">{JSON.stringify(query)}</pre>
        <pre data-testid="result">{result}</pre>
      </>
    );
  }
  return <Page />;
}

/** With `restless`, renders again all the time, as a dashboard does whose answers come in. */
function useRestless() {
  const [, render] = useState(0);
  React.useEffect(() => {
    if (!parameters.has('restless')) {
      return;
    }
    const timer = setInterval(() => render((before) => before + 1), 5);
    return () => clearInterval(timer);
  }, []);
}

function useResult(ask: () => Promise<string>, asked: number): string {
  const [result, setResult] = useState('');
  React.useEffect(() => {
    let overtaken = false;
    if (asked > 0) {
      ask().then((text) => !overtaken && setResult(text));
    }
    return () => {
      overtaken = true;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [asked]);
  return result;
}

/** A query's answer in short: an error, or the fields and rows of each frame. */
async function run(instance: any, query: any): Promise<string> {
  if (!instance.filterQuery(query)) {
    return 'not complete';
  }
  const request = { targets: [query], range, intervalMs: 60_000, maxDataPoints: 500, scopedVars: {}, requestId: 'Q' };
  const response: any = await rxjs.lastValueFrom(instance.query(request));
  const problem = response.errors?.[0] ?? response.error;
  if (problem) {
    return `error: ${problem.message}`;
  }
  return response.data
    .map((frame: any) => `${frame.fields.map((field: any) => field.name).join(' ')}: ${frame.length} rows`)
    .join('\n');
}

async function variablePage() {
  const { instance } = await datasource();
  services.instance = instance;
  const Editor = instance.variables.editor;
  function Page() {
    const [query, setQuery] = useState<any>({ refId: 'V', kind: 'values' });
    const choices = useResult(async () => {
      const response: any = await rxjs.lastValueFrom(
        instance.variables.query({ targets: [query], range, scopedVars: {} })
      );
      return response.data.map((choice: any) => choice.text).join(', ');
    }, JSON.stringify(query).length);
    return (
      <>
        <Editor query={query} datasource={instance} onChange={setQuery} onRunQuery={() => undefined} />
        <pre data-testid="choices">{choices}</pre>
      </>
    );
  }
  return <Page />;
}

async function configPage() {
  const { plugin, instance } = await datasource();
  const Editor = plugin.components.ConfigEditor;
  function Page() {
    const [options, setOptions] = useState<any>({
      url: 'http://127.0.0.1:9680',
      jsonData: {},
      secureJsonData: {},
      secureJsonFields: { token: true },
    });
    const health = useResult(
      () =>
        instance.testDatasource().then(
          (answer: any) => answer.message,
          (error: any) => error.message
        ),
      1
    );
    return (
      <>
        <Editor options={options} onOptionsChange={setOptions} />
        <pre data-testid="options">{JSON.stringify(options)}</pre>
        <pre data-testid="health">{health}</pre>
      </>
    );
  }
  return <Page />;
}

async function helpPage() {
  const { plugin } = await datasource();
  const Help = plugin.components.QueryEditorHelp;
  function Page() {
    const [example, setExample] = useState<any>();
    return (
      <>
        <Help onClickExample={setExample} />
        <pre data-testid="example">{JSON.stringify(example)}</pre>
      </>
    );
  }
  return <Page />;
}

async function startPage() {
  const plugin = await load('');
  const Body = plugin.configPages[0].body;
  return <Body plugin={plugin} query={{}} />;
}

/** Asks all of a dashboard, and tells what came. */
async function dashboardPage() {
  const { instance } = await datasource();
  services.instance = instance;
  const file = `/public/plugins/errata-app/dashboards/${parameters.get('file')}`;
  const board = await (await fetch(file)).json();
  const told = await askDashboard(board, instance, range);
  return <pre data-testid="told">{JSON.stringify(told)}</pre>;
}

const PAGES: Record<string, () => Promise<React.ReactElement>> = {
  panel,
  query: queryPage,
  variable: variablePage,
  config: configPage,
  help: helpPage,
  start: startPage,
  dashboard: dashboardPage,
};

async function main() {
  provideModules();
  services.provide(parameters);
  await initPluginTranslations('errata-app');
  const name = parameters.get('page') ?? 'panel';
  const content = await PAGES[name]();
  createRoot(document.getElementById('root')!).render(
    <BrowserRouter>
      <CompatRouter>
        <data.ThemeContext.Provider value={theme}>
          <ui.GlobalStyles />
          <div style={{ padding: name === 'panel' ? 8 : 16 }}>{content}</div>
          <ui.PortalContainer />
        </data.ThemeContext.Provider>
      </CompatRouter>
    </BrowserRouter>
  );
}

// Not before the page's last script: SystemJS, which would take Grafana's libraries for AMD modules were it there first.
window.addEventListener('load', () => void main());
