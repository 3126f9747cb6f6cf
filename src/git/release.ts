// Takes a run's tree back. What is not on the remote is kept; then the slot is switched to the default branch's head, warm
// for the next run, and what else the run left in the checkout is taken away.

import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import type { Run } from "../domain/run.ts";
import type { Place } from "./git.ts";
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
): Promise<{ readonly tree: SpentTree; readonly kept: readonly string[] }> {
  const { name, branch, occasion } = whose;
  const account = alone ? "all" : "own branch";
  return await save(
    { place, shared: { commonDir: gitDir, account, branch, remotes: REMOTES }, name, filters },
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
 * was kept with the run's tree, so that branches nobody stands on and the stash go too.
 */
export async function forgetRun(making: Making, run: Run, all: boolean): Promise<readonly string[]> {
  const { git, gitDir } = making;
  const kept: string[] = [];
  const branches = all ? await looseBranches(git, gitDir) : await existing(git, [run.branch]);
  for (const branch of branches) {
    // Without a tree nothing was inspected: the branch itself may be all there is.
    const sha = (await git.raw(["rev-parse", `refs/heads/${branch}`])).trim();
    const name = branch === run.branch ? run.id : `${run.id}.branch`;
    const ref = await keepTips(git, keptRefOf(name), [{ sha, from: `branch ${branch}` }], `Keep the branch ${branch}`);
    if (ref !== undefined) kept.push(ref);
  }
  await pastLocks([gitDir], async () => {
    if (branches.length > 0) await git.raw(["branch", "--quiet", "-D", "--", ...branches]);
    if (all) await dropStash(git, gitDir);
    if (all) await dropDeadWorktrees(gitDir);
    await git.raw(["update-ref", "-d", baseRefOf(run.id)]);
    if (all) await dropOld(git);
  });
  return kept;
}

async function existing(git: SimpleGit, branches: readonly string[]): Promise<readonly string[]> {
  const out = await git.raw([
    "for-each-ref",
    "--format=%(refname:lstrip=2)",
    ...branches.map((b) => `refs/heads/${b}`),
  ]);
  return out.split("\n").filter((name) => branches.includes(name));
}

/** Branches that no worktree stands on, nor the checkout itself. */
async function looseBranches(git: SimpleGit, gitDir: string): Promise<readonly string[]> {
  const heads = [gitDir, ...(await namesIn(join(gitDir, "worktrees"))).map((name) => join(gitDir, "worktrees", name))];
  const texts = await Promise.all(heads.map((folder) => loadText(join(folder, "HEAD"))));
  const stoodOn = new Set(texts.flatMap((text) => /^ref: refs\/heads\/(.+)$/m.exec(text ?? "")?.[1] ?? []));
  const out = await git.raw(["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads/"]);
  return out.split("\n").filter((name) => name !== "" && !stoodOn.has(name));
}

/** Its entries were kept when the tree was inspected. */
async function dropStash(git: SimpleGit, gitDir: string): Promise<void> {
  const stash = (await git.raw(["for-each-ref", "--format=%(refname)", "refs/stash"])).trim();
  if (stash !== "") await git.raw(["update-ref", "-d", "refs/stash"]);
  await rm(join(gitDir, "logs", "refs", "stash"), { force: true });
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

/** As long as git's own reflog would have had them. */
const KEEP_DROPPED_S = 30 * 24 * 3_600;

async function dropOld(git: SimpleGit): Promise<void> {
  const out = await git.raw(["for-each-ref", "--format=%(committerdate:unix) %(refname)", "refs/afk/kept/*.dropped"]);
  const before = Date.now() / 1000 - KEEP_DROPPED_S;
  for (const line of out.split("\n").filter(Boolean)) {
    const [at = "", ref = ""] = line.split(" ");
    if (Number(at) < before) await git.raw(["update-ref", "-d", ref]);
  }
}
