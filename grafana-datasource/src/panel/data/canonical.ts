/** The canonical form of a fingerprint, line by line: what grouping compared. */

export interface CanonicalPart {
  name: string;
  values: string[];
}

const NAMES: Record<string, string> = {
  strategy: 'Strategy',
  runtime: 'Runtime',
  type: 'Exception type',
  basis: 'Decided by',
  key: 'Numbers that mean something',
  text: 'Message, varying parts left out',
  frame: 'Frames',
  library: 'Library called',
};

const BASES: Record<string, string> = {
  message: "the message: when it failed, the program had called no library but the language's own",
  library: 'the library that the program had called when it failed',
  application: "the application's own frames, which its executions share",
};

/** Lines of the same word are one part, in the order of their first line. */
export function canonicalParts(canonical: string | null): CanonicalPart[] {
  const parts = new Map<string, CanonicalPart>();
  for (const line of (canonical ?? '').split('\n')) {
    if (line.trim() === '') {
      continue;
    }
    const [word, ...rest] = line.trim().split(' ');
    const value = rest.join(' ');
    const part = parts.get(word) ?? { name: NAMES[word] ?? word, values: [] };
    part.values.push(word === 'basis' ? (BASES[value] ?? value) : value);
    parts.set(word, part);
  }
  return [...parts.values()];
}
