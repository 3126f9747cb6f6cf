// All chance comes from the seed: the same seed draws the same issues, and the same faults at the same moments.

export type Draw = {
  /** From 0 up to 1. */
  share(): number;
  between(least: number, most: number): number;
  pick<T>(from: readonly [T, ...T[]]): T;
};

/** `of` names the stream: what is drawn of one does not move the others. */
export function drawOf(seed: number, of: string): Draw {
  let state = seed >>> 0;
  for (const letter of of) state = Math.imul(state ^ letter.charCodeAt(0), 0x9e37_79b1) >>> 0;
  const share = (): number => {
    // mulberry32: small, and even enough.
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    share,
    between: (least, most) => least + share() * (most - least),
    pick: (from) => from[Math.floor(share() * from.length)] ?? from[0],
  };
}
