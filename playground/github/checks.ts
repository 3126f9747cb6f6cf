// Check suites, check runs and commit statuses: what CI systems tell about a commit.

import type { App, CheckRun, CheckSuite, Conclusion, Repo, RunStatus, Status } from "./model.ts";
import { nextId, timestamp, type World } from "./world.ts";

/** The app behind GitHub Actions, as github.com numbers it. */
export const actionsApp: App = { id: 15_368, slug: "github-actions", name: "GitHub Actions", owner: "github" };

export function createSuite(
  world: World,
  repo: Repo,
  app: App,
  head: { readonly sha: string; readonly branch: string | null; readonly before: string | null },
): CheckSuite {
  const at = timestamp(world);
  const suite: CheckSuite = {
    id: nextId(world),
    app,
    headSha: head.sha,
    headBranch: head.branch,
    before: head.before,
    status: "queued",
    conclusion: null,
    createdAt: at,
    updatedAt: at,
  };
  repo.checkSuites.push(suite);
  return suite;
}

export type NewCheckRun = {
  readonly id?: number;
  readonly name: string;
  readonly detailsUrl: string;
  readonly externalId: string;
};

export function createCheckRun(world: World, repo: Repo, suite: CheckSuite, fresh: NewCheckRun): CheckRun {
  const run: CheckRun = {
    id: fresh.id ?? nextId(world),
    suiteId: suite.id,
    headSha: suite.headSha,
    app: suite.app,
    name: fresh.name,
    status: "queued",
    conclusion: null,
    startedAt: null,
    completedAt: null,
    externalId: fresh.externalId,
    detailsUrl: fresh.detailsUrl,
    output: { title: null, summary: null, text: null },
    annotations: [],
  };
  repo.checkRuns.push(run);
  return run;
}

export function setSuite(world: World, suite: CheckSuite, status: RunStatus, conclusion: Conclusion | null): void {
  suite.status = status;
  suite.conclusion = conclusion;
  suite.updatedAt = timestamp(world);
}

/** The suite of an app that makes its own check runs: one per app and commit, folded from its runs. */
export function suiteOfApp(world: World, repo: Repo, app: App, sha: string): CheckSuite {
  const known = repo.checkSuites.find((suite) => suite.app.id === app.id && suite.headSha === sha);
  return known ?? createSuite(world, repo, app, { sha, branch: null, before: null });
}

const worstFirst: readonly Conclusion[] = ["failure", "timed_out", "action_required", "cancelled", "stale", "success"];

export function foldSuite(world: World, repo: Repo, suite: CheckSuite): void {
  const runs = latestRuns(repo.checkRuns.filter((run) => run.suiteId === suite.id));
  if (runs.every((run) => run.status === "completed")) {
    const found = worstFirst.find((conclusion) => runs.some((run) => run.conclusion === conclusion));
    setSuite(world, suite, "completed", found ?? runs[0]?.conclusion ?? "neutral");
  } else {
    const begun = runs.some((run) => run.status !== "queued");
    setSuite(world, suite, begun ? "in_progress" : "queued", null);
  }
}

/** Of the runs that share suite and name, the newest. */
export function latestRuns(runs: readonly CheckRun[]): CheckRun[] {
  const newest = new Map(runs.map((run) => [`${run.suiteId} ${run.name}`, run]));
  return [...newest.values()];
}

/** Of the statuses that share a context, the newest. Newest first. */
export function latestStatuses(repo: Repo, sha: string): Status[] {
  const newest = new Map(
    repo.statuses.filter((status) => status.sha === sha).map((status) => [status.context, status]),
  );
  return [...newest.values()].toSorted((a, b) => b.id - a.id);
}

/** failure if any is failure or error, pending if any is or there is none, else success (docs.github.com). */
export function combinedState(statuses: readonly Status[]): "failure" | "pending" | "success" {
  if (statuses.some(({ state }) => state === "failure" || state === "error")) return "failure";
  if (statuses.length === 0 || statuses.some(({ state }) => state === "pending")) return "pending";
  return "success";
}
