import type { Clock, Timers } from "./ports.ts";

/** Wakes in real time; the hour is the clock's. */
export function timersOf(clock: Clock): Timers {
  return {
    now: clock.now,
    after(ms, wake) {
      const timer = setTimeout(wake, ms);
      return () => clearTimeout(timer);
    },
  };
}
