// Idle slots follow the default branch, and are set up for it, so that the next run finds all done. Now and then only: it
// is a fetch for each repo, and a run fetches anew.

import type { RepoKey } from "./domain/repo.ts";
import { messageOf } from "./errors.ts";
import type { Parts } from "./parts.ts";
import type { Trees } from "./ports.ts";

/** When each repo's slots were last refreshed, or found to be in no need of it. */
const refreshed = new WeakMap<Trees, Map<RepoKey, number>>();

/** Call it while nothing works in the repo. What fails is tried again when it is due the next time. */
export async function refreshIdle(
  repo: RepoKey,
  { trees, store, policy, clock, dependencies, disarmed, log }: Parts,
): Promise<void> {
  if (store.state.pause !== null || disarmed() !== undefined) return;
  const times = refreshed.get(trees) ?? new Map<RepoKey, number>();
  refreshed.set(trees, times);
  const now = clock.now();
  if (now - (times.get(repo) ?? Number.NEGATIVE_INFINITY) < policy.refreshMs) return;
  times.set(repo, now);
  try {
    await dependencies.watch("github", () => trees.refresh(repo));
  } catch (error) {
    log.warn({ repo, why: messageOf(error) }, "idle slots not refreshed");
  }
}
