import React from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, useStyles2 } from '@grafana/ui';

import type { PatternEvent } from '../data/api';
import type { Change } from '../data/client';
import { eventText, undoable } from '../data/history';
import { agoText, changeId, timeText } from '../data/text';

interface Props {
  events: PatternEvent[];
  canTriage: boolean;
  timeZone: string;
  onChange: (change: Change) => Promise<boolean>;
}

/** Who decided what, when and why; the newest first. */
export function History({ events, canTriage, timeZone, onChange }: Props) {
  const styles = useStyles2(getStyles);
  if (events.length === 0) {
    return <p>Nobody has decided anything about this pattern yet.</p>;
  }
  const onTop = undoable(events);
  return (
    <ol className={styles.list} aria-label="History">
      {events.map((event) => {
        const time = event.timestamp ?? event.time_unix_nano / 1e6;
        const text = eventText(event);
        return (
          <li key={event.event_id} className={styles.item}>
            <div>
              <strong>{event.actor}</strong> {text},{' '}
              <time title={timeText(time, timeZone)}>{agoText(time, timeZone)}</time>
              {event.reason && <p className={styles.reason}>{event.reason}</p>}
            </div>
            {canTriage && onTop.has(event.event_id) && (
              <Button
                size="sm"
                variant="secondary"
                fill="outline"
                icon="history"
                aria-label={`Undo: ${event.actor} ${text}`}
                onClick={() =>
                  onChange({
                    action: `events/${encodeURIComponent(event.event_id)}/undo`,
                    body: { event_id: changeId(), reason: `undo of: ${text}`.slice(0, 200) },
                  })
                }
              >
                Undo
              </Button>
            )}
          </li>
        );
      })}
    </ol>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', display: 'flex', flexDirection: 'column', gap: 2 }),
  item: css({
    display: 'flex',
    flexWrap: 'wrap',
    justifyContent: 'space-between',
    gap: theme.spacing(1),
    padding: theme.spacing(1),
    background: theme.colors.background.secondary,
    overflowWrap: 'anywhere',
    '& > div': { minWidth: 0, flex: '1 1 200px' },
  }),
  reason: css({ margin: theme.spacing(0.25, 0, 0), color: theme.colors.text.secondary, whiteSpace: 'pre-wrap' }),
});
