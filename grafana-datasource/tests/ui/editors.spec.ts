import { consoleProblems, expect, test } from './fixtures';

for (const grafana of ['12', '13']) {
  test.describe(`editors in Grafana ${grafana}`, () => {
    test('builder asks and filters', async ({ open }) => {
      const page = await open({ page: 'query', grafana });
      await page.getByRole('button', { name: 'Run query' }).click();
      await expect(page.getByTestId('result')).toContainText(/pattern_id error_type .*: [1-9]\d* rows/);
      await page.locator('#errata-language-A').click();
      await page.getByRole('option', { name: 'python' }).click();
      await expect(page.getByTestId('query')).toContainText('"language":"python"');
      await page.locator('#errata-type-A').click();
      await page.getByRole('option', { name: /^Series/ }).click();
      await page.locator('#errata-group-A').click();
      await page.getByRole('option', { name: 'Service' }).click();
      await expect(page.getByTestId('query')).toContainText('"groupBy":"service"');
      await expect(page.getByTestId('result')).toContainText(/time value: [1-9]\d* rows/);
      expect(consoleProblems(page)).toEqual([]);
    });

    test('a choice counts while answers come in', async ({ open }) => {
      const page = await open({ page: 'query', grafana, restless: true });
      const query = page.getByTestId('query');
      const choose = async (id: string, name: string | RegExp, wanted: string) => {
        await page.locator(id).click();
        await page.getByRole('option', { name }).click();
        await expect(query).toContainText(wanted);
      };
      await choose('#errata-language-A', 'python', '"language":"python"');
      await choose('#errata-status-A', 'resolved', '"status":"resolved"');
      await choose('#errata-type-A', /^Series/, '"queryType":"series"');
      await choose('#errata-group-A', 'Service', '"groupBy":"service"');
      await choose('#errata-language-A', 'javascript', '"language":"javascript"');
    });

    test('code mode completes tables and columns, and runs', async ({ open }) => {
      const page = await open({ page: 'query', grafana });
      await page.getByRole('radio', { name: 'Code' }).click();
      const editor = page.getByTestId('errata-sql-editor');
      await editor.locator('.monaco-editor').first().click();
      await page.keyboard.type('SELECT count(*) AS n FROM pattern_re');
      const suggestions = page.locator('.suggest-widget .monaco-list-row');
      await expect(suggestions.filter({ hasText: 'pattern_report' })).toBeVisible();
      await suggestions.filter({ hasText: 'pattern_report' }).click();
      await page.keyboard.type(' WHERE pattern_report.canon');
      await expect(suggestions.filter({ hasText: 'canonical_msg' })).toBeVisible();
      await page.keyboard.press('Enter');
      await page.keyboard.type(' IS NOT NULL');
      await page.keyboard.press('Control+Enter');
      await expect(page.getByTestId('result')).toHaveText('n: 1 rows');
      await expect(page.getByTestId('query')).toContainText(
        'SELECT count(*) AS n FROM pattern_report WHERE pattern_report.canonical_msg IS NOT NULL'
      );
    });

    test('configuration keeps what is written', async ({ open }) => {
      const page = await open({ page: 'config', grafana });
      await page.locator('#errata-url').fill('ftp://x');
      await expect(page.getByText('begins with http:// or https://')).toBeVisible();
      await page.locator('#errata-url').fill('https://errata.example.org:9680');
      await page.getByRole('button', { name: 'Reset' }).click();
      await page.locator('#errata-token').fill('errata_secret');
      await page.locator('#errata-timeout').fill('900');
      await page.locator('#errata-timeout').blur();
      await page.locator('#errata-jaeger-datasource').fill('Jaeger');
      await page.keyboard.press('Enter');
      await expect(page.getByTestId('options')).toContainText('jaegerDatasourceUid');
      const options = JSON.parse((await page.getByTestId('options').textContent()) ?? '');
      expect(options).toEqual({
        url: 'https://errata.example.org:9680',
        jsonData: { timeoutSeconds: 300, jaegerDatasourceUid: 'jaeger' },
        secureJsonData: { token: 'errata_secret' },
        secureJsonFields: { token: false },
      });
      await expect(page.getByTestId('health')).not.toBeEmpty();
    });

    test('variables have choices', async ({ open }) => {
      const page = await open({ page: 'variable', grafana });
      await page.locator('#errata-variable-column').fill('language');
      await page.getByRole('option', { name: 'language', exact: true }).click();
      await expect(page.getByTestId('choices')).toContainText('python');
      await page.getByRole('radio', { name: 'SQL' }).click();
      await page.getByTestId('errata-sql-editor').locator('.monaco-editor').first().click();
      await page.keyboard.type("SELECT 'one' AS a");
      await page.keyboard.press('Control+Enter');
      await expect(page.getByTestId('choices')).toHaveText('one');
    });

    test('help offers queries that work', async ({ open }) => {
      let page = await open({ page: 'help', grafana });
      const buttons = page.getByRole('button', { name: 'Use this' });
      await expect(buttons.first()).toBeVisible();
      const examples: unknown[] = [];
      for (const one of await buttons.all()) {
        await one.click();
        examples.push(JSON.parse((await page.getByTestId('example').textContent()) ?? ''));
      }
      expect(examples.length).toBeGreaterThan(3);
      for (const query of examples) {
        page = await open({ page: 'query', grafana, query, variables: { service: 'demo-runner' } });
        await page.getByRole('button', { name: 'Run query' }).click();
        await expect(page.getByTestId('result')).toContainText(/: [1-9]\d* rows/);
      }
    });

    test('the start page leads on', async ({ open }) => {
      const page = await open({ page: 'start', grafana });
      await expect(page.getByRole('link', { name: 'Overview' })).toHaveAttribute('href', '/d/errata-overview');
      await expect(page.getByText('Data source: Errata.')).toBeVisible();
    });
  });
}
