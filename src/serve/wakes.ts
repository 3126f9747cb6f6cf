// What makes the loop look at a repo again: the start, an order that concerns all, a change of a session.

import { firstLookMs } from "../domain/pace.ts";
import type { RepoKey } from "../domain/repo.ts";
import { isEnded } from "../domain/run.ts";
import { runsOf } from "../domain/runs.ts";
import type { Loop } from "../loop.ts";
import type { Store } from "../ports.ts";

export type Wakes = {
  /** Looks at every repo, with many of them not all at once: GitHub counts requests per minute too. */
  nudgeAll(): void;
  /** Looks at the repos whose runs are under way, at once. */
  nudgeRunning(): void;
  /** Looks at the repo whose run works in the session, if there is one. */
  nudgeSession(threadId: string): void;
  /** Looks at the repo where what landed there is being judged. */
  nudgeVerifying(repo: RepoKey): void;
  stop(): void;
};

export function createWakes(parts: {
  readonly loop: Pick<Loop<RepoKey>, "nudge">;
  readonly store: Store;
  readonly repos: readonly RepoKey[];
  readonly pollMs: number;
}): Wakes {
  const { loop, store, repos, pollMs } = parts;
  const firstLooks = new Set<NodeJS.Timeout>();
  return {
    nudgeAll() {
      for (const [index, repo] of repos.entries()) {
        const timer = setTimeout(
          () => {
            firstLooks.delete(timer);
            loop.nudge(repo);
          },
          firstLookMs(index, repos.length, pollMs),
        );
        firstLooks.add(timer);
      }
    },
    nudgeRunning() {
      for (const run of Object.values(store.state.runs)) if (!isEnded(run)) loop.nudge(run.repo);
    },
    nudgeSession(threadId) {
      const run = Object.values(store.state.runs).find(({ session }) => session?.threadId === threadId);
      if (run !== undefined) loop.nudge(run.repo);
    },
    nudgeVerifying(repo) {
      if (runsOf(store.state, repo).some(({ state }) => state.name === "verifying")) loop.nudge(repo);
    },
    stop() {
      for (const timer of firstLooks) clearTimeout(timer);
      firstLooks.clear();
    },
  };
}
