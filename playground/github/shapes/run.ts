// Check runs, suites, statuses, workflow runs and jobs as REST shows them.

import type { Json } from "../answers.ts";
import type { Annotation, CheckRun, CheckSuite, Job, Repo, Status, Workflow, WorkflowRun } from "../model.ts";
import type { World } from "../world.ts";
import { minimalRepo, repoApi, repoHtml } from "./repo.ts";
import { integration, nodeId, simpleUser } from "./user.ts";

export function checkRunShape(world: World, repo: Repo, run: CheckRun): Json {
  const url = `${repoApi(world, repo)}/check-runs/${run.id}`;
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId("CR_", run.id),
    head_sha: run.headSha,
    external_id: run.externalId,
    url,
    html_url: `${repoHtml(world, repo)}/runs/${run.id}`,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: { ...run.output, annotations_count: run.annotations.length, annotations_url: `${url}/annotations` },
    check_suite: { id: run.suiteId },
    app: integration(world, run.app),
    pull_requests: [],
  };
}

export function annotationShape(
  world: World,
  repo: Repo,
  run: CheckRun,
  { path, line, level, message }: Annotation,
): Json {
  return {
    path,
    blob_href: `${repoHtml(world, repo)}/blob/${run.headSha}/${path}`,
    start_line: line,
    start_column: null,
    end_line: line,
    end_column: null,
    annotation_level: level,
    title: "",
    message,
    raw_details: "",
  };
}

/** `headCommit` is the shape of the suite's commit. */
export function checkSuiteShape(world: World, repo: Repo, suite: CheckSuite, headCommit: Json): Json {
  const url = `${repoApi(world, repo)}/check-suites/${suite.id}`;
  return {
    id: suite.id,
    node_id: nodeId("CS_", suite.id),
    head_branch: suite.headBranch,
    head_sha: suite.headSha,
    status: suite.status,
    conclusion: suite.conclusion,
    url,
    before: suite.before,
    after: suite.headSha,
    pull_requests: [],
    app: integration(world, suite.app),
    created_at: suite.createdAt,
    updated_at: suite.updatedAt,
    rerequestable: true,
    runs_rerequestable: false,
    latest_check_runs_count: repo.checkRuns.filter((run) => run.suiteId === suite.id).length,
    check_runs_url: `${url}/check-runs`,
    head_commit: headCommit,
    repository: minimalRepo(world, repo),
  };
}

/** "simple-commit-status" */
export function statusShape(world: World, repo: Repo, status: Status): Json {
  return {
    url: `${repoApi(world, repo)}/statuses/${status.sha}`,
    avatar_url: simpleUser(world, status.creator)["avatar_url"],
    id: status.id,
    node_id: nodeId("SC_", status.id),
    state: status.state,
    description: status.description,
    target_url: status.targetUrl,
    context: status.context,
    created_at: status.createdAt,
    updated_at: status.createdAt,
  };
}

export function workflowShape(world: World, repo: Repo, workflow: Workflow): Json {
  const html = repoHtml(world, repo);
  return {
    id: workflow.id,
    node_id: nodeId("W_", workflow.id),
    name: workflow.name,
    path: workflow.path,
    state: "active",
    created_at: workflow.createdAt,
    updated_at: workflow.createdAt,
    url: `${repoApi(world, repo)}/actions/workflows/${workflow.id}`,
    html_url: `${html}/blob/${repo.defaultBranch}/${workflow.path}`,
    badge_url: `${html}/workflows/${encodeURIComponent(workflow.name)}/badge.svg`,
  };
}

export function runHtml(world: World, repo: Repo, runId: number): string {
  return `${repoHtml(world, repo)}/actions/runs/${runId}`;
}

export function workflowRunShape(world: World, repo: Repo, run: WorkflowRun, headCommit: Json | null): Json {
  const api = repoApi(world, repo);
  const url = `${api}/actions/runs/${run.id}`;
  return {
    id: run.id,
    name: run.name,
    node_id: nodeId("WFR_", run.id),
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.path,
    display_title: run.displayTitle,
    run_number: run.runNumber,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: run.workflowId,
    check_suite_id: run.suiteId,
    check_suite_node_id: nodeId("CS_", run.suiteId),
    url,
    html_url: runHtml(world, repo, run.id),
    pull_requests: [],
    created_at: run.createdAt,
    updated_at: run.updatedAt,
    actor: simpleUser(world, run.actor),
    triggering_actor: simpleUser(world, run.triggeringActor),
    run_attempt: run.attempt,
    referenced_workflows: [],
    run_started_at: run.startedAt,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${api}/check-suites/${run.suiteId}`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: run.attempt > 1 ? `${url}/attempts/${run.attempt - 1}` : null,
    workflow_url: `${api}/actions/workflows/${run.workflowId}`,
    head_commit: headCommit,
    repository: minimalRepo(world, repo),
    head_repository: minimalRepo(world, repo),
  };
}

export function jobShape(world: World, repo: Repo, run: WorkflowRun, job: Job): Json {
  const api = repoApi(world, repo);
  return {
    id: job.id,
    run_id: job.runId,
    workflow_name: run.name,
    head_branch: run.headBranch,
    run_url: `${api}/actions/runs/${job.runId}`,
    run_attempt: job.attempt,
    node_id: nodeId("CR_", job.id),
    head_sha: run.headSha,
    url: `${api}/actions/jobs/${job.id}`,
    html_url: `${runHtml(world, repo, job.runId)}/job/${job.id}`,
    status: job.status,
    conclusion: job.conclusion,
    created_at: job.createdAt,
    started_at: job.startedAt ?? job.createdAt,
    completed_at: job.completedAt,
    name: job.name,
    steps: job.steps.map((step) => ({
      name: step.name,
      status: step.status,
      conclusion: step.conclusion,
      number: step.number,
      started_at: step.startedAt,
      completed_at: step.completedAt,
    })),
    check_run_url: `${api}/check-runs/${job.id}`,
    labels: ["ubuntu-latest"],
    runner_id: job.startedAt === null ? null : 1,
    runner_name: job.startedAt === null ? null : "GitHub Actions 1",
    runner_group_id: job.startedAt === null ? null : 0,
    runner_group_name: job.startedAt === null ? null : "GitHub Actions",
  };
}
