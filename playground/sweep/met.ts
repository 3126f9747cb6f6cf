// The moments that were met, over all ways. A way that loses the state with each kill is another matter than the rest.

import { paths } from "./paths.ts";
import { nameOf, type Point } from "./points.ts";

export type Met = {
  /** Whether the point is named for the first time. */
  isNew(path: string, point: Point): boolean;
  /** Keys of the exchanges that need no kill any more on this way. */
  known(path: string): readonly string[];
  /** Names of the points at which a bot died on this way. */
  met(path: string, sprung: readonly string[]): void;
};

const EXCHANGE = /^exchange: (.*) \((?:before|after)\)$/s;

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
    met(path, sprung) {
      for (const name of sprung) {
        const key = EXCHANGE.exec(name)?.[1];
        if (key !== undefined) keysOf(path).add(key);
      }
    },
  };
}
