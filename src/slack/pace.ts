// How often the bot may call Slack, so that Slack never has to say so. Slack allows some fifty edits a minute over all
// messages together, and a post a second to a channel. Edits by themselves get forty a minute; what people did or are
// asked has a share of its own, and takes from the others' once that is used up.

import type { Clock } from "../ports.ts";

export type Pace = {
  /** Milliseconds until one more is allowed; 0 = now. */
  waitMs(what: Paced, urgent: boolean): number;
  /** Uses one up. */
  take(what: Paced, urgent: boolean): void;
  /** Slack said to wait, against all expectation: somebody else uses the same app. */
  pause(what: Paced, ms: number): void;
};
export type Paced = "post" | "edit";

type Share = { readonly perMinute: number; readonly burst: number };
const EDITS = { own: { perMinute: 40, burst: 3 }, urgent: { perMinute: 8, burst: 8 } } as const;
const POSTS: Share = { perMinute: 58, burst: 4 };
/** Posts that only an urgent one may use. */
const POSTS_KEPT = 2;

export function createPace(clock: Clock): Pace {
  const own = createBucket(EDITS.own, clock);
  const urgently = createBucket(EDITS.urgent, clock);
  const posts = createBucket(POSTS, clock);

  return {
    waitMs(what, urgent) {
      if (what === "post") return posts.waitMs(urgent ? 1 : 1 + POSTS_KEPT);
      return urgent ? Math.min(urgently.waitMs(1), own.waitMs(1)) : own.waitMs(1);
    },
    take(what, urgent) {
      if (what === "post") posts.take();
      else if (urgent && urgently.waitMs(1) === 0) urgently.take();
      else own.take();
    },
    pause(what, ms) {
      if (what === "post") return posts.pause(ms);
      own.pause(ms);
      urgently.pause(ms);
    },
  };
}

/** Full at first; refills evenly. */
function createBucket({ perMinute, burst }: Share, clock: Clock) {
  const perMs = perMinute / 60_000;
  let level = burst;
  let at = clock.now();
  let pausedUntil = 0;

  function refill(): void {
    const now = clock.now();
    level = Math.min(burst, level + Math.max(0, now - at) * perMs);
    at = now;
  }
  return {
    waitMs(wanted: number): number {
      refill();
      const missing = wanted - level;
      // A fraction too little is as good as none: timers are not that exact.
      const filled = missing <= 1e-6 ? 0 : Math.ceil(missing / perMs);
      return Math.max(filled, pausedUntil - at, 0);
    },
    take(): void {
      refill();
      level -= 1;
    },
    pause(ms: number): void {
      pausedUntil = Math.max(pausedUntil, clock.now() + ms);
    },
  };
}
