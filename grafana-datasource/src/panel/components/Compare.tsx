import React, { useState } from 'react';
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';

import type { AlignedFrame, ComparedException, DiffKind, MessagePart, Occurrence } from '../data/api';
import type { ErrataClient } from '../data/client';
import { relationText } from '../data/stack';
import { OccurrencePicker } from './Occurrences';
import { classColor, Load } from './parts';
import { FrameText } from './StackTrace';
import { useLoad } from './useLoad';

interface Props {
  client: ErrataClient;
  occurrences: Occurrence[];
  narrow: boolean;
  timeZone: string;
}

type Side = 'left' | 'right';

/** Two occurrences frame by frame: beside each other where there is room, else below one another. */
export function Compare({ client, occurrences, narrow, timeZone }: Props) {
  const styles = useStyles2(getStyles);
  const [chosen, setChosen] = useState<Partial<Record<Side, string>>>({});
  const left = chosen.left ?? occurrences[0]?.event_id ?? '';
  const right = chosen.right ?? occurrences[1]?.event_id ?? left;
  const diff = useLoad(`diff ${left} ${right}`, () => client.diff(left, right));
  if (occurrences.length === 0) {
    return <p>No occurrence of this pattern is kept any more.</p>;
  }
  const columns = cx(styles.columns, !narrow && styles.wide);
  const picker = (side: Side, value: string) => (
    <OccurrencePicker
      id={`errata-${side}`}
      label={side === 'left' ? 'Left' : 'Right'}
      occurrences={occurrences}
      value={value}
      timeZone={timeZone}
      onChange={(eventId) => setChosen((before) => ({ ...before, [side]: eventId }))}
    />
  );
  return (
    <>
      <div className={columns}>
        {picker('left', left)}
        {picker('right', right)}
      </div>
      {occurrences.length === 1 && <p>It occurred once: there is nothing to compare it with.</p>}
      <Load what="the comparison" loaded={diff}>
        {(value) => (
          <>
            <p className={styles.note}>
              {value.same
                ? 'Both are the same in type, message and every frame.'
                : 'What differs is marked; values that grouping takes as parameters are underlined.'}
            </p>
            {value.exceptions.map((exception, index) => (
              <Exception key={index} exception={exception} columns={columns} narrow={narrow} />
            ))}
          </>
        )}
      </Load>
    </>
  );
}

interface ExceptionProps {
  exception: ComparedException;
  columns: string;
  narrow: boolean;
}

function Exception({ exception, columns, narrow }: ExceptionProps) {
  const styles = useStyles2(getStyles);
  return (
    <section aria-label={relationText(exception.relation)}>
      <div className={columns}>
        {shownSides(narrow && !exception.type_changed && exception.message.every(isSame)).map((side) => (
          <p key={side} className={styles.message}>
            <strong className={exception.type_changed ? styles.changed : undefined}>
              {exception[side]?.error_type ?? 'nothing'}
            </strong>
            {exception.message.length > 0 && ': '}
            {exception.message.map((part, index) => (
              <MessageText key={index} part={part} side={side} />
            ))}
          </p>
        ))}
      </div>
      <ol className={styles.rows} aria-label="Frames, the innermost first">
        {exception.frames.map((frame, index) => (
          <li key={index} className={columns} aria-label={rowLabel(frame)}>
            {shownSides(narrow && isSame(frame)).map((side) => (
              <Cell key={side} frame={frame} side={side} named={narrow && !isSame(frame)} />
            ))}
          </li>
        ))}
      </ol>
    </section>
  );
}

const isSame = ({ kind }: { kind: DiffKind }) => kind === 'same';

/** Below one another, what is the same is told once. */
function shownSides(once: boolean): Side[] {
  return once ? ['left'] : ['left', 'right'];
}

function rowLabel(frame: AlignedFrame): string {
  switch (frame.kind) {
    case 'same':
      return 'same on both sides';
    case 'changed':
      return `differs in ${frame.changed.join(', ')}`;
    default:
      return `only ${frame.kind}`;
  }
}

function Cell({ frame, side, named }: { frame: AlignedFrame; side: Side; named: boolean }) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const content = frame[side];
  if (!content) {
    return (
      <div className={styles.missing} aria-hidden>
        not on {named ? `the ${side}` : 'this'} side
      </div>
    );
  }
  const only = frame.kind === side;
  return (
    <div className={cx(styles.cell, only && styles.only)} style={{ borderColor: classColor(theme, content.class) }}>
      {named && <small>{side}</small>}
      <FrameText frame={content} changed={frame.changed} />
    </div>
  );
}

function MessageText({ part, side }: { part: MessagePart; side: Side }) {
  const styles = useStyles2(getStyles);
  if (part.kind === 'same') {
    return <>{part[side]}</>;
  }
  const text = part[side];
  return text === '' ? null : <mark className={cx(styles.changed, part.parameter && styles.parameter)}>{text}</mark>;
}

const getStyles = (theme: GrafanaTheme2) => ({
  columns: css({ display: 'grid', gap: theme.spacing(0.5, 1), minWidth: 0 }),
  wide: css({ gridTemplateColumns: 'minmax(0, 1fr) minmax(0, 1fr)' }),
  note: css({ margin: theme.spacing(1, 0), color: theme.colors.text.secondary }),
  message: css({ margin: theme.spacing(0.5, 0), overflowWrap: 'anywhere' }),
  rows: css({ listStyle: 'none', display: 'flex', flexDirection: 'column', gap: theme.spacing(0.5) }),
  cell: css({
    borderLeft: '4px solid',
    padding: theme.spacing(0.5, 1),
    background: theme.colors.background.secondary,
    minWidth: 0,
  }),
  only: css({ background: theme.colors.warning.transparent }),
  missing: css({
    padding: theme.spacing(0.5, 1),
    color: theme.colors.text.disabled,
    border: `1px dashed ${theme.colors.border.weak}`,
  }),
  changed: css({
    background: theme.colors.warning.transparent,
    color: 'inherit',
    outline: `1px solid ${theme.colors.warning.border}`,
    borderRadius: theme.shape.radius.default,
    padding: 0,
  }),
  parameter: css({ textDecoration: 'underline dotted' }),
});
