import React, { useState } from 'react';
import { CoreApp, type QueryEditorProps } from '@grafana/data';
import { Alert, Button, Combobox, InlineField, RadioButtonGroup, Stack } from '@grafana/ui';

import { migrateQuery, QUERY_TYPES } from '../data/query';
import type { ErrataDataSource } from '../datasource';
import type { ErrataQuery, ErrataSettings, QueryType, SqlFormat } from '../types';
import { BuilderEditor } from './BuilderEditor';
import { SqlEditor } from './SqlEditor';

export type Props = QueryEditorProps<ErrataDataSource, ErrataQuery, ErrataSettings>;

const MODES: Array<{ label: string; value: 'builder' | 'code' }> = [
  { label: 'Builder', value: 'builder' },
  { label: 'Code', value: 'code' },
];

const FORMATS: Array<{ label: string; value: SqlFormat; description: string }> = [
  { label: 'Table', value: 'table', description: 'Rows as they come' },
  {
    label: 'Time series',
    value: 'timeseries',
    description: 'First timestamp is the time, numbers are values, texts labels',
  },
  { label: 'Logs', value: 'logs', description: 'Columns timestamp, message, severity, event_id; the rest are labels' },
];

export function QueryEditor({ query: given, datasource, onChange, onRunQuery, app, range }: Props) {
  const { query, problem } = readable(given);
  const [builderType, setBuilderType] = useState<QueryType>(query.queryType === 'sql' ? 'report' : query.queryType);

  const change = (next: ErrataQuery) => {
    onChange(next);
    onRunQuery();
  };
  const changeMode = (mode: 'builder' | 'code') => {
    if (mode === 'code') {
      setBuilderType(query.queryType);
    }
    change({ ...query, queryType: mode === 'code' ? 'sql' : builderType });
  };
  const isSql = query.queryType === 'sql';

  return (
    <Stack direction="column" gap={1}>
      {problem && (
        <Alert severity="error" title="This query cannot be read">
          {problem}
        </Alert>
      )}
      <Stack direction="row" gap={1} wrap="wrap" alignItems="center">
        {!isSql && (
          <InlineField label="Query type" labelWidth={14}>
            <Combobox
              id={`errata-type-${query.refId}`}
              width={28}
              options={QUERY_TYPES}
              value={query.queryType}
              onChange={(option) => change({ ...query, queryType: option.value })}
            />
          </InlineField>
        )}
        {isSql && (
          <InlineField label="Format" labelWidth={14}>
            <Combobox
              id={`errata-format-${query.refId}`}
              width={28}
              options={FORMATS}
              value={query.format ?? 'table'}
              onChange={(option) => change({ ...query, format: option.value })}
            />
          </InlineField>
        )}
        <RadioButtonGroup
          aria-label="Editor mode"
          options={MODES}
          value={isSql ? 'code' : 'builder'}
          onChange={changeMode}
        />
        {app !== CoreApp.Explore && (
          <Button icon="play" size="sm" variant="secondary" onClick={onRunQuery}>
            Run query
          </Button>
        )}
      </Stack>
      {isSql ? (
        <SqlEditor
          sql={query.rawSql ?? ''}
          schema={() => datasource.schema()}
          onChange={(rawSql) => onChange({ ...query, rawSql })}
          onRun={(rawSql) => change({ ...query, rawSql })}
        />
      ) : (
        <BuilderEditor query={query} datasource={datasource} range={range} onChange={change} />
      )}
    </Stack>
  );
}

/** A query of a later version is told, not lost. */
function readable(query: ErrataQuery): { query: ErrataQuery; problem?: string } {
  try {
    return { query: migrateQuery(query) };
  } catch (error) {
    return { query, problem: error instanceof Error ? error.message : String(error) };
  }
}
