import React from 'react';
import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Button, Stack, TextLink, useStyles2 } from '@grafana/ui';

import { isWebUrl } from '../../shared/links';
import type { Pattern, Solution } from '../data/api';
import type { Change, ErrataClient } from '../data/client';
import { Load } from './parts';
import { useLoad } from './useLoad';

interface Props {
  client: ErrataClient;
  pattern: Pattern;
  canTriage: boolean;
  round: number;
  onChange: (change: Change) => Promise<boolean>;
}

export function Solutions({ client, pattern, canTriage, round, onChange }: Props) {
  const styles = useStyles2(getStyles);
  const solutions = useLoad(`solutions ${round}`, () => client.solutions(pattern.pattern_id));
  const vote = (solution: Solution, helpful: boolean) =>
    onChange({ action: `solutions/${encodeURIComponent(solution.solution_id)}/feedback`, body: { helpful } });
  return (
    <Load what="solutions" loaded={solutions}>
      {(items) =>
        items.length === 0 ? (
          <p>No solutions yet.</p>
        ) : (
          <ul className={styles.list}>
            {items.map((solution) => (
              <li key={solution.solution_id} className={styles.item}>
                <h3 className={styles.title}>{solution.title}</h3>
                {solution.root_cause && <p className={styles.text}>{solution.root_cause}</p>}
                <Steps steps={solution.fix_steps} />
                {solution.code_patch && <pre>{solution.code_patch}</pre>}
                <Stack direction="row" wrap="wrap" gap={1} alignItems="center">
                  {isWebUrl(solution.doc_link ?? undefined) && (
                    <TextLink href={solution.doc_link ?? ''} external>
                      Documentation
                    </TextLink>
                  )}
                  {typeof solution.quality_score === 'number' && <span>Score {solution.quality_score.toFixed(2)}</span>}
                  {canTriage && (
                    <>
                      <Button
                        size="sm"
                        variant="secondary"
                        icon="thumbs-up"
                        aria-label={`Helped: ${solution.title}`}
                        onClick={() => vote(solution, true)}
                      >
                        Helped
                      </Button>
                      <Button
                        size="sm"
                        variant="secondary"
                        aria-label={`Did not help: ${solution.title}`}
                        onClick={() => vote(solution, false)}
                      >
                        Did not help
                      </Button>
                    </>
                  )}
                </Stack>
              </li>
            ))}
          </ul>
        )
      }
    </Load>
  );
}

function Steps({ steps }: { steps: Solution['fix_steps'] }) {
  const styles = useStyles2(getStyles);
  if (!steps || steps.length === 0) {
    return null;
  }
  if (typeof steps === 'string') {
    return <p className={styles.text}>{steps}</p>;
  }
  return (
    <ol className={styles.steps}>
      {steps.map((step, index) => (
        <li key={index}>{step}</li>
      ))}
    </ol>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
  item: css({ padding: theme.spacing(1), background: theme.colors.background.secondary, overflowWrap: 'anywhere' }),
  title: css({ ...theme.typography.h5, margin: 0 }),
  text: css({ margin: theme.spacing(0.5, 0), whiteSpace: 'pre-wrap' }),
  steps: css({ margin: theme.spacing(0.5, 0), paddingLeft: theme.spacing(3) }),
});
