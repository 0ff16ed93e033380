import { defineConfig } from '@playwright/test';

/**
 * The built bundle in Chromium, with Grafana's own libraries, the real backend and the real engine.
 * `make ui` sets what the fixtures read from the environment.
 */
export default defineConfig({
  testDir: './tests/ui',
  outputDir: process.env.ERRATA_UI_OUTPUT ? `${process.env.ERRATA_UI_OUTPUT}/traces` : './test-results',
  // One engine serves all tests, and tests change patterns.
  workers: 1,
  globalSetup: './tests/ui/setup.ts',
  timeout: 30_000,
  reporter: 'list',
  forbidOnly: true,
  use: {
    browserName: 'chromium',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu'],
    },
    trace: 'retain-on-failure',
  },
});
