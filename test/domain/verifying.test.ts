import { describe, expect, test } from "vitest";
import type { CiRules } from "../../src/domain/checks.ts";
import type { BranchSeen, CheckSeen, VerifyingEvidence } from "../../src/domain/evidence.ts";
import type { FailedJob } from "../../src/domain/message.ts";
import { known, unknown } from "../../src/domain/observed.ts";
import type { Run, RunStateOf } from "../../src/domain/run.ts";
import { decideVerifying } from "../../src/domain/verifying.ts";
import { policy, rollout, run, SHA, T0 } from "../support/build.ts";
import { say } from "../support/say.ts";

type Verifying = RunStateOf<"verifying">;
const OTHER = "c".repeat(40);
const rules: CiRules = { required: [], ignored: [], whenNone: "red" };
const verifying = (over: Partial<Verifying> = {}): Verifying => ({
  name: "verifying",
  since: T0,
  landed: { sha: SHA, commits: 1, seenAt: T0 },
  onRed: "fix",
  reverts: false,
  ...over,
});
const check = (state: CheckSeen["state"], name = "test"): CheckSeen => {
  const conclusion = { pending: null, success: "success", failure: "failure", ignored: "skipped" }[state];
  return { source: "check-run", name, state, conclusion, url: null };
};
const branchIs = (over: Partial<BranchSeen>): Pick<VerifyingEvidence, "branch"> => ({
  branch: known({ head: SHA, there: true, own: { sha: SHA, commits: 1 }, ...over }),
});
const checks = (...states: readonly CheckSeen["state"][]) => ({ checks: known(states.map((state) => check(state))) });
const base: VerifyingEvidence = { ...branchIs({}), ...checks("success"), rollouts: known([rollout()]) };
const crash = rollout({ podTroubles: [{ pod: "web-1", reason: "CrashLoopBackOff", message: "back-off" }] });
const red = checks("failure");
const later = (...states: readonly CheckSeen["state"][]) => ({
  ...branchIs({ head: OTHER }),
  later: { sha: OTHER, ...checks(...states) },
});

function decided(
  over: Partial<VerifyingEvidence>,
  { afterMs = 10, state = verifying(), of = {}, by = rules, paused = false }: Partial<World> = {},
): string {
  const evidence = { ...base, ...over };
  return say(decideVerifying(run({ state, ...of }), state, evidence, by, policy, T0 + afterMs, paused));
}
type World = { afterMs: number; state: Verifying; of: Partial<Run>; by: CiRules; paused: boolean };

describe("green", () => {
  test.each<[string, Partial<VerifyingEvidence>, Partial<World>, string]>([
    ["CI green and the workload healthy: deployed", {}, {}, "run.deployed"],
    ["CI alone where the repo has no workload", { rollouts: known([]) }, {}, "run.deployed"],
    [
      "after the clock for fixes too: healthy is healthy",
      {},
      { of: { fixes: { since: T0 - policy.fixMs, attempts: 1 } } },
      "run.deployed",
    ],
    [
      "what was taken back and is healthy is handed over",
      {},
      { state: verifying({ reverts: true, onRed: "freeze" }) },
      "run.handed-over",
    ],
    ["while paused as well: nothing starts by it", {}, { paused: true }, "run.deployed"],
    ["a later commit that contains ours is green", { ...red, ...later("success") }, {}, "run.deployed"],
    ["the same where ours was cancelled for it", { ...checks("ignored"), ...later("success") }, {}, "run.deployed"],
  ])("%s", (_promise, over, world, expected) => {
    expect(decided(over, world)).toBe(expected);
  });
});

describe("waiting", () => {
  test.each<[string, Partial<VerifyingEvidence>, Partial<World>, string]>([
    ["for CI", checks("pending"), {}, "wait"],
    ["for a first check", checks(), {}, "wait"],
    ["while GitHub cannot be read", { checks: unknown("502") }, {}, "wait"],
    ["while the branch cannot be read the verdict still counts", { branch: unknown("fetch") }, {}, "run.deployed"],
    ["while the cluster cannot be read", { rollouts: unknown("refused") }, {}, "wait"],
    ["for the workload to carry the commit", { rollouts: known([rollout({ carries: "other" })]) }, {}, "wait"],
    ["a later commit's failure is not ours", { ...checks("pending"), ...later("failure") }, {}, "wait"],
    ["red, and the bot is paused", red, { paused: true }, "wait"],
    [
      "a person says it is fixed, and the later commit is still judged",
      { ...red, ...later("pending") },
      { state: verifying({ onRed: "freeze" }) },
      "wait",
    ],
    [
      "nothing ran, and whether anything could is not known",
      { ...checks(), runnable: unknown("404") },
      { afterMs: policy.ciStartMs + 1 },
      "wait",
    ],
  ])("%s", (_promise, over, world, expected) => {
    expect(decided(over, world)).toBe(expected);
  });
});

describe("red is fixed forward", () => {
  test.each<[string, Partial<VerifyingEvidence>, Partial<World>, string]>([
    ["CI failed, whatever else still runs", checks("pending", "failure"), {}, "run.fix-ordered"],
    ["the new pods crash", { rollouts: known([crash]) }, {}, "run.fix-ordered"],
    [
      "no CI run appeared",
      { ...checks(), runnable: known(true) },
      { afterMs: policy.ciStartMs + 1 },
      "run.fix-ordered",
    ],
    ["CI never ends", checks("pending"), { afterMs: policy.ciMs + 1 }, "run.fix-ordered"],
    [
      "the workload never carries it",
      { rollouts: known([rollout({ carries: "other" })]) },
      { afterMs: policy.rolloutMs + 1 },
      "run.fix-ordered",
    ],
    ["the fifth time as well", red, { of: { fixes: { since: T0 - 1, attempts: 4 } } }, "run.fix-ordered"],
  ])("%s", (_promise, over, world, expected) => {
    expect(decided(over, world)).toBe(expected);
  });
});

describe("what cannot be read is neither green nor red: it waits, asks no agent, and goes to a person in the end", () => {
  const late = policy.rolloutMs + 1;
  test.each<[string, Partial<VerifyingEvidence>, number, string]>([
    ["GitHub", { checks: unknown("502") }, policy.ciMs, "wait"],
    ["GitHub, for too long", { checks: unknown("502") }, policy.ciMs + 1, "frozen ci-silent"],
    ["the cluster", { rollouts: unknown("no") }, policy.rolloutMs, "wait"],
    ["the cluster, for too long", { rollouts: unknown("no") }, late, "frozen rollout-silent"],
    ["the cluster, while CI is red", { ...checks("failure"), rollouts: unknown("no") }, late, "run.fix-ordered"],
    ["the workflows, where nothing ran", { ...checks(), runnable: unknown("502") }, policy.ciStartMs + 1, "wait"],
    ["the same, for too long", { ...checks(), runnable: unknown("502") }, policy.ciMs + 1, "frozen ci-silent"],
    ["the branch", { branch: unknown("no") }, 0, "run.deployed"],
  ])("%s", (_what, over, afterMs, expected) => {
    expect(decided(over, { afterMs })).toBe(expected);
  });
});

describe("red freezes", () => {
  const frozen = (over: Partial<Verifying>) => ({ state: verifying({ onRed: "freeze", ...over }) });
  test.each<[string, Partial<VerifyingEvidence>, Partial<World>, string]>([
    ["after five fixes", red, { of: { fixes: { since: T0 - 1, attempts: 5 } } }, "frozen ci-red"],
    ["an hour after the first red", red, { of: { fixes: { since: T0 - policy.fixMs, attempts: 1 } } }, "frozen ci-red"],
    ["where a person said that it is fixed and it is not", red, frozen({}), "frozen ci-red"],
    ["after a revert", { rollouts: known([crash]) }, frozen({ reverts: true }), "frozen rollout-red"],
    ["even paused: it starts nothing", red, { ...frozen({}), paused: true }, "frozen ci-red"],
    ["our commit vanished", branchIs({ there: false, own: null }), {}, "frozen vanished"],
    ["also where an older one of ours is left", branchIs({ there: false }), {}, "frozen vanished"],
    [
      "no workflow can run for it, and that is not taken for green",
      { ...checks(), runnable: known(false) },
      { afterMs: policy.ciStartMs + 1 },
      "frozen ci-silent",
    ],
  ])("%s", (_promise, over, world, expected) => {
    expect(decided(over, world)).toBe(expected);
  });

  test("unless the config takes it for green that nothing can run", () => {
    const none = { ...checks(), runnable: known(false) };
    const world = { afterMs: policy.ciStartMs + 1, by: { ...rules, whenNone: "green" as const } };
    expect(decided({ ...none, rollouts: known([]) }, world)).toBe("run.deployed");
    expect(decided({ ...none, runnable: known(true) }, world)).toBe("run.fix-ordered");
  });
});

describe("the branch moves", () => {
  test("a push of ours that comes late is judged instead", () => {
    expect(decided({ ...red, ...branchIs({ head: OTHER, own: { sha: OTHER, commits: 2 } }) })).toBe("run.landed");
  });
});

describe("the machine's fault is not the agent's", () => {
  const job = (transient: string | null, attempt = 1): FailedJob => ({
    name: "CI / test",
    url: null,
    notes: [],
    log: known(""),
    run: { id: 7, attempt },
    transient,
  });
  const rerun = { at: T0, why: "lost", runs: [{ id: 7, attempt: 1 }] };
  test.each<[string, Partial<VerifyingEvidence>, Partial<World>, string]>([
    ["a lost runner: the jobs are run again", { failures: known([job("lost")]) }, {}, "run.rerun-ordered"],
    ["not while paused", { failures: known([job("lost")]) }, { paused: true }, "wait"],
    [
      "one job of its own doing is enough for a fix",
      { failures: known([job("lost"), job(null)]) },
      {},
      "run.fix-ordered",
    ],
    [
      "ordered, and not begun: asked for",
      { failures: known([job("lost")]) },
      { state: verifying({ rerun }) },
      "rerun-ci",
    ],
    [
      "it does not come: a fix",
      { failures: known([job("lost")]) },
      { state: verifying({ rerun }), afterMs: 200_000 },
      "run.fix-ordered",
    ],
    ["once only", { failures: known([job("lost", 2)]) }, { state: verifying({ rerun }) }, "run.fix-ordered"],
    ["what failed cannot be read", { failures: unknown("502") }, {}, "wait"],
  ])("%s", (_promise, over, world, expected) => {
    expect(decided({ ...red, ...over }, world)).toBe(expected);
  });
});
