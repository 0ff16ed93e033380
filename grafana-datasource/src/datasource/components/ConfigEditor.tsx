import React from 'react';
import { css } from '@emotion/css';
import type { DataSourcePluginOptionsEditorProps } from '@grafana/data';
import { DataSourcePicker } from '@grafana/runtime';
import { Field, FieldSet, Input, SecretInput, SecretTextArea, Switch, useStyles2 } from '@grafana/ui';

import { bounded, SETTING_BOUNDS } from '../data/settings';
import { isWebUrl } from '../../shared/links';
import type { ErrataSecrets, ErrataSettings } from '../types';

type Props = DataSourcePluginOptionsEditorProps<ErrataSettings, ErrataSecrets>;

export function ConfigEditor({ options, onOptionsChange }: Props) {
  const { jsonData, secureJsonData, secureJsonFields } = options;
  const styles = useStyles2(getStyles);
  const setJson = (part: Partial<ErrataSettings>) =>
    onOptionsChange({ ...options, jsonData: { ...jsonData, ...part } });
  const setSecret = (part: Partial<ErrataSecrets>) =>
    onOptionsChange({ ...options, secureJsonData: { ...secureJsonData, ...part } });
  const resetSecret = (name: keyof ErrataSecrets) =>
    onOptionsChange({
      ...options,
      secureJsonFields: { ...secureJsonFields, [name]: false },
      secureJsonData: { ...secureJsonData, [name]: '' },
    });

  return (
    <div className={styles.form}>
      <FieldSet label="Engine">
        <Field
          label="URL"
          description="Of Errata's query engine, as Grafana's server reaches it"
          invalid={options.url !== '' && !isWebUrl(options.url)}
          error="begins with http:// or https://"
        >
          <Input
            id="errata-url"
            value={options.url}
            placeholder="http://127.0.0.1:9680"
            onChange={(event) => onOptionsChange({ ...options, url: event.currentTarget.value.trim() })}
          />
        </Field>
        <Field
          label="Token"
          description="For an engine that asks for one: errata token create --role triage --act-as --name grafana. With role read nobody can decide anything from here."
        >
          <SecretInput
            id="errata-token"
            isConfigured={Boolean(secureJsonFields?.token)}
            value={secureJsonData?.token ?? ''}
            placeholder="errata_..."
            onReset={() => resetSecret('token')}
            onChange={(event) => setSecret({ token: event.currentTarget.value })}
          />
        </Field>
        <Field
          label="CA certificate"
          description="PEM of the authority that signed the engine's certificate, for https"
        >
          <SecretTextArea
            id="errata-ca"
            cols={50}
            rows={5}
            isConfigured={Boolean(secureJsonFields?.tlsCaCert)}
            value={secureJsonData?.tlsCaCert ?? ''}
            placeholder="-----BEGIN CERTIFICATE-----"
            onReset={() => resetSecret('tlsCaCert')}
            onChange={(event) => setSecret({ tlsCaCert: event.currentTarget.value })}
          />
        </Field>
        <Field label="Skip TLS verification" description="Takes any certificate; for trying things out only">
          <Switch
            id="errata-skip-verify"
            value={jsonData.tlsSkipVerify ?? false}
            onChange={(event) => setJson({ tlsSkipVerify: event.currentTarget.checked })}
          />
        </Field>
      </FieldSet>
      <FieldSet label="Traces">
        <Field label="Jaeger data source" description="Trace ids open here, inside Grafana">
          <DataSourcePicker
            inputId="errata-jaeger-datasource"
            noDefault
            current={jsonData.jaegerDatasourceUid ?? null}
            filter={(source) => source.type === 'jaeger'}
            placeholder="none"
            onChange={(source) => setJson({ jaegerDatasourceUid: source.uid })}
            onClear={() => setJson({ jaegerDatasourceUid: undefined })}
          />
        </Field>
        <Field
          label="Jaeger URL"
          description="Of Jaeger's own UI, as browsers reach it; taken where there is no data source"
          invalid={Boolean(jsonData.jaegerUrl) && !isWebUrl(jsonData.jaegerUrl)}
          error="begins with http:// or https://"
        >
          <Input
            id="errata-jaeger-url"
            value={jsonData.jaegerUrl ?? ''}
            placeholder="http://localhost:16686"
            onChange={(event) => setJson({ jaegerUrl: event.currentTarget.value.trim() || undefined })}
          />
        </Field>
      </FieldSet>
      <FieldSet label="Limits">
        <NumberField
          id="errata-timeout"
          label="Seconds of a query"
          name="timeoutSeconds"
          value={jsonData.timeoutSeconds}
          onChange={(timeoutSeconds) => setJson({ timeoutSeconds })}
        />
        <NumberField
          id="errata-rows"
          label="Rows of an answer"
          name="rowsMax"
          value={jsonData.rowsMax}
          onChange={(rowsMax) => setJson({ rowsMax })}
        />
      </FieldSet>
    </div>
  );
}

interface NumberFieldProps {
  id: string;
  label: string;
  name: keyof typeof SETTING_BOUNDS;
  value?: number;
  onChange: (value: number | undefined) => void;
}

function NumberField({ id, label, name, value, onChange }: NumberFieldProps) {
  const { min, max, standard } = SETTING_BOUNDS[name];
  return (
    <Field label={label} description={`${min} to ${max}`}>
      <Input
        key={value}
        id={id}
        type="number"
        width={20}
        min={min}
        max={max}
        defaultValue={value}
        placeholder={String(standard)}
        onBlur={(event) => onChange(bounded(event.currentTarget.value, name))}
      />
    </Field>
  );
}

const getStyles = () => ({ form: css({ maxWidth: 480 }) });
