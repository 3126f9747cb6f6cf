// When: one worker per key, whatever wakes it.
//
// A key is idle, waiting (until its own time), or working. `nudge(key)` says *look again*: an idle or waiting key is
// worked at once, a working one once more after it is done, and any number of nudges meanwhile are one. What `work`
// returns says when to look again by itself. At most `concurrency` keys are worked at the same time, in the order they
// became due. A key whose work throws is looked at again after a back-off that doubles up to its ceiling and ends with
// the first success; nudges do not shorten it, so a service that is down is not stormed. No key's failure reaches
// another. `stop` lets working keys finish and starts nothing more.
//
// `hold` runs a piece of other work in the key's place: after what works there now and before what is due next, never
// beside it. It takes no place of the `concurrency` and leaves the key's own times and back-off as they are; nudges
// meanwhile count.

import type { Logger } from "pino";
import { messageOf } from "./errors.ts";

export type Loop<Key extends string> = {
  nudge(key: Key): void;
  load(): Load<Key>;
  /** Resolves or rejects with `piece`, run while the key is free; undefined where the loop stopped before it could. */
  hold<T>(key: Key, piece: () => Promise<T>): Promise<T | undefined>;
  /** Resolves when nothing works any more, or after `withinMs`: then it names the keys still at work. */
  stop(withinMs: number): Promise<readonly Key[]>;
};

export type Load<Key extends string> = {
  readonly working: number;
  /** Due, and waiting for a free worker. */
  readonly due: number;
  readonly backingOff: number;
  /** The key that has been worked for longest, and since when (`performance.now`). */
  readonly longest: { readonly key: Key; readonly since: number } | undefined;
};

/** Told of each time a key was worked. `lateMs`: how long it was due before a worker was free. */
export type LoopMeter = {
  follow(loop: string, load: () => Load<string>): void;
  worked(loop: string, lateMs: number, tookMs: number, failed: boolean): void;
};

type Options<Key extends string> = {
  /** Names the loop in the log. */
  readonly name: string;
  readonly concurrency: number;
  readonly backoff: { readonly firstMs: number; readonly ceilingMs: number };
  readonly log: Logger;
  readonly meter?: LoopMeter | undefined;
  /** Does what the key needs now; resolves to the milliseconds until it wants to be looked at again, null = never. */
  work(key: Key): Promise<number | null>;
};

type Entry = {
  working: boolean;
  /** `performance.now` when it became due, or when its work began. */
  since: number;
  again: boolean;
  failures: number;
  /** Set while the key backs off: nudges wait for it. */
  backingOff: boolean;
  timer: NodeJS.Timeout | undefined;
  /** Lets each held piece begin, in turn; the first one is under way unless the key works. */
  readonly pieces: (() => void)[];
};

export function createLoop<Key extends string>(options: Options<Key>): Loop<Key> {
  const { name, concurrency, backoff, log, meter, work } = options;
  const entries = new Map<Key, Entry>();
  const due = new Set<Key>();
  let working = 0;
  let holding = 0;
  let stopped = false;
  let drained: (() => void) | undefined;

  function entryOf(key: Key): Entry {
    const found = entries.get(key);
    if (found !== undefined) return found;
    const made: Entry = {
      working: false,
      since: 0,
      again: false,
      failures: 0,
      backingOff: false,
      timer: undefined,
      pieces: [],
    };
    entries.set(key, made);
    return made;
  }

  function nudge(key: Key): void {
    if (stopped) return;
    const entry = entryOf(key);
    if (entry.working) entry.again = true;
    else if (!entry.backingOff) makeDue(key, entry);
  }

  function makeDue(key: Key, entry: Entry): void {
    clearTimeout(entry.timer);
    entry.timer = undefined;
    entry.backingOff = false;
    putDue(key, entry);
    startDue();
  }

  function putDue(key: Key, entry: Entry): void {
    if (!due.has(key)) entry.since = performance.now();
    due.add(key);
  }

  function startDue(): void {
    for (const key of due) {
      if (stopped || working >= concurrency) return;
      const entry = entryOf(key);
      if (entry.pieces.length > 0) continue;
      due.delete(key);
      working += 1;
      void run(key, entry);
    }
  }

  async function run(key: Key, entry: Entry): Promise<void> {
    const began = performance.now();
    const lateMs = began - entry.since;
    entry.working = true;
    entry.since = began;
    entry.again = false;
    let afterMs: number | null;
    try {
      afterMs = await work(key);
      entry.failures = 0;
    } catch (error) {
      entry.failures += 1;
      entry.backingOff = true;
      afterMs = Math.min(backoff.firstMs * 2 ** (entry.failures - 1), backoff.ceilingMs);
      log.warn(
        { loop: name, key, failures: entry.failures, afterMs, why: messageOf(error) },
        "work failed, backing off",
      );
    }
    entry.working = false;
    working -= 1;
    meter?.worked(name, lateMs, performance.now() - began, entry.backingOff);
    if (stopped) return goOn(key, entry);
    if (entry.again && !entry.backingOff) putDue(key, entry);
    else if (afterMs !== null) entry.timer = setTimeout(() => makeDue(key, entry), afterMs);
    goOn(key, entry);
  }

  /** After work or a piece: the key's next piece goes first, then whatever is due. */
  function goOn(key: Key, entry: Entry): void {
    const [nextPiece] = entry.pieces;
    if (nextPiece !== undefined) nextPiece();
    else if (entry.timer === undefined && !due.has(key)) entries.delete(key);
    startDue();
    if (stopped && working + holding === 0) drained?.();
  }

  async function hold<T>(key: Key, piece: () => Promise<T>): Promise<T | undefined> {
    if (stopped) return undefined;
    const entry = entryOf(key);
    const turn = Promise.withResolvers<void>();
    entry.pieces.push(turn.resolve);
    if (!entry.working && entry.pieces.length === 1) turn.resolve();
    holding += 1;
    await turn.promise;
    try {
      return stopped ? undefined : await piece();
    } finally {
      holding -= 1;
      entry.pieces.shift();
      goOn(key, entry);
    }
  }

  async function stop(withinMs: number): Promise<readonly Key[]> {
    stopped = true;
    due.clear();
    for (const entry of entries.values()) clearTimeout(entry.timer);
    if (working + holding > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, withinMs);
      drained = resolve;
      await promise;
      clearTimeout(timer);
    }
    return [...entries].filter(([, entry]) => entry.working || entry.pieces.length > 0).map(([key]) => key);
  }

  function load(): Load<Key> {
    const all = [...entries];
    const [longest] = all.filter(([, entry]) => entry.working).sort(([, a], [, b]) => a.since - b.since);
    return {
      working,
      due: due.size,
      backingOff: all.filter(([, entry]) => entry.backingOff).length,
      longest: longest && { key: longest[0], since: longest[1].since },
    };
  }

  meter?.follow(name, load);
  return { nudge, load, hold, stop };
}
