import React from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Alert, LoadingPlaceholder, useStyles2, useTheme2 } from '@grafana/ui';

import { severityOf } from '../../shared/severity';
import type { FrameClass } from '../data/api';
import type { Problem } from '../data/problem';
import { CLASS_NAMES } from '../data/stack';
import type { Loaded } from './useLoad';

/** What was loaded, or that it is not there yet, or why not. */
export function Load<T>({
  what,
  loaded,
  children,
}: {
  what: string;
  loaded: Loaded<T>;
  children: (value: T) => React.ReactNode;
}) {
  if (loaded.problem) {
    return <ProblemNote title={`Cannot load ${what}`} problem={loaded.problem} />;
  }
  if (loaded.value === undefined) {
    return <LoadingPlaceholder text={`Loading ${what}...`} />;
  }
  return <>{children(loaded.value)}</>;
}

export function ProblemNote({ title, problem, onRemove }: { title: string; problem: Problem; onRemove?: () => void }) {
  return (
    <Alert severity="error" title={title} onRemove={onRemove}>
      {problem.text}
    </Alert>
  );
}

/** The level's colour as a mark, its number and word as text. */
export function Severity({ level }: { level: number }) {
  const styles = useStyles2(getStyles);
  const severity = severityOf(level);
  return (
    <span className={styles.tag}>
      <span aria-hidden className={styles.mark} style={{ background: severity?.color }} />
      {level} {severity?.name ?? ''}
    </span>
  );
}

/** Whose code a frame is, by word and by colour. */
export function ClassTag({ name }: { name: FrameClass }) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  return (
    <span className={styles.tag}>
      <span aria-hidden className={styles.mark} style={{ background: classColor(theme, name) }} />
      {CLASS_NAMES[name]}
    </span>
  );
}

export function classColor(theme: GrafanaTheme2, name: FrameClass): string {
  switch (name) {
    case 'user':
      return theme.visualization.getColorByName('blue');
    case 'library':
      return theme.visualization.getColorByName('purple');
    default:
      return theme.colors.text.disabled;
  }
}

/** Names and values in two columns, or below one another where there is no room. */
export function Facts({ facts }: { facts: Array<[string, React.ReactNode]> }) {
  const styles = useStyles2(getStyles);
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return (
    <dl className={styles.facts}>
      {known.map(([name, value]) => (
        <div key={name} className={styles.fact}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  tag: css({
    display: 'inline-flex',
    alignItems: 'center',
    gap: theme.spacing(0.5),
    whiteSpace: 'nowrap',
    fontSize: theme.typography.bodySmall.fontSize,
    color: theme.colors.text.secondary,
  }),
  mark: css({
    width: 10,
    height: 10,
    borderRadius: 2,
    display: 'inline-block',
    flex: 'none',
  }),
  facts: css({
    display: 'grid',
    gridTemplateColumns: 'repeat(auto-fill, minmax(min(100%, 260px), 1fr))',
    gap: theme.spacing(0.5, 2),
    margin: theme.spacing(1, 0),
  }),
  fact: css({
    minWidth: 0,
    '& dt': { color: theme.colors.text.secondary, fontSize: theme.typography.bodySmall.fontSize, fontWeight: 'normal' },
    '& dd': { margin: 0, overflowWrap: 'anywhere' },
  }),
});
