import { useEffect, useState } from 'react';

import { type Problem, problemOf } from '../data/problem';

export interface Loaded<T> {
  value?: T;
  problem?: Problem;
}

/**
 * What `load` answers, again whenever `key` is another one. The last value stays until the next is there; an answer
 * that was overtaken is dropped.
 */
export function useLoad<T>(key: string, load: () => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Loaded<T>>({});
  useEffect(() => {
    let overtaken = false;
    load().then(
      (value) => !overtaken && setState({ value }),
      (error) => !overtaken && setState({ problem: problemOf(error) })
    );
    return () => {
      overtaken = true;
    };
    // `key` says all that `load` depends on.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key]);
  return state;
}
