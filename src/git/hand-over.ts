// Switches a tree to another commit, keeping what is ignored. What it is switched between is written down first: of a tree
// that was cut off in the middle, files that are as in one of the two commits are nobody's work.

import { realpath, rm, rmdir, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import { gitIn, type Place } from "./git.ts";
import { liftFlags, type SpentTree, statusOf } from "./inspect.ts";
import { startBranch } from "./refs.ts";
import { namedFilters } from "./settings.ts";
import { dropSlotFile, saveSlotFile } from "./slot.ts";
import { endOperations } from "./tips.ts";

/** Where a tree goes: onto a branch of its own, or only to the commit. */
export type Target = { readonly sha: Sha; readonly branch: string | null };

/** `discard` takes away a repository that stands in the tree, and whose work is kept. */
export async function handOver(
  spent: SpentTree,
  target: Target,
  discard: (path: string) => Promise<void>,
): Promise<void> {
  const { place, filters, untracked, repositories, submodules, hidden } = spent;
  const where = { place, named: await namedFilters(place), filters };
  const git = gitIn(place.tree, where);
  await saveSlotFile(place.gitDir, "afk-switch", target.sha);
  await endOperations(place);
  await liftFlags(where, hidden);
  for (const path of repositories) await discard(join(place.tree, path));
  await removeFiles(git, place.tree, untracked);
  await checkOut(git, place, target, ["--force"]);
  if (submodules.length > 0) await discardLeft(git, place, submodules, discard);
  // Where HEAD was before is accounted for.
  await truncate(join(place.gitDir, "logs", "HEAD")).catch(() => {});
  for (const file of ["ORIG_HEAD", "locked"]) await rm(join(place.gitDir, file), { force: true });
  await dropSlotFile(place.gitDir, "afk-switch");
}

/** Git leaves a repository standing that the commit no longer names. */
async function discardLeft(
  git: SimpleGit,
  { tree }: Place,
  submodules: readonly string[],
  discard: (path: string) => Promise<void>,
): Promise<void> {
  const untracked = new Set(await statusOf(git));
  for (const path of submodules) if (untracked.has(`?? ${path}/`)) await discard(join(tree, path));
}

/** Switches a tree that git calls clean. Fails rather than overwrite a change that came meanwhile. */
export async function switchClean(git: SimpleGit, gitDir: string, place: Place, target: Target): Promise<void> {
  const { sha, branch } = target;
  if (branch !== null && (await startBranch({ own: place.gitDir, gitDir }, branch, sha))) {
    await dropSlotFile(place.gitDir, "afk-at");
    return;
  }
  await saveSlotFile(place.gitDir, "afk-switch", target.sha);
  await checkOut(git, place, target, []);
  await dropSlotFile(place.gitDir, "afk-switch");
}

async function checkOut(
  git: SimpleGit,
  { gitDir }: Place,
  { sha, branch }: Target,
  how: readonly string[],
): Promise<void> {
  const onto = branch === null ? ["--detach"] : ["--no-track", "-B", branch];
  await git.raw(["checkout", "--quiet", "--no-recurse-submodules", ...how, ...onto, sha, "--"]);
  if (branch === null) await saveSlotFile(gitDir, "afk-at", sha);
  else await dropSlotFile(gitDir, "afk-at");
}

/** Exactly these, and the folders that they leave empty. Nothing behind a symlink. */
async function removeFiles(git: SimpleGit, tree: string, paths: readonly string[]): Promise<void> {
  // A name that is no text can only be named by git itself.
  if (paths.some((path) => path.includes("\u{fffd}"))) await git.raw(["clean", "--quiet", "-d", "--force"]);
  const root = await realpath(tree);
  for (const path of paths) {
    const folder = dirname(join(tree, path));
    const real = await realpath(folder).catch(() => undefined);
    if (real === undefined || (real !== root && !real.startsWith(`${root}/`))) continue;
    await rm(join(tree, path), { force: true });
    await removeEmpty(folder, tree);
  }
}

async function removeEmpty(folder: string, tree: string): Promise<void> {
  for (let at = folder; at !== tree && at.startsWith(`${tree}/`); at = dirname(at)) {
    const gone = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!gone) return;
  }
}
