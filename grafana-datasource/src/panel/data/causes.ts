import causes from './causes.json';

export interface Cause {
  means: string;
  firstStep: string;
}

/** What a cause of the taxonomy means and what to do first; nothing for causes of a user's own rules. */
export function causeOf(name: string | null | undefined): Cause | undefined {
  const known: Record<string, Cause> = causes;
  return name && Object.hasOwn(known, name) ? known[name] : undefined;
}
