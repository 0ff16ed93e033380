import { dateTimeFormat, dateTimeFormatTimeAgo } from '@grafana/data';
import type { TimeZone } from '@grafana/schema';

export function timeText(time: string | number, timeZone: TimeZone): string {
  return dateTimeFormat(time, { timeZone });
}

export function agoText(time: string | number, timeZone: TimeZone): string {
  return dateTimeFormatTimeAgo(time, { timeZone });
}

const LOCALE = 'en-US';

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString(LOCALE)} ${count === 1 ? one : many}`;
}

/** JSON text of package versions as lines; anything else as it is. */
export function packagesText(text: string | null): string[] {
  if (!text) {
    return [];
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) {
      return Object.entries(parsed).map(([name, version]) => `${name} ${String(version)}`);
    }
  } catch {
    // Not every sender writes JSON.
  }
  return [text];
}

/** An id for a change, so that one sent twice is made once. */
export function changeId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `grafana-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
