/** Asks what a dashboard asks, with its variables, and does its transformations as far as they are in Grafana's data library. */
import { standardTransformers, standardTransformersRegistry, transformDataFrame } from '@grafana/data';
import { lastValueFrom } from 'rxjs';

import { services } from './services';

/** What came for one panel. */
export interface Told {
  panel: string;
  /** Rows by the query's refId, or why there are none. */
  rows: Record<string, number>;
  problems: string[];
  /** Names of the fields that the panel gets, labels of series included. */
  fields: string[];
}

export interface ToldDashboard {
  panels: Told[];
  /** Number of choices of each variable that asks for some. */
  variables: Record<string, number>;
}

const OURS = 'errata-triage-panel';
/** Grafana's own, outside its libraries: it makes columns of labels, and one column of each query's series. */
const SERIES_TABLE = 'timeSeriesTable';

/** Some are listed under an older name too. */
const transformers = new Map(Object.values(standardTransformers).map((one: any) => [one.id, one]));
standardTransformersRegistry.setInit(() =>
  [...transformers].map(([id, transformation]) => ({ id, name: transformation.name, transformation }) as any)
);

export async function askDashboard(board: any, instance: any, range: any): Promise<ToldDashboard> {
  const variables: Record<string, number> = {};
  for (const variable of board.templating.list) {
    if (!services.variables.has(variable.name)) {
      services.variables.set(variable.name, variable.allValue ?? variable.current?.value ?? '');
    }
    if (variable.type === 'query') {
      const request = { targets: [variable.query], range, scopedVars: {} };
      const answer: any = await lastValueFrom(instance.variables.query(request));
      variables[variable.name] = answer.data.length;
    }
  }
  const panels: Told[] = [];
  for (const panel of board.panels.filter((one: any) => one.type !== OURS)) {
    panels.push(await askPanel(panel, instance, range));
  }
  return { panels, variables };
}

async function askPanel(panel: any, instance: any, range: any): Promise<Told> {
  const told: Told = { panel: panel.title, rows: {}, problems: [], fields: [] };
  const frames: any[] = [];
  for (const target of panel.targets) {
    const request = {
      targets: [target],
      range,
      intervalMs: 60_000,
      maxDataPoints: 1000,
      scopedVars: {},
      requestId: 'D',
    };
    const answer: any = await lastValueFrom(instance.query(request));
    const problem = answer.errors?.[0] ?? answer.error;
    if (problem) {
      told.problems.push(`${target.refId}: ${problem.message}`);
    }
    told.rows[target.refId] = answer.data.reduce((rows: number, frame: any) => rows + frame.length, 0);
    frames.push(...answer.data.map((frame: any) => ({ ...frame, refId: target.refId })));
  }
  told.fields = await fieldsOf(panel.transformations ?? [], frames);
  return told;
}

async function fieldsOf(transformations: any[], frames: any[]): Promise<string[]> {
  if (transformations.some((one) => one.id === SERIES_TABLE)) {
    const labels = frames.flatMap((frame) => frame.fields.flatMap((field: any) => Object.keys(field.labels ?? {})));
    return [...new Set([...labels, ...frames.map((frame) => `Trend #${frame.refId}`)])];
  }
  const transformed: any[] = await lastValueFrom(transformDataFrame(transformations, frames));
  return [...new Set(transformed.flatMap((frame) => frame.fields.map((field: any) => field.name)))];
}
