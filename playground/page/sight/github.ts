import { roleOf } from "../../github/access.ts";
import { commitsOf } from "../../github/history.ts";
import type { Issue, Repo, WorkflowRun } from "../../github/model.ts";
import type { GitHub } from "../../github/server.ts";
import { latestJobs } from "../../github/workflow-runs.ts";
import { findUser } from "../../github/world.ts";
import type { CommitSight, GitHubSection, IssueSight, RunSight } from "../protocol.ts";

/** Whom the page can act as: each may do something else. */
const githubPeople = ["maintainer", "triager", "outsider"] as const;

const COMMITS = 40;
const RUNS = 15;
const LOG_TAIL = 4_000;

export type GitHubEyes = Disposable & { look(): GitHubSection };

/** Reads the commits anew after each push, and everything else at each look. */
export async function openGitHub(github: GitHub, full: string): Promise<GitHubEyes> {
  const repo = github.repo(full);
  let commits = await readCommits(github, repo);
  const stop = github.onPush(() => {
    readCommits(github, repo).then(
      (read) => {
        commits = read;
      },
      // The world is being closed.
      () => undefined,
    );
  });
  return {
    look: () => ({
      url: github.url,
      repo: full,
      people: githubPeople.map((login) => ({ login, role: roleOf(repo, findUser(github.world, login)) ?? "read" })),
      labels: repo.labels.map(({ name, color }) => ({ name, color })),
      issues: repo.issues.toReversed().map((issue) => sightOf(`${github.url}/${full}`, issue)),
      commits,
      runs: repo.runs
        .slice(-RUNS)
        .toReversed()
        .map((run) => runSight(repo, run)),
    }),
    [Symbol.dispose]: stop,
  };
}

async function readCommits({ git }: GitHub, { gitDir, defaultBranch }: Repo): Promise<readonly CommitSight[]> {
  const commits = await commitsOf(git, gitDir, [`-${COMMITS}`, defaultBranch]);
  return commits.map(({ sha, message, author }) => {
    const [title = "", ...rest] = message.split("\n");
    return { sha, title, body: rest.join("\n").trim(), author: author.name, at: author.date };
  });
}

function sightOf(url: string, issue: Issue): IssueSight {
  const { number, title, author, state, createdAt, labels, comments, events } = issue;
  return {
    number,
    url: `${url}/issues/${number}`,
    title,
    body: issue.body ?? "",
    author,
    state,
    createdAt,
    labels: labels.map(({ name, color }) => ({ name, color })),
    comments: comments.map(({ id, author: by, body, createdAt: at }) => ({ id, author: by, body, createdAt: at })),
    events,
  };
}

function runSight(repo: Repo, run: WorkflowRun): RunSight {
  return {
    id: run.id,
    number: run.runNumber,
    name: run.name,
    title: run.displayTitle,
    sha: run.headSha,
    status: run.status,
    conclusion: run.conclusion,
    at: run.createdAt,
    jobs: latestJobs(repo, run).map(({ id, name, status, conclusion, steps, log }) => ({
      id,
      name,
      status,
      conclusion,
      steps: steps.map((step) => ({ name: step.name, status: step.status, conclusion: step.conclusion })),
      log: log.slice(-LOG_TAIL),
    })),
  };
}
