import React, { useEffect, useState } from 'react';
import type { QueryEditorProps } from '@grafana/data';
import { Combobox, type ComboboxOption, InlineField, RadioButtonGroup, Stack } from '@grafana/ui';

import type { ErrataDataSource } from '../datasource';
import type { ErrataQuery, ErrataSettings, ErrataVariableQuery } from '../types';
import { SqlEditor } from './SqlEditor';

/** The base class of variable support knows data sources in general only. */
type Props = QueryEditorProps<any, ErrataQuery, ErrataSettings, ErrataVariableQuery>;

const KINDS: Array<{ label: string; value: ErrataVariableQuery['kind'] }> = [
  { label: 'Values of a column', value: 'values' },
  { label: 'SQL', value: 'sql' },
];

export function VariableEditor({ query, datasource, onChange }: Props) {
  const kind = query.kind ?? 'values';
  const columns = useColumns(datasource);
  const change = (part: Partial<ErrataVariableQuery>) => onChange({ ...query, kind, ...part });

  return (
    <Stack direction="column" gap={1}>
      <div>
        <RadioButtonGroup
          aria-label="Kind of variable"
          options={KINDS}
          value={kind}
          onChange={(value) => change({ kind: value })}
        />
      </div>
      {kind === 'values' ? (
        <InlineField label="Column of errors" labelWidth={18}>
          <Combobox
            id="errata-variable-column"
            width={24}
            options={columns}
            value={query.column ?? null}
            createCustomValue
            onChange={(option) => change({ column: option.value })}
          />
        </InlineField>
      ) : (
        <SqlEditor
          sql={query.rawSql ?? ''}
          schema={() => datasource.schema()}
          onChange={() => undefined}
          onRun={(rawSql) => change({ rawSql })}
        />
      )}
    </Stack>
  );
}

function useColumns(datasource: ErrataDataSource): Array<ComboboxOption<string>> {
  const [columns, setColumns] = useState<Array<ComboboxOption<string>>>([]);
  useEffect(() => {
    let gone = false;
    datasource
      .getTagKeys()
      .then((keys) => !gone && setColumns(keys.map(({ text }) => ({ value: text, label: text }))))
      // Without the schema a column can still be written.
      .catch(() => undefined);
    return () => {
      gone = true;
    };
  }, [datasource]);
  return columns;
}
