// What GitHub says of one commit, at one conditional request a look while its workflows run.
//
// The commit's workflow runs are asked for each time. The check runs of other apps and the commit statuses are asked for
// where that answer changed, and as long as no workflow run is under way: then they are what is waited for.

import type { CheckSeen } from "../domain/evidence.ts";
import { type RepoKey, type Sha, splitRepo } from "../domain/repo.ts";
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

export function createChecks(client: GitHubClient): Checks {
  const before = new Map<string, { readonly runs: string; readonly rest: readonly CheckSeen[] }>();

  return {
    async fetch(repo, sha) {
      const key = `${repo}@${sha}`;
      const all = await fetchRuns(client, repo, sha);
      const runs = all.filter(({ event }) => !OTHER_EVENTS.has(event));
      const seen = runs.map(runSeen);
      const told = JSON.stringify(runs.map((run) => [run.id, run.run_attempt, run.status, run.conclusion]));
      const known = before.get(key);
      const waits = seen.some(({ state }) => state === "pending");
      if (known !== undefined && known.runs === told && waits) return [...seen, ...known.rest];
      const suites = new Map(all.map((run) => [run.check_suite_id, !OTHER_EVENTS.has(run.event)]));
      const rest = await fetchRest(client, repo, sha, suites);
      before.delete(key);
      before.set(key, { runs: told, rest });
      for (const oldest of before.keys()) {
        if (before.size <= MOST_WATCHED) break;
        before.delete(oldest);
      }
      return [...seen, ...rest];
    },
  };
}

type WorkflowRun = Awaited<ReturnType<typeof fetchRuns>>[number];

/** `head_sha` is always given: an empty filter lists every run of the repo. */
async function fetchRuns(client: GitHubClient, repo: RepoKey, sha: Sha) {
  const { owner, name } = splitRepo(repo);
  const listed = await client.paginate(client.rest.actions.listWorkflowRunsForRepo, {
    owner,
    repo: name,
    head_sha: sha,
    per_page: 30,
  });
  return listed.filter((run) => run.head_sha === sha);
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
async function fetchRest(
  client: GitHubClient,
  repo: RepoKey,
  sha: Sha,
  suites: ReadonlyMap<number | undefined, boolean>,
): Promise<readonly CheckSeen[]> {
  const { owner, name } = splitRepo(repo);
  const target = { owner, repo: name, ref: sha, per_page: 100 };
  const [checkRuns, statuses] = await Promise.all([
    client.paginate(client.rest.checks.listForRef, { ...target, filter: "latest" }),
    client.paginate(client.rest.repos.listCommitStatusesForRef, target),
  ]);
  return [
    ...checkRuns.flatMap((run): readonly CheckSeen[] => {
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
    }),
    ...latestByContext(statuses).map(
      (status): CheckSeen => ({
        source: "status",
        name: status.context,
        state: status.state === "success" || status.state === "pending" ? status.state : "failure",
        conclusion: status.state,
        url: status.target_url,
      }),
    ),
  ];
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
