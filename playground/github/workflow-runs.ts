// Workflow runs and their jobs: the records that GitHub Actions keeps. Who executes them is another matter.
//
// run: queued → in_progress → completed; a new attempt starts at queued again, with the same id.
// A job, with its check run, appears only once the jobs that it needs are done, as on github.com: until then the run
// is in progress though every check run that there is may be completed.

import { parse } from "yaml";
import { z } from "zod";
import { actionsApp, createCheckRun, createSuite, setSuite } from "./checks.ts";
import type { Git } from "./git.ts";
import { type Commit, listTree, readBlob, resolve } from "./history.ts";
import type { CheckRun, Conclusion, Job, Repo, Workflow, WorkflowRun } from "./model.ts";
import { runHtml } from "./shapes/run.ts";
import { nextId, timestamp, type World } from "./world.ts";

export type WorkflowFile = { readonly path: string; readonly text: string };

/** The workflow files of a commit. */
export async function workflowFiles(git: Git, repo: Repo, sha: string): Promise<WorkflowFile[]> {
  const tree = await listTree(git, repo.gitDir, sha, ".github/workflows");
  if (tree === undefined || !tree.folder) return [];
  const files = tree.entries.filter((entry) => entry.type === "blob" && /\.ya?ml$/.test(entry.path));
  return Promise.all(
    files.map(async (entry) => ({
      path: entry.path,
      text: (await readBlob(git, repo.gitDir, entry.sha)).toString(),
    })),
  );
}

/** The `name:` of a workflow file; its path where it has none or cannot be read. */
function workflowName(file: WorkflowFile): string {
  try {
    const parsed = z.object({ name: z.string() }).safeParse(parse(file.text));
    return parsed.success ? parsed.data.name : file.path;
  } catch {
    return file.path;
  }
}

export function ensureWorkflow(world: World, repo: Repo, file: WorkflowFile): Workflow {
  const name = workflowName(file);
  const known = repo.workflows.find((workflow) => workflow.path === file.path);
  if (known !== undefined) {
    known.name = name;
    return known;
  }
  const workflow: Workflow = { id: nextId(world), path: file.path, name, createdAt: timestamp(world) };
  repo.workflows.push(workflow);
  return workflow;
}

/** All workflows that GitHub knows of: those on the default branch, and those that ran from another one. */
export async function listWorkflows(world: World, git: Git, repo: Repo): Promise<Workflow[]> {
  const sha = await resolve(git, repo.gitDir, repo.defaultBranch);
  if (sha !== undefined) for (const file of await workflowFiles(git, repo, sha)) ensureWorkflow(world, repo, file);
  return repo.workflows;
}

export type NewRun = {
  readonly workflow: Workflow;
  readonly event: string;
  readonly branch: string;
  readonly before: string;
  readonly commit: Commit;
  readonly actor: string;
};

export function createRun(world: World, repo: Repo, fresh: NewRun): WorkflowRun {
  const at = timestamp(world);
  const { workflow, commit, branch, before } = fresh;
  const suite = createSuite(world, repo, actionsApp, { sha: commit.sha, branch, before });
  const run: WorkflowRun = {
    id: nextId(world),
    workflowId: workflow.id,
    name: workflow.name,
    path: workflow.path,
    runNumber: repo.runs.filter((other) => other.workflowId === workflow.id).length + 1,
    event: fresh.event,
    headBranch: branch,
    headSha: commit.sha,
    before,
    suiteId: suite.id,
    actor: fresh.actor,
    displayTitle: commit.message.split("\n")[0] ?? "",
    createdAt: at,
    triggeringActor: fresh.actor,
    attempt: 1,
    status: "queued",
    conclusion: null,
    startedAt: at,
    updatedAt: at,
  };
  repo.runs.push(run);
  return run;
}

export function setRun(
  world: World,
  repo: Repo,
  run: WorkflowRun,
  status: WorkflowRun["status"],
  conclusion: Conclusion | null = null,
): void {
  run.status = status;
  run.conclusion = conclusion;
  run.updatedAt = timestamp(world);
  const suite = repo.checkSuites.find((candidate) => candidate.id === run.suiteId);
  if (suite !== undefined) setSuite(world, suite, status === "pending" ? "queued" : status, conclusion);
}

/** The same run once more. */
export function beginAttempt(world: World, repo: Repo, run: WorkflowRun, by: string): void {
  run.attempt += 1;
  run.triggeringActor = by;
  run.startedAt = timestamp(world);
  setRun(world, repo, run, "queued");
}

export function createJob(world: World, repo: Repo, run: WorkflowRun, key: string, name: string): Job {
  const job: Job = {
    id: nextId(world),
    runId: run.id,
    attempt: run.attempt,
    key,
    name,
    createdAt: timestamp(world),
    status: "queued",
    conclusion: null,
    startedAt: null,
    completedAt: null,
    steps: [],
    log: "",
  };
  repo.jobs.push(job);
  const suite = repo.checkSuites.find((candidate) => candidate.id === run.suiteId);
  if (suite !== undefined) {
    const detailsUrl = `${runHtml(world, repo, run.id)}/job/${job.id}`;
    createCheckRun(world, repo, suite, { id: job.id, name, detailsUrl, externalId: `job-${job.id}` });
  }
  return job;
}

export function startJob(world: World, repo: Repo, job: Job): void {
  job.status = "in_progress";
  job.startedAt = timestamp(world);
  const check = checkOf(repo, job);
  if (check !== undefined) Object.assign(check, { status: job.status, startedAt: job.startedAt });
}

export function completeJob(world: World, repo: Repo, job: Job, conclusion: Conclusion): void {
  const at = timestamp(world);
  job.status = "completed";
  job.conclusion = conclusion;
  job.startedAt ??= at;
  job.completedAt = at;
  const check = checkOf(repo, job);
  if (check === undefined) return;
  Object.assign(check, { status: "completed", conclusion, startedAt: job.startedAt, completedAt: at });
}

/** What GitHub itself says of a job that failed, where it is shown beside the log. */
export function annotateJob(repo: Repo, job: Job, message: string): void {
  const check = checkOf(repo, job);
  const annotation = { path: ".github", line: 1, level: "failure" as const, message };
  if (check !== undefined) check.annotations = [...check.annotations, annotation];
}

function checkOf(repo: Repo, job: Job): CheckRun | undefined {
  return repo.checkRuns.find((run) => run.id === job.id);
}

/** Of each job the newest execution: where only failed jobs ran again, the others stand from before. */
export function latestJobs(repo: Repo, run: WorkflowRun): Job[] {
  const newest = new Map(repo.jobs.filter((job) => job.runId === run.id).map((job) => [job.key, job]));
  return [...newest.values()];
}
