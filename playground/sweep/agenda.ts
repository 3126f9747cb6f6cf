// Which points a play gets: as many as it may have, of the way of which most are left. What did not come on a way is dealt
// once more, together, once all else of the way was played.

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

type Way = { readonly path: string; due: readonly Point[]; missed: readonly Point[]; tries: number; playing: number };

export function createAgenda(hands: readonly Hand[], perPlay: number): Agenda {
  const ways: readonly Way[] = hands.map(({ path, points }) => ({
    path,
    due: points,
    missed: [],
    tries: 1,
    playing: 0,
  }));
  let wake = Promise.withResolvers<void>();

  function deal(): Hand | undefined {
    const way = ways.reduce<Way | undefined>(
      (most, one) => (one.due.length > (most?.due.length ?? 0) ? one : most),
      undefined,
    );
    if (way === undefined) return undefined;
    const points = handOf(way.due, perPlay);
    way.due = way.due.filter((point) => !points.includes(point));
    way.playing += 1;
    return { path: way.path, points };
  }

  return {
    left: () => ways.reduce((sum, { due }) => sum + due.length, 0),
    async next() {
      for (;;) {
        const hand = deal();
        if (hand !== undefined || ways.every(({ playing }) => playing === 0)) return hand;
        await wake.promise;
      }
    },
    done({ path, points }, sprung) {
      const way = ways.find((one) => one.path === path);
      if (way === undefined) throw new Error(`no way ${path} on the agenda`);
      way.playing -= 1;
      way.missed = [...way.missed, ...points.filter((point) => !sprung.includes(nameOf(point)))];
      if (way.playing === 0 && way.due.length === 0 && way.tries < TRIES) {
        way.due = way.missed;
        way.missed = [];
        way.tries += 1;
      }
      wake.resolve();
      wake = Promise.withResolvers();
    },
    neverCame: () => ways.flatMap(({ path, missed }) => missed.map((point) => `${path}: ${nameOf(point)}`)),
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
