/** Decisions about a pattern in words, and which of them can be undone. */

import type { PatternEvent } from './api';

const shortId = (id: string) => (id.length > 16 ? `${id.slice(0, 12)}...` : id);

function label(event: PatternEvent): string {
  return event.to_value ? `put on label "${event.to_value}"` : `took off label "${event.from_value}"`;
}

export function eventText(event: PatternEvent): string {
  const { from_value: before, to_value: after } = event;
  switch (event.action) {
    case 'status':
      return after === 'open' ? 'opened it again' : `set status to ${after}`;
    case 'severity':
      return after ? `set severity to ${after}` : 'left severity to what the exceptions say';
    case 'assign':
      return after ? `assigned it to ${after}` : 'assigned it to nobody';
    case 'label':
      return label(event);
    case 'merge':
      return after ? `merged it into ${after}` : 'made it a pattern of its own again';
    case 'split':
      return `split fingerprint ${shortId(before ?? '')} off into ${after}`;
    case 'apart':
      return after ? `keeps it apart from ${after}` : `lets it become one with ${before} again`;
    default:
      return `${event.action}: ${before ?? 'nothing'} to ${after ?? 'nothing'}`;
  }
}

/** What an event decides: a later event about the same thing lies on top of it. */
function subject(event: PatternEvent): string {
  switch (event.action) {
    case 'label':
    case 'apart':
      return `${event.action} ${event.to_value ?? event.from_value}`;
    case 'split':
      return `split ${[event.from_value, event.to_value].sort().join(' ')}`;
    default:
      return event.action;
  }
}

/** Ids of the events that nothing lies on top of; `events` has the newest first. */
export function undoable(events: PatternEvent[]): Set<string> {
  const seen = new Set<string>();
  const found = new Set<string>();
  for (const event of events) {
    const about = subject(event);
    if (!seen.has(about)) {
      seen.add(about);
      found.add(event.event_id);
    }
  }
  return found;
}
