import type { DataFrame, MetricFindValue } from '@grafana/data';

/**
 * Choices of a variable from a frame: columns `text` and `value` where there are such, else the first column. Nulls and
 * repeats are left out.
 */
export function firstColumn(frame: DataFrame): MetricFindValue[] {
  const named = (name: string) => frame.fields.find((field) => field.name === name);
  const values = named('value') ?? named('text') ?? frame.fields[0];
  if (!values) {
    return [];
  }
  const texts = named('text') ?? values;
  const seen = new Set<string>();
  const found: MetricFindValue[] = [];
  for (let row = 0; row < frame.length; row++) {
    const value = values.values[row];
    if (value === null || value === undefined || seen.has(String(value))) {
      continue;
    }
    seen.add(String(value));
    found.push({ text: String(texts.values[row] ?? value), value: String(value) });
  }
  return found;
}
