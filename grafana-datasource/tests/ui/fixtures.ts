import { test as base, type Page } from '@playwright/test';

import { sql, started } from './engine';

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
  /** Renders the query editor again all the time. */
  restless?: boolean;
  /** Of a dashboard. */
  file?: string;
  variables?: Record<string, string>;
}

type Open = (options: Opened) => Promise<Page>;

/** The engine, past the plugin. */
interface EngineDoor {
  url: string;
  sql<T>(query: string): Promise<T[]>;
}

/** Messages of the browser's console that would be a fault in Grafana too. */
const problems = new WeakMap<Page, string[]>();

export const test = base.extend<{ open: Open; engine: EngineDoor }>({
  // eslint-disable-next-line no-empty-pattern
  engine: async ({}, use) => {
    const { engine } = started();
    await use({ url: engine, sql: (query) => sql(engine, query) });
  },
  open: async ({ page }, use) => {
    const found: string[] = [];
    problems.set(page, found);
    page.on('pageerror', (error) => found.push(error.message));
    page.on('console', (message) => {
      // What could not be loaded is told below, with its address.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        found.push(message.text());
      }
    });
    page.on('response', (response) => {
      // Not all icons are in the package of Grafana's components.
      if (response.status() >= 400 && !response.url().includes('/img/icons/')) {
        found.push(`${response.status()} ${response.url()}`);
      }
    });
    await use(async (options) => {
      const { width = 1600, height = 900, grafana = '12', variables = {} } = options;
      await page.setViewportSize({ width, height });
      const parameters = new URLSearchParams({ page: options.page, theme: options.theme ?? 'dark' });
      if (options.role) {
        parameters.set('role', options.role);
      }
      if (options.file) {
        parameters.set('file', options.file);
      }
      if (options.restless) {
        parameters.set('restless', '');
      }
      if (options.query) {
        parameters.set('query', JSON.stringify(options.query));
      }
      for (const [name, value] of Object.entries(variables)) {
        parameters.set(`var-${name}`, value);
      }
      await page.goto(`${started().hosts[grafana]}/?${parameters}`);
      return page;
    });
  },
});

/** Faults that the page told its console, except for those that a test expects. */
export function consoleProblems(page: Page, expected: RegExp[] = []): string[] {
  return (problems.get(page) ?? []).filter((text) => !expected.some((pattern) => pattern.test(text)));
}

export { expect } from '@playwright/test';
