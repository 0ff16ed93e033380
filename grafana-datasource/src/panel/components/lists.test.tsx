import React from 'react';
import { fireEvent, render, screen } from '@testing-library/react';

import type { Pattern } from '../data/api';
import { type Change, ErrataClient } from '../data/client';
import { Similar } from './Similar';
import { Solutions } from './Solutions';

// Grafana's link wants Grafana's router; where it leads is all that counts here.
jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  TextLink: ({ href, children }: { href: string; children: React.ReactNode }) => <a href={href}>{children}</a>,
}));

const pattern = { pattern_id: 'aaaaaaaaaaaaaaaa' } as Pattern;
const client = (data: unknown) => new ErrataClient('ds', async () => ({ data, header: () => null }));

function collect() {
  const changes: Change[] = [];
  return { changes, onChange: async (change: Change) => changes.push(change) > 0 };
}

describe('Similar', () => {
  const neighbour = {
    pattern_id: 'bbbbbbbbbbbbbbbb',
    error_type: 'KeyError',
    canonical_msg: 'no column <str>',
    similarity: 0.62,
    threshold: 0.75,
    agrees: ['language: python'],
    differs: ['message'],
    kept_apart: false,
    why_not_one: 'similarity 0.62 is under 0.75',
  };
  const show = (part: object, canTriage: boolean) => {
    const { changes, onChange } = collect();
    render(
      <Similar
        client={client({ items: [{ ...neighbour, ...part }] })}
        pattern={pattern}
        round={0}
        datasource="ds"
        canTriage={canTriage}
        onChange={onChange}
      />
    );
    return changes;
  };

  it('says how near, why not one, and leads there', async () => {
    show({}, false);
    expect((await screen.findByText('KeyError')).getAttribute('href')).toBe(
      '/d/errata-pattern?var-pattern=bbbbbbbbbbbbbbbb&var-datasource=ds'
    );
    expect(screen.getByText('62 % alike')).toBeInTheDocument();
    expect(screen.getByText('Not one with this: similarity 0.62 is under 0.75')).toBeInTheDocument();
    expect(screen.queryByRole('button')).toBeNull();
  });
  it('merges and keeps apart', async () => {
    const changes = show({}, true);
    fireEvent.click(await screen.findByText('Merge into it'));
    fireEvent.click(screen.getByText('Keep apart'));
    expect(changes).toEqual([
      { action: 'merge', body: { into: 'bbbbbbbbbbbbbbbb', reason: 'similar pattern' } },
      { action: 'keep-apart', body: { from: 'bbbbbbbbbbbbbbbb' } },
    ]);
  });
  it('does not keep apart again what is kept apart', async () => {
    show({ kept_apart: true }, true);
    expect(await screen.findByText('kept apart')).toBeInTheDocument();
    expect(screen.queryByText('Keep apart')).toBeNull();
  });
});

describe('Solutions', () => {
  const solution = {
    solution_id: 's/1',
    title: 'Install it',
    root_cause: 'not installed',
    fix_steps: ['pip install x', 'try again'],
    doc_link: 'javascript:alert(1)',
    quality_score: 0.5,
  };
  const show = (canTriage: boolean) => {
    const { changes, onChange } = collect();
    render(
      <Solutions
        client={client({ items: [solution] })}
        pattern={pattern}
        canTriage={canTriage}
        round={0}
        onChange={onChange}
      />
    );
    return changes;
  };

  it('shows steps, and no link that is none', async () => {
    show(false);
    expect(await screen.findByText('Install it')).toBeInTheDocument();
    expect(screen.getAllByRole('listitem').map((item) => item.textContent)).toContain('try again');
    expect(screen.queryByRole('link')).toBeNull();
    expect(screen.queryByRole('button')).toBeNull();
  });
  it('takes votes', async () => {
    const changes = show(true);
    fireEvent.click(await screen.findByText('Helped'));
    fireEvent.click(screen.getByText('Did not help'));
    expect(changes).toEqual([
      { action: 'solutions/s%2F1/feedback', body: { helpful: true } },
      { action: 'solutions/s%2F1/feedback', body: { helpful: false } },
    ]);
  });
});
