import { describe, expect, test } from "vitest";
import { type CiRules, judgeChecks } from "../../src/domain/checks.ts";
import type { CheckSeen, RolloutSeen } from "../../src/domain/evidence.ts";
import { judgeRollout, judgeRollouts } from "../../src/domain/rollout.ts";
import { rollout } from "../support/build.ts";

const check = (name: string, state: CheckSeen["state"], over: Partial<CheckSeen> = {}): CheckSeen => {
  const conclusion = { pending: null, success: "success", failure: "failure", ignored: "skipped" }[state];
  return { source: "check-run", name, state, conclusion, url: null, ...over };
};
const rules: CiRules = { required: [], ignored: [], whenNone: "red" };

describe("CI's verdict", () => {
  test.each<[string, readonly CheckSeen[], string]>([
    ["nothing yet", [], "pending"],
    ["only skipped or cancelled ones: nothing is proven", [check("a", "ignored")], "pending"],
    ["one passed", [check("a", "success")], "green"],
    ["skipped ones do not count", [check("a", "success"), check("b", "ignored")], "green"],
    ["one still runs", [check("a", "success"), check("b", "pending")], "pending"],
    ["one failed while another runs", [check("a", "failure"), check("b", "pending")], "red"],
  ])("%s", (_case, checks, expected) => {
    expect(judgeChecks(checks, rules).is).toBe(expected);
  });

  test("red names each failure once", () => {
    expect(judgeChecks([check("a", "failure"), check("a", "failure"), check("b", "failure")], rules)).toEqual({
      is: "red",
      reasons: ["a", "b"],
    });
  });
});

describe("GitHub Actions is judged by workflow run, not by job", () => {
  const workflow = (state: CheckSeen["state"], over: Partial<CheckSeen> = {}): CheckSeen =>
    check("CI", state, { source: "workflow-run", suite: 1, ...over });
  const job = (name: string, state: CheckSeen["state"], over: Partial<CheckSeen> = {}): CheckSeen =>
    check(name, state, { of: 1, ...over });
  const needs = (over: Partial<CiRules>): CiRules => ({ ...rules, ...over });
  test.each<[string, readonly CheckSeen[], CiRules, string]>([
    [
      "a job that may fail does not make a good run red",
      [workflow("success"), job("nightly", "failure")],
      rules,
      "green",
    ],
    [
      "a failed job of a run under way may be tried again",
      [workflow("pending"), job("test", "failure")],
      rules,
      "pending",
    ],
    [
      "a failed run names its failed jobs",
      [workflow("failure"), job("test (20)", "failure"), job("lint", "success")],
      rules,
      "red",
    ],
    ["a run again is pending again", [workflow("pending"), job("test", "success")], rules, "pending"],
    ["a cancelled run says nothing", [workflow("ignored", { conclusion: "cancelled" })], rules, "pending"],
    [
      "an ignored job's failure does not count",
      [workflow("failure"), job("e2e / flaky", "failure")],
      needs({ ignored: ["e2e*"] }),
      "green",
    ],
    [
      "another's does",
      [workflow("failure"), job("e2e / flaky", "failure"), job("test", "failure")],
      needs({ ignored: ["e2e*"] }),
      "red",
    ],
    [
      "an ignored workflow is not waited for",
      [workflow("pending"), check("circle", "success")],
      needs({ ignored: ["CI"] }),
      "green",
    ],
    ["a required check has to appear", [workflow("success")], needs({ required: ["coverage"] }), "pending"],
    [
      "a required check has to pass",
      [workflow("success"), check("coverage", "failure")],
      needs({ required: ["coverage"] }),
      "red",
    ],
    [
      "a required job fails with its run only",
      [workflow("pending"), job("test", "failure")],
      needs({ required: ["test"] }),
      "pending",
    ],
    [
      "a required check that was skipped is no hindrance",
      [workflow("success"), job("docs", "ignored")],
      needs({ required: ["docs"] }),
      "green",
    ],
    [
      "another app's failure is red while workflows run",
      [workflow("pending"), check("security", "failure")],
      rules,
      "red",
    ],
  ])("%s", (_case, checks, by, expected) => {
    expect(judgeChecks(checks, by).is).toBe(expected);
  });

  test("a red run is named with the jobs that failed", () => {
    const checks = [
      workflow("failure"),
      job("test (20)", "failure"),
      job("test (22)", "failure"),
      job("lint", "success"),
    ];
    expect(judgeChecks(checks, rules)).toEqual({ is: "red", reasons: ["CI: test (20), test (22)"] });
  });

  test("that nothing ran is told from what was cancelled", () => {
    expect(judgeChecks([], rules)).toMatchObject({ is: "pending", none: true });
    expect(judgeChecks([workflow("ignored")], rules)).toMatchObject({ is: "pending", none: true });
    expect(judgeChecks([workflow("ignored", { conclusion: "cancelled" })], rules)).toMatchObject({ none: false });
  });
});

describe("the rollout's verdict", () => {
  const trouble = { pod: "web-1", reason: "CrashLoopBackOff", message: "back-off 10s" };
  test.each<[string, Partial<RolloutSeen>, string]>([
    ["healthy", {}, "green"],
    ["of another commit says nothing, crashing or not", { carries: "other", podTroubles: [trouble] }, "pending"],
    ["of a descendant counts", { carries: "descendant" }, "green"],
    ["a descendant's trouble is not ours", { carries: "descendant", podTroubles: [trouble] }, "pending"],
    ["nor is that it does not progress", { carries: "descendant", progressDeadlineExceeded: "late" }, "pending"],
    ["paused by a person waits, whatever the counts", { paused: true, updated: 0 }, "pending"],
    ["spec not observed: the counts are of the old one", { observedGeneration: 2 }, "pending"],
    ["progress deadline exceeded", { progressDeadlineExceeded: "timed out", updated: 1 }, "red"],
    ["not all updated", { updated: 1 }, "pending"],
    ["old replicas still there", { replicas: 3 }, "pending"],
    ["not all available", { available: 1 }, "pending"],
    ["scaled to zero is healthy with none", { desired: 0, updated: 0, replicas: 0, available: 0 }, "green"],
    ["new pods crash", { podTroubles: [trouble], updated: 1 }, "red"],
  ])("%s", (_case, over, expected) => {
    expect(judgeRollout(rollout(over)).is).toBe(expected);
  });

  test("one red workload makes the repo red, one unfinished one makes it pending", () => {
    const red = rollout({ workload: "Deployment shop/api", podTroubles: [trouble] });
    expect(judgeRollouts([rollout(), red]).is).toBe("red");
    expect(judgeRollouts([rollout(), rollout({ available: 0 })]).is).toBe("pending");
    expect(judgeRollouts([]).is).toBe("green");
  });
});
