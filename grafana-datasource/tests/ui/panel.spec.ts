import type { Page } from '@playwright/test';

import { JAEGER } from './engine';
import { consoleProblems, expect, test } from './fixtures';

interface Row {
  pattern_id: string;
}

/** A pattern of the demo that no other test here changes, by what its exceptions are. */
async function patternOf(engine: { sql<T>(query: string): Promise<T[]> }, where: string): Promise<string> {
  const rows = await engine.sql<Row>(
    `SELECT pattern_of(pattern_id, fingerprint) AS pattern_id, count(*) AS count FROM errors WHERE ${where}
     GROUP BY 1 ORDER BY count DESC, 1 LIMIT 1`
  );
  expect(rows, where).toHaveLength(1);
  return rows[0].pattern_id;
}

const MISSING_MODULE = "error_type = 'ModuleNotFoundError'";
const REFUSED = "error_type LIKE '%URLError'";
const KEY = "error_type = 'KeyError'";
const JSON_ERROR = "error_type LIKE '%JSONDecodeError'";

const tab = (page: Page, name: string) => page.getByRole('tab', { name });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

for (const grafana of ['12', '13']) {
  test.describe(`triage panel in Grafana ${grafana}`, () => {
    test('tells the error, whose code each frame is, where it leads', async ({ open, engine }) => {
      const pattern = await patternOf(engine, JSON_ERROR);
      const page = await open({ page: 'panel', grafana, variables: { pattern } });
      await expect(page.getByRole('heading', { name: 'json.decoder.JSONDecodeError' })).toBeVisible();
      await expect(page.getByRole('list', { name: 'Taxonomy' })).toHaveText(/python.*runtime.*JSONDecodeError/);
      await expect(page.getByText('First step:')).toBeVisible();
      const frames = page.getByRole('list', { name: 'Frames, the innermost first' }).getByRole('listitem');
      await expect(frames.first()).toContainText('runtime');
      await expect(frames.last()).toContainText('user');
      const all = await frames.count();
      await page.locator('#errata-user-only').check({ force: true });
      await expect(page.getByText(/^\d+ runtime frames$/)).toBeVisible();
      expect(await frames.count()).toBeLessThan(all);
      const trace = page.getByRole('link', { name: 'Trace in Jaeger' });
      await expect(trace).toHaveAttribute('href', new RegExp(`^${JAEGER}/trace/[0-9a-f]{32}\\?uiFind=[0-9a-f]{16}$`));
      await expect(page.getByRole('link', { name: 'Session' })).toHaveAttribute(
        'href',
        /^\/d\/errata-session\?var-session=/
      );
      expect(consoleProblems(page)).toEqual([]);
    });

    test('compares two occurrences frame by frame', async ({ open, engine }) => {
      const pattern = await patternOf(engine, MISSING_MODULE);
      const page = await open({ page: 'panel', grafana, variables: { pattern } });
      await tab(page, 'Compare').click();
      await expect(page.getByText(/What differs is marked|Both are the same/)).toBeVisible();
      await expect(
        page.getByRole('list', { name: 'Frames, the innermost first' }).getByRole('listitem').first()
      ).toBeVisible();
    });

    test('says why, what is similar, and that there are no solutions yet', async ({ open, engine }) => {
      const pattern = await patternOf(engine, MISSING_MODULE);
      const page = await open({ page: 'panel', grafana, variables: { pattern } });
      await tab(page, 'Why here').click();
      await expect(page.getByText('Message, varying parts left out')).toBeVisible();
      await expect(page.getByText('no module named <value>')).toBeVisible();
      await tab(page, 'Similar').click();
      await expect(page.getByText(/No other pattern is near|alike/).first()).toBeVisible();
      await tab(page, 'Solutions').click();
      await expect(page.getByText('No solutions yet.')).toBeVisible();
    });

    test('resolves with a reason, shows it in the history, undoes it', async ({ open, engine }) => {
      const pattern = await patternOf(engine, KEY);
      const page = await open({ page: 'panel', grafana, variables: { pattern } });
      await button(page, 'Resolve').click();
      await expect(button(page, 'Resolve pattern')).toBeDisabled();
      await page.getByLabel('Reason').fill(`fixed in 1.2, seen in Grafana ${grafana}`);
      await button(page, 'Resolve pattern').click();
      await expect(page.getByText('resolved', { exact: true })).toBeVisible();
      const [{ status }] = await engine.sql<{ status: string }>(
        `SELECT status FROM pattern_report WHERE pattern_id = '${pattern}'`
      );
      expect(status).toBe('resolved');

      await tab(page, 'History').click();
      const newest = page.getByRole('list', { name: 'History' }).getByRole('listitem').first();
      await expect(newest).toContainText('ada set status to resolved');
      await expect(newest).toContainText(`fixed in 1.2, seen in Grafana ${grafana}`);
      await newest.getByRole('button', { name: /^Undo/ }).click();
      await expect(page.getByText('open', { exact: true })).toBeVisible();
      await expect(newest).toContainText('ada opened it again');
      expect(consoleProblems(page)).toEqual([]);
    });
  });
}

test('assigns, labels and sets the severity', async ({ open, engine }) => {
  const pattern = await patternOf(engine, REFUSED);
  const page = await open({ page: 'panel', variables: { pattern } });
  await button(page, 'Assign').click();
  await page.getByLabel('Who looks after it').fill('grace');
  await page.getByLabel('Who looks after it').press('Enter');
  await expect(page.getByText('assigned to grace')).toBeVisible();

  await button(page, 'Labels').click();
  const label = page.locator('#errata-labels');
  await label.fill('network');
  await label.press('Enter');
  await button(page, 'Save labels').click();
  await expect(button(page, 'Save labels')).toHaveCount(0);

  await button(page, 'Severity').click();
  await page.locator('#errata-severity').click();
  await page.getByRole('option', { name: '5 critical' }).click();
  await page.getByLabel('Reason').fill('hits everybody');
  await button(page, 'Set severity').click();
  await expect(page.getByText('5 critical')).toBeVisible();

  const [row] = await engine.sql<{ severity: number; assignee: string; labels: string[] }>(
    `SELECT severity, assignee, labels FROM pattern_report WHERE pattern_id = '${pattern}'`
  );
  expect(row).toEqual({ severity: 5, assignee: 'grace', labels: ['network'] });
});

test('merges, and takes it apart again', async ({ open, engine }) => {
  const pattern = await patternOf(engine, "error_type = 'FileNotFoundError'");
  const into = await patternOf(engine, JSON_ERROR);
  const page = await open({ page: 'panel', variables: { pattern } });
  await button(page, 'Merge').click();
  const field = page.locator('#errata-merge');
  await field.fill('nonsense');
  await field.press('Enter');
  await expect(page.getByText('a pattern id is 16 of 0-9 and a-f')).toBeVisible();
  await field.fill(into);
  await field.press('Enter');
  await page.getByRole('form', { name: 'Merge' }).getByRole('button', { name: 'Merge' }).click();
  await expect(page.getByText(`${pattern} was merged into ${into}.`)).toBeVisible();

  await tab(page, 'Why here').click();
  await expect(page.getByText(/^[0-9a-f]{32}$/).nth(1)).toBeVisible();

  await tab(page, 'History').click();
  await page.getByRole('button', { name: `Undo: ada merged it into ${into}` }).click();
  await expect(page.getByRole('heading', { name: 'FileNotFoundError' })).toBeVisible();
});

test('splits a fingerprint off', async ({ open, engine }) => {
  const pattern = await patternOf(engine, "error_type = 'FileNotFoundError'");
  const into = await patternOf(engine, MISSING_MODULE);
  await fetch(`${engine.url}/api/v1/patterns/${pattern}/merge`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ into }),
  });
  const page = await open({ page: 'panel', variables: { pattern: into } });
  await button(page, 'Split').click();
  const boxes = page.getByRole('checkbox', { name: /occurrence/ });
  await expect(boxes.nth(1)).toBeVisible();
  await expect(button(page, 'Split off')).toBeDisabled();
  await page.getByText('Fingerprints that become').waitFor();
  await boxes.nth(1).check({ force: true });
  await button(page, 'Split off').click();
  await expect(page.getByText('Done.')).toBeVisible();
  await tab(page, 'History').click();
  await expect(page.getByText(/split fingerprint .* off into/)).toBeVisible();
});

test('tells that somebody was faster, and reloads', async ({ open, engine }) => {
  const pattern = await patternOf(engine, "error_type = 'java.lang.NumberFormatException'");
  const page = await open({ page: 'panel', variables: { pattern } });
  await expect(button(page, 'Ignore')).toBeVisible();
  await fetch(`${engine.url}/api/v1/patterns/${pattern}/assignee`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ assignee: 'linus', actor: 'linus' }),
  });
  await button(page, 'Ignore').click();
  await page.getByLabel('Reason').fill('not ours');
  await button(page, 'Ignore pattern').click();
  await expect(page.getByText(/Somebody was faster: reloaded/)).toBeVisible();
  await expect(page.getByText('assigned to linus')).toBeVisible();
  await button(page, 'Ignore pattern').click();
  await expect(page.getByText('ignored', { exact: true })).toBeVisible();
  expect(consoleProblems(page, [/412/])).toEqual([]);
});

test('gives viewers no buttons', async ({ open, engine }) => {
  const pattern = await patternOf(engine, KEY);
  const page = await open({ page: 'panel', role: 'Viewer', variables: { pattern } });
  await expect(page.getByRole('list', { name: 'Frames, the innermost first' })).toBeVisible();
  await expect(page.getByRole('toolbar', { name: 'Decide' })).toHaveCount(0);
  await tab(page, 'History').click();
  await expect(page.getByRole('button', { name: /^Undo/ })).toHaveCount(0);
});

test('says what is missing', async ({ open }) => {
  let page = await open({ page: 'panel', variables: {} });
  await expect(page.getByText('No pattern is chosen')).toBeVisible();
  page = await open({ page: 'panel', variables: { pattern: '0123456789abcdef' } });
  await expect(page.getByText('pattern 0123456789abcdef is unknown')).toBeVisible();
});

test('is reached by the keyboard alone', async ({ open, engine }) => {
  const pattern = await patternOf(engine, KEY);
  const page = await open({ page: 'panel', variables: { pattern } });
  await button(page, 'Resolve').waitFor();
  const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
  const seen: string[] = [];
  for (let step = 0; step < 14; step++) {
    await page.keyboard.press('Tab');
    seen.push((await focused()) ?? '');
  }
  for (const name of ['Trace in Jaeger', 'Session', 'Resolve', 'Ignore', 'Split', 'Stack trace']) {
    expect(seen).toContain(name);
  }
  await tab(page, 'Stack trace').focus();
  await page.keyboard.press('ArrowRight');
  expect(await focused()).toBe('Compare');
  await expect(tab(page, 'Compare')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('End');
  expect(await focused()).toContain('History');
  await button(page, 'Resolve').focus();
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Reason')).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(page.getByLabel('Reason')).toHaveCount(0);
});
