import React, { useEffect, useMemo, useRef, useState } from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2, PanelProps } from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';
import { Alert, EmptyState, useStyles2 } from '@grafana/ui';

import { PLUGIN_DATASOURCE } from '../../shared/links';
import { type Change, ErrataClient } from '../data/client';
import { type Problem, problemOf, wasFaster } from '../data/problem';
import { sendThroughGrafana } from '../data/send';
import type { TriageOptions } from '../types';
import { Actions } from './Actions';
import { Header } from './Header';
import { Load, ProblemNote } from './parts';
import { Tabs } from './Tabs';
import { useLoad } from './useLoad';

type Props = PanelProps<TriageOptions>;

export function TriagePanel({ options, replaceVariables, timeZone, width, height }: Props) {
  const patternId = resolved(options.pattern, replaceVariables);
  const datasource = datasourceUid(options.datasource, replaceVariables);
  if (datasource === undefined) {
    return <EmptyState variant="not-found" message="There is no Errata data source" />;
  }
  if (patternId === '') {
    return (
      <EmptyState variant="call-to-action" message="No pattern is chosen" hideImage>
        Open one from the overview or the pattern explorer, or write its id into the variable pattern.
      </EmptyState>
    );
  }
  return (
    <Triage
      key={`${datasource} ${patternId}`}
      datasource={datasource}
      patternId={patternId}
      timeZone={timeZone}
      width={width}
      height={height}
    />
  );
}

interface TriageProps {
  datasource: string;
  patternId: string;
  timeZone: string;
  width: number;
  height: number;
}

function Triage({ datasource, patternId, timeZone, width, height }: TriageProps) {
  const styles = useStyles2(getStyles);
  const client = useMemo(() => new ErrataClient(datasource, sendThroughGrafana), [datasource]);
  const [round, setRound] = useState(0);
  const [note, setNote] = useState<string>();
  const [problem, setProblem] = useState<Problem>();
  const seen = useLoad(`pattern ${round}`, () => client.pattern(patternId));
  const settings = useLoad('settings', () => client.settings());
  const occurrences = useLoad(`occurrences ${round}`, () => client.occurrences(patternId));
  const events = useLoad(`events ${round}`, () => client.events(patternId));

  // Of the state that is on the page, or that this page made since.
  const etag = useRef<string | null>(null);
  useEffect(() => {
    etag.current = seen.value?.etag ?? null;
  }, [seen.value]);

  const reload = () => setRound((before) => before + 1);
  /** Whether the change was made; a refusal is shown here. */
  const change = async (wish: Change): Promise<boolean> => {
    setNote(undefined);
    setProblem(undefined);
    try {
      etag.current = await client.change(patternId, wish, etag.current);
      setNote('Done.');
      reload();
      return true;
    } catch (error) {
      const found = problemOf(error);
      if (wasFaster(found)) {
        setNote('Somebody was faster: reloaded. Look at what they decided, then try again.');
        reload();
      } else {
        setProblem(found);
      }
      return false;
    }
  };
  const canTriage = settings.value?.canTriage ?? false;

  return (
    <section className={styles.panel} style={{ height }} aria-label="Triage of a pattern">
      <Load what="the pattern" loaded={seen}>
        {({ pattern }) => (
          <>
            <Header
              pattern={pattern}
              asked={patternId}
              newest={occurrences.value?.[0]}
              settings={settings.value}
              datasource={datasource}
              timeZone={timeZone}
            />
            {canTriage && <Actions pattern={pattern} client={client} onChange={change} />}
            <div aria-live="polite">
              {note && <Alert severity="info" title={note} onRemove={() => setNote(undefined)} />}
              {problem && <ProblemNote title="Not changed" problem={problem} onRemove={() => setProblem(undefined)} />}
            </div>
            <Tabs
              pattern={pattern}
              client={client}
              occurrences={occurrences}
              events={events}
              canTriage={canTriage}
              narrow={width < 700}
              round={round}
              datasource={datasource}
              timeZone={timeZone}
              onChange={change}
            />
          </>
        )}
      </Load>
    </section>
  );
}

/** The text with variables put in; a variable that does not exist is no value. */
function resolved(text: string, replaceVariables: Props['replaceVariables']): string {
  const value = replaceVariables(text).trim();
  return value.startsWith('$') ? '' : value;
}

function datasourceUid(text: string, replaceVariables: Props['replaceVariables']): string | undefined {
  const wanted = resolved(text, replaceVariables);
  const sources = getDataSourceSrv().getList({ type: PLUGIN_DATASOURCE });
  const found = sources.find((source) => source.uid === wanted || source.name === wanted);
  return found?.uid ?? (wanted === '' || wanted === 'default' ? sources[0]?.uid : wanted);
}

const getStyles = (theme: GrafanaTheme2) => ({
  panel: css({
    overflow: 'auto',
    padding: theme.spacing(0, 0.5),
    display: 'flex',
    flexDirection: 'column',
    gap: theme.spacing(1),
  }),
});
