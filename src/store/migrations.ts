// From what older versions wrote to what this one reads: one step per version, each from its own to the next.

type Raw = Readonly<Record<string, unknown>>;
type Step = (raw: Raw) => Raw;

/** Version 2 remembers the runs that have moved to the history; 3 what a reply shows, and frozen apart from blocked. */
const stateSteps: Readonly<Record<number, Step>> = {
  1: (raw) => ({ ...raw, version: 2, past: {} }),
  2: (raw) => ({
    ...raw,
    version: 3,
    runs: mapValues(raw["runs"], (run) => ({ ...run, state: splitBlocked(run["state"]) })),
    threads: mapValues(raw["threads"], (thread) => ({
      ...thread,
      replies: Object.fromEntries(
        Object.entries((thread["replies"] ?? {}) as Raw).map(([key, ts]) => [key, { ts, digest: null }]),
      ),
    })),
  }),
};

/** What stopped after it had landed was called blocked too. */
function splitBlocked(state: unknown): unknown {
  const { name, landed } = (state ?? {}) as Raw;
  return name === "blocked" && landed !== null ? { ...(state as Raw), name: "frozen" } : state;
}

function mapValues(record: unknown, change: (value: Raw) => Raw): Raw {
  return Object.fromEntries(Object.entries((record ?? {}) as Raw).map(([key, value]) => [key, change(value as Raw)]));
}

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
