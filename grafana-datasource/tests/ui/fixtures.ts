import { test as base, type Page } from '@playwright/test';

import { Engine, Host, pages } from './engine';

interface Opened {
  /** `page` of the host page's parameters. */
  page: string;
  theme?: 'dark' | 'light';
  role?: 'Viewer' | 'Editor' | 'Admin';
  width?: number;
  height?: number;
  /** Major version of Grafana. */
  grafana?: string;
  query?: unknown;
  variables?: Record<string, string>;
}

type Open = (options: Opened) => Promise<Page>;

interface Worker {
  engine: Engine;
  hosts: Record<string, Host>;
}

/** Messages of the browser's console that would be a fault in Grafana too. */
const problems = new WeakMap<Page, string[]>();

export const test = base.extend<{ open: Open }, Worker>({
  engine: [
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      const engine = await Engine.start();
      await use(engine);
      engine.stop();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
  hosts: [
    async ({ engine }, use) => {
      const hosts: Record<string, Host> = {};
      for (const [version, folder] of Object.entries(pages())) {
        hosts[version] = await Host.start(engine, folder);
      }
      await use(hosts);
      Object.values(hosts).forEach((host) => host.stop());
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  open: async ({ page, hosts }, use) => {
    const found: string[] = [];
    problems.set(page, found);
    page.on('pageerror', (error) => found.push(error.message));
    page.on('console', (message) => message.type() === 'error' && found.push(message.text()));
    await use(async (options) => {
      const { width = 1600, height = 900, grafana = '12', variables = {} } = options;
      await page.setViewportSize({ width, height });
      const parameters = new URLSearchParams({ page: options.page, theme: options.theme ?? 'dark' });
      if (options.role) {
        parameters.set('role', options.role);
      }
      if (options.query) {
        parameters.set('query', JSON.stringify(options.query));
      }
      for (const [name, value] of Object.entries(variables)) {
        parameters.set(`var-${name}`, value);
      }
      await page.goto(`${hosts[grafana].url}/?${parameters}`);
      return page;
    });
  },
});

/** Faults that the page told its console, except for those that a test expects. */
export function consoleProblems(page: Page, expected: RegExp[] = []): string[] {
  return (problems.get(page) ?? []).filter((text) => !expected.some((pattern) => pattern.test(text)));
}

export { expect } from '@playwright/test';
