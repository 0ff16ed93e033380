import React, { useMemo } from 'react';
import type { TimeRange } from '@grafana/data';
import { Combobox, type ComboboxOption, InlineField, Input, MultiCombobox, Stack } from '@grafana/ui';

import { FILTERS, type FilterInfo } from '../data/filters';
import { GROUPS, isSessionQuery, LIMIT_DEFAULT, ORDERS, QUERY_TYPES } from '../data/query';
import type { ErrataDataSource } from '../datasource';
import type { AnnotationKind, ErrataQuery, Filters } from '../types';

interface Props {
  query: ErrataQuery;
  datasource: ErrataDataSource;
  range?: TimeRange;
  onChange: (query: ErrataQuery) => void;
}

const KINDS: Array<ComboboxOption<AnnotationKind>> = [
  { value: 'new', label: 'New patterns' },
  { value: 'status', label: 'Changes of status' },
];
const ALL_KINDS = KINDS.map((kind) => kind.value);

export function BuilderEditor({ query, datasource, range, onChange }: Props) {
  const info = QUERY_TYPES.find((one) => one.value === query.queryType);
  if (!info) {
    return null;
  }
  const change = (part: Partial<ErrataQuery>) => onChange({ ...query, ...part });
  const changeFilter = (name: keyof Filters, value: string | number | undefined) =>
    change({ filters: { ...query.filters, [name]: value === '' ? undefined : value } });

  return (
    <Stack direction="row" wrap="wrap" columnGap={1} rowGap={0}>
      {isSessionQuery(query.queryType) && (
        <InlineField label="Session" labelWidth={14} tooltip="Id of a session, or a variable such as $session">
          <Values
            id={`errata-session-${query.refId}`}
            column="session_id"
            value={query.session}
            datasource={datasource}
            range={range}
            width={40}
            onChange={(session) => change({ session })}
          />
        </InlineField>
      )}
      {info.groupBy && (
        <InlineField label="Group by" labelWidth={14}>
          <Combobox
            id={`errata-group-${query.refId}`}
            width={20}
            options={GROUPS}
            value={query.groupBy ?? 'none'}
            onChange={(option) => change({ groupBy: option.value })}
          />
        </InlineField>
      )}
      {info.orderBy && (
        <InlineField label="Order by" labelWidth={14}>
          <Combobox
            id={`errata-order-${query.refId}`}
            width={20}
            options={ORDERS}
            value={query.orderBy ?? 'score'}
            onChange={(option) => change({ orderBy: option.value })}
          />
        </InlineField>
      )}
      {info.limit && (
        <InlineField label={info.groupBy ? 'Groups' : 'Limit'} labelWidth={14}>
          <Input
            key={query.limit}
            id={`errata-limit-${query.refId}`}
            type="number"
            min={1}
            width={20}
            placeholder={String(LIMIT_DEFAULT)}
            defaultValue={query.limit}
            onBlur={(event) => change({ limit: wholeNumber(event.currentTarget.value) })}
          />
        </InlineField>
      )}
      {query.queryType === 'annotations' && (
        <InlineField label="Kinds" labelWidth={14}>
          <MultiCombobox
            id={`errata-kinds-${query.refId}`}
            width={40}
            options={KINDS}
            value={query.kinds ?? ALL_KINDS}
            onChange={(options) => change({ kinds: options.map((option) => option.value) })}
          />
        </InlineField>
      )}
      {info.filters.map((name) => (
        <InlineField key={name} label={FILTERS[name].label} labelWidth={14} tooltip={FILTERS[name].help}>
          <Filter
            id={`errata-${name}-${query.refId}`}
            info={FILTERS[name]}
            value={query.filters?.[name]}
            datasource={datasource}
            range={range}
            onChange={(value) => changeFilter(name, name === 'severityMin' ? asSeverity(value) : value)}
          />
        </InlineField>
      ))}
    </Stack>
  );
}

interface FilterProps {
  id: string;
  info: FilterInfo;
  value: string | number | undefined;
  datasource: ErrataDataSource;
  range?: TimeRange;
  onChange: (value: string) => void;
}

function Filter({ id, info, value, datasource, range, onChange }: FilterProps) {
  const text = value === undefined ? undefined : String(value);
  if (info.column) {
    return (
      <Values
        id={id}
        column={info.column}
        value={text}
        datasource={datasource}
        range={range}
        width={20}
        onChange={onChange}
      />
    );
  }
  if (info.choices) {
    return (
      <Combobox
        id={id}
        width={20}
        isClearable
        createCustomValue
        placeholder="any"
        options={info.choices}
        value={text ?? null}
        onChange={(option) => onChange(option?.value ?? '')}
      />
    );
  }
  return (
    <Input
      key={text}
      id={id}
      width={20}
      placeholder="any"
      defaultValue={text}
      onBlur={(event) => onChange(event.currentTarget.value)}
    />
  );
}

interface ValuesProps {
  id: string;
  column: string;
  value?: string;
  datasource: ErrataDataSource;
  range?: TimeRange;
  width: number;
  onChange: (value: string) => void;
}

/** Values of a column as they are typed; anything else (a variable, say) may be written too. */
function Values({ id, column, value, datasource, range, width, onChange }: ValuesProps) {
  const options = async (text: string): Promise<Array<ComboboxOption<string>>> => {
    const values = await datasource.values(column, text, range);
    return values.map((one) => ({ value: one, label: one }));
  };
  // The options are another function at each render, so the value must be an object that is kept.
  const chosen = useMemo(() => (value ? { value, label: value } : null), [value]);
  return (
    <Combobox
      id={id}
      width={width}
      isClearable
      createCustomValue
      placeholder="any"
      options={options}
      value={chosen}
      onChange={(option) => onChange(option?.value ?? '')}
    />
  );
}

function wholeNumber(text: string): number | undefined {
  const number = Number(text);
  return text !== '' && Number.isInteger(number) && number > 0 ? number : undefined;
}

/** A level stays a number; a variable stays as it is written. */
function asSeverity(text: string): string | number {
  return /^[1-5]$/.test(text) ? Number(text) : text;
}
