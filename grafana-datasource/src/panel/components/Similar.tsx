import React from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Badge, Button, Stack, TextLink, useStyles2 } from '@grafana/ui';

import { patternLink } from '../../shared/links';
import type { Pattern, SimilarPattern } from '../data/api';
import type { Change, ErrataClient } from '../data/client';
import { Load } from './parts';
import { useLoad } from './useLoad';

interface Props {
  client: ErrataClient;
  pattern: Pattern;
  round: number;
  datasource: string;
  canTriage: boolean;
  onChange: (change: Change) => Promise<boolean>;
}

export function Similar({ client, pattern, round, datasource, canTriage, onChange }: Props) {
  const styles = useStyles2(getStyles);
  const similar = useLoad(`similar ${round}`, () => client.similar(pattern.pattern_id));
  return (
    <Load what="similar patterns" loaded={similar}>
      {(items) =>
        items.length === 0 ? (
          <p>No other pattern is near to this one.</p>
        ) : (
          <ul className={styles.list}>
            {items.map((item) => (
              <Neighbour
                key={item.pattern_id}
                item={item}
                datasource={datasource}
                canTriage={canTriage}
                onChange={onChange}
              />
            ))}
          </ul>
        )
      }
    </Load>
  );
}

interface NeighbourProps extends Pick<Props, 'datasource' | 'canTriage' | 'onChange'> {
  item: SimilarPattern;
}

function Neighbour({ item, datasource, canTriage, onChange }: NeighbourProps) {
  const styles = useStyles2(getStyles);
  return (
    <li className={styles.item}>
      <Stack direction="row" wrap="wrap" gap={1} alignItems="center">
        <TextLink href={patternLink(item.pattern_id, datasource)}>{item.error_type ?? item.pattern_id}</TextLink>
        <span>{Math.round(item.similarity * 100)} % alike</span>
        {item.kept_apart && <Badge text="kept apart" color="blue" />}
      </Stack>
      {item.canonical_msg && <code className={styles.message}>{item.canonical_msg}</code>}
      <p className={styles.why}>Not one with this: {item.why_not_one}</p>
      <Sentences title="Agree in" items={item.agrees} />
      <Sentences title="Differ in" items={item.differs} />
      {canTriage && (
        <Stack direction="row" wrap="wrap" gap={1}>
          <Button
            size="sm"
            variant="secondary"
            aria-label={`Merge into ${item.pattern_id}`}
            onClick={() => onChange({ action: 'merge', body: { into: item.pattern_id, reason: 'similar pattern' } })}
          >
            Merge into it
          </Button>
          {!item.kept_apart && (
            <Button
              size="sm"
              variant="secondary"
              fill="outline"
              aria-label={`Keep apart from ${item.pattern_id}`}
              onClick={() => onChange({ action: 'keep-apart', body: { from: item.pattern_id } })}
            >
              Keep apart
            </Button>
          )}
        </Stack>
      )}
    </li>
  );
}

function Sentences({ title, items }: { title: string; items: string[] }) {
  const styles = useStyles2(getStyles);
  return items.length === 0 ? null : (
    <p className={styles.why}>
      {title} {items.join('; ')}
    </p>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
  item: css({
    padding: theme.spacing(1),
    background: theme.colors.background.secondary,
    overflowWrap: 'anywhere',
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(0.5),
  }),
  message: css({ background: 'transparent', border: 0, padding: 0, whiteSpace: 'normal' }),
  why: css({ margin: 0, color: theme.colors.text.secondary }),
});
