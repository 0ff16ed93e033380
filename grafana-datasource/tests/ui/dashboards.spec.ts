import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { consoleProblems, expect, test } from './fixtures';
import type { ToldDashboard } from './page/dashboard';

const FOLDER = join(__dirname, '..', '..', 'src', 'dashboards');

interface Override {
  matcher: { id: string; options: string };
}

interface Panel {
  title: string;
  type: string;
  fieldConfig?: { overrides: Override[] };
  options?: { xField?: string };
}

async function decide(engine: string, pattern: string, action: string, body: Record<string, unknown>) {
  const response = await fetch(`${engine}/api/v1/patterns/${pattern}/${action}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ actor: 'ada', ...body }),
  });
  expect(response.status, await response.text()).toBe(200);
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith('.json'))) {
  test(`${file}: every query is answered, every column exists`, async ({ open, engine }) => {
    const [{ pattern_id: pattern, session_id: session }] = await engine.sql<Record<string, string>>(
      `SELECT pattern_of(errors.pattern_id, errors.fingerprint) AS pattern_id, errors.session_id FROM errors
       JOIN sessions ON sessions.session_id = errors.session_id
       WHERE errors.language = 'bash' AND sessions.parent_session_id IS NOT NULL ORDER BY 1, 2 LIMIT 1`
    );
    // So that there are decisions to show: resolved once, open again.
    await decide(engine.url, pattern, 'status', { status: 'resolved', reason: 'fixed' });
    await decide(engine.url, pattern, 'status', { status: 'open', reason: 'not fixed' });

    const page = await open({ page: 'dashboard', variables: { pattern, session }, file });
    const told: ToldDashboard = JSON.parse((await page.getByTestId('told').textContent({ timeout: 30_000 })) ?? '');
    for (const panel of told.panels) {
      expect(panel.problems, panel.panel).toEqual([]);
      for (const [refId, rows] of Object.entries(panel.rows)) {
        expect(rows, `rows of query ${refId} of ${panel.panel}`).toBeGreaterThan(0);
      }
    }
    for (const [name, choices] of Object.entries(told.variables)) {
      expect(choices, `choices of ${name}`).toBeGreaterThan(0);
    }

    const panels: Panel[] = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')).panels;
    for (const panel of panels.filter((one) => one.fieldConfig)) {
      const fields = told.panels.find((one) => one.panel === panel.title)?.fields;
      const named = (panel.fieldConfig?.overrides ?? []).filter(({ matcher }) => matcher.id === 'byName');
      const wanted = [...named.map(({ matcher }) => matcher.options), panel.options?.xField];
      for (const name of wanted.filter((one) => one !== undefined)) {
        expect(fields, `columns of ${panel.title}`).toContain(name);
      }
    }
    expect(consoleProblems(page)).toEqual([]);
  });
}
