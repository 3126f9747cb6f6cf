// GitHub Actions: starts the workflows that a push matches and executes their jobs.
//
// A run waits as `pending` while another one of its concurrency group is under way; then it is queued, goes on when a
// runner is free, and ends with the worst of its jobs. Pushes, re-runs and cancellations come from the stand-in GitHub.

import { changesBetween, commitsBySha } from "../github/history.ts";
import { type Conclusion, type Job, type Push, type Repo, type WorkflowRun, zeroSha } from "../github/model.ts";
import type { GitHub } from "../github/server.ts";
import { beginAttempt, createRun, ensureWorkflow, latestJobs, setRun, workflowFiles } from "../github/workflow-runs.ts";
import { fullName, requireRepo } from "../github/world.ts";
import { contextsOf } from "./contexts.ts";
import { createExecutor, type Live } from "./execute.ts";
import { ExpressionError, interpolate } from "./expression.ts";
import { createRunners } from "./runners.ts";
import { asksToSkip, matchesPush } from "./trigger.ts";
import { parseWorkflow, type WorkflowSpec } from "./workflow.ts";

export type Settings = Readonly<Record<string, Readonly<Record<string, string>>>>;

export type ActionsOptions = {
  /** By `owner/name`, then by name. */
  readonly secrets?: Settings;
  readonly vars?: Settings;
  /** How long a job waits for its runner. */
  readonly startDelayMs?: number;
  /** How many jobs run at once, over all repositories. */
  readonly parallel?: number;
};

export type Failure = {
  /** `owner/name`; any repository where it is left out. */
  readonly repo?: string;
  /** The key of the job in its workflow file; any job where it is left out. */
  readonly job?: string;
  /** How many jobs in a row; one where it is left out. */
  readonly times?: number;
};

export type Actions = AsyncDisposable & {
  setSecrets(repo: string, secrets: Readonly<Record<string, string>>): void;
  setVars(repo: string, vars: Readonly<Record<string, string>>): void;
  /** No runner picks up a job until `resume`: runs stay queued. Jobs that run already go on. */
  pause(): void;
  resume(): void;
  /** The next jobs that match fail because their runner is lost, whatever their steps would have done. */
  failNext(failure?: Failure): void;
  /** Resolves once no push is being looked at and no run is under way. Never while paused with something queued. */
  idle(): Promise<void>;
  /** Ends what runs, with all its processes and folders. */
  close(): Promise<void>;
};

/** Starts listening to the pushes of a GitHub. */
export function startActions(github: GitHub, options: ActionsOptions = {}): Actions {
  const { world, git } = github;
  const secrets = new Map(Object.entries(options.secrets ?? {}));
  const vars = new Map(Object.entries(options.vars ?? {}));
  const runners = createRunners(options.parallel ?? 4, options.startDelayMs ?? 0);
  const failures: { repo: string | undefined; job: string | undefined; left: number }[] = [];
  const execute = createExecutor({
    github,
    runners,
    secretsOf: (repo) => secrets.get(fullName(repo)) ?? {},
    varsOf: (repo) => vars.get(fullName(repo)) ?? {},
    runnerIsLost: takeFailure,
  });
  const specs = new Map<number, WorkflowSpec>();
  const active = new Set<Live>();
  const waiting: Live[] = [];
  const work = new Set<Promise<void>>();
  let closed = false;

  function track(promise: Promise<void>): void {
    const tracked = promise
      .catch((error: unknown) => {
        if (!closed) console.error(`actions: ${String(error)}`);
      })
      .finally(() => work.delete(tracked));
    work.add(tracked);
  }

  async function pushed(push: Push): Promise<void> {
    if (!push.ref.startsWith("refs/heads/") || push.after === zeroSha) return;
    const repo = requireRepo(world, push.repo);
    const branch = push.ref.slice("refs/heads/".length);
    const [commit] = await commitsBySha(git, repo.gitDir, [push.after]);
    if (commit === undefined || asksToSkip(commit.message)) return;
    for (const file of await workflowFiles(git, repo, push.after)) {
      const parsed = parseWorkflow(file.text);
      const begin = (): WorkflowRun =>
        createRun(world, repo, {
          workflow: ensureWorkflow(world, repo, file),
          event: "push",
          branch,
          before: push.before,
          commit,
          actor: push.pusher,
        });
      if (!parsed.ok) setRun(world, repo, begin(), "completed", "failure");
      else if (await starts(repo, parsed.spec, push, branch)) {
        const run = begin();
        try {
          admit(repo, run, parsed.spec, new Map());
        } catch (error) {
          if (!(error instanceof ExpressionError)) throw error;
          setRun(world, repo, run, "completed", "failure");
        }
      }
    }
  }

  async function starts(repo: Repo, spec: WorkflowSpec, push: Push, branch: string): Promise<boolean> {
    if (spec.on.push === undefined) return false;
    return await matchesPush(spec.on.push, branch, async () => {
      const from = push.before === zeroSha ? undefined : push.before;
      const changes = await changesBetween(git, repo.gitDir, from, push.after);
      return changes.flatMap(({ path, previous }) => (previous === undefined ? [path] : [path, previous]));
    });
  }

  function admit(repo: Repo, run: WorkflowRun, spec: WorkflowSpec, kept: Live["kept"]): void {
    if (closed) return;
    specs.set(run.id, spec);
    const scope = {
      status: "success" as const,
      contexts: contextsOf(world, repo, run, vars.get(fullName(repo)) ?? {}),
    };
    const group = spec.concurrency && `${repo.id} ${interpolate(spec.concurrency.group, scope).toLowerCase()}`;
    const live: Live = { repo, run, spec, group, abort: new AbortController(), kept };
    const inWay = [...active].filter((other) => group !== undefined && other.group === group);
    if (inWay.length === 0) {
      start(live);
      return;
    }
    // One run of a group goes, one waits: a newer one takes the place of that which waited.
    for (const other of waiting.filter((candidate) => candidate.group === group)) cancel(other);
    setRun(world, repo, run, "pending");
    waiting.push(live);
    const cancelling = interpolate(spec.concurrency?.cancelInProgress ?? "false", scope) === "true";
    if (cancelling) for (const other of inWay) cancel(other);
  }

  function start(live: Live): void {
    active.add(live);
    setRun(world, live.repo, live.run, "queued");
    track(
      execute(live).finally(() => {
        active.delete(live);
        const next = waiting.findIndex((candidate) => candidate.group === live.group);
        const [released] = next < 0 ? [] : waiting.splice(next, 1);
        if (released !== undefined && !closed) start(released);
      }),
    );
  }

  function cancel(live: Live): void {
    live.abort.abort();
    const at = waiting.indexOf(live);
    if (at < 0) return;
    waiting.splice(at, 1);
    setRun(world, live.repo, live.run, "completed", "cancelled");
  }

  function takeFailure(repo: Repo, key: string): boolean {
    const name = fullName(repo);
    const found = failures.find((one) => (one.repo ?? name) === name && (one.job ?? key) === key);
    if (found === undefined) return false;
    found.left -= 1;
    if (found.left <= 0) failures.splice(failures.indexOf(found), 1);
    return true;
  }

  const stop = github.onPush((push) => track(pushed(push)));
  world.actionsRunner = {
    rerun(repo, run, by, onlyFailed) {
      const spec = specs.get(run.id);
      if (spec === undefined) return;
      const kept = onlyFailed ? keepGood(spec, latestJobs(repo, run)) : new Map<string, Conclusion>();
      beginAttempt(world, repo, run, by);
      admit(repo, run, spec, kept);
    },
    cancel(_repo, run) {
      for (const live of [...active, ...waiting]) if (live.run === run) cancel(live);
    },
  };

  async function close(): Promise<void> {
    closed = true;
    stop();
    world.actionsRunner = undefined;
    waiting.length = 0;
    for (const live of active) live.abort.abort();
    await Promise.all(work);
  }

  return {
    setSecrets: (repo, values) => void secrets.set(repo, values),
    setVars: (repo, values) => void vars.set(repo, values),
    pause: () => runners.pause(),
    resume: () => runners.resume(),
    failNext: ({ repo, job, times = 1 } = {}) => void failures.push({ repo, job, left: times }),
    async idle() {
      while (work.size > 0) await Promise.all(work);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The jobs that need not run again: they succeeded, and so did, in the end, all that they need. */
function keepGood(spec: WorkflowSpec, jobs: readonly Job[]): Map<string, Conclusion> {
  const good = (key: string): boolean =>
    jobs.some((job) => job.key === key && job.conclusion === "success") && (spec.jobs[key]?.needs ?? []).every(good);
  return new Map(
    Object.keys(spec.jobs)
      .filter(good)
      .map((key) => [key, "success"]),
  );
}
