/** One condition for a start, by the name people know it by, and why it holds or not. */
export type Gate = { readonly gate: GateName; readonly pass: boolean; readonly why: string };

/** In the order people read them. */
export const gateNames = [
  "armed",
  "enrolled",
  "repo free",
  "open",
  "labelled",
  "trust",
  "unedited",
  "new release",
  "unblocked",
  "capacity",
  "executor",
  "volume",
] as const;
export type GateName = (typeof gateNames)[number];

export function pass(gate: GateName, why: string): Gate {
  return { gate, pass: true, why };
}

export function fail(gate: GateName, why: string): Gate {
  return { gate, pass: false, why };
}
