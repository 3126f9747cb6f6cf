// CI's verdict on exactly one commit, folded from its workflow runs, other apps' check runs, and commit statuses.
//
// GitHub Actions is judged by workflow run, at its latest attempt: a run's own conclusion knows of jobs that may fail
// and of retries, its check suite and its jobs do not. Any completed failure is red, whatever is still under way.
// Skipped, neutral, cancelled and superseded say nothing of the commit (docs.github.com, "About status checks"). While
// something that counts is unfinished the verdict is pending, and so it is where nothing that counts has appeared.

import type { CheckSeen, Verdict } from "./evidence.ts";

export type CiRules = {
  /** Checks that must be there and pass, by name. */
  readonly required: readonly string[];
  /** Checks that do not count; `*` stands for anything. */
  readonly ignored: readonly string[];
  /** What it means that no workflow can run for a change. */
  readonly whenNone: "red" | "green";
};

/** `none`: nothing of it ran at all, and nothing is under way. */
export type CiVerdict = Verdict & { readonly none?: boolean };

export function judgeChecks(all: readonly CheckSeen[], { required, ignored }: CiRules): CiVerdict {
  const checks = all.filter((check) => !isIgnored(check, ignored)).map((check) => withoutIgnored(check, all, ignored));
  const counted = checks.filter((check) => check.of === undefined);
  const failures = [
    ...counted.filter(({ state }) => state === "failure").map((check) => failureText(check, checks)),
    ...required.filter((name) => isOver(name, checks) && stateOf(name, checks) === "failure"),
  ];
  if (failures.length > 0) return { is: "red", reasons: unique(failures) };
  const pending = counted.filter(({ state }) => state === "pending").map(({ name }) => name);
  const missing = required.filter((name) => stateOf(name, checks) === "pending");
  if (pending.length + missing.length > 0)
    return { is: "pending", waitingFor: unique([...pending, ...missing]).join(", ") };
  const passed = counted.filter(({ state }) => state === "success");
  if (passed.length > 0) return { is: "green", evidence: unique(passed.map(({ name }) => name)) };
  const cancelled = counted.some(({ conclusion }) => conclusion === "cancelled" || conclusion === "stale");
  return { is: "pending", waitingFor: "a first check that counts", none: !cancelled };
}

/** A required check that was skipped does not stand in the way, as on GitHub's own pages. */
function stateOf(name: string, checks: readonly CheckSeen[]): "pending" | "success" | "failure" {
  const found = checks.filter((check) => check.name === name);
  if (found.length === 0 || found.some(({ state }) => state === "pending")) return "pending";
  if (found.some(({ state }) => state === "failure")) return "failure";
  return found.every(({ state, conclusion }) => state === "ignored" && conclusion === "cancelled")
    ? "pending"
    : "success";
}

/** A job is judged when its workflow run is: until then it may be tried again. */
function isOver(name: string, checks: readonly CheckSeen[]): boolean {
  const suites = checks.flatMap((check) => (check.name === name && check.of !== undefined ? [check.of] : []));
  return !checks.some(({ suite, state }) => suite !== undefined && suites.includes(suite) && state === "pending");
}

/** A workflow run that failed by jobs that do not count has not failed. */
function withoutIgnored(check: CheckSeen, all: readonly CheckSeen[], ignored: readonly string[]): CheckSeen {
  if (check.state !== "failure" || check.suite === undefined) return check;
  const failed = all.filter((job) => job.of === check.suite && job.state === "failure");
  if (failed.length === 0 || !failed.every((job) => isIgnored(job, ignored))) return check;
  return { ...check, state: "success" };
}

function failureText({ name, suite }: CheckSeen, checks: readonly CheckSeen[]): string {
  const jobs = checks.filter(({ of, state }) => of !== undefined && of === suite && state === "failure");
  return jobs.length === 0 ? name : `${name}: ${unique(jobs.map((job) => job.name)).join(", ")}`;
}

function isIgnored({ name }: CheckSeen, ignored: readonly string[]): boolean {
  return ignored.some((pattern) => matches(pattern, name));
}

function matches(pattern: string, name: string): boolean {
  const source = pattern.split("*").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${source.join(".*")}$`, "s").test(name);
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}
