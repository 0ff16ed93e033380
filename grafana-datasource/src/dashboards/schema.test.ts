/** The dashboards as values of Grafana's own types: a wrong or misspelt property does not compile. */
import { readdirSync, readFileSync } from 'fs';
import { join } from 'path';
import ts from 'typescript';

/** Enums as the texts that JSON has; and what Grafana reads of variables and annotations beyond its published types. */
const HEAD = `
import type { Dashboard } from '@grafana/schema';
type Json<T> = T extends string ? \`\${T}\` : T extends Array<infer U> ? Array<Json<U>>
  : T extends object ? { [K in keyof T]: Json<T[K]> } : T;
type Plain = Json<Omit<Dashboard, 'templating' | 'annotations' | 'links'>>;
type Variable = Json<Omit<NonNullable<NonNullable<Dashboard['templating']>['list']>[number], 'current' | 'hide'>> & {
  current?: { text?: string; value?: string }; hide?: 0 | 1 | 2; definition?: string; filters?: unknown[];
  baseFilters?: unknown[]; allowCustomValue?: boolean };
type Annotation = Json<Omit<NonNullable<NonNullable<Dashboard['annotations']>['list']>[number], 'target'>> & { target?: object };
type Link = Json<NonNullable<Dashboard['links']>[number]>;
type Board = Plain & { templating: { list: Variable[] }; annotations: { list: Annotation[] }; links: Link[] };
`;

/** Messages of the compiler for a text as a file beside this one. */
function problemsOf(text: string): string[] {
  const name = join(__dirname, 'checked.ts');
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, language, ...rest) =>
    file === name ? ts.createSourceFile(file, text, language) : read(file, language, ...rest);
  host.fileExists = (file) => file === name || ts.sys.fileExists(file);
  const program = ts.createProgram([name], options, host);
  return ts.getPreEmitDiagnostics(program).map((one) => ts.flattenDiagnosticMessageText(one.messageText, '\n'));
}

const files = readdirSync(__dirname).filter((name) => name.endsWith('.json'));
const board = (name: string) => readFileSync(join(__dirname, name), 'utf8');

it('compile', () => {
  const boards = files.map((name, index) => `export const board${index}: Board = ${board(name)};`);
  expect(problemsOf([HEAD, ...boards].join('\n'))).toEqual([]);
}, 60_000);

it('would not compile with a misspelt property or an unknown value', () => {
  const wrong = (from: string, to: string) =>
    problemsOf(`${HEAD} export const one: Board = ${board(files[0]).replace(from, to)};`);
  expect(wrong('"gridPos"', '"gridPosition"').join()).toContain('gridPosition');
  expect(wrong('"mode": "fixed"', '"mode": "fixd"').join()).toContain('fixd');
}, 60_000);
