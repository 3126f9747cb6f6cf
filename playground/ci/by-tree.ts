// CI for worlds that are many: what GitHub Actions would say of a push to the default branch, judged from the commit's tree
// instead of by a runner that clones it. Its runs, jobs, logs and check runs are those of the stand-in GitHub.

import { setTimeout as pause } from "node:timers/promises";
import { commitsBySha, listTree } from "../github/history.ts";
import type { Repo, WorkflowRun } from "../github/model.ts";
import type { GitHub } from "../github/server.ts";
import {
  beginAttempt,
  completeJob,
  createJob,
  createRun,
  ensureWorkflow,
  setRun,
  startJob,
} from "../github/workflow-runs.ts";
import { requireRepo } from "../github/world.ts";

/** As the repos have it. A commit with a file that is called broken fails. */
export const WORKFLOW = {
  path: ".github/workflows/ci.yml",
  text: `name: CI
on: { push: { branches: [main] } }
jobs: { test: { runs-on: ubuntu-latest, steps: [{ uses: actions/checkout@v4 }, { name: Test, run: "! ls | grep broken" }] } }
`,
};

const WORK_MS = { queued: 50, running: 150 };

export function startCi(github: GitHub): AsyncDisposable {
  const { world, git } = github;
  const work = new Set<Promise<void>>();
  let closed = false;

  async function judge(repo: Repo, run: WorkflowRun): Promise<void> {
    await pause(WORK_MS.queued);
    if (run.status === "completed") return;
    setRun(world, repo, run, "in_progress");
    const job = createJob(world, repo, run, "test", "test");
    startJob(world, repo, job);
    await pause(WORK_MS.running);
    const tree = await listTree(git, repo.gitDir, run.headSha, "");
    const broken = (tree?.entries ?? []).filter(({ path }) => path.includes("broken"));
    for (const { path } of broken) job.log += `${world.now().toISOString()} ${path}\n`;
    const end = job.status === "completed" ? "cancelled" : broken.length > 0 ? "failure" : "success";
    if (end === "failure") job.log += `${world.now().toISOString()} ##[error]Process completed with exit code 1.\n`;
    completeJob(world, repo, job, end);
    setRun(world, repo, run, "completed", end);
  }

  function track(what: Promise<void>): void {
    const tracked = what
      .catch((error: unknown) => {
        if (!closed) console.error(`ci: ${String(error)}`);
      })
      .finally(() => work.delete(tracked));
    work.add(tracked);
  }

  const stop = github.onPush(({ repo: name, ref, before, after, pusher }) => {
    if (ref !== "refs/heads/main") return;
    const begin = async (): Promise<void> => {
      const repo = requireRepo(world, name);
      const [commit] = await commitsBySha(git, repo.gitDir, [after]);
      if (commit === undefined) return;
      const workflow = ensureWorkflow(world, repo, WORKFLOW);
      await judge(
        repo,
        createRun(world, repo, { workflow, event: "push", branch: "main", before, commit, actor: pusher }),
      );
    };
    track(begin());
  });
  world.actionsRunner = {
    rerun(repo, run, by) {
      beginAttempt(world, repo, run, by);
      track(judge(repo, run));
    },
    cancel: (repo, run) => setRun(world, repo, run, "completed", "cancelled"),
  };

  return {
    async [Symbol.asyncDispose]() {
      closed = true;
      stop();
      world.actionsRunner = undefined;
      await Promise.all(work);
    },
  };
}
