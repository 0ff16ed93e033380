import React, { useMemo, useState } from 'react';
import { Button, Checkbox, Combobox, type ComboboxOption, Field, Input, Stack, TagsInput, TextArea } from '@grafana/ui';

import { SEVERITIES } from '../../shared/severity';
import type { Pattern, Status } from '../data/api';
import type { Change, ErrataClient } from '../data/client';
import { changeId, countText } from '../data/text';
import { Load } from './parts';
import { useLoad } from './useLoad';

interface FormProps {
  onChange: (change: Change) => Promise<void>;
  onCancel: () => void;
}

interface DecisionProps extends FormProps {
  /** What the button that decides says. */
  verb: string;
  action: string;
  /** The decision without its reason; nothing while it is not complete. */
  body: Record<string, unknown> | undefined;
  reasonWanted?: boolean;
  children?: React.ReactNode;
}

const REASON_MAX = 4000;

/** Fields of a decision, the reason, and the two buttons. One form is one change, however often it is sent. */
function Decision({ verb, action, body, reasonWanted, children, onChange, onCancel }: DecisionProps) {
  const [reason, setReason] = useState('');
  const [busy, setBusy] = useState(false);
  const [eventId, setEventId] = useState(changeId);
  const ready = body !== undefined && (!reasonWanted || reason.trim() !== '');
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    if (!ready || busy) {
      return;
    }
    setBusy(true);
    // Labels, and splits of several fingerprints, are several events, which the engine names itself.
    const named = action === 'labels' || action === 'split' ? {} : { event_id: eventId };
    await onChange({ action, body: { ...body, ...named, reason: reason.trim() || null } });
    setBusy(false);
  };
  const write = (text: string) => {
    setReason(text);
    setEventId(changeId());
  };
  return (
    <form
      onSubmit={submit}
      onKeyDown={(event) => event.key === 'Escape' && !event.defaultPrevented && onCancel()}
      aria-label={verb}
    >
      {children}
      <Field
        label="Reason"
        description={reasonWanted ? 'Stays in the history' : 'Stays in the history; may be left out'}
      >
        <TextArea
          id="errata-reason"
          rows={2}
          maxLength={REASON_MAX}
          autoFocus={!children}
          value={reason}
          onChange={(event) => write(event.currentTarget.value)}
        />
      </Field>
      <Stack direction="row" gap={1}>
        <Button type="submit" size="sm" disabled={!ready || busy}>
          {verb}
        </Button>
        <Button type="button" size="sm" variant="secondary" fill="text" onClick={onCancel}>
          Cancel
        </Button>
      </Stack>
    </form>
  );
}

const STATUS_VERBS: Record<Status, string> = {
  resolved: 'Resolve pattern',
  ignored: 'Ignore pattern',
  open: 'Open pattern again',
};

export function StatusForm({ status, ...form }: FormProps & { status: Status }) {
  return <Decision verb={STATUS_VERBS[status]} action="status" body={{ status }} reasonWanted {...form} />;
}

const FROM_EXCEPTIONS = 0;
const LEVELS: Array<ComboboxOption<number>> = [
  ...SEVERITIES.map(({ level, name }) => ({ value: level, label: `${level} ${name}` })),
  { value: FROM_EXCEPTIONS, label: 'What the exceptions say' },
];

export function SeverityForm({ pattern, ...form }: FormProps & { pattern: Pattern }) {
  const [level, setLevel] = useState(pattern.severity);
  return (
    <Decision
      verb="Set severity"
      action="severity"
      body={{ severity: level === FROM_EXCEPTIONS ? null : level }}
      {...form}
    >
      <Field label="Severity">
        <Combobox id="errata-severity" options={LEVELS} value={level} onChange={(option) => setLevel(option.value)} />
      </Field>
    </Decision>
  );
}

export function AssignForm({ pattern, ...form }: FormProps & { pattern: Pattern }) {
  const [name, setName] = useState(pattern.assignee ?? '');
  return (
    <Decision verb="Assign" action="assignee" body={{ assignee: name.trim() || null }} {...form}>
      <Field label="Who looks after it" description="Empty: nobody">
        <Input
          id="errata-assignee"
          autoFocus
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
      </Field>
    </Decision>
  );
}

export function LabelsForm({ pattern, ...form }: FormProps & { pattern: Pattern }) {
  const before = pattern.labels ?? [];
  const [labels, setLabels] = useState(before);
  const add = labels.filter((label) => !before.includes(label));
  const remove = before.filter((label) => !labels.includes(label));
  return (
    <Decision
      verb="Save labels"
      action="labels"
      body={add.length + remove.length > 0 ? { add, remove } : undefined}
      {...form}
    >
      <Field label="Labels" description="Enter puts one on">
        <TagsInput id="errata-labels" tags={labels} autoColors={false} addOnBlur onChange={setLabels} />
      </Field>
    </Decision>
  );
}

export function MergeForm({ pattern, client, ...form }: FormProps & { pattern: Pattern; client: ErrataClient }) {
  const [into, setInto] = useState('');
  const similar = useLoad('similar', () => client.similar(pattern.pattern_id));
  const options = useMemo(
    () =>
      (similar.value ?? []).map((one) => ({
        value: one.pattern_id,
        label: one.pattern_id,
        description: [one.error_type, one.canonical_msg].filter(Boolean).join(': '),
      })),
    [similar.value]
  );
  const valid = /^[0-9a-f]{16}$/.test(into) && into !== pattern.pattern_id;
  return (
    <Decision verb="Merge" action="merge" body={valid ? { into } : undefined} {...form}>
      <Field
        label="Into pattern"
        description="This one becomes another name of it. Similar patterns are offered, any id can be written."
        invalid={into !== '' && !valid}
        error="a pattern id is 16 of 0-9 and a-f, and another one than this"
      >
        <Combobox
          id="errata-merge"
          options={options}
          createCustomValue
          value={into || null}
          placeholder="pattern id"
          onChange={(option) => setInto(option.value.trim())}
        />
      </Field>
    </Decision>
  );
}

export function SplitForm({ pattern, client, ...form }: FormProps & { pattern: Pattern; client: ErrataClient }) {
  const [chosen, setChosen] = useState<string[]>([]);
  const fingerprints = useLoad('fingerprints', () => client.fingerprints(pattern.pattern_id));
  const toggle = (fingerprint: string) =>
    setChosen((before) =>
      before.includes(fingerprint) ? before.filter((one) => one !== fingerprint) : [...before, fingerprint]
    );
  return (
    <Load what="fingerprints" loaded={fingerprints}>
      {(rows) =>
        rows.length < 2 ? (
          <Stack direction="column" gap={1}>
            <span>This pattern has one fingerprint only: there is nothing to split off.</span>
            <div>
              <Button size="sm" variant="secondary" onClick={form.onCancel}>
                Close
              </Button>
            </div>
          </Stack>
        ) : (
          <Decision
            verb="Split off"
            action="split"
            body={chosen.length > 0 && chosen.length < rows.length ? { fingerprints: chosen } : undefined}
            {...form}
          >
            <fieldset>
              <legend>Fingerprints that become a pattern of their own</legend>
              {rows.map((row) => (
                <div key={row.fingerprint}>
                  <Checkbox
                    value={chosen.includes(row.fingerprint)}
                    label={`${row.fingerprint.slice(0, 12)} (${countText(row.occurrences, 'occurrence')})`}
                    description={row.message ?? undefined}
                    onChange={() => toggle(row.fingerprint)}
                  />
                </div>
              ))}
            </fieldset>
          </Decision>
        )
      }
    </Load>
  );
}
