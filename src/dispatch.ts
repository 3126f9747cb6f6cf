// From a released issue to a run. A poll says which issue is next; it is then read anew and whole, gated again, and the
// prompt is made of that very reading: what is gated is what is pinned.

import { randomBytes } from "node:crypto";
import { assign } from "./domain/assign.ts";
import type { EventOf } from "./domain/event.ts";
import { type Selected, type Standing, selectNext } from "./domain/gates.ts";
import { branchOf, runIdOf } from "./domain/ids.ts";
import { promptOf } from "./domain/prompt.ts";
import type { RepoKey } from "./domain/repo.ts";
import { isEnded } from "./domain/run.ts";
import { runsOf } from "./domain/runs.ts";
import type { BotState } from "./domain/state.ts";
import { chooseSlot, newSlot } from "./domain/tree-slots.ts";
import type { Parts } from "./parts.ts";
import type { Trees } from "./ports.ts";
import { enrolmentOf, standingOf } from "./standing.ts";

export type Next = Selected & { readonly standing: Standing };

/** The repo's next issue whose gates all pass on a reading of now; undefined = none, or GitHub cannot be read. */
export async function findNext(repo: RepoKey, parts: Parts): Promise<Next | undefined> {
  const { github, store, dependencies, log } = parts;
  const candidates = await github.fetchCandidates(repo);
  dependencies.noteObserved("github", candidates);
  if (!candidates.known) {
    log.warn({ repo, why: candidates.why }, "released issues unknown");
    return undefined;
  }
  if (candidates.value.length === 0) return undefined;
  const standing = await standingOf(repo, store.state, parts);
  const first = selectNext(repo, candidates.value, standing);
  if (first === undefined) return undefined;
  const anew = await github.fetchIssue(repo, first.candidate.number);
  dependencies.noteObserved("github", anew);
  if (!anew.known || anew.value.is === "missing") return undefined;
  const selected = selectNext(repo, [anew.value.candidate], { ...standing, state: store.state });
  return selected === undefined ? undefined : { ...selected, standing };
}

/**
 * The event that makes an issue a run: every identity and the whole prompt are fixed here, before anything is done.
 * Undefined where another repository than the enrolled one answers to the name.
 */
export async function dispatch(
  repo: RepoKey,
  { candidate, release, standing }: Next,
  { store, github, trees, model, clock, dependencies, log }: Parts,
): Promise<EventOf<"run.dispatched"> | undefined> {
  const { eventId, actor, at } = release;
  const onGitHub = <T>(read: () => Promise<T>): Promise<T> => dependencies.watch("github", read);
  const { name: defaultBranch, repoId } = await onGitHub(() => github.fetchDefaultBranch(repo));
  if (enrolmentOf(standing)?.repoId !== repoId) {
    log.error({ repo, repoId }, "another repository answers to an enrolled name, nothing starts");
    return undefined;
  }
  const [comments, additions] = await Promise.all([
    onGitHub(() => github.fetchTrustedComments(repo, candidate.number)),
    onGitHub(() => github.fetchPromptAdditions(repo, defaultBranch)),
  ]);
  const id = runIdOf(repo, candidate.number, { eventId, actor, at });
  const branch = branchOf(candidate.number, id);
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
      slot: await findSlot(repo, id, store.state, trees),
      prompt: promptOf({
        repo,
        issue: candidate,
        comments,
        blockers: candidate.blockers.known ? candidate.blockers.value : [],
        additions,
        run: id,
        branch,
        treePath: trees.treePath(repo, id),
        defaultBranch,
        model,
        nonce: randomBytes(12).toString("hex"),
      }),
      startedAt: now,
      reached: {},
      messages: 0,
      orders: [],
      resolved: [],
      tree: null,
      session: null,
      state: { name: "preparing", since: now, failure: null, refusals: 0 },
      shown: { commentId: null, comment: null, issue: null },
    },
  };
}

/** Whether the gates still pass by the state as it is now: other repos start runs meanwhile. */
export function stillPasses(repo: RepoKey, { candidate, standing }: Next, state: BotState): boolean {
  return selectNext(repo, [candidate], { ...standing, state }) !== undefined;
}

/** The T3 server that the repo's run goes to by the state as it is now. `chosen`: for the first time, or anew. */
export function placeOf(
  repo: RepoKey,
  { standing }: Next,
  state: BotState,
): { readonly executor: string | undefined; readonly chosen: boolean } {
  const { executors, warm, policy } = standing;
  const { executor } = assign(repo, state, executors, warm, policy.maxRuns);
  return { executor, chosen: executors.length > 1 && state.assigned[repo]?.executor !== executor };
}

/** The slot that holds the run's tree already, else a warm one, else a new one. */
export async function findSlot(repo: RepoKey, id: string, state: BotState, trees: Trees): Promise<number> {
  return chooseSlot(id, await trees.findSlots(repo), knownSlots(repo, state));
}

/** A slot at whose path nothing is. */
export async function findNewSlot(repo: RepoKey, state: BotState, trees: Trees): Promise<number> {
  return newSlot(await trees.findSlots(repo), knownSlots(repo, state));
}

/** Those that runs hold by the state. */
function knownSlots(repo: RepoKey, state: BotState): readonly number[] {
  return runsOf(state, repo).flatMap((run) => (isEnded(run) && run.tree === null ? [] : [run.slot]));
}
