/** Queries of the help pages; the dashboards' test runs them too. */

import { type ErrataQuery, QUERY_VERSION } from '../types';

export interface Example {
  title: string;
  why: string;
  query: Omit<ErrataQuery, 'refId'>;
}

export const EXAMPLES: Example[] = [
  {
    title: 'What to look at first',
    why: 'Open patterns of the time range, ranked by severity, trend and how many are hit',
    query: { version: QUERY_VERSION, queryType: 'report', orderBy: 'score', filters: { status: 'open' }, limit: 20 },
  },
  {
    title: 'Exceptions by service',
    why: 'One series for each of the five services with most exceptions, the rest together',
    query: { version: QUERY_VERSION, queryType: 'series', groupBy: 'service', limit: 5 },
  },
  {
    title: 'Failure rate',
    why: 'Failed executions of all, hour by hour',
    query: {
      version: QUERY_VERSION,
      queryType: 'sql',
      format: 'timeseries',
      rawSql:
        'SELECT hour AS time, CAST(sum(failed_executions) AS DOUBLE) / nullif(sum(executions), 0) AS failure_rate\n' +
        'FROM execution_hourly WHERE $__timeFilter(hour)\nGROUP BY hour ORDER BY hour',
    },
  },
  {
    title: 'Exceptions of one service',
    why: "A variable is quoted by where it stands: write $service or '$service', never paste it together",
    query: {
      version: QUERY_VERSION,
      queryType: 'sql',
      format: 'table',
      rawSql:
        "SELECT timestamp, user_id, error_type, message, trace_id\nFROM errors\nWHERE $__timeFilter(timestamp) AND service_name IN ('$service')\n" +
        'ORDER BY timestamp DESC LIMIT 100',
    },
  },
  {
    title: 'Exceptions over time by type',
    why: 'Text columns of a time series become labels',
    query: {
      version: QUERY_VERSION,
      queryType: 'sql',
      format: 'timeseries',
      rawSql:
        'SELECT $__timeGroup(timestamp, $__interval) AS time, error_type, count(*) AS exceptions\n' +
        'FROM errors WHERE $__timeFilter(timestamp)\nGROUP BY 1, 2 ORDER BY 1',
    },
  },
];
