// Which thread is drawn next. Each key is drawn by one worker at a time, from what it should be at that moment, so any
// number of changes in between are one drawing.
//
// Two queues with a worker each: what people did or are asked, at once; and all the rest, in the order it fell behind,
// when there is room for it (`waitMs`). A key whose drawing is refused is tried again after a back-off of its own. When
// Slack itself is away everything waits together, so that its return is not met by a storm; a person's press ends that
// wait, as it came through Slack. `stop` lets what is being drawn finish.

import type { Logger } from "pino";
import { AfkError, messageOf } from "./errors.ts";
import type { LoopMeter } from "./loop.ts";
import type { Timers } from "./ports.ts";

export type Lane<Key extends string> = {
  nudge(key: Key, urgency: "soon" | "now" | "person"): void;
  stop(withinMs: number): Promise<void>;
};

type Options<Key extends string> = {
  /** Names the lane in the figures. */
  readonly name: string;
  /** Until there is room to draw it, in milliseconds; asked for what is not urgent. */
  waitMs(key: Key): number;
  /** "left": something is to be drawn still, when there is room. */
  work(key: Key, urgent: boolean): Promise<"done" | "left">;
  readonly timers: Timers;
  readonly log: Logger;
  readonly meter?: LoopMeter | undefined;
};

const BACKOFF = { firstMs: 500, ceilingMs: 30_000 };

export function createLane<Key extends string>(options: Options<Key>): Lane<Key> {
  const { name, waitMs, work, timers, log, meter } = options;
  const now = new Set<Key>();
  const soon = new Set<Key>();
  const busy = new Set<Key>();
  /** How often it changed since it was drawn as it is, and since when it is not. */
  const changes = new Map<Key, { readonly times: number; readonly since: number }>();
  const refused = new Map<Key, { readonly failures: number; readonly until: number }>();
  const running = new Set<Promise<void>>();
  const workers = { now: false, soon: false };
  let away = { failures: 0, until: 0 };
  let stopped = false;
  let timer: { cancel(): void; readonly at: number } | undefined;

  function nudge(key: Key, urgency: "soon" | "now" | "person"): void {
    const before = changes.get(key);
    changes.set(key, { times: (before?.times ?? 0) + 1, since: before?.since ?? performance.now() });
    soon.add(key);
    if (urgency !== "soon") now.add(key);
    if (urgency === "person") {
      away = { failures: 0, until: 0 };
      refused.delete(key);
    }
    turn();
  }

  function turn(): void {
    if (stopped) return;
    const at = timers.now();
    if (at < away.until) {
      wake(away.until);
      return;
    }
    if (!workers.now) {
      const key = firstReady(now, at);
      if (key !== undefined) draw(key, true);
    }
    if (!workers.soon) {
      const key = firstReady(soon, at);
      if (key === undefined) return;
      const wait = waitMs(key);
      if (wait === 0) draw(key, false);
      else wake(at + wait);
    }
  }

  function firstReady(queue: ReadonlySet<Key>, at: number): Key | undefined {
    for (const key of queue) {
      const until = refused.get(key)?.until ?? 0;
      if (!busy.has(key) && until <= at) return key;
      if (until > at) wake(until);
    }
    return undefined;
  }

  function wake(at: number): void {
    if (timer !== undefined && timer.at <= at && timer.at > timers.now()) return;
    timer?.cancel();
    const after = timers.after(Math.max(0, at - timers.now()), () => {
      timer = undefined;
      turn();
    });
    timer = { cancel: after, at };
  }

  function draw(key: Key, urgent: boolean): void {
    const drawing = run(key, urgent);
    running.add(drawing);
    void drawing.finally(() => {
      running.delete(drawing);
      turn();
    });
    turn();
  }

  async function run(key: Key, urgent: boolean): Promise<void> {
    const worker = urgent ? "now" : "soon";
    workers[worker] = true;
    busy.add(key);
    now.delete(key);
    const seen = changes.get(key);
    const began = performance.now();
    let isFailed = false;
    try {
      const left = await work(key, urgent);
      away = { failures: 0, until: 0 };
      refused.delete(key);
      if (left === "done" && changes.get(key) === seen) {
        soon.delete(key);
        changes.delete(key);
      } else if (!urgent) {
        // It had its turn: the others go first.
        soon.delete(key);
        soon.add(key);
      }
    } catch (error) {
      isFailed = true;
      failed(key, urgent, error);
    }
    meter?.worked(name, began - (seen?.since ?? began), performance.now() - began, isFailed);
    busy.delete(key);
    workers[worker] = false;
  }

  function failed(key: Key, urgent: boolean, error: unknown): void {
    const itself = error instanceof AfkError && (error.code === "refused" || error.code === "invalid");
    const failures = (itself ? (refused.get(key)?.failures ?? 0) : away.failures) + 1;
    const afterMs = Math.min(BACKOFF.firstMs * 2 ** (failures - 1), BACKOFF.ceilingMs);
    const next = { failures, until: timers.now() + afterMs };
    if (itself) refused.set(key, next);
    else away = next;
    if (urgent) now.add(key);
    log.warn({ key, failures, afterMs, why: messageOf(error) }, "not shown in slack, trying on");
  }

  meter?.follow(name, () => ({
    working: running.size,
    due: soon.size,
    backingOff: timers.now() < away.until ? soon.size : refused.size,
    longest: undefined,
  }));
  return {
    nudge,
    async stop(withinMs) {
      stopped = true;
      timer?.cancel();
      const { promise, resolve } = Promise.withResolvers<void>();
      const limit = setTimeout(resolve, withinMs);
      await Promise.race([Promise.allSettled(running), promise]);
      clearTimeout(limit);
    },
  };
}
