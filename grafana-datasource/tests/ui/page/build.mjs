// Bundles the host page with the Grafana libraries of a folder of node modules.
//
//   node tests/ui/page/build.mjs MODULES OUTPUT
import { cpSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const [modules, output] = process.argv.slice(2).map((path) => resolve(path));
if (!modules || !output) {
  throw new Error('usage: build.mjs MODULES OUTPUT');
}

/** Packages that the page asks for come from the chosen folder, so that one page is built for each Grafana. */
const fromChosenFolder = {
  name: 'from-chosen-folder',
  setup({ onResolve, resolve: find }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, pluginData }) => {
      if (pluginData === 'found' || !importer.startsWith(here)) {
        return undefined;
      }
      return find(path, { kind, resolveDir: dirname(modules), pluginData: 'found' });
    });
  },
};

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
await build({
  entryPoints: [join(here, 'page.tsx')],
  outfile: join(output, 'page.js'),
  bundle: true,
  format: 'iife',
  jsx: 'transform',
  define: { 'process.env.NODE_ENV': '"production"', global: 'window' },
  loader: { '.ttf': 'file', '.svg': 'file', '.png': 'file', '.woff2': 'file' },
  minify: true,
  logLevel: 'warning',
  plugins: [fromChosenFolder],
});
copyFileSync(join(here, 'index.html'), join(output, 'index.html'));
const systemjs = dirname(fileURLToPath(import.meta.resolve('systemjs')));
copyFileSync(join(systemjs, 'system.js'), join(output, 'system.js'));
copyFileSync(join(systemjs, 'extras', 'amd.js'), join(output, 'amd.js'));
const fonts = {
  'inter/Inter-Regular.woff2': '@fontsource/inter/files/inter-latin-400-normal.woff2',
  'inter/Inter-Medium.woff2': '@fontsource/inter/files/inter-latin-500-normal.woff2',
  // Roboto Mono under the name that Grafana has for its Latin part.
  'roboto/L0xTDF4xlVMF-BfR8bXMIhJHg45mwgGEFl0_3vrtSM1J-gEPT5Ese6hmHSh0mQ.woff2':
    '@fontsource/roboto-mono/files/roboto-mono-latin-400-normal.woff2',
};
for (const [name, file] of Object.entries(fonts)) {
  cpSync(fileURLToPath(import.meta.resolve(file)), join(output, 'public', 'fonts', name));
}
const icons = join(modules, '@grafana', 'ui', 'dist', 'public', 'img');
cpSync(icons, join(output, 'public', 'build', 'img'), { recursive: true });
