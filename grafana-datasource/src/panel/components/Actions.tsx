import React, { useState } from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, type ButtonVariant, Stack, useStyles2 } from '@grafana/ui';

import type { Pattern } from '../data/api';
import type { Change, ErrataClient } from '../data/client';
import { AssignForm, LabelsForm, MergeForm, SeverityForm, SplitForm, StatusForm } from './forms';

interface Props {
  pattern: Pattern;
  client: ErrataClient;
  onChange: (change: Change) => Promise<boolean>;
}

type FormName = 'resolved' | 'ignored' | 'open' | 'severity' | 'assign' | 'labels' | 'merge' | 'split';

/** The buttons; each opens its form below, one at a time. */
export function Actions({ pattern, client, onChange }: Props) {
  const styles = useStyles2(getStyles);
  const [open, setOpen] = useState<FormName>();
  const toggle = (name: FormName) => setOpen((before) => (before === name ? undefined : name));
  const form = {
    onCancel: () => setOpen(undefined),
    onChange: async (change: Change) => {
      const made = await onChange(change);
      if (made) {
        setOpen(undefined);
      }
    },
  };
  const button = (name: FormName, label: string, variant: ButtonVariant = 'secondary') => (
    <Button size="sm" variant={variant} aria-expanded={open === name} onClick={() => toggle(name)}>
      {label}
    </Button>
  );

  return (
    <div>
      <div role="toolbar" aria-label="Decide">
        <Stack direction="row" wrap="wrap" gap={1}>
          {pattern.status !== 'resolved' && button('resolved', 'Resolve', 'primary')}
          {pattern.status !== 'ignored' && button('ignored', 'Ignore')}
          {pattern.status !== 'open' && button('open', 'Open again')}
          {button('severity', 'Severity')}
          {button('assign', 'Assign')}
          {button('labels', 'Labels')}
          {button('merge', 'Merge')}
          {button('split', 'Split')}
        </Stack>
      </div>
      {open && (
        <div className={styles.form}>
          {(open === 'resolved' || open === 'ignored' || open === 'open') && (
            <StatusForm key={open} status={open} {...form} />
          )}
          {open === 'severity' && <SeverityForm pattern={pattern} {...form} />}
          {open === 'assign' && <AssignForm pattern={pattern} {...form} />}
          {open === 'labels' && <LabelsForm pattern={pattern} {...form} />}
          {open === 'merge' && <MergeForm pattern={pattern} client={client} {...form} />}
          {open === 'split' && <SplitForm pattern={pattern} client={client} {...form} />}
        </div>
      )}
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  form: css({
    marginTop: theme.spacing(1),
    padding: theme.spacing(1.5),
    maxWidth: 640,
    background: theme.colors.background.secondary,
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
  }),
});
