/** The one severity palette: dashboards, panel and backend show a level in the same colour and word. */

export interface SeverityLevel {
  level: number;
  name: string;
  color: string;
}

export const SEVERITIES: SeverityLevel[] = [
  { level: 5, name: 'critical', color: '#C4162A' },
  { level: 4, name: 'high', color: '#F2495C' },
  { level: 3, name: 'medium', color: '#FF9830' },
  { level: 2, name: 'low', color: '#FADE2A' },
  { level: 1, name: 'info', color: '#73BF69' },
];

export function severityOf(level: number | null | undefined): SeverityLevel | undefined {
  return SEVERITIES.find((severity) => severity.level === level);
}
