// Time that is set, over real requests: it passes only while none of them is under way.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { Timers } from "../src/ports.ts";

export type Simulation = Timers & {
  pass(ms: number): Promise<void>;
  close(): void;
};

/** What an answer sets off in this process takes a few turns of its event loop. */
const TURNS = 6;

export function simulateTime(start: number): Simulation {
  let now = start;
  const waiting = new Set<{ readonly at: number; readonly wake: () => void }>();
  const underWay = new Set<unknown>();
  // Node's fetch tells of each request (nodejs/undici, docs/api/DiagnosticsChannel.md).
  const began = (message: unknown): void => void underWay.add((message as { request: unknown }).request);
  const ended = (message: unknown): void => void underWay.delete((message as { request: unknown }).request);
  const channels = [
    ["undici:request:create", began],
    ["undici:request:trailers", ended],
    ["undici:request:error", ended],
  ] as const;
  for (const [name, listener] of channels) subscribe(name, listener);

  async function settle(): Promise<void> {
    for (let quiet = 0; quiet < TURNS; quiet += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (underWay.size > 0) quiet = -1;
    }
  }

  return {
    now: () => now,
    after(ms, wake) {
      const entry = { at: now + ms, wake };
      waiting.add(entry);
      return () => waiting.delete(entry);
    },
    async pass(ms) {
      const until = now + ms;
      await settle();
      for (;;) {
        const next = [...waiting].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        waiting.delete(next);
        now = Math.max(now, next.at);
        next.wake();
        await settle();
      }
      now = until;
    },
    close() {
      for (const [name, listener] of channels) unsubscribe(name, listener);
    },
  };
}
