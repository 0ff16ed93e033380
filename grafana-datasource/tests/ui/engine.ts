/** `errata serve` with the demo's failures in it, and the host program before it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

/** Nobody is there; links lead to it. */
export const JAEGER = 'http://jaeger.example.org';
const START_TIMEOUT_MS = 60_000;

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new Error(`${name} is not set: run \`make ui\`, which sets it`);
  }
  return value;
}

/** Without the variables that `errata` would take for settings. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ERRATA_')));
}

async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) {
      return answer;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${what} did not come within ${START_TIMEOUT_MS / 1000} s`);
}

/** Rows of SQL, past the plugin. */
export async function sql<T>(engine: string, query: string): Promise<T[]> {
  const response = await fetch(`${engine}/api/v1/sql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ query }),
  });
  if (!response.ok) {
    throw new Error(await response.text());
  }
  return (await response.json()) as T[];
}

export class Engine {
  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
    /** URL of the HTTP API. */
    readonly url: string
  ) {}

  static async start(): Promise<Engine> {
    const program = fromEnvironment('ERRATA_TEST_BIN');
    const folder = mkdtempSync(join(tmpdir(), 'errata-ui-'));
    const ports = ['otlp-grpc', 'otlp-http', 'http', 'grpc'].flatMap((name) => [`--${name}-addr`, '127.0.0.1:0']);
    const child = spawn(program, ['serve', '--data-dir', folder, ...ports], { env: environment(), stdio: 'ignore' });
    const addresses = await until('addresses.json of errata serve', async () =>
      JSON.parse(readFileSync(join(folder, 'addresses.json'), 'utf8'))
    );
    const url = `http://${addresses.http}`;
    const engine = new Engine(folder, child, url);
    await until('/readyz of errata serve', async () => ((await fetch(`${url}/readyz`)).ok ? true : undefined));
    const to = ['--endpoint', `http://${addresses.otlp_grpc}`, '--query-url', url];
    await promisify(execFile)(program, ['demo', '--rounds', '2', ...to], { env: environment() });
    await engine.settled();
    return engine;
  }

  stop() {
    this.child.kill('SIGTERM');
    this.child.once('exit', () => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** All that the demo sent is in the tables: the count has stood still for longer than a commit takes. */
  private async settled() {
    let last = { count: 0, since: Date.now() };
    await until('the demo in the lake', async () => {
      const [{ count }] = await sql<{ count: number }>(this.url, 'SELECT count(*) AS count FROM errors');
      if (count !== last.count) {
        last = { count, since: Date.now() };
      }
      return count > 0 && Date.now() - last.since > 4000 ? true : undefined;
    });
  }
}

export class Host {
  private constructor(
    private readonly child: ChildProcess,
    readonly url: string
  ) {}

  /** `page` is a folder made by page/build.mjs. */
  static async start(engine: string, page: string): Promise<Host> {
    const folders = [fromEnvironment('ERRATA_UI_DIST'), page].flatMap((folder) => ['-files', folder]);
    const options = ['-backend', fromEnvironment('GPX_ERRATA_BIN'), '-engine', engine, '-jaeger', JAEGER];
    const child = spawn(fromEnvironment('GRAFANA_HOST_BIN'), [...options, ...folders], {
      env: environment(),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const url = await new Promise<string>((resolve, reject) => {
      createInterface({ input: child.stdout }).once('line', resolve);
      child.once('exit', (code) => reject(new Error(`the host program exited ${code}`)));
    });
    return new Host(child, url);
  }

  stop() {
    this.child.stdin?.end();
  }
}

/** Pages by the Grafana that their libraries are of. */
export function pages(): Record<string, string> {
  return JSON.parse(fromEnvironment('ERRATA_UI_PAGES'));
}

/** What runs for the tests, told by setup.ts in the environment. */
export const START = 'ERRATA_UI_STARTED';

export interface Started {
  /** URL of the engine. */
  engine: string;
  /** URLs of the pages, by the major version of Grafana. */
  hosts: Record<string, string>;
}

export function started(): Started {
  return JSON.parse(fromEnvironment(START));
}
