/** How the pages look: pictures in $ERRATA_UI_OUTPUT, for people. What can be checked is checked: nothing sticks out. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Page } from '@playwright/test';

import { expect, test } from './fixtures';

const OUTPUT = process.env.ERRATA_UI_OUTPUT ?? 'test-results/looks';
const SIZES = [
  { width: 400, height: 900 },
  { width: 1600, height: 900 },
];

test.beforeAll(() => mkdirSync(OUTPUT, { recursive: true }));

async function picture(page: Page, name: string) {
  // Icons come one by one.
  await page.waitForLoadState('networkidle');
  const sideways = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(sideways, `${name} is wider than its page`).toBeLessThanOrEqual(0);
  await page.screenshot({ path: join(OUTPUT, `${name}.png`) });
}

for (const theme of ['dark', 'light'] as const) {
  for (const size of SIZES) {
    const suffix = `${theme}-${size.width}`;

    test(`panel ${suffix}`, async ({ open, engine }) => {
      const [{ pattern_id: pattern }] = await engine.sql<{ pattern_id: string }>(
        `SELECT pattern_of(pattern_id, fingerprint) AS pattern_id FROM errors WHERE error_type LIKE '%JSONDecodeError' LIMIT 1`
      );
      const page = await open({ page: 'panel', theme, ...size, variables: { pattern } });
      await page.getByRole('list', { name: 'Frames, the innermost first' }).waitFor();
      await page.getByText('Packages').waitFor();
      await picture(page, `panel-stack-${suffix}`);
      await page.getByRole('button', { name: 'Resolve', exact: true }).click();
      await picture(page, `panel-resolve-${suffix}`);
      await page.getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'Labels', exact: true }).click();
      await picture(page, `panel-labels-${suffix}`);
      await page.getByRole('button', { name: 'Cancel' }).click();
      for (const [tab, ready] of [
        ['Compare', /What differs|Both are the same/],
        ['Why here', /Exceptions with the same fingerprint/],
        ['Similar', /No other pattern is near|alike/],
        ['Solutions', /No solutions yet/],
        ['History', /Nobody has decided|ada/],
      ] as const) {
        await page.getByRole('tab', { name: tab }).click();
        await page.getByText(ready).first().waitFor();
        await page.getByRole('tab', { name: tab }).scrollIntoViewIfNeeded();
        await picture(page, `panel-${tab.toLowerCase().replace(' ', '-')}-${suffix}`);
      }
    });

    test(`editors ${suffix}`, async ({ open }) => {
      let page = await open({ page: 'query', theme, ...size });
      await page.getByText('Order by').waitFor();
      await picture(page, `query-builder-${suffix}`);
      const query = {
        version: 1,
        queryType: 'sql',
        rawSql:
          "SELECT error_type, count(*) AS exceptions\nFROM errors\nWHERE $__timeFilter(timestamp) AND language = '$language'\nGROUP BY error_type",
      };
      page = await open({ page: 'query', theme, ...size, query });
      await page.locator('.view-line').first().waitFor();
      await picture(page, `query-code-${suffix}`);
      for (const name of ['config', 'variable', 'help', 'start']) {
        page = await open({ page: name, theme, ...size });
        await page.locator('#root').getByText(/./).first().waitFor();
        await picture(page, `${name}-${suffix}`);
      }
    });
  }
}
