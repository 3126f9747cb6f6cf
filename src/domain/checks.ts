import type { CheckSeen, Verdict } from "./evidence.ts";

/**
 * CI's verdict on exactly one commit, folded from its check runs, commit statuses and workflow runs.
 *
 * Any completed failure is red, whatever is still running; skipped, neutral and cancelled do not count (a cancelled
 * or superseded run says nothing about the commit: docs.github.com, "About status checks"); while anything counted is
 * unfinished the verdict is pending, and so it is when nothing that counts has appeared.
 */
export function judgeChecks(checks: readonly CheckSeen[]): Verdict {
  const failures = checks.filter((check) => check.state === "failure");
  if (failures.length > 0) return { is: "red", reasons: unique(failures.map((check) => check.name)) };
  const pending = checks.filter((check) => check.state === "pending");
  if (pending.length > 0) return { is: "pending", waitingFor: unique(pending.map((check) => check.name)).join(", ") };
  const passed = checks.filter((check) => check.state === "success");
  if (passed.length === 0) return { is: "pending", waitingFor: "a first check that counts" };
  return { is: "green", evidence: unique(passed.map((check) => check.name)) };
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
