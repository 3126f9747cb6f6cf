// What GitHub says of one commit, at one conditional request a look while its workflows run.
//
// The commit's workflow runs are asked for each time. The check runs of other apps and the commit statuses are asked for
// where that answer changed, while they are what is waited for, and now and then instead of it. What was read a moment ago is not asked for
// again: a rollout that moves has the run looked at many times in a watch interval.

import type { CheckSeen } from "../domain/evidence.ts";
import { type RepoKey, type Sha, splitRepo } from "../domain/repo.ts";
import type { Clock } from "../ports.ts";
import type { GitHubClient } from "./client.ts";
import { stateOf } from "./conclusions.ts";

export type Checks = {
  /** Everything that says something of exactly the commit. Throws where it cannot be read as a whole. */
  fetch(repo: RepoKey, sha: Sha): Promise<readonly CheckSeen[]>;
};

/** More commits than these are not watched at once; what is forgotten costs two requests. */
const MOST_WATCHED = 1_000;

/** Runs that say nothing of a push, though their commit is the same: they began for another reason. */
const OTHER_EVENTS = new Set([
  "schedule",
  "workflow_dispatch",
  "repository_dispatch",
  "issues",
  "issue_comment",
  "pull_request",
  "pull_request_target",
  "pull_request_review",
  "discussion",
  "discussion_comment",
  "watch",
  "fork",
]);

/**
 * Once everything is over, one of the two others is asked for instead so often: a check may still come late. Never twice
 * in a row, however seldom anybody looks: a run may be run again.
 */
const OTHERS_AGE_MS = 30_000;

type Known = {
  /** When anything was asked for last, and when it was the workflow runs, or one of the two others. */
  readonly at: number;
  readonly runsAt: number;
  readonly othersAt: number;
  readonly runs: readonly WorkflowRun[];
  readonly checkRuns: readonly CheckRun[];
  readonly statuses: readonly Status[];
  /** Which of the two others is the next to be asked for by itself. */
  readonly next: "check-runs" | "statuses";
};

/** An answer of the last `freshMs` is given again. */
export function createChecks(client: GitHubClient, freshMs: number, clock: Clock): Checks {
  const before = new Map<string, Known>();

  return {
    async fetch(repo, sha) {
      const key = `${repo}@${sha}`;
      const known = before.get(key);
      const now = clock.now();
      if (known !== undefined && Math.abs(now - known.at) < freshMs) return seenOf(known);
      const next = await look(known, repo, sha, now);
      before.delete(key);
      before.set(key, next);
      for (const oldest of before.keys()) {
        if (before.size <= MOST_WATCHED) break;
        before.delete(oldest);
      }
      return seenOf(next);
    },
  };

  async function look(known: Known | undefined, repo: RepoKey, sha: Sha, now: number): Promise<Known> {
    const target = { ...targetOf(repo), ref: sha, per_page: 100 };
    const othersAreDue = known !== undefined && known.runsAt > known.othersAt && now - known.othersAt >= OTHERS_AGE_MS;
    if (othersAreDue && isOver(known) && isQuiet(known)) {
      if (known.next === "check-runs") {
        const checkRuns = await fetchCheckRuns(client, target);
        return { ...known, at: now, othersAt: now, checkRuns, next: "statuses" };
      }
      return { ...known, at: now, othersAt: now, statuses: await fetchStatuses(client, target), next: "check-runs" };
    }
    const runs = await fetchRuns(client, repo, sha);
    if (known !== undefined && toldOf(runs) === toldOf(known.runs)) {
      if (!isOver(known) || isQuiet(known)) return { ...known, at: now, runsAt: now, runs };
    }
    const [checkRuns, statuses] = await Promise.all([fetchCheckRuns(client, target), fetchStatuses(client, target)]);
    return { at: now, runsAt: now, othersAt: now, runs, checkRuns, statuses, next: "check-runs" };
  }
}

function isOver({ runs }: Known): boolean {
  return runs.filter(counts).every(({ status }) => status === "completed");
}

/** There is something, and nothing of it is under way. */
function isQuiet(known: Known): boolean {
  const seen = seenOf(known);
  return seen.length > 0 && seen.every(({ state, of }) => of !== undefined || state !== "pending");
}

function counts({ event }: WorkflowRun): boolean {
  return !OTHER_EVENTS.has(event);
}

function toldOf(runs: readonly WorkflowRun[]): string {
  return JSON.stringify(runs.map((run) => [run.id, run.run_attempt, run.status, run.conclusion]));
}

function seenOf({ runs, checkRuns, statuses }: Known): readonly CheckSeen[] {
  const suites = new Map(runs.map((run) => [run.check_suite_id, counts(run)]));
  return [
    ...runs.filter(counts).map(runSeen),
    ...checkRuns.flatMap((run) => checkRunSeen(run, suites)),
    ...latestByContext(statuses).map(statusSeen),
  ];
}

type WorkflowRun = Awaited<ReturnType<typeof fetchRuns>>[number];
type CheckRun = Awaited<ReturnType<typeof fetchCheckRuns>>[number];
type Status = Awaited<ReturnType<typeof fetchStatuses>>[number];
type Target = { readonly owner: string; readonly repo: string; readonly ref: string; readonly per_page: number };

function targetOf(repo: RepoKey): { readonly owner: string; readonly repo: string } {
  const { owner, name } = splitRepo(repo);
  return { owner, repo: name };
}

/** `head_sha` is always given: an empty filter lists every run of the repo. */
async function fetchRuns(client: GitHubClient, repo: RepoKey, sha: Sha) {
  const asked = { ...targetOf(repo), head_sha: sha, per_page: 30 };
  const listed = await client.paginate(client.rest.actions.listWorkflowRunsForRepo, asked);
  return listed.filter((run) => run.head_sha === sha);
}

function fetchCheckRuns(client: GitHubClient, target: Target) {
  return client.paginate(client.rest.checks.listForRef, { ...target, filter: "latest" });
}

function fetchStatuses(client: GitHubClient, target: Target) {
  return client.paginate(client.rest.repos.listCommitStatusesForRef, target);
}

function runSeen(run: WorkflowRun): CheckSeen {
  return {
    source: "workflow-run",
    name: run.name ?? run.path,
    state: stateOf(run.status, run.conclusion),
    conclusion: run.conclusion,
    url: run.html_url,
    suite: run.check_suite_id,
  };
}

/** `suites`: those of workflow runs, and whether the run counts. */
function checkRunSeen(run: CheckRun, suites: ReadonlyMap<number | undefined, boolean>): readonly CheckSeen[] {
  const suite = run.check_suite?.id;
  const ofWorkflow = suites.get(suite);
  if (ofWorkflow === false) return [];
  return [
    {
      source: "check-run",
      name: run.name,
      state: stateOf(run.status, run.conclusion),
      conclusion: run.conclusion,
      url: run.html_url,
      of: ofWorkflow === true ? suite : undefined,
    },
  ];
}

function statusSeen({ context, state, target_url: url }: Status): CheckSeen {
  const known = state === "success" || state === "pending" ? state : "failure";
  return { source: "status", name: context, state: known, conclusion: state, url };
}

/** GitHub lists statuses newest first and keeps every one: only the newest of a context counts. */
function latestByContext<T extends { context: string }>(statuses: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return statuses.filter(({ context }) => {
    if (seen.has(context)) return false;
    seen.add(context);
    return true;
  });
}
