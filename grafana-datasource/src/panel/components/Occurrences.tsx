import React, { useMemo } from 'react';
import { css } from '@emotion/css';
import { Combobox, Field, useStyles2 } from '@grafana/ui';

import type { Occurrence } from '../data/api';
import { timeText } from '../data/text';

interface Props {
  id: string;
  label: string;
  occurrences: Occurrence[];
  value: string;
  timeZone: string;
  onChange: (eventId: string) => void;
}

/** One exception of the pattern, by when it happened and to whom. */
export function OccurrencePicker({ id, label, occurrences, value, timeZone, onChange }: Props) {
  const styles = useStyles2(getStyles);
  const options = useMemo(
    () =>
      occurrences.map((one) => ({
        value: one.event_id,
        label: [timeText(one.timestamp, timeZone), one.user_id, one.service_name].filter(Boolean).join(', '),
        description: one.message ?? undefined,
      })),
    [occurrences, timeZone]
  );
  return (
    <Field label={label} noMargin className={styles.field}>
      <Combobox id={id} options={options} value={value} onChange={(option) => onChange(option.value)} />
    </Field>
  );
}

const getStyles = () => ({ field: css({ maxWidth: 640 }) });
