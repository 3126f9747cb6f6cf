// From what older versions wrote to what this one reads: one step per version, each from its own to the next.

type Raw = Readonly<Record<string, unknown>>;
type Step = (raw: Raw) => Raw;

/** Version 2 remembers the runs that have moved to the history. */
const stateSteps: Readonly<Record<number, Step>> = {
  1: (raw) => ({ ...raw, version: 2, past: {} }),
};

/** By the version of the journal that holds them. Version 1 is the first. */
const eventSteps: Readonly<Record<number, Step>> = {};

export function migrateState(raw: Raw, version: number): Raw {
  return climb(raw, version, stateSteps);
}

export function migrateEvent(raw: unknown, version: number): unknown {
  return typeof raw === "object" && raw !== null ? climb(raw as Raw, version, eventSteps) : raw;
}

function climb(raw: Raw, from: number, steps: Readonly<Record<number, Step>>): Raw {
  const step = steps[from];
  return step === undefined ? raw : climb(step(raw), from + 1, steps);
}
