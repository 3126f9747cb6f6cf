import type { Timers } from "../../src/ports.ts";

/** A time that stands still until it is told to pass. */
export function settableTimers(start: number): Timers & { pass(ms: number): Promise<void> } {
  let now = start;
  const waiting = new Set<{ readonly at: number; readonly wake: () => void }>();
  /** Lets everything that a wake began run as far as it gets without time passing. */
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

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
      await settle();
    },
  };
}
