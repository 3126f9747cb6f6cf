import { randomBytes } from "node:crypto";
import type { EventOf } from "./domain/event.ts";
import type { Candidate } from "./domain/evidence.ts";
import { branchOf, runIdOf } from "./domain/ids.ts";
import { promptOf } from "./domain/prompt.ts";
import type { RepoKey } from "./domain/repo.ts";
import { isEnded, type Release } from "./domain/run.ts";
import { runsOf } from "./domain/state.ts";
import type { Parts } from "./parts.ts";

/** The event that makes an issue a run: every identity and the whole prompt are fixed here, before anything is done. */
export async function dispatch(
  repo: RepoKey,
  candidate: Candidate,
  { eventId, actor, at }: Release,
  { store, github, trees, model, clock, dependencies }: Parts,
): Promise<EventOf<"run.dispatched">> {
  const { name: defaultBranch } = await dependencies.watch("github", () => github.fetchDefaultBranch(repo));
  const id = runIdOf(repo, candidate.number, { eventId, actor, at });
  const branch = branchOf(candidate.number, id);
  const taken = new Set(
    runsOf(store.state, repo).flatMap((run) => (isEnded(run) && run.tree === null ? [] : [run.slot])),
  );
  const now = clock.now();
  return {
    type: "run.dispatched",
    at: now,
    run: {
      id,
      repo,
      issue: { number: candidate.number, title: candidate.title, url: candidate.url },
      release: { eventId, actor, at },
      defaultBranch,
      branch,
      slot: lowestFree(taken),
      prompt: promptOf({
        repo,
        issue: candidate,
        run: id,
        branch,
        treePath: trees.treePath(repo, id),
        defaultBranch,
        model,
        nonce: randomBytes(8).toString("hex"),
      }),
      startedAt: now,
      tree: null,
      session: null,
      state: { name: "preparing", since: now, failure: null, refusals: 0 },
      shown: { commentId: null, comment: null, issue: null },
    },
  };
}

function lowestFree(taken: ReadonlySet<number>): number {
  let slot = 1;
  while (taken.has(slot)) slot += 1;
  return slot;
}
