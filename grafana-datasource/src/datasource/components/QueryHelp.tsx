import React from 'react';
import type { QueryEditorHelpProps } from '@grafana/data';
import { Button, Stack, Text } from '@grafana/ui';

import { EXAMPLES } from '../data/examples';
import { queryText, QUERY_TYPES } from '../data/query';
import type { ErrataQuery } from '../types';

const MACROS: Array<[string, string]> = [
  ['$__timeFilter(timestamp)', 'the column is within the time range of the dashboard'],
  ['$__timeFrom(), $__timeTo()', 'begin and end of the time range'],
  ['$__from, $__to', 'the same in milliseconds since 1970'],
  ['$__traceUrl(trace_id)', 'link to Jaeger, where its URL is set'],
  ["$__timeGroup(timestamp, '5m')", 'the column rounded down to a step; $__interval suits the width of the panel'],
];

export function QueryHelp({ onClickExample }: QueryEditorHelpProps<ErrataQuery>) {
  return (
    <Stack direction="column" gap={2}>
      <Text element="h2" variant="h4">
        Examples
      </Text>
      {EXAMPLES.map((example) => (
        <Stack key={example.title} direction="column" gap={0.5}>
          <Text weight="medium">{example.title}</Text>
          <Text color="secondary">{example.why}</Text>
          <pre>{queryText({ refId: 'A', ...example.query })}</pre>
          <div>
            <Button size="sm" variant="secondary" onClick={() => onClickExample({ refId: 'A', ...example.query })}>
              Use this
            </Button>
          </div>
        </Stack>
      ))}
      <Text element="h2" variant="h4">
        Query types
      </Text>
      <dl>
        {QUERY_TYPES.map(({ value, label, description }) => (
          <React.Fragment key={value}>
            <dt>{label}</dt>
            <dd>{description}</dd>
          </React.Fragment>
        ))}
      </dl>
      <Text element="h2" variant="h4">
        Macros in SQL
      </Text>
      <dl>
        {MACROS.map(([macro, meaning]) => (
          <React.Fragment key={macro}>
            <dt>
              <code>{macro}</code>
            </dt>
            <dd>{meaning}</dd>
          </React.Fragment>
        ))}
      </dl>
    </Stack>
  );
}
