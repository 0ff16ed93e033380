/** The dashboards that need nothing chosen first; a pattern and a session are reached from them. */
export const PAGES = [
  { uid: 'errata-overview', title: 'Overview', what: 'how much fails, what most, what just now' },
  { uid: 'errata-explorer', title: 'Pattern explorer', what: 'all patterns, filtered and ranked' },
  { uid: 'errata-impact', title: 'Impact', what: 'when it fails, for whom, in which service' },
  { uid: 'errata-labelling', title: 'Labelling', what: 'what nobody has looked at yet, and how patterns move' },
];
