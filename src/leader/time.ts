/** A moment by both clocks. */
export type Moment = { readonly monotonic: number; readonly wall: number };

export function timeNow(): Moment {
  return { monotonic: performance.now(), wall: Date.now() };
}

/**
 * Milliseconds since then, by the clock that says more. The monotonic one stands still while a machine is suspended, the
 * wall's is set back and forth: who must not act for too long believes the worse of the two.
 */
export function passedSince(then: Moment): number {
  return Math.max(performance.now() - then.monotonic, Date.now() - then.wall);
}
