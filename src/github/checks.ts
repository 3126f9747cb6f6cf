import type { CheckSeen, CheckState } from "../domain/evidence.ts";
import { type RepoKey, type Sha, splitRepo } from "../domain/repo.ts";
import type { GitHubClient } from "./client.ts";
import { stateOf } from "./conclusions.ts";

/**
 * Check runs, commit statuses and workflow runs of exactly `sha`. Throws where any of the three cannot be read: two of
 * three would look like green. `head_sha` is always given: an empty filter lists every run of the repo.
 */
export async function fetchChecks(client: GitHubClient, repo: RepoKey, sha: Sha): Promise<readonly CheckSeen[]> {
  const { owner, name } = splitRepo(repo);
  const target = { owner, repo: name, per_page: 100 };
  const [checkRuns, statuses, workflowRuns] = await Promise.all([
    client.paginate(client.rest.checks.listForRef, { ...target, ref: sha, filter: "latest" }),
    client.paginate(client.rest.repos.listCommitStatusesForRef, { ...target, ref: sha }),
    client.paginate(client.rest.actions.listWorkflowRunsForRepo, { ...target, head_sha: sha }),
  ]);
  return [
    ...workflowRuns
      .filter((run) => run.head_sha === sha)
      .map((run) => ({
        source: "workflow-run" as const,
        name: run.name ?? run.path,
        state: stateOf(run.status, run.conclusion),
        url: run.html_url,
      })),
    ...checkRuns.map((run) => ({
      source: "check-run" as const,
      name: run.name,
      state: stateOf(run.status, run.conclusion),
      url: run.html_url,
    })),
    ...latestByContext(statuses).map((status) => ({
      source: "status" as const,
      name: status.context,
      state: statusState(status.state),
      url: status.target_url,
    })),
  ];
}

function statusState(state: string): CheckState {
  if (state === "success") return "success";
  return state === "pending" ? "pending" : "failure";
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
