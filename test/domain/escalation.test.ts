// Which order a question of a run to people waits for.

import { describe, expect, test } from "vitest";
import { type Escalation, escalationsOf, orderInHand } from "../../src/domain/escalation.ts";
import type { Order } from "../../src/domain/order.ts";
import type { Run } from "../../src/domain/run.ts";
import { emptyState, reduce } from "../../src/domain/state.ts";
import { run, SHA, T0, turn } from "../support/build.ts";

const HOUR = 3_600_000;
const reason = { kind: "stalled", text: "The agent showed no activity.", details: null } as const;
const blocked = { name: "blocked", since: T0, reason, turn, agentMayLive: false } as const;
const frozen = { ...blocked, name: "frozen", landed: { sha: SHA, commits: 1, seenAt: T0 } } as const;
const asking = {
  name: "working",
  since: T0,
  turn,
  stop: null,
  asked: {
    kind: "approval",
    since: T0,
    requests: [{ id: "req-1", text: "rm -rf build" }],
  },
} as const;

function order(what: Order["what"], at = T0 + 1): Order {
  return { id: `order-${what.kind}`, at, by: { slack: "U0OPERATOR", github: null }, what, via: "button" };
}
const first = (of: Run): Escalation => escalationsOf(of)[0] as Escalation;
const inHand = (of: Run) => orderInHand(of, first(of))?.what.kind;
const done = (one: Order) => ({ order: one, at: T0 + 2, outcome: "done", text: "" }) as const;

const approve = order({ kind: "approve", request: "req-1", decision: "accept" });
const retry = order({ kind: "retry", cold: false });
const handOver = order({ kind: "hand-over", reason: "" });
const stop = order({ kind: "stop", reason: "" });
const steer = order({ kind: "steer", text: "Faster." });
const keepFixing = order({ kind: "keep-fixing", guidance: "" });

describe("what is under way for a question", () => {
  test.each<[string, Partial<Run>, Order["what"]["kind"] | undefined]>([
    ["nothing, where nobody ordered anything", { state: blocked }, undefined],
    ["the order that waits", { state: blocked, orders: [retry] }, "retry"],
    ["one that was given before it was asked, and waits still", { state: asking, orders: [stop] }, "stop"],
    ["one that leaves the run, of any question", { state: frozen, orders: [handOver] }, "hand-over"],
    ["not one that is of another question's kind", { state: frozen, orders: [retry] }, undefined],
    ["an answer until the agent no longer asks", { state: asking, resolved: [done(approve)] }, "approve"],
    [
      "not the answer to another request",
      { state: asking, orders: [order({ kind: "approve", request: "req-0", decision: "accept" })] },
      undefined,
    ],
    ["not what was carried out before it was blocked", { state: blocked, resolved: [done(retry)] }, undefined],
    [
      "nor an answer that the agent never took, of the question that it is blocked with",
      {
        state: {
          ...blocked,
          asked: { kind: "input", since: T0, requests: [{ id: "req-1", text: "Which?" }] },
        },
        resolved: [done(order({ kind: "answer", request: "req-1", answers: {} }))],
      },
      undefined,
    ],
    ["nor what the agent was told before", { state: blocked, resolved: [done(steer)] }, undefined],
    ["nor what was carried out before it froze", { state: frozen, resolved: [done(keepFixing)] }, undefined],
    ["nor the stop of a turn before", { state: asking, resolved: [done(stop)] }, undefined],
  ])("is %s", (_name, overrides, kind) => {
    expect(inHand(run(overrides))).toBe(kind);
  });

  test.each([
    ["on", HOUR],
    ["back", -HOUR],
  ])("is what people ordered for this question, also where the clock was put %s meanwhile", (_name, off) => {
    const begun = run({ state: blocked });
    const id = begun.id;
    let state = reduce(emptyState, { type: "run.dispatched", at: T0, run: begun });
    const here = (): Run => state.runs[id] as Run;
    state = reduce(state, { type: "run.ordered", at: T0 + 1, run: id, order: retry });
    expect(inHand(here())).toBe("retry");
    const message = { ordinal: 2, kind: "task", text: "" } as const;
    state = reduce(state, { type: "run.unblocked", at: T0 + 2, run: id, message, slot: 1, order: retry.id });
    state = reduce(state, { type: "run.turn-started", at: T0 + 3, run: id, turn: { ...turn, ordinal: 2 } });
    state = reduce(state, { type: "run.blocked", at: T0 + off, run: id, reason, agentMayLive: false, landed: null });
    expect(inHand(here())).toBeUndefined();
    const again = { ...order({ kind: "unblock", guidance: "Go on." }, T0 - 2 * off) };
    state = reduce(state, { type: "run.ordered", at: again.at, run: id, order: again });
    expect(inHand(here())).toBe("unblock");
  });
});
