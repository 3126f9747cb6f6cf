// Executes one run: its jobs in the order of their needs, each on a runner of its own.

import { type Commit, commitsBySha } from "../github/history.ts";
import type { Conclusion, Job, Repo, WorkflowRun } from "../github/model.ts";
import type { GitHub } from "../github/server.ts";
import { annotateJob, completeJob, createJob, setRun, startJob } from "../github/workflow-runs.ts";
import { fullName, type World } from "../github/world.ts";
import { contextsOf, variablesOf } from "./contexts.ts";
import { ExpressionError, holds, interpolate } from "./expression.ts";
import { runJob } from "./job.ts";
import type { Runners } from "./runners.ts";
import type { JobSpec, WorkflowSpec } from "./workflow.ts";

/** A run that is under way or waits for its concurrency group. */
export type Live = {
  readonly repo: Repo;
  readonly run: WorkflowRun;
  readonly spec: WorkflowSpec;
  readonly group: string | undefined;
  readonly abort: AbortController;
  /** Jobs that stand as they are because only failed ones run again. */
  readonly kept: ReadonlyMap<string, Conclusion>;
};

export type Surroundings = {
  readonly github: GitHub;
  readonly runners: Runners;
  secretsOf(repo: Repo): Readonly<Record<string, string>>;
  varsOf(repo: Repo): Readonly<Record<string, string>>;
  /** Whether this job loses its runner. */
  runnerIsLost(repo: Repo, job: string): boolean;
};

/** The function that it returns resolves when the run is completed. */
export function createExecutor(surroundings: Surroundings): (live: Live) => Promise<void> {
  const { github, runners, secretsOf, varsOf, runnerIsLost } = surroundings;
  const { world, git } = github;

  async function execute(live: Live): Promise<void> {
    const { repo, run, spec, kept } = live;
    const [commit] = await commitsBySha(git, repo.gitDir, [run.headSha]);
    if (commit === undefined) throw new Error(`commit ${run.headSha} is gone`);
    const results = new Map<string, Promise<Conclusion>>();
    const result = (key: string): Promise<Conclusion> => {
      const known = results.get(key);
      if (known !== undefined) return known;
      const keptResult = kept.get(key);
      const job = spec.jobs[key];
      const fresh =
        keptResult !== undefined || job === undefined
          ? Promise.resolve(keptResult ?? "skipped")
          : executeJob(live, key, job, result, commit);
      results.set(key, fresh);
      return fresh;
    };
    const conclusions = await Promise.all(Object.keys(spec.jobs).map(result)).catch((error: unknown) => {
      // An expression that cannot be read fails the run, as on github.com; it must not hang.
      if (error instanceof ExpressionError) return ["failure" as const];
      throw error;
    });
    setRun(world, repo, run, "completed", live.abort.signal.aborted ? "cancelled" : worst(conclusions));
  }

  async function executeJob(
    live: Live,
    key: string,
    spec: JobSpec,
    result: (key: string) => Promise<Conclusion>,
    commit: Commit,
  ): Promise<Conclusion> {
    const { repo, run, abort } = live;
    const before = await Promise.all(spec.needs.map(result));
    const status = abort.signal.aborted
      ? "cancelled"
      : before.every((one) => one === "success")
        ? "success"
        : "failure";
    const needs = Object.fromEntries(spec.needs.map((need, n) => [need, { result: before[n] }]));
    const own = secretsOf(repo);
    const contexts = { ...contextsOf(world, repo, run, varsOf(repo)), needs };
    const job = createJob(world, repo, run, key, interpolate(spec.name ?? key, { status, contexts }));
    const end = (conclusion: Conclusion): Conclusion => {
      completeJob(world, repo, job, conclusion);
      return conclusion;
    };
    if (abort.signal.aborted) return end("cancelled");
    if (!holdsSafely(spec, job, { status, contexts })) return end("skipped");
    const release = await runners.acquire(abort.signal);
    if (release === undefined) return end("cancelled");
    try {
      if (run.status !== "in_progress") setRun(world, repo, run, "in_progress");
      startJob(world, repo, job);
      const log = logger(world, job, Object.values(own));
      log(`Current runner version: '2.330.0'`);
      if (runnerIsLost(repo, key)) {
        log("##[error]The hosted runner lost communication with the server.");
        annotateJob(repo, job, "The hosted runner lost communication with the server.");
        return end("failure");
      }
      const conclusion = await runJob({
        spec,
        workflowEnv: live.spec.env,
        contexts: { ...contexts, secrets: own },
        variables: variablesOf(world, repo, run, key),
        checkout: {
          gitDir: repo.gitDir,
          url: github.cloneUrl(fullName(repo)),
          sha: commit.sha,
          branch: run.headBranch,
        },
        signal: abort.signal,
        now: world.now,
        steps: job.steps,
        log,
      });
      end(conclusion);
      return conclusion === "failure" && spec["continue-on-error"] ? "success" : conclusion;
    } finally {
      release();
    }
  }

  return execute;
}

/** Lines with the time before and secrets masked, as job logs have them. */
function logger(world: World, job: Job, hidden: readonly string[]): (text: string) => void {
  const masks = hidden.filter((secret) => secret.trim() !== "");
  return (text) => {
    const masked = masks.reduce((line, secret) => line.replaceAll(secret, "***"), text);
    job.log += `${world.now().toISOString().replace("Z", "0000Z")} ${masked}\n`;
  };
}

/** A condition that cannot be read skips its job, and its log says why. */
function holdsSafely(spec: JobSpec, job: Job, scope: Parameters<typeof holds>[1]): boolean {
  try {
    return holds(spec.if, scope);
  } catch (error) {
    job.log += `##[error]${String(error)}\n`;
    return false;
  }
}

function worst(conclusions: readonly Conclusion[]): Conclusion {
  if (conclusions.includes("failure")) return "failure";
  if (conclusions.includes("cancelled")) return "cancelled";
  return conclusions.every((one) => one === "skipped") ? "skipped" : "success";
}
