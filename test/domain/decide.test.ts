import { describe, expect, test } from "vitest";
import { decidePreparing, decideStopped } from "../../src/domain/decide.ts";
import type { StoppedEvidence, TurnSeen } from "../../src/domain/evidence.ts";
import { supersededBy } from "../../src/domain/gates.ts";
import { known, type Observed, unknown } from "../../src/domain/observed.ts";
import { reduceRun } from "../../src/domain/reduce-run.ts";
import { type Run, type RunStateOf, waitsForRepo } from "../../src/domain/run.ts";
import { decideTurning } from "../../src/domain/turning.ts";
import { candidate, policy, run, SHA, T0, turn } from "../support/build.ts";
import { say } from "../support/say.ts";

function preparing(over: Partial<RunStateOf<"preparing">> = {}): RunStateOf<"preparing"> {
  return { name: "preparing", since: T0, failure: null, refusals: 0, ...over };
}

describe("a preparing run", () => {
  const failure = (at: number) => ({ step: "open-session", text: "T3 does not answer", at });
  test.each<[string, Partial<Run>, RunStateOf<"preparing">, boolean, string]>([
    ["makes its tree first", { tree: null, session: null }, preparing(), false, "prepare-tree"],
    ["then opens its session", { session: null }, preparing(), false, "open-session"],
    ["then sends its first message", {}, preparing(), false, "start-turn"],
    ["does none of that while paused", { tree: null, session: null }, preparing(), true, "wait"],
    ["tries again after a failure", { session: null }, preparing({ failure: failure(T0 + 1) }), false, "open-session"],
    [
      "gives up once failures outlast its time",
      { session: null },
      preparing({ failure: failure(T0 + policy.prepareMs + 1) }),
      false,
      "blocked cannot-prepare",
    ],
    [
      "gives up after three refusals",
      { session: null },
      preparing({ failure: failure(T0 + 1), refusals: 3 }),
      false,
      "blocked cannot-prepare",
    ],
  ])("%s", (_promise, over, state, paused, expected) => {
    expect(say(decidePreparing(run({ ...over, state }), state, known(false), policy, paused, T0 + 10))).toBe(expected);
  });
});

const ended = (how: "completed" | "failed" | "interrupted"): TurnSeen => ({
  is: "ended",
  turnId: "t-1",
  how,
  lastWords: "Words.",
  error: null,
});
const running = (activeAt: number): TurnSeen => ({ is: "running", turnId: "t-1", activeAt });
const asking: TurnSeen = { is: "asking", turnId: "t-1", kind: "input", requests: [{ id: "r", text: "Which?" }] };
const stop = { since: T0, reason: { kind: "stalled", text: "Stalled.", details: null } } as const;
const none = known(null);
const mine = known({ sha: SHA, commits: 2 });
const notAsked = unknown("not asked");

describe("a working run", () => {
  type Row = [
    string,
    Observed<TurnSeen>,
    Observed<{ sha: string; commits: number } | null>,
    number,
    "stopping" | "free",
    string,
  ];
  test.each<Row>([
    ["waits while the agent works", known(running(T0 + 1000)), notAsked, 2000, "free", "wait"],
    ["waits while T3 cannot be read", unknown("down"), notAsked, 2000, "free", "wait"],
    [
      "is not silent for ever when T3 stays unreadable",
      unknown("down"),
      notAsked,
      policy.turnMs + policy.settleMs + 1,
      "free",
      "blocked too-long, agent may live",
    ],
    ["waits for the turn to start", known({ is: "pending" }), notAsked, 1000, "free", "wait"],
    [
      "is stopped when the turn never starts",
      known({ is: "pending" }),
      notAsked,
      policy.turnStartMs + 1,
      "free",
      "stop never-started",
    ],
    [
      "is tried once more when T3 says it cannot start",
      known({ is: "not-started", why: "no directory" }),
      notAsked,
      10,
      "free",
      "run.again-ordered",
    ],
    ["is blocked when its session is gone", known({ is: "missing" }), notAsked, 10, "free", "blocked session-lost"],
    [
      "is stopped after too long without activity",
      known(running(T0)),
      notAsked,
      policy.stallMs + 1,
      "free",
      "stop stalled",
    ],
    [
      "is stopped when its turn takes too long",
      known(running(T0 + policy.turnMs)),
      notAsked,
      policy.turnMs + 1,
      "free",
      "stop too-long",
    ],
    ["puts what the agent asks before people", known(asking), notAsked, 10, "free", "run.asked"],
    ["is interrupted once a stop was ordered", known(running(T0)), notAsked, 10, "stopping", "interrupt"],
    [
      "holds the repo when the agent does not settle",
      known(running(T0)),
      notAsked,
      policy.settleMs + 1,
      "stopping",
      "blocked stalled, agent may live",
    ],
    [
      "is blocked for the reason it was stopped for",
      known(ended("interrupted")),
      none,
      10,
      "stopping",
      "blocked stalled",
    ],
    ["goes on to verify what landed even so", known(ended("interrupted")), mine, 10, "stopping", "run.landed"],
    ["verifies what landed when the turn ended well", known(ended("completed")), mine, 10, "free", "run.landed"],
    ["verifies what landed when the turn failed", known(ended("failed")), mine, 10, "free", "run.landed"],
    [
      "is blocked when a turn ended well and landed nothing",
      known(ended("completed")),
      none,
      10,
      "free",
      "blocked nothing-landed",
    ],
    ["is tried once more when the turn failed", known(ended("failed")), none, 10, "free", "run.again-ordered"],
    [
      "is blocked when someone interrupted it in T3",
      known(ended("interrupted")),
      none,
      10,
      "free",
      "blocked interrupted",
    ],
    ["waits when the branch cannot be read", known(ended("completed")), unknown("fetch failed"), 10, "free", "wait"],
  ])("%s", (_promise, seen, landed, afterMs, mode, expected) => {
    const state: RunStateOf<"working"> = { name: "working", since: T0, turn, stop: mode === "stopping" ? stop : null };
    expect(say(decideTurning(run({ state }), state, { turn: seen, landed }, policy, T0 + afterMs))).toBe(expected);
  });

  test("remembers its turn's id as soon as it is seen", () => {
    const state: RunStateOf<"working"> = { name: "working", since: T0, turn: { ...turn, turnId: null }, stop: null };
    const decision = decideTurning(run({ state }), state, { turn: known(running(T0)), landed: notAsked }, policy, T0);
    expect(decision).toMatchObject({ do: "record", event: { type: "run.turn-identified", turnId: "t-1" } });
  });
});

describe("a blocked run", () => {
  const blocked = (agentMayLive: boolean): RunStateOf<"blocked"> => ({
    name: "blocked",
    since: T0,
    reason: stop.reason,
    turn,
    agentMayLive,
  });
  test.each<[string, boolean, Observed<TurnSeen>, string]>([
    ["is left alone", false, notAsked, "nothing"],
    ["is watched until its agent has settled", true, known(running(T0)), "wait"],
    ["lets the repo go on once it has", true, known(ended("interrupted")), "run.agent-settled"],
    ["keeps holding it while T3 cannot be read", true, unknown("down"), "wait"],
    ["has its session ended where the turn never began", true, known({ is: "pending" }), "end-idle-session"],
  ])("%s", (_promise, agentMayLive, seen, expected) => {
    const state = blocked(agentMayLive);
    const evidence = { turn: seen, landed: notAsked, free: true };
    expect(say(decideStopped(run({ state }), state, evidence, policy, T0))).toBe(expected);
  });

  const late = { sha: SHA, commits: 1, seenAt: T0, note: "It was pushed after the run had been blocked." };
  test.each<[string, Partial<RunStateOf<"blocked">>, Partial<StoppedEvidence>, string]>([
    ["whose commits arrive late has landed", {}, { landed: known({ sha: SHA, commits: 1 }) }, "run.landed-late"],
    ["also while another run works", {}, { landed: known({ sha: SHA, commits: 1 }), free: false }, "run.landed-late"],
    ["stays blocked where nothing arrived", {}, { landed: none }, "nothing"],
    ["stays blocked where nobody can tell", {}, { landed: unknown("down") }, "nothing"],
    ["is judged by them once the repo is free", { landed: late }, { landed: known(late) }, "run.landed"],
    ["waits for the repo until then", { landed: late }, { landed: known(late), free: false }, "wait"],
    ["is judged by them though nobody can look anew", { landed: late }, { landed: unknown("down") }, "run.landed"],
    ["waits for its agent to settle first", { agentMayLive: true }, { turn: known(running(T0)), landed: none }, "wait"],
  ])("%s", (_promise, over, seen, expected) => {
    const state = { ...blocked(false), ...over };
    const evidence = { turn: notAsked, landed: notAsked, free: true, ...seen };
    expect(say(decideStopped(run({ state }), state, evidence, policy, T0))).toBe(expected);
  });

  test("that landed late goes before new issues, is not taken for a run to be tried anew, and is verified", () => {
    const stopped = run({ id: "r", state: blocked(false) });
    const landed = reduceRun(stopped, { type: "run.landed-late", at: T0 + 1, run: "r", landed: late });
    expect(waitsForRepo(landed)).toBe(T0);
    const again = candidate({ release: known({ eventId: 9, actor: "maintainer", at: T0 + 5, byBot: false }) });
    expect([supersededBy(stopped, again), supersededBy(landed, again)]).toEqual([true, false]);
    const judged = reduceRun(landed, { type: "run.landed", at: T0 + 2, run: "r", landed: late });
    expect(judged.state).toMatchObject({ name: "verifying", onRed: "fix", landed: late });
  });
});
