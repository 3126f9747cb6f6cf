import { describe, expect, test } from "vitest";
import { judgeChecks } from "../../src/domain/checks.ts";
import type { CheckSeen, RolloutSeen } from "../../src/domain/evidence.ts";
import { judgeRollout, judgeRollouts } from "../../src/domain/rollout.ts";
import { rollout } from "../support/build.ts";

const check = (name: string, state: CheckSeen["state"]): CheckSeen => ({ source: "check-run", name, state, url: null });

describe("CI's verdict", () => {
  test.each<[string, readonly CheckSeen[], string]>([
    ["nothing yet", [], "pending"],
    ["only skipped or cancelled ones: nothing is proven", [check("a", "ignored")], "pending"],
    ["one passed", [check("a", "success")], "green"],
    ["skipped ones do not count", [check("a", "success"), check("b", "ignored")], "green"],
    ["one still runs", [check("a", "success"), check("b", "pending")], "pending"],
    ["one failed while another runs", [check("a", "failure"), check("b", "pending")], "red"],
  ])("%s", (_case, checks, expected) => {
    expect(judgeChecks(checks).is).toBe(expected);
  });

  test("red names each failure once", () => {
    expect(judgeChecks([check("a", "failure"), check("a", "failure"), check("b", "failure")])).toEqual({
      is: "red",
      reasons: ["a", "b"],
    });
  });
});

describe("the rollout's verdict", () => {
  const trouble = { pod: "web-1", reason: "CrashLoopBackOff", message: "back-off 10s" };
  test.each<[string, Partial<RolloutSeen>, string]>([
    ["healthy", {}, "green"],
    ["of another commit says nothing, crashing or not", { carries: "other", podTroubles: [trouble] }, "pending"],
    ["of a descendant counts", { carries: "descendant" }, "green"],
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
