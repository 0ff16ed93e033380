import React from 'react';
import { css } from '@emotion/css';
import { type GrafanaTheme2, locationUtil } from '@grafana/data';
import { Badge, type BadgeColor, LinkButton, Stack, Tag, useStyles2 } from '@grafana/ui';

import { sessionLink, traceLink } from '../../shared/links';
import type { Occurrence, Pattern, Settings, Status } from '../data/api';
import { causeOf } from '../data/causes';
import { agoText, countText, timeText } from '../data/text';
import { Severity } from './parts';

interface Props {
  pattern: Pattern;
  /** The id that was asked for: another one where the pattern was merged. */
  asked: string;
  newest?: Occurrence;
  settings?: Settings;
  datasource: string;
  timeZone: string;
}

const STATUS_COLORS: Record<Status, BadgeColor> = { open: 'red', resolved: 'green', ignored: 'darkgrey' };

export function Header({ pattern, asked, newest, settings, datasource, timeZone }: Props) {
  const styles = useStyles2(getStyles);
  const trace = traceLink(settings ?? {}, newest?.trace_id ?? pattern.sample_trace, newest?.span_id);
  const cause = causeOf(newest?.taxonomy_cause);
  return (
    <header className={styles.header}>
      <Stack direction="row" wrap="wrap" gap={1} alignItems="center">
        <Severity level={pattern.severity} />
        <Badge text={pattern.status} color={STATUS_COLORS[pattern.status] ?? 'blue'} />
        {pattern.stage !== 'active' && <Badge text={pattern.stage} color="blue" />}
        {(pattern.labels ?? []).map((label) => (
          <Tag key={label} name={label} />
        ))}
      </Stack>
      <h2 className={styles.title}>{pattern.error_type}</h2>
      {pattern.canonical_msg && <p className={styles.message}>{pattern.canonical_msg}</p>}
      {newest && <TaxonomyPath occurrence={newest} />}
      {cause && (
        <p className={styles.cause}>
          {cause.means} <strong>First step:</strong> {cause.firstStep}
        </p>
      )}
      <p className={styles.counts}>
        {[
          countText(pattern.occurrences, 'occurrence'),
          countText(pattern.distinct_users, 'user'),
          countText(pattern.distinct_sessions, 'session'),
          pattern.assignee ? `assigned to ${pattern.assignee}` : 'assigned to nobody',
        ].join(', ')}
        {'; first seen '}
        <time title={timeText(pattern.first_seen, timeZone)}>{agoText(pattern.first_seen, timeZone)}</time>
        {', last seen '}
        <time title={timeText(pattern.last_seen, timeZone)}>{agoText(pattern.last_seen, timeZone)}</time>
      </p>
      {asked !== pattern.pattern_id && (
        <p className={styles.counts}>
          {asked} was merged into {pattern.pattern_id}.
        </p>
      )}
      <Stack direction="row" wrap="wrap" gap={1}>
        {trace && (
          <LinkButton
            size="sm"
            variant="secondary"
            icon={trace.external ? 'external-link-alt' : 'compass'}
            href={trace.external ? trace.url : locationUtil.assureBaseUrl(trace.url)}
            target={trace.external ? '_blank' : undefined}
            rel="noreferrer"
          >
            Trace in Jaeger
          </LinkButton>
        )}
        {newest?.session_id && (
          <LinkButton
            size="sm"
            variant="secondary"
            icon="history"
            href={locationUtil.assureBaseUrl(sessionLink(newest.session_id, datasource))}
          >
            Session
          </LinkButton>
        )}
      </Stack>
    </header>
  );
}

/** Where the failure stands in the taxonomy, from the runtime to the cause. */
function TaxonomyPath({ occurrence }: { occurrence: Occurrence }) {
  const styles = useStyles2(getStyles);
  const steps: Array<[string, string | null]> = [
    ['runtime', occurrence.taxonomy_runtime],
    ['phase', occurrence.taxonomy_phase],
    ['type', occurrence.taxonomy_type],
    ['cause', occurrence.taxonomy_cause],
  ];
  return (
    <ol className={styles.path} aria-label="Taxonomy">
      {steps.map(([level, name]) => (
        <li key={level} title={level}>
          {name || 'unknown'}
        </li>
      ))}
    </ol>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  header: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(0.75) }),
  title: css({ ...theme.typography.h4, margin: 0, overflowWrap: 'anywhere' }),
  message: css({ margin: 0, fontFamily: theme.typography.fontFamilyMonospace, overflowWrap: 'anywhere' }),
  cause: css({
    margin: 0,
    paddingLeft: theme.spacing(1),
    borderLeft: `3px solid ${theme.colors.border.strong}`,
    '& strong': { fontWeight: theme.typography.fontWeightMedium },
  }),
  counts: css({ margin: 0, color: theme.colors.text.secondary }),
  path: css({
    listStyle: 'none',
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5),
    color: theme.colors.text.secondary,
    '& li + li::before': { content: '"/"', marginRight: theme.spacing(0.5) },
  }),
});
