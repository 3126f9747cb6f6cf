// Which points a play gets: as many as it may have, of the way of which most are left. A point that did not come is dealt
// once more, with other ones.

import { nameOf, type Point } from "./points.ts";

export type Hand = { readonly path: string; readonly points: readonly Point[] };

export type Agenda = {
  /** Points that are still to be dealt. */
  left(): number;
  /** Waits for what is being played where that may come back. Undefined: all is done. */
  next(): Promise<Hand | undefined>;
  /** The hand was played, and these of its points came. */
  done(hand: Hand, sprung: readonly string[]): void;
  neverCame(): readonly string[];
};

/** A way that other points made longer may not come to a point the first time. */
const TRIES = 2;
/** So many events' snapshots a play tries: the next one is made due once the one before has come to its rename. */
const SNAPSHOTS = 2;

export function createAgenda(ways: readonly Hand[], perPlay: number): Agenda {
  const due = new Map(ways.map(({ path, points }) => [path, [...points]]));
  const tries = new Map<string, number>();
  const missed: string[] = [];
  let playing = 0;
  let wake = Promise.withResolvers<void>();

  function deal(): Hand | undefined {
    const [path, points] = [...due].reduce((most, way) => (way[1].length > most[1].length ? way : most), ["", []]);
    if (points.length === 0) return undefined;
    const hand = handOf(points, perPlay);
    due.set(
      path,
      points.filter((point) => !hand.includes(point)),
    );
    return { path, points: hand };
  }

  return {
    left: () => [...due.values()].reduce((sum, points) => sum + points.length, 0),
    async next() {
      for (;;) {
        const hand = deal();
        if (hand !== undefined) playing += 1;
        if (hand !== undefined || playing === 0) return hand;
        await wake.promise;
      }
    },
    done({ path, points }, sprung) {
      playing -= 1;
      for (const point of points.filter((one) => !sprung.includes(nameOf(one)))) {
        const key = `${path}: ${nameOf(point)}`;
        const count = (tries.get(key) ?? 0) + 1;
        tries.set(key, count);
        if (count < TRIES) due.get(path)?.push(point);
        else missed.push(key);
      }
      wake.resolve();
      wake = Promise.withResolvers();
    },
    neverCame: () => missed,
  };
}

/** Spread over all that is left of the way. The snapshots of one event go together. */
function handOf(points: readonly Point[], perPlay: number): readonly Point[] {
  const others = points.filter(({ kind }) => kind !== "snapshot");
  const snapshots = points.filter(({ kind }) => kind === "snapshot");
  const events = new Set(spread([...new Set(snapshots.map(({ key }) => key))], SNAPSHOTS));
  return [...snapshots.filter(({ key }) => events.has(key)), ...spread(others, perPlay)];
}

function spread<T>(all: readonly T[], count: number): readonly T[] {
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(count, all.length) }, (_, n) => all[Math.floor(n * step)] as T);
}
