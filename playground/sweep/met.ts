// The moments that were met, over all ways. A way that loses the state with each kill is another matter than the rest.

import { paths } from "./paths.ts";
import { nameOf, type Point } from "./points.ts";

export type Met = {
  /** Whether the point is named for the first time. */
  isNew(path: string, point: Point): boolean;
  /** Keys of the exchanges that need no kill any more on this way. */
  known(path: string): readonly string[];
  /** Keys of exchanges that nobody knew of, and at which a bot died on this way. */
  met(path: string, spared: readonly string[]): void;
};

export type Surveyed = {
  readonly path: string;
  readonly points: readonly Point[];
  /** Keys of all exchanges of the way when nothing disturbs it. */
  readonly exchanges: readonly string[];
};

export function createMet(surveyed: readonly Surveyed[]): Met {
  const named = new Set<string>();
  const keys = { with: new Set<string>(), without: new Set<string>() };
  const keysOf = (path: string): Set<string> => (paths[path]?.losesState ? keys.without : keys.with);
  for (const { path, exchanges } of surveyed) for (const key of exchanges) keysOf(path).add(key);
  return {
    isNew(path, point) {
      const name = `${paths[path]?.losesState ? "without state, " : ""}${nameOf(point)}`;
      if (named.has(name)) return false;
      named.add(name);
      return true;
    },
    known: (path) => [...keysOf(path)],
    met(path, spared) {
      for (const key of spared) keysOf(path).add(key);
    },
  };
}
