// Takes a run's tree back. What is not on the remote is kept; then the slot is switched to the default branch's head, warm
// for the next run, and what else the run left in the checkout is taken away.

import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import type { Run } from "../domain/run.ts";
import { gitIn, type Place } from "./git.ts";
import { handOver } from "./hand-over.ts";
import { isThere, keptRefOf, REMOTES, type SpentTree } from "./inspect.ts";
import { keepTips } from "./keep.ts";
import { namesIn, pastLocks } from "./leftovers.ts";
import { save } from "./save.ts";
import { dropSlotFile, isSlotPath, loadText } from "./slot.ts";
import { baseRefOf, type Making } from "./worktree.ts";

/** Keeps what the tree has, and proves it spent. `alone`: no other run has a tree, so all else that is unsaved is its own. */
export async function saveTree(
  { gitDir, filters }: Pick<Making, "gitDir" | "filters">,
  place: Place,
  whose: { readonly name: string; readonly branch: string; readonly occasion: string },
  alone: boolean,
  fetching?: Promise<unknown>,
): Promise<{ readonly tree: SpentTree; readonly kept: readonly string[] }> {
  const { name, branch, occasion } = whose;
  const account = alone ? "all" : "own branch";
  return await save(
    { place, shared: { commonDir: gitDir, account, branch, remotes: REMOTES }, name, filters, fetching },
    occasion,
  );
}

/** Makes the run's slot a free one, at `head`. */
export async function freeSlot({ gitDir, discard }: Making, tree: SpentTree, head: Sha): Promise<void> {
  const { place } = tree;
  await pastLocks([place.gitDir, gitDir], () => handOver(tree, { sha: head, branch: null }, discard));
  await dropSlotFile(place.gitDir, "afk-ready");
  await dropSlotFile(place.gitDir, "afk-run");
}

/**
 * Takes a free slot away: gone at once, by a rename; git forgets it too. It is looked at once more, as what only the run's
 * own .gitignore ignored has come to light with the switch. Returns what was kept.
 */
export async function takeDown(
  making: Pick<Making, "gitDir" | "filters" | "discard">,
  place: Place,
  whose: Parameters<typeof saveTree>[2],
): Promise<readonly string[]> {
  const { tree, kept } = await saveTree(making, place, whose, false);
  await making.discard(tree.place.tree);
  await rm(tree.place.gitDir, { recursive: true, force: true });
  return kept;
}

/**
 * What git knows of the run once its tree is gone. A repeat finds nothing to do. `all`: everything unsaved in the checkout
 * was kept with the run's tree, so that branches nobody stands on and the stash go too. `proven` are commits that are on the
 * remote or kept.
 */
export async function forgetRun(
  making: Making,
  run: Run,
  all: boolean,
  proven: ReadonlySet<Sha>,
): Promise<readonly string[]> {
  const { git, gitDir } = making;
  const own = [`refs/heads/${run.branch}`, baseRefOf(run.id)];
  const refs = await refsBelow(git, all ? ["refs/heads/", "refs/stash", "refs/afk/kept/", ...own] : own);
  const stoodOn = all ? await branchesStoodOn(gitDir) : new Set<string>();
  const gone = refs.filter((seen) => seen.ref === own[1] || (all ? isLoose(seen, stoodOn) : seen.ref === own[0]));
  const kept: string[] = [];
  for (const { ref, sha } of gone) {
    const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
    if (branch === undefined || proven.has(sha)) continue;
    // Without a tree nothing was inspected: the branch itself may be all there is.
    const name = branch === run.branch ? run.id : `${run.id}.branch`;
    const tips = [{ sha, from: `branch ${branch}` }];
    const to = await keepTips(git, keptRefOf(name), tips, `Keep the branch ${branch}`);
    if (to !== undefined) kept.push(to);
  }
  await pastLocks([gitDir], () => deleteRefs(gitDir, gone));
  if (all) await rm(join(gitDir, "logs", "refs", "stash"), { force: true });
  if (all) await dropDeadWorktrees(gitDir);
  return kept;
}

type RefSeen = { readonly ref: string; readonly sha: Sha /** UTC, seconds. */; readonly at: number };

async function refsBelow(git: SimpleGit, patterns: readonly string[]): Promise<readonly RefSeen[]> {
  const out = await git.raw(["for-each-ref", "--format=%(objectname) %(committerdate:unix) %(refname)", ...patterns]);
  return out.split("\n").flatMap((line) => {
    const [sha = "", at = "", ref = ""] = line.split(" ");
    return ref === "" ? [] : [{ ref, sha, at: Number(at) }];
  });
}

/** As long as git's own reflog would have had them. */
const KEEP_DROPPED_S = 30 * 24 * 3_600;

/** Whether it goes with the last run: branches that nobody stands on, the stash, and what was left behind long ago. */
function isLoose({ ref, at }: RefSeen, stoodOn: ReadonlySet<string>): boolean {
  if (ref.startsWith("refs/heads/")) return !stoodOn.has(ref);
  return ref === "refs/stash" || (ref.endsWith(".dropped") && at < Date.now() / 1000 - KEEP_DROPPED_S);
}

/** Of every worktree, and of the checkout itself. */
async function branchesStoodOn(gitDir: string): Promise<ReadonlySet<string>> {
  const heads = [gitDir, ...(await namesIn(join(gitDir, "worktrees"))).map((name) => join(gitDir, "worktrees", name))];
  const texts = await Promise.all(heads.map((folder) => loadText(join(folder, "HEAD"))));
  return new Set(texts.flatMap((text) => /^ref: (refs\/heads\/.+)$/m.exec(text ?? "")?.[1] ?? []));
}

/** All or none: where one has moved since it was seen, it fails. */
async function deleteRefs(gitDir: string, refs: readonly RefSeen[]): Promise<void> {
  if (refs.length === 0) return;
  const input = refs.map(({ ref, sha }) => `delete ${ref}\0${sha}\0`).join("");
  await gitIn(dirname(gitDir), { input }).raw(["update-ref", "--no-deref", "-z", "--stdin"]);
}

/** Worktrees of others that are nowhere any more; their commits were kept too. Slots are not theirs. */
async function dropDeadWorktrees(gitDir: string): Promise<void> {
  for (const name of await namesIn(join(gitDir, "worktrees"))) {
    const own = join(gitDir, "worktrees", name);
    const tree = dirname((await loadText(join(own, "gitdir")))?.trim() ?? "");
    if (isSlotPath(tree) || (await isThere(tree))) continue;
    await rm(own, { recursive: true, force: true });
  }
}
