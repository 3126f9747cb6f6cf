// What expressions and scripts can know of their run.

import type { Repo, WorkflowRun } from "../github/model.ts";
import { fullName, type World } from "../github/world.ts";

export function contextsOf(
  world: World,
  repo: Repo,
  run: WorkflowRun,
  vars: Readonly<Record<string, string>>,
): Record<string, unknown> {
  return {
    github: {
      sha: run.headSha,
      ref: `refs/heads/${run.headBranch}`,
      ref_name: run.headBranch,
      ref_type: "branch",
      repository: fullName(repo),
      repository_owner: repo.owner,
      actor: run.actor,
      triggering_actor: run.triggeringActor,
      event_name: run.event,
      workflow: run.name,
      run_id: String(run.id),
      run_number: String(run.runNumber),
      run_attempt: String(run.attempt),
      server_url: world.url,
      api_url: `${world.url}/api/v3`,
      event: { before: run.before, after: run.headSha, ref: `refs/heads/${run.headBranch}` },
    },
    vars,
    runner: { os: "Linux", arch: "X64" },
  };
}

export function variablesOf(world: World, repo: Repo, run: WorkflowRun, job: string): Record<string, string> {
  return {
    GITHUB_SERVER_URL: world.url,
    GITHUB_API_URL: `${world.url}/api/v3`,
    GITHUB_GRAPHQL_URL: `${world.url}/api/graphql`,
    GITHUB_REPOSITORY: fullName(repo),
    GITHUB_REPOSITORY_OWNER: repo.owner,
    GITHUB_SHA: run.headSha,
    GITHUB_REF: `refs/heads/${run.headBranch}`,
    GITHUB_REF_NAME: run.headBranch,
    GITHUB_REF_TYPE: "branch",
    GITHUB_EVENT_NAME: run.event,
    GITHUB_ACTOR: run.actor,
    GITHUB_WORKFLOW: run.name,
    GITHUB_JOB: job,
    GITHUB_RUN_ID: String(run.id),
    GITHUB_RUN_NUMBER: String(run.runNumber),
    GITHUB_RUN_ATTEMPT: String(run.attempt),
  };
}
