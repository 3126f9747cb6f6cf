import { describe, expect, test } from "vitest";
import { known, unknown } from "../../src/domain/observed.ts";
import type { Order } from "../../src/domain/order.ts";
import { type Around, decideOrder } from "../../src/domain/orders.ts";
import { reduceRun } from "../../src/domain/reduce-run.ts";
import type { Run, RunState } from "../../src/domain/run.ts";
import { policy, run, SHA, T0, turn } from "../support/build.ts";
import { say } from "../support/say.ts";

type What = Order["what"];
const order = (what: What, at = T0): Order => ({ id: `press-${at}`, at, by: { slack: "U1", github: null }, what });
const landed = { sha: SHA, commits: 1, seenAt: T0 };
const reason = { kind: "stalled", text: "Stalled.", details: null } as const;
const asked = { since: T0, kind: "input", requests: [{ id: "r", text: "Which?" }] } as const;
const states = {
  preparing: { name: "preparing", since: T0, failure: null, refusals: 0 },
  working: { name: "working", since: T0, turn, stop: null },
  stopping: { name: "working", since: T0, turn, stop: { since: T0, reason } },
  starting: { name: "working", since: T0, turn: { ...turn, turnId: null }, stop: null },
  fixing: { name: "fixing", since: T0, turn, stop: null, landed, kind: "fix" },
  verifying: { name: "verifying", since: T0, landed, onRed: "fix", reverts: false },
  blocked: { name: "blocked", since: T0, reason, turn, agentMayLive: false },
  askedBefore: { name: "blocked", since: T0, reason, turn, agentMayLive: false, asked },
  mayLive: { name: "blocked", since: T0, reason, turn, agentMayLive: true },
  frozen: { name: "frozen", since: T0, reason, turn, agentMayLive: false, landed },
  frozenMayLive: { name: "frozen", since: T0, reason, turn, agentMayLive: true, landed },
} as const satisfies Record<string, RunState>;

const around: Around = { paused: false, others: [], room: true, sent: known(false), freeSlot: 3, policy };
const decided = (state: RunState, what: What, over: Partial<Around> = {}, of: Partial<Run> = {}): string => {
  const orders = [order(what)];
  return say(decideOrder(run({ state, orders, ...of }), { ...around, ...over }, T0 + 1));
};

const unblock: What = { kind: "unblock", guidance: "Use the other one." };
const stop: What = { kind: "stop", reason: "" };
const abandon: What = { kind: "abandon", reason: "no" };
const handOver: What = { kind: "hand-over", reason: "mine" };
const answer: What = { kind: "answer", request: "r", answers: { q: "a" } };
const steer: What = { kind: "steer", text: "Look at bands.js too." };
const approve: What = { kind: "approve", request: "r", decision: "accept" };
const retry: What = { kind: "retry", cold: true };
const other = run({ id: "other", state: states.working });

describe("what a person asks of a run", () => {
  test.each<[string, RunState, What, string]>([
    ["unblocks a blocked one", states.blocked, unblock, "run.unblocked"],
    ["tries it again", states.blocked, retry, "run.unblocked"],
    ["answers what it was blocked for", states.askedBefore, answer, "run.unblocked"],
    ["answers what nobody asks any more", states.blocked, answer, "over stale"],
    ["waits until the agent has settled", states.mayLive, unblock, "wait"],
    ["hands a blocked one over", states.blocked, handOver, "run.handed-over"],
    ["but not under an agent that may live", states.mayLive, handOver, "nothing"],
    ["stops one at work", states.working, stop, "stop stopped"],
    ["abandons one at work: it is stopped first", states.working, abandon, "stop stopped"],
    ["and nothing more while it stops", states.stopping, abandon, "nothing"],
    ["a stop of what has stopped is done", states.blocked, stop, "over done"],
    ["a stop of what only CI works on is stale", states.verifying, stop, "over stale"],
    ["hands over what is verified", states.verifying, handOver, "run.handed-over"],
    ["approves", states.working, approve, "carry-out-order"],
    ["steers", states.fixing, steer, "carry-out-order"],
    ["steers once the turn is known", states.starting, steer, "nothing"],
    ["does not steer what is being stopped", states.stopping, steer, "over stale"],
    ["a word to a blocked run is guidance", states.blocked, steer, "run.unblocked"],
    ["unblocks nothing that works", states.working, unblock, "over stale"],
    ["keeps fixing", states.frozen, { kind: "keep-fixing", guidance: "" }, "run.unfrozen"],
    ["verifies again", states.frozen, { kind: "verify-again" }, "run.unfrozen"],
    ["takes it back", states.frozen, { kind: "revert" }, "run.fix-ordered"],
    ["nothing of that under an agent that may live", states.frozenMayLive, { kind: "revert" }, "nothing"],
    ["takes nothing back that is not frozen", states.verifying, { kind: "revert" }, "over stale"],
  ])("%s", (_promise, state, what, expected) => {
    expect(decided(state, what)).toBe(expected);
  });

  test.each<[string, Partial<Around>, string]>([
    ["waits for the other run of the repo", { others: [other] }, "wait"],
    ["waits for a frozen one", { others: [run({ id: "other", state: states.frozen })] }, "wait"],
    ["does not wait for a blocked one", { others: [run({ id: "other", state: states.blocked })] }, "run.unblocked"],
    ["waits while paused", { paused: true }, "wait"],
    ["waits for room", { room: false }, "wait"],
    [
      "waits for who was asked for before",
      { others: [run({ id: "other", state: states.blocked, orders: [order(unblock, T0 - 1)] })] },
      "wait",
    ],
  ])("an unblocked run %s", (_promise, over, expected) => {
    expect(decided(states.blocked, unblock, over)).toBe(expected);
  });

  test.each<[string, What, Partial<Around>, string]>([
    ["a fix waits for room", { kind: "keep-fixing", guidance: "" }, { room: false }, "wait"],
    ["so does a revert", { kind: "revert" }, { room: false }, "wait"],
    ["a look starts no agent, and needs none", { kind: "verify-again" }, { room: false }, "run.unfrozen"],
    ["a fix waits for the end of a pause", { kind: "keep-fixing", guidance: "" }, { paused: true }, "wait"],
    ["and a revert too", { kind: "revert" }, { paused: true }, "wait"],
    ["a look does not", { kind: "verify-again" }, { paused: true }, "run.unfrozen"],
    ["a hand-over neither", handOver, { paused: true }, "run.handed-over"],
  ])("of a frozen run: %s", (_promise, what, over, expected) => {
    expect(decided(states.frozen, what, over)).toBe(expected);
  });

  test.each<[string, RunState, What, What, Partial<Around>, string]>([
    [
      "handed over, an unblock that waits waits no more",
      states.blocked,
      unblock,
      handOver,
      { others: [other] },
      "run.handed-over",
    ],
    ["abandoned in a pause, neither", states.blocked, unblock, abandon, { paused: true }, "run.abandoned"],
    [
      "handed over, nothing is fixed before",
      states.frozen,
      { kind: "revert" },
      handOver,
      { paused: true },
      "run.handed-over",
    ],
    ["stopped, a word that waits for its turn is not given", states.starting, steer, stop, {}, "stop stopped"],
    [
      "stopped while blocked, it does not go on by what was asked before",
      states.blocked,
      unblock,
      stop,
      {},
      "over stale",
    ],
    ["of two who leave, the first is heard", states.blocked, abandon, handOver, {}, "run.abandoned"],
  ])("leaving goes first: %s", (_promise, state, first, second, over, expected) => {
    const orders = [order(first, T0 - 1), order(second)];
    expect(say(decideOrder(run({ state, orders }), { ...around, ...over }, T0 + 1))).toBe(expected);
  });

  test("what stopped a blocked run takes back what was asked before it, and is done then", () => {
    const orders = [order(unblock, T0 - 1), order(stop)];
    let now = run({ id: "r", state: states.blocked, orders });
    for (const expected of [1, 0]) {
      const decision = decideOrder(now, around, T0 + 1);
      if (decision?.do !== "record" || decision.event.type !== "run.order-over") throw new Error("not over");
      now = reduceRun(now, decision.event);
      expect(now.orders).toHaveLength(expected);
    }
    expect(now.resolved.map(({ outcome }) => outcome)).toEqual(["stale", "done"]);
    expect(now.state.name).toBe("blocked");
  });

  test.each<[string, Partial<Around>, string]>([
    ["nothing was sent: it stops", { sent: known(false) }, "blocked stopped"],
    ["its message was sent: the turn is taken on, and then stopped", { sent: known(true) }, "start-turn"],
    ["nobody can tell: the agent may live", { sent: unknown("down") }, "blocked stopped, agent may live"],
  ])("a preparing run is stopped: %s", (_promise, over, expected) => {
    expect(decided(states.preparing, stop, over)).toBe(expected);
  });

  test("a cold retry takes a slot that no run holds, any other its own", () => {
    const slot = (what: What): unknown => {
      const decision = decideOrder(run({ state: states.blocked, orders: [order(what)] }), around, T0);
      return decision?.do === "record" && decision.event.type === "run.unblocked" ? decision.event.slot : undefined;
    };
    expect(slot(retry)).toBe(3);
    expect(slot({ kind: "retry", cold: false })).toBe(1);
    expect(decided(states.blocked, retry, { freeSlot: undefined })).toBe("wait");
  });
});

describe("what comes of an order", () => {
  const ordered = (state: RunState, what: What): Run =>
    reduceRun(run({ state }), { type: "run.ordered", at: T0, run: "r", order: order(what) });

  test("the same press is the same order", () => {
    const once = ordered(states.blocked, unblock);
    expect(reduceRun(once, { type: "run.ordered", at: T0, run: "r", order: order(unblock) })).toEqual(once);
    const done = reduceRun(once, {
      type: "run.order-over",
      at: T0,
      run: "r",
      order: `press-${T0}`,
      outcome: "done",
      text: "",
    });
    expect(reduceRun(done, { type: "run.ordered", at: T0, run: "r", order: order(unblock) })).toEqual(done);
  });

  test("what is still asked when the run ends is answered as stale", () => {
    const two = reduceRun(ordered(states.frozen, handOver), {
      type: "run.ordered",
      at: T0,
      run: "r",
      order: order({ kind: "verify-again" }, T0 + 1),
    });
    const ended = reduceRun(two, { type: "run.handed-over", at: T0, run: "r", why: "", order: `press-${T0}` });
    expect(ended.orders).toEqual([]);
    expect(ended.resolved.map(({ outcome }) => outcome)).toEqual(["done", "stale"]);
  });
});
