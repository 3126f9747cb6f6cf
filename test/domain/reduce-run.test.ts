import { describe, expect, test } from "vitest";
import { reduceRun } from "../../src/domain/reduce-run.ts";
import type { Run, RunState, Turn } from "../../src/domain/run.ts";
import { run, SHA, T0, turn } from "../support/build.ts";

const NEXT = "c".repeat(40);
const landed = { sha: SHA, commits: 1, seenAt: T0 };
const reason = { kind: "ci-red", text: "Red.", details: null } as const;
const second: Turn = { ...turn, ordinal: 2, messageId: "m-2", turnId: null };
type OneEvent = Parameters<typeof reduceRun>[1];
type Untimed<T> = T extends unknown ? Omit<T, "at" | "run"> : never;
function after(state: RunState, events: readonly Untimed<OneEvent>[], of: Partial<Run> = {}): Run {
  return events.reduce<Run>(
    (r, event) => reduceRun(r, { at: T0 + 5, run: r.id, ...event } as OneEvent),
    run({ state, ...of }),
  );
}

const frozen: RunState = { name: "frozen", since: T0, reason, landed, turn, agentMayLive: false };
const verifying: RunState = { name: "verifying", since: T0, landed, onRed: "fix", reverts: false };
const fixMessage = { ordinal: 2, kind: "fix", text: "Red." } as const;
const revertMessage = { ordinal: 2, kind: "revert", text: "" } as const;
const fix = { type: "run.fix-ordered", message: fixMessage, landed, counts: true } as const;
const revert = { type: "run.fix-ordered", message: revertMessage, landed, counts: false } as const;
const started = { type: "run.turn-started", turn: second } as const;
const lands = (sha: string) => ({ type: "run.landed", landed: { ...landed, sha } }) as const;

describe("a fix", () => {
  test("is a turn with what was red, and counts from the first red", () => {
    const fixing = after(verifying, [fix, started]);
    expect(fixing.state).toMatchObject({ name: "fixing", kind: "fix", landed: { sha: SHA }, message: fixMessage });
    expect(fixing).toMatchObject({ messages: 2, fixes: { since: T0 + 5, attempts: 1 } });
    expect(after(verifying, [fix], { fixes: { since: T0, attempts: 1 } }).fixes).toEqual({ since: T0, attempts: 2 });
  });

  test("that landed is judged, and may be fixed again", () => {
    expect(after(verifying, [fix, started, lands(NEXT)]).state).toMatchObject({ onRed: "fix", landed: { sha: NEXT } });
  });

  test("that failed is tried once more with the same message", () => {
    const again = {
      type: "run.again-ordered",
      message: { ...fixMessage, ordinal: 3 },
      notBefore: T0 + 9,
      why: "x",
    } as const;
    const prepared = after(verifying, [fix, started, again]);
    expect(prepared.state).toMatchObject({ name: "preparing", landed: { sha: SHA }, again: { notBefore: T0 + 9 } });
    const third = { type: "run.turn-started", turn: { ...second, ordinal: 3 } } as const;
    expect(after(verifying, [fix, started, again, third]).state).toMatchObject({ name: "fixing", again: { why: "x" } });
    expect(after(verifying, [fix, started, again, third]).fixes?.attempts).toBe(1);
  });
});

describe("unfrozen", () => {
  test("to keep fixing, it has a fresh budget", () => {
    const thawed = after(frozen, [{ type: "run.unfrozen", how: "keep-fixing", guidance: "Look." }], {
      fixes: { since: 1, attempts: 5 },
    });
    expect(thawed.fixes).toBeUndefined();
    expect(thawed.state).toMatchObject({
      name: "verifying",
      onRed: "fix",
      guidance: "Look.",
      landed: { seenAt: T0 + 5 },
    });
  });

  test("to be verified again, red freezes it anew", () => {
    const state = after(frozen, [{ type: "run.unfrozen", how: "verify-again", guidance: "" }]).state;
    expect(state).toMatchObject({ name: "verifying", onRed: "freeze", reverts: false });
  });

  test("by a revert: what lands takes it back, and red freezes", () => {
    const state = after(frozen, [revert, started, lands(NEXT)]).state;
    expect(state).toMatchObject({ name: "verifying", reverts: true, onRed: "freeze", landed: { sha: NEXT } });
  });

  test("by a revert that landed nothing: nothing was taken back", () => {
    expect(after(frozen, [revert, started, lands(SHA)]).state).toMatchObject({ reverts: false, onRed: "freeze" });
  });

  test("a push that comes late changes what is judged, not how", () => {
    const state = after(frozen, [revert, started, lands(NEXT), lands("d".repeat(40))]).state;
    expect(state).toMatchObject({ reverts: true, onRed: "freeze", landed: { sha: "d".repeat(40) } });
  });
});

describe("a word to the agent at work", () => {
  const working: RunState = { name: "working", since: T0, turn, stop: null };
  const steered = { type: "run.steered", ordinal: 2, messageId: "m-2", askedAt: T0 + 3 } as const;

  test("that is read in the turn leaves it the turn it was", () => {
    const state = after(working, [steered]).state;
    expect(state).toMatchObject({ turn: { ordinal: 1, turnId: "t-1", steered: { ordinal: 2 } } });
    expect(after(working, [steered]).messages).toBe(2);
  });

  test("that began a turn of its own makes that the turn, and the old one an earlier one", () => {
    const state = after(working, [steered, { type: "run.turn-identified", turnId: "t-2" }]).state;
    expect(state).toMatchObject({ turn: { ordinal: 2, askedAt: T0 + 3, turnId: "t-2", turnIdsBefore: ["t-1"] } });
  });
});

test("a cold retry leaves the old tree behind, any other keeps it", () => {
  const blocked: RunState = { name: "blocked", since: T0, reason, turn, agentMayLive: false };
  const message = { ordinal: 2, kind: "task", text: "" } as const;
  expect(after(blocked, [{ type: "run.unblocked", message, slot: 2 }])).toMatchObject({ slot: 2, tree: null });
  expect(after(blocked, [{ type: "run.unblocked", message, slot: 1 }]).tree).not.toBeNull();
});
