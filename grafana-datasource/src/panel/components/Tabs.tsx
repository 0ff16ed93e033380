import React, { useId, useRef, useState } from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Tab, TabContent, TabsBar, useStyles2 } from '@grafana/ui';

import type { Occurrence, Pattern, PatternEvent } from '../data/api';
import type { Change, ErrataClient } from '../data/client';
import { Compare } from './Compare';
import { History } from './History';
import { Load } from './parts';
import { Similar } from './Similar';
import { Solutions } from './Solutions';
import { StackTrace } from './StackTrace';
import type { Loaded } from './useLoad';
import { WhyHere } from './WhyHere';

interface Props {
  pattern: Pattern;
  client: ErrataClient;
  occurrences: Loaded<Occurrence[]>;
  events: Loaded<PatternEvent[]>;
  canTriage: boolean;
  narrow: boolean;
  /** Goes up with each reload. */
  round: number;
  datasource: string;
  timeZone: string;
  onChange: (change: Change) => Promise<boolean>;
}

const TABS = [
  { id: 'stack', label: 'Stack trace' },
  { id: 'compare', label: 'Compare' },
  { id: 'why', label: 'Why here' },
  { id: 'similar', label: 'Similar' },
  { id: 'solutions', label: 'Solutions' },
  { id: 'history', label: 'History' },
] as const;

type TabId = (typeof TABS)[number]['id'];

const STEPS: Record<string, (index: number) => number> = {
  ArrowRight: (index) => (index + 1) % TABS.length,
  ArrowLeft: (index) => (index + TABS.length - 1) % TABS.length,
  Home: () => 0,
  End: () => TABS.length - 1,
};

export function Tabs(props: Props) {
  const { pattern, client, occurrences, events, canTriage, narrow, round, datasource, timeZone, onChange } = props;
  const styles = useStyles2(getStyles);
  const prefix = useId();
  const bar = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<TabId>('stack');

  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step) {
      return;
    }
    event.preventDefault();
    const index = step(TABS.findIndex((tab) => tab.id === active));
    setActive(TABS[index].id);
    bar.current?.querySelectorAll<HTMLElement>('[role="tab"]')[index]?.focus();
  };

  return (
    <div>
      {/* Keys of the tabs bubble to here; the tabs themselves are the controls. */}
      <div ref={bar} onKeyDown={onKeyDown} className={styles.bar}>
        <TabsBar>
          {TABS.map((tab) => (
            <Tab
              key={tab.id}
              id={`${prefix}-${tab.id}`}
              label={tab.label}
              active={active === tab.id}
              aria-controls={`${prefix}-content`}
              counter={tab.id === 'history' ? events.value?.length || null : null}
              onChangeTab={() => setActive(tab.id)}
            />
          ))}
        </TabsBar>
      </div>
      <TabContent
        id={`${prefix}-content`}
        role="tabpanel"
        aria-labelledby={`${prefix}-${active}`}
        className={styles.content}
      >
        {active === 'stack' && (
          <Load what="occurrences" loaded={occurrences}>
            {(list) => <StackTrace client={client} occurrences={list} timeZone={timeZone} />}
          </Load>
        )}
        {active === 'compare' && (
          <Load what="occurrences" loaded={occurrences}>
            {(list) => <Compare client={client} occurrences={list} narrow={narrow} timeZone={timeZone} />}
          </Load>
        )}
        {active === 'why' && <WhyHere client={client} pattern={pattern} round={round} />}
        {active === 'similar' && (
          <Similar
            client={client}
            pattern={pattern}
            round={round}
            datasource={datasource}
            canTriage={canTriage}
            onChange={onChange}
          />
        )}
        {active === 'solutions' && (
          <Solutions client={client} pattern={pattern} canTriage={canTriage} onChange={onChange} round={round} />
        )}
        {active === 'history' && (
          <Load what="the history" loaded={events}>
            {(list) => <History events={list} canTriage={canTriage} timeZone={timeZone} onChange={onChange} />}
          </Load>
        )}
      </TabContent>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  bar: css({ '& [role="tablist"]': { flexWrap: 'wrap', height: 'auto' } }),
  content: css({ padding: theme.spacing(1, 0), background: 'transparent' }),
});
