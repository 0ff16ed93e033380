/** Stack frames as lines of a page. */

import type { AlignedFrame, ComparedException, FrameClass, StackFrame } from './api';

export const CLASS_NAMES: Record<FrameClass, string> = { user: 'user', library: 'library', runtime: 'runtime' };

const RELATIONS: Record<ComparedException['relation'], string> = {
  reported: 'Raised',
  cause: 'Caused by',
  context: 'While handling',
  suppressed: 'Suppressed',
  member: 'Member of the group',
};

export function relationText(relation: ComparedException['relation']): string {
  return RELATIONS[relation] ?? relation;
}

/** Where a frame is: file with line and column, as editors take it. */
export function placeOf(frame: StackFrame): string {
  const numbers = [frame.line, frame.column].filter((number) => number !== null);
  return [frame.file, ...numbers].filter((part) => part !== '').join(':');
}

export function functionOf(frame: StackFrame): string {
  if (frame.module && frame.function && !frame.function.startsWith(frame.module)) {
    return `${frame.module}.${frame.function}`;
  }
  return frame.function || frame.module || '<unknown>';
}

/** A frame, or so many hidden ones in its place. */
export type StackRow = { kind: 'frame'; frame: StackFrame } | { kind: 'hidden'; count: number; className: FrameClass };

/** With `userOnly`, runs of library and runtime frames become one row each. */
export function stackRows(frames: StackFrame[], userOnly: boolean): StackRow[] {
  const rows: StackRow[] = [];
  for (const frame of frames) {
    if (!userOnly || frame.class === 'user') {
      rows.push({ kind: 'frame', frame });
      continue;
    }
    const last = rows.at(-1);
    if (last?.kind === 'hidden' && last.className === frame.class) {
      last.count += 1;
    } else {
      rows.push({ kind: 'hidden', count: 1, className: frame.class });
    }
  }
  return rows;
}

/** The frames of one side; a comparison of an exception with itself has all of them. */
export function sideFrames(frames: AlignedFrame[], side: 'left' | 'right'): StackFrame[] {
  return frames.map((frame) => frame[side]).filter((frame) => frame !== null);
}

export function countByClass(frames: StackFrame[]): Record<FrameClass, number> {
  const counts: Record<FrameClass, number> = { user: 0, library: 0, runtime: 0 };
  for (const frame of frames) {
    counts[frame.class] += 1;
  }
  return counts;
}
