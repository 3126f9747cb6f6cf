// Makes GitHub and Slack show what the state says: wanted against shown, latest wins. Apart from the runs' own loop, so
// that a service that is away never holds up a run; what could not be shown is tried again until it is.

import type { Logger } from "pino";
import { comment, commentMarker } from "../views/comment.ts";
import { thread } from "../views/thread.ts";
import { digestOf } from "./domain/ids.ts";
import type { Audience } from "./domain/ladder.ts";
import type { Policy } from "./domain/policy.ts";
import { type IssueKey, issueKey } from "./domain/repo.ts";
import type { Run, RunId } from "./domain/run.ts";
import { runsOfIssue } from "./domain/runs.ts";
import { wantedIssue } from "./domain/wanted.ts";
import { createLane } from "./lane.ts";
import { createLoop, type LoopMeter } from "./loop.ts";
import type { Dependencies } from "./ops/dependencies.ts";
import type { Chat, GitHub, Store, ThreadWanted, Timers } from "./ports.ts";

export type Publisher = {
  /** Says that the run may look different now; what a person did goes before everything else. */
  nudge(run: Run, by?: "person"): void;
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
  readonly audience: Audience;
  readonly dependencies: Dependencies;
  readonly meter?: LoopMeter;
  readonly timers: Timers;
  readonly log: Logger;
}): Publisher {
  const { store, github, chat, policy, audience, dependencies, meter, timers, log } = parts;

  const drawn = new Map<IssueKey, { readonly from: readonly unknown[]; readonly wanted: ThreadWanted | undefined }>();

  async function showOnGitHub(id: RunId): Promise<null> {
    const run = store.state.runs[id];
    if (run === undefined) return null;
    // Labels first: they decide what is released, and comments are paced more slowly.
    const wanted = wantedIssue(run, policy.labels);
    if (wanted !== undefined && run.shown.issue !== digestOf(wanted)) {
      await dependencies.watch("github", () => github.showIssue(run.repo, run.issue.number, wanted));
      await store.commit({ type: "github.issue-shown", at: timers.now(), run: id, digest: digestOf(wanted) });
    }
    const body = comment(run);
    if (run.shown.comment !== digestOf(body)) {
      const said = { id: run.shown.commentId, marker: commentMarker(run), body };
      const commentId = await dependencies.watch("github", () => github.showComment(run.repo, run.issue.number, said));
      await store.commit({
        type: "github.comment-shown",
        at: timers.now(),
        run: id,
        commentId,
        digest: digestOf(body),
      });
    }
    return null;
  }

  /** Drawn anew only when what it is drawn from is another one; an issue whose runs are gone is forgotten. */
  function wantedThread(key: IssueKey): ThreadWanted | undefined {
    const [repo = "", issue = ""] = key.split("#");
    const { reminders } = store.state;
    const runs = runsOfIssue(store.state, repo, Number(issue));
    const known = drawn.get(key);
    if (known !== undefined && isSame(known.from, [...runs, reminders])) return known.wanted;
    const wanted = thread(runs, { policy, audience, reminders });
    if (runs.length === 0) drawn.delete(key);
    else drawn.set(key, { from: [...runs, reminders], wanted });
    return wanted;
  }

  async function showInSlack(key: IssueKey, urgent: boolean): Promise<"done" | "left"> {
    const wanted = wantedThread(key);
    if (wanted === undefined) return "done";
    const show = () => chat.showThread(wanted, store.state.threads[key], (event) => store.commit(event), urgent);
    return await dependencies.watch("slack", () => dependencies.watch("channel", show));
  }

  /** What people are asked, and what came of it, is said at once; the card follows when there is room. */
  function repliesMissing(key: IssueKey): boolean {
    const posted = store.state.threads[key]?.replies ?? {};
    const wanted = wantedThread(key);
    if (wanted === undefined) return false;
    const unshown = wanted.replies.some((reply) => posted[reply.key]?.digest !== digestOfReply(reply));
    return unshown || wanted.reactions.some((reaction) => posted[reaction.key] === undefined);
  }

  function isShown(run: Run): boolean {
    const wanted = wantedIssue(run, policy.labels);
    const onGitHub =
      (wanted === undefined || run.shown.issue === digestOf(wanted)) && run.shown.comment === digestOf(comment(run));
    const key = issueKey(run.repo, run.issue.number);
    const said = wantedThread(key);
    const posted = store.state.threads[key];
    if (!onGitHub || said === undefined || posted === undefined) return false;
    const { root, replies } = said;
    return (
      posted.digest === digestOf(root) &&
      replies.every((reply) => posted.replies[reply.key]?.digest === digestOfReply(reply))
    );
  }

  const githubLoop = createLoop<RunId>({
    name: "github",
    concurrency: 4,
    backoff: BACKOFF,
    log,
    meter,
    work: showOnGitHub,
  });
  const slackLane = createLane<IssueKey>({
    name: "slack",
    waitMs(key) {
      const wanted = wantedThread(key);
      return wanted === undefined ? 0 : chat.roomMs(wanted, store.state.threads[key]);
    },
    work: showInSlack,
    timers,
    log,
    meter,
  });

  return {
    isShown,
    nudge(run, by) {
      githubLoop.nudge(run.id);
      const key = issueKey(run.repo, run.issue.number);
      slackLane.nudge(key, by ?? (repliesMissing(key) ? "now" : "soon"));
    },
    async stop(withinMs) {
      await Promise.all([githubLoop.stop(withinMs), slackLane.stop(withinMs)]);
    },
  };
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}

function digestOfReply({ text, blocks }: ThreadWanted["replies"][number]): string {
  return digestOf({ text, blocks });
}
