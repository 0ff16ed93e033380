import React, { useState } from 'react';
import { css, cx } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { ClipboardButton, InlineSwitch, Stack, useStyles2, useTheme2 } from '@grafana/ui';

import type { ErrorDetail, FrameClass, Occurrence, StackFrame } from '../data/api';
import type { ErrataClient } from '../data/client';
import { countByClass, functionOf, placeOf, relationText, sideFrames, stackRows } from '../data/stack';
import { countText, packagesText } from '../data/text';
import { OccurrencePicker } from './Occurrences';
import { ClassTag, classColor, Facts, Load } from './parts';
import { useLoad } from './useLoad';

interface Props {
  client: ErrataClient;
  occurrences: Occurrence[];
  timeZone: string;
}

export function StackTrace({ client, occurrences, timeZone }: Props) {
  const styles = useStyles2(getStyles);
  const [chosen, setChosen] = useState<string>();
  const [userOnly, setUserOnly] = useState(false);
  const eventId = chosen ?? occurrences[0]?.event_id ?? '';
  const detail = useLoad(`error ${eventId}`, () => client.error(eventId));
  // An exception compared with itself: its frames, parsed and told apart by the engine.
  const parsed = useLoad(`frames ${eventId}`, () => client.diff(eventId, eventId));
  if (occurrences.length === 0) {
    return <p>No occurrence of this pattern is kept any more.</p>;
  }
  return (
    <Stack direction="column" gap={1}>
      <OccurrencePicker
        id="errata-occurrence"
        label={`Occurrence (the newest ${occurrences.length})`}
        occurrences={occurrences}
        value={eventId}
        timeZone={timeZone}
        onChange={setChosen}
      />
      <Load what="the stack trace" loaded={parsed}>
        {(diff) => (
          <>
            <Stack direction="row" wrap="wrap" gap={2} alignItems="center">
              <InlineSwitch
                id="errata-user-only"
                label="User code only"
                showLabel
                value={userOnly}
                onChange={(event) => setUserOnly(event.currentTarget.checked)}
              />
              <Legend frames={diff.exceptions.flatMap((one) => sideFrames(one.frames, 'left'))} />
              {diff.left.truncated && <span>The stack trace was cut by the sender.</span>}
            </Stack>
            {diff.exceptions.map((exception, index) => (
              <section key={index} aria-label={relationText(exception.relation)}>
                <p className={styles.raised}>
                  {exception.relation !== 'reported' && `${relationText(exception.relation)} `}
                  <strong>{exception.left?.error_type}</strong>
                  {exception.left?.message && `: ${exception.left.message}`}
                </p>
                <Frames frames={sideFrames(exception.frames, 'left')} userOnly={userOnly} />
              </section>
            ))}
          </>
        )}
      </Load>
      <Load what="the occurrence" loaded={detail}>
        {(error) => <Detail error={error} />}
      </Load>
    </Stack>
  );
}

function Legend({ frames }: { frames: StackFrame[] }) {
  const counts = countByClass(frames);
  return (
    <Stack direction="row" gap={1} wrap="wrap">
      {(Object.keys(counts) as FrameClass[])
        .filter((name) => counts[name] > 0)
        .map((name) => (
          <Stack key={name} direction="row" gap={0.5} alignItems="center">
            <ClassTag name={name} />
            <small>{counts[name]}</small>
          </Stack>
        ))}
    </Stack>
  );
}

function Frames({ frames, userOnly }: { frames: StackFrame[]; userOnly: boolean }) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  if (frames.length === 0) {
    return <p className={styles.none}>No frames: the sender told the type and the message only.</p>;
  }
  return (
    <ol className={styles.frames} aria-label="Frames, the innermost first">
      {stackRows(frames, userOnly).map((row, index) =>
        row.kind === 'hidden' ? (
          <li key={index} className={styles.hidden} style={{ borderColor: classColor(theme, row.className) }}>
            {countText(row.count, `${row.className} frame`)}
          </li>
        ) : (
          <li key={index} className={styles.frame} style={{ borderColor: classColor(theme, row.frame.class) }}>
            <FrameText frame={row.frame} />
          </li>
        )
      )}
    </ol>
  );
}

/** One frame: function, place, the line of source where there is one, whose code it is. */
export function FrameText({ frame, changed = [] }: { frame: StackFrame; changed?: string[] }) {
  const styles = useStyles2(getStyles);
  const mark = (...names: string[]) => (names.some((name) => changed.includes(name)) ? styles.changed : undefined);
  return (
    <>
      <div className={styles.head}>
        <ClassTag name={frame.class} />
        <code className={cx(styles.code, mark('function', 'module'))}>{functionOf(frame)}</code>
      </div>
      <div className={styles.place}>
        <span className={mark('file', 'line', 'column')}>{placeOf(frame)}</span>
      </div>
      {frame.source && <code className={cx(styles.code, styles.source, mark('source'))}>{frame.source}</code>}
    </>
  );
}

function Detail({ error }: { error: ErrorDetail }) {
  const styles = useStyles2(getStyles);
  return (
    <>
      <Facts
        facts={[
          ['User', error.user_id],
          ['Host', error.host_name],
          ['Service', error.service_name],
          ['Language', error.language],
          ['Module', error.ast_import],
          ['Failing call', error.ast_call],
          ['Packages', packagesText(error.pkg_versions).join(', ')],
          ['Virtual environment', error.virtualenv],
          ['Commit', error.commit_hash?.slice(0, 12)],
          ['Branch', error.branch],
          ['File', error.file_path],
          ['Execution', error.execution_id],
        ]}
      />
      {error.snippet && <Raw title="Program" text={error.snippet} className={styles.raw} />}
      {error.stack_trace && <Raw title="Stack trace as sent, masked" text={error.stack_trace} className={styles.raw} />}
    </>
  );
}

function Raw({ title, text, className }: { title: string; text: string; className: string }) {
  return (
    <details>
      <summary>{title}</summary>
      <ClipboardButton size="sm" variant="secondary" fill="text" icon="copy" getText={() => text}>
        Copy
      </ClipboardButton>
      {/* A long text scrolls, so the keyboard must reach it. */}
      <pre className={className} tabIndex={0}>
        {text}
      </pre>
    </details>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  raised: css({ margin: theme.spacing(0.5, 0), overflowWrap: 'anywhere' }),
  none: css({ color: theme.colors.text.secondary }),
  frames: css({ listStyle: 'none', display: 'flex', flexDirection: 'column', gap: 2 }),
  frame: css({
    borderLeft: '4px solid',
    padding: theme.spacing(0.5, 1),
    background: theme.colors.background.secondary,
    minWidth: 0,
  }),
  hidden: css({
    borderLeft: '4px solid',
    padding: theme.spacing(0.25, 1),
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
  }),
  head: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'baseline',
    gap: theme.spacing(0, 1),
    '& > span': { minWidth: 64 },
  }),
  code: css({
    background: 'transparent',
    border: 0,
    padding: 0,
    margin: 0,
    color: theme.colors.text.primary,
    overflowWrap: 'anywhere',
    whiteSpace: 'pre-wrap',
  }),
  place: css({
    color: theme.colors.text.secondary,
    fontSize: theme.typography.bodySmall.fontSize,
    overflowWrap: 'anywhere',
  }),
  source: css({ display: 'block', width: 'fit-content' }),
  changed: css({
    background: theme.colors.warning.transparent,
    outline: `1px solid ${theme.colors.warning.border}`,
    borderRadius: theme.shape.radius.default,
  }),
  raw: css({ maxHeight: 320, overflow: 'auto', whiteSpace: 'pre', fontSize: theme.typography.bodySmall.fontSize }),
});
