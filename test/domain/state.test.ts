import { describe, expect, test } from "vitest";
import type { BotEvent } from "../../src/domain/event.ts";
import { runIdOf } from "../../src/domain/ids.ts";
import { emptyState, reduce, stateSchema } from "../../src/domain/state.ts";
import { wantedIssue } from "../../src/domain/wanted.ts";
import { policy, release, run, SHA, T0, turn } from "../support/build.ts";

const born = run({ tree: null, session: null, state: { name: "preparing", since: T0, failure: null, refusals: 0 } });
const dispatched: BotEvent = { type: "run.dispatched", at: T0, run: born };

describe("the reducer", () => {
  test("carries a run from dispatch to deployed, each state with its evidence", () => {
    const whole = run();
    const events: readonly BotEvent[] = [
      dispatched,
      { type: "run.tree-ready", at: T0 + 1, run: born.id, tree: whole.tree as NonNullable<typeof whole.tree> },
      {
        type: "run.session-opened",
        at: T0 + 2,
        run: born.id,
        session: whole.session as NonNullable<typeof whole.session>,
      },
      { type: "run.turn-started", at: T0 + 3, run: born.id, turn },
      { type: "run.landed", at: T0 + 4, run: born.id, landed: { sha: SHA, commits: 1, seenAt: T0 + 4 } },
      { type: "run.deployed", at: T0 + 5, run: born.id, evidence: ["CI green: test"] },
    ];
    const state = events.reduce(reduce, emptyState);
    expect(state.sequence).toBe(events.length);
    expect(state.runs[born.id]?.state).toEqual({
      name: "deployed",
      since: T0 + 5,
      landed: { sha: SHA, commits: 1, seenAt: T0 + 4 },
      evidence: ["CI green: test"],
    });
    expect(stateSchema.safeParse(JSON.parse(JSON.stringify(state))).success).toBe(true);
  });

  test("an event about a run that is not there changes nothing", () => {
    const event: BotEvent = { type: "run.abandoned", at: T0, run: "nobody", why: "x" };
    expect(reduce(emptyState, event)).toEqual({ ...emptyState, sequence: 1 });
  });

  test("the first order to stop stands: a later one does not move its clock", () => {
    const order = (at: number): BotEvent => ({
      type: "run.stop-ordered",
      at,
      run: run().id,
      reason: { kind: "stalled", text: "x", details: null },
    });
    const working = { ...emptyState, runs: { [run().id]: run() } };
    const state = [order(T0 + 1), order(T0 + 9)].reduce(reduce, working).runs[run().id]?.state;
    expect(state?.name === "working" && state.stop?.since).toBe(T0 + 1);
  });
});

describe("identities", () => {
  test("one release makes one run id, and another application of the label another", () => {
    expect(runIdOf("acme/shop", 12, release)).toBe(runIdOf("acme/shop", 12, { ...release, actor: "else", at: 0 }));
    expect(runIdOf("acme/shop", 12, release)).not.toBe(runIdOf("acme/shop", 12, { ...release, eventId: 8 }));
    expect(runIdOf("acme/shop", 12, release)).toMatch(/^[0-9a-v]{10}$/);
  });
});

describe("what GitHub should show", () => {
  test("a blocked issue loses the ready label, so that putting it back is a new release", () => {
    const blocked = run({
      state: {
        name: "blocked",
        since: T0,
        reason: { kind: "asked", text: "?", details: null },
        turn,
        agentMayLive: false,
      },
    });
    expect(wantedIssue(blocked, policy.labels)).toEqual({
      add: ["ready-for-human"],
      remove: ["ready-for-agent"],
      removeLast: ["agent-running"],
      close: false,
    });
  });

  test("a run that another took over wants nothing", () => {
    expect(wantedIssue(run({ state: { name: "abandoned", since: T0, why: "again" } }), policy.labels)).toBeUndefined();
  });
});
