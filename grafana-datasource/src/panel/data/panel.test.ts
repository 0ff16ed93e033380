import { readFileSync } from 'fs';
import { join } from 'path';

import type { PatternEvent, StackFrame } from './api';
import { canonicalParts } from './canonical';
import causes from './causes.json';
import { causeOf } from './causes';
import { eventText, undoable } from './history';
import { functionOf, placeOf, stackRows } from './stack';
import { changeId, countText, packagesText } from './text';
import { sessionLink, traceLink } from '../../shared/links';

const frame = (part: Partial<StackFrame>): StackFrame => ({
  module: '',
  function: 'f',
  file: 'a.py',
  line: 1,
  column: null,
  source: null,
  class: 'user',
  ...part,
});

describe('stack', () => {
  it('names place and function', () => {
    expect(placeOf(frame({ line: 3, column: 7 }))).toBe('a.py:3:7');
    expect(placeOf(frame({ line: null, file: '' }))).toBe('');
    expect(functionOf(frame({ module: 'com.acme', function: 'run' }))).toBe('com.acme.run');
    expect(functionOf(frame({ module: 'com.acme', function: 'com.acme.run' }))).toBe('com.acme.run');
    expect(functionOf(frame({ function: '' }))).toBe('<unknown>');
  });
  it("folds runs of frames that are not the user's", () => {
    const frames = (['runtime', 'runtime', 'library', 'user', 'runtime'] as const).map((name) =>
      frame({ class: name })
    );
    const kinds = (userOnly: boolean) =>
      stackRows(frames, userOnly).map((row) =>
        row.kind === 'hidden' ? `${row.count} ${row.className}` : row.frame.class
      );
    expect(kinds(true)).toEqual(['2 runtime', '1 library', 'user', '1 runtime']);
    expect(kinds(false)).toEqual(frames.map((one) => one.class));
  });
});

const event = (id: string, action: string, from_value: string | null, to_value: string | null): PatternEvent => ({
  event_id: id,
  time_unix_nano: 0,
  action,
  from_value,
  to_value,
  actor: 'ada',
  reason: null,
});

describe('history', () => {
  it.each([
    [event('1', 'status', 'open', 'resolved'), 'set status to resolved'],
    [event('1', 'status', 'resolved', 'open'), 'opened it again'],
    [event('1', 'severity', null, '4'), 'set severity to 4'],
    [event('1', 'severity', '4', null), 'left severity to what the exceptions say'],
    [event('1', 'assign', null, 'grace'), 'assigned it to grace'],
    [event('1', 'label', null, 'flaky'), 'put on label "flaky"'],
    [event('1', 'label', 'flaky', null), 'took off label "flaky"'],
    [event('1', 'merge', null, 'ab'), 'merged it into ab'],
    [event('1', 'apart', 'ab', null), 'lets it become one with ab again'],
    [event('1', 'other', 'a', null), 'other: a to nothing'],
  ])('says %j', (given, expected) => expect(eventText(given)).toBe(expected));

  it('lets only what lies on top be undone', () => {
    const events = [
      event('5', 'status', 'resolved', 'open'),
      event('4', 'label', null, 'b'),
      event('3', 'label', null, 'a'),
      event('2', 'status', 'open', 'resolved'),
      event('1', 'assign', null, 'ada'),
    ];
    expect([...undoable(events)]).toEqual(['5', '4', '3', '1']);
  });
});

describe('canonicalParts', () => {
  it('puts lines of the same word together and explains the basis', () =>
    expect(canonicalParts('strategy 2026-12-01\nbasis library\nframe a\nframe b\n')).toEqual([
      { name: 'Strategy', values: ['2026-12-01'] },
      { name: 'Decided by', values: ['the library that the program had called when it failed'] },
      { name: 'Frames', values: ['a', 'b'] },
    ]));
  it('reads nothing from nothing', () => expect(canonicalParts(null)).toEqual([]));
});

describe('causes', () => {
  /** `key = "value"` lines of the taxonomy; the file has no other kind of text. */
  function taxonomy() {
    const file = join(__dirname, '../../../../schemas/taxonomy/causes.toml');
    const tables = readFileSync(file, 'utf8').split('[[cause]]').slice(1);
    return Object.fromEntries(
      tables.map((table) => {
        const value = (key: string): string => JSON.parse(new RegExp(`^${key} = (".*")$`, 'm').exec(table)![1]);
        return [value('name'), { means: value('means'), firstStep: value('first_step') }];
      })
    );
  }

  it('are those of the taxonomy', () => expect(causes).toEqual(taxonomy()));
  it('explains none that it does not know', () => {
    expect(causeOf('MissingPackage')?.firstStep).toContain('Install');
    expect(causeOf('constructor')).toBeUndefined();
    expect(causeOf(null)).toBeUndefined();
  });
});

describe('links', () => {
  it("opens a trace in Grafana before Jaeger's own page", () => {
    expect(traceLink({ jaegerUrl: 'http://j/' }, 'ab', 'cd')).toEqual({
      url: 'http://j/trace/ab?uiFind=cd',
      external: true,
    });
    const inside = traceLink({ jaegerUrl: 'http://j', jaegerDatasourceUid: 'u' }, 'ab');
    expect(inside?.external).toBe(false);
    expect(decodeURIComponent(inside?.url ?? '')).toContain('"query":"ab"');
    expect(traceLink({ jaegerUrl: 'javascript:x' }, 'ab')).toBeUndefined();
    expect(traceLink({ jaegerUrl: 'http://j' }, null)).toBeUndefined();
  });
  it('escapes ids', () =>
    expect(sessionLink('a&b', 'ds')).toBe('/d/errata-session?var-session=a%26b&var-datasource=ds'));
});

describe('text', () => {
  it('counts', () => {
    expect(countText(1, 'user')).toBe('1 user');
    expect(countText(1200, 'user')).toBe('1,200 users');
  });
  it('reads packages', () => {
    expect(packagesText('{"numpy":"2.1"}')).toEqual(['numpy 2.1']);
    expect(packagesText('numpy==2.1')).toEqual(['numpy==2.1']);
    expect(packagesText(null)).toEqual([]);
  });
  it('names each change anew, as the engine takes names', () => {
    expect(changeId()).toMatch(/^[A-Za-z0-9_:-]{1,100}$/);
    expect(changeId()).not.toBe(changeId());
  });
});
