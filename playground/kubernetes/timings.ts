// How long things take in the cluster, in seconds of an unhurried real one; the clock divides them by its speed.

export const timings = {
  /** From a change to the controller that acts on it. */
  reconcile: 0.15,
  schedule: 0.15,
  admit: 0.1,
  pull: 1.5,
  pullSlow: 15,
  pullFails: 1,
  start: 0.3,
  ready: 1,
  readySlow: 20,
  probePeriod: 10,
  /** How long a crashing container runs. */
  crash: 1,
  /** How long its end is seen before the restart or the back-off. */
  terminated: 0.3,
  /** First back-off after a crash or a failed pull; it doubles up to the ceiling. */
  backOff: 10,
  backOffCeiling: 300,
  terminate: 1.5,
} as const;
