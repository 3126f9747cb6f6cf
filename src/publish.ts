// Makes GitHub and Slack show what the state says: wanted against shown, latest wins. Apart from the runs' own loop, so
// that a service that is away never holds up a run; what could not be shown is tried again until it is.

import type { Logger } from "pino";
import { comment, commentMarker } from "../views/comment.ts";
import { thread } from "../views/thread.ts";
import { digestOf } from "./domain/ids.ts";
import type { Policy } from "./domain/policy.ts";
import { type IssueKey, issueKey } from "./domain/repo.ts";
import type { Run, RunId } from "./domain/run.ts";
import { runsOfIssue } from "./domain/state.ts";
import { wantedIssue } from "./domain/wanted.ts";
import { createLoop, type LoopMeter } from "./loop.ts";
import type { Dependencies } from "./ops/dependencies.ts";
import type { Chat, Clock, GitHub, Store } from "./ports.ts";

export type Publisher = {
  /** Says that the run may look different now. */
  nudge(run: Run): void;
  /** Whether GitHub and Slack were last seen to show the run as it is. */
  isShown(run: Run): boolean;
  stop(withinMs: number): Promise<void>;
};

const BACKOFF = { firstMs: 500, ceilingMs: 30_000 };

export function createPublisher(parts: {
  readonly store: Store;
  readonly github: GitHub;
  readonly chat: Chat;
  readonly policy: Policy;
  readonly dependencies: Dependencies;
  readonly meter?: LoopMeter;
  readonly clock: Clock;
  readonly log: Logger;
}): Publisher {
  const { store, github, chat, policy, dependencies, meter, clock, log } = parts;

  async function showOnGitHub(id: RunId): Promise<null> {
    const run = store.state.runs[id];
    if (run === undefined) return null;
    // Labels first: they decide what is released, and comments are paced more slowly.
    const wanted = wantedIssue(run, policy.labels);
    if (wanted !== undefined && run.shown.issue !== digestOf(wanted)) {
      await dependencies.watch("github", () => github.showIssue(run.repo, run.issue.number, wanted));
      await store.commit({ type: "github.issue-shown", at: clock.now(), run: id, digest: digestOf(wanted) });
    }
    const body = comment(run);
    if (run.shown.comment !== digestOf(body)) {
      const said = { id: run.shown.commentId, marker: commentMarker(run), body };
      const commentId = await dependencies.watch("github", () => github.showComment(run.repo, run.issue.number, said));
      await store.commit({ type: "github.comment-shown", at: clock.now(), run: id, commentId, digest: digestOf(body) });
    }
    return null;
  }

  async function showInSlack(key: IssueKey): Promise<null> {
    const [repo = "", issue = ""] = key.split("#");
    const wanted = thread(runsOfIssue(store.state, repo, Number(issue)), policy);
    if (wanted === undefined) return null;
    await dependencies.watch("slack", () =>
      chat.showThread(wanted, store.state.threads[key], (event) => store.commit(event)),
    );
    return null;
  }

  function isShown(run: Run): boolean {
    const wanted = wantedIssue(run, policy.labels);
    const onGitHub =
      (wanted === undefined || run.shown.issue === digestOf(wanted)) && run.shown.comment === digestOf(comment(run));
    const said = thread(runsOfIssue(store.state, run.repo, run.issue.number), policy);
    const posted = store.state.threads[issueKey(run.repo, run.issue.number)];
    if (!onGitHub || said === undefined || posted === undefined) return false;
    const { root, replies } = said;
    return (
      posted.digest === digestOf(root) &&
      replies.every(({ key, text, blocks }) => posted.replies[key]?.digest === digestOf({ text, blocks }))
    );
  }

  const each = { backoff: BACKOFF, log, meter };
  const githubLoop = createLoop<RunId>({ name: "github", concurrency: 4, ...each, work: showOnGitHub });
  const slackLoop = createLoop<IssueKey>({ name: "slack", concurrency: 1, ...each, work: showInSlack });

  return {
    isShown,
    nudge(run) {
      githubLoop.nudge(run.id);
      slackLoop.nudge(issueKey(run.repo, run.issue.number));
    },
    async stop(withinMs) {
      await Promise.all([githubLoop.stop(withinMs), slackLoop.stop(withinMs)]);
    },
  };
}
