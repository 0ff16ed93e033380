import React from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';

import type { Grouping, Pattern } from '../data/api';
import { canonicalParts } from '../data/canonical';
import type { ErrataClient } from '../data/client';
import { countText } from '../data/text';
import { Facts, Load } from './parts';
import { useLoad } from './useLoad';

interface Props {
  client: ErrataClient;
  pattern: Pattern;
  round: number;
}

/** What grouping compared, for each fingerprint that counts here, and how it came to count here. */
export function WhyHere({ client, pattern, round }: Props) {
  const styles = useStyles2(getStyles);
  const id = pattern.pattern_id;
  const grouping = useLoad(`grouping ${id} ${round}`, () => client.grouping(id));
  const counts = useLoad(`fingerprints ${id} ${round}`, () => client.fingerprints(id));
  const countOf = (fingerprint: string) => counts.value?.find((row) => row.fingerprint === fingerprint)?.occurrences;
  return (
    <Load what="the grouping" loaded={grouping}>
      {(rows) => (
        <>
          <p className={styles.note}>
            Exceptions with the same fingerprint are one pattern. A fingerprint is made of the following only; names and
            values of one user are left out, so that users do not split it.
          </p>
          {rows.length === 0 && <p>The lake keeps no record of how this pattern was made.</p>}
          <ul className={styles.list}>
            {rows.map((row) => (
              <Fingerprint key={row.fingerprint} row={row} count={countOf(row.fingerprint)} />
            ))}
          </ul>
        </>
      )}
    </Load>
  );
}

function Fingerprint({ row, count }: { row: Grouping; count: number | undefined }) {
  const styles = useStyles2(getStyles);
  return (
    <li className={styles.fingerprint}>
      <code>{row.fingerprint}</code> {count !== undefined && countText(count, 'occurrence')}
      {row.reason && <p className={styles.reason}>Joined: {row.reason}</p>}
      <Facts
        facts={canonicalParts(row.canonical).map(({ name, values }) => [
          name,
          <span key={name}>
            {values.map((value, index) => (
              <div key={index}>{value}</div>
            ))}
          </span>,
        ])}
      />
    </li>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  note: css({ color: theme.colors.text.secondary, maxWidth: 760 }),
  list: css({ listStyle: 'none', display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
  fingerprint: css({
    padding: theme.spacing(1),
    background: theme.colors.background.secondary,
    overflowWrap: 'anywhere',
  }),
  reason: css({ margin: theme.spacing(0.5, 0) }),
});
