// GitHub Actions: workflows, their runs, jobs and logs.

import { type Answer, json, notFound, page, pageOf, Refusal } from "../answers.ts";
import { commitsBySha } from "../history.ts";
import type { ActionsRunner, Job, WorkflowRun } from "../model.ts";
import { choice, numberParam, type RepoCall, type Route, repoRoute, requireCaller } from "../route.ts";
import { simpleCommit } from "../shapes/commit.ts";
import { jobShape, workflowRunShape, workflowShape } from "../shapes/run.ts";
import { latestJobs, listWorkflows } from "../workflow-runs.ts";

async function workflows(call: RepoCall): Promise<Answer> {
  const all = await listWorkflows(call.world, call.git, call.repo);
  return page(
    all,
    (workflow) => workflowShape(call.world, call.repo, workflow),
    (shapes, total) => ({ total_count: total, workflows: shapes }),
  );
}

/** By id or by file name. */
async function findWorkflow(call: RepoCall): Promise<{ readonly id: number; readonly shape: unknown }> {
  const wanted = call.params["workflow"] ?? "";
  const all = await listWorkflows(call.world, call.git, call.repo);
  const found = all.find(({ id, path }) => String(id) === wanted || path.split("/").at(-1) === wanted);
  if (found === undefined) throw notFound();
  return { id: found.id, shape: workflowShape(call.world, call.repo, found) };
}

async function runShapes(call: RepoCall, runs: readonly WorkflowRun[]): Promise<unknown[]> {
  const commits = await commitsBySha(call.git, call.repo.gitDir, [...new Set(runs.map((run) => run.headSha))]);
  return runs.map((run) => {
    const commit = commits.find((candidate) => candidate.sha === run.headSha);
    return workflowRunShape(call.world, call.repo, run, commit === undefined ? null : simpleCommit(commit));
  });
}

/** A filter that is there but empty filters nothing: `head_sha=` gives the runs of every commit. */
function listRuns(call: RepoCall, workflowId?: number): Answer {
  const { head_sha: sha, event, branch, status, actor, check_suite_id: suite } = call.query;
  const runs = call.repo.runs.filter(
    (run) =>
      (workflowId === undefined || run.workflowId === workflowId) &&
      (!sha || run.headSha === sha) &&
      (!event || run.event === event) &&
      (!branch || run.headBranch === branch) &&
      (!actor || run.actor.toLowerCase() === actor.toLowerCase()) &&
      (!suite || String(run.suiteId) === suite) &&
      (!status || run.status === status || run.conclusion === status),
  );
  return pageOf(
    runs.toReversed(),
    (some) => runShapes(call, some),
    (shapes, total) => ({ total_count: total, workflow_runs: shapes }),
  );
}

function findRun(call: RepoCall): WorkflowRun {
  const id = numberParam(call, "run");
  const run = call.repo.runs.find((candidate) => candidate.id === id);
  if (run === undefined) throw notFound();
  return run;
}

function pageOfJobs(call: RepoCall, run: WorkflowRun, jobs: readonly Job[]): Answer {
  return page(
    jobs,
    (job) => jobShape(call.world, call.repo, run, job),
    (shapes, total) => ({ total_count: total, jobs: shapes }),
  );
}

function listJobs(call: RepoCall): Answer {
  const run = findRun(call);
  const filter = choice(call, "filter", ["latest", "all"], "latest", "Job");
  const all = call.repo.jobs.filter((job) => job.runId === run.id);
  return pageOfJobs(call, run, filter === "all" ? all : latestJobs(call.repo, run));
}

function listAttemptJobs(call: RepoCall): Answer {
  const run = findRun(call);
  const attempt = numberParam(call, "attempt");
  if (attempt < 1 || attempt > run.attempt) throw notFound();
  const jobs = call.repo.jobs.filter((job) => job.runId === run.id && job.attempt === attempt);
  return pageOfJobs(call, run, jobs);
}

function findJob(call: RepoCall): { readonly run: WorkflowRun; readonly job: Job } {
  const id = numberParam(call, "job");
  const job = call.repo.jobs.find((candidate) => candidate.id === id);
  const run = job && call.repo.runs.find((candidate) => candidate.id === job.runId);
  if (job === undefined || run === undefined) throw notFound();
  return { run, job };
}

/** A signed address, good without credentials; there is none before the job is done. */
function logs(call: RepoCall): Answer {
  requireCaller(call);
  const { job } = findJob(call);
  if (job.status !== "completed" || job.conclusion === "skipped") throw notFound();
  return { kind: "redirect", status: 302, location: `${call.world.url}/_logs/${call.repo.id}/${job.id}.txt` };
}

function requireRunner(call: RepoCall): ActionsRunner {
  const runner = call.world.actionsRunner;
  if (runner === undefined) throw new Refusal(403, "Actions has been disabled for this repository");
  return runner;
}

function rerun(call: RepoCall, onlyFailed: boolean): Answer {
  const run = findRun(call);
  if (run.status !== "completed") throw new Refusal(403, "This workflow is already running");
  if (onlyFailed && run.conclusion === "success") {
    throw new Refusal(403, "The workflow run containing this job cannot be retried: it has no failed jobs");
  }
  requireRunner(call).rerun(call.repo, run, requireCaller(call).login, onlyFailed);
  return { kind: "json", status: 201, body: {} };
}

function cancel(call: RepoCall): Answer {
  const run = findRun(call);
  if (run.status === "completed") throw new Refusal(409, "Cannot cancel a workflow run that is completed.");
  requireRunner(call).cancel(call.repo, run);
  return { kind: "json", status: 202, body: {} };
}

export const actionsRoutes: readonly Route[] = [
  repoRoute("get", "/actions/workflows", workflows),
  repoRoute("get", "/actions/workflows/:workflow", async (call) => json((await findWorkflow(call)).shape)),
  repoRoute("get", "/actions/workflows/:workflow/runs", async (call) => listRuns(call, (await findWorkflow(call)).id)),
  repoRoute("get", "/actions/runs", (call) => listRuns(call)),
  repoRoute("get", "/actions/runs/:run", async (call) => json((await runShapes(call, [findRun(call)]))[0])),
  repoRoute("get", "/actions/runs/:run/jobs", listJobs),
  repoRoute("get", "/actions/runs/:run/attempts/:attempt/jobs", listAttemptJobs),
  repoRoute("post", "/actions/runs/:run/rerun", (call) => rerun(call, false), "write"),
  repoRoute("post", "/actions/runs/:run/rerun-failed-jobs", (call) => rerun(call, true), "write"),
  repoRoute("post", "/actions/runs/:run/cancel", cancel, "write"),
  repoRoute("get", "/actions/jobs/:job", (call) => {
    const { run, job } = findJob(call);
    return json(jobShape(call.world, call.repo, run, job));
  }),
  repoRoute("get", "/actions/jobs/:job/logs", logs),
];
