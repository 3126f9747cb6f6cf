// Pictures of a tree in the object store, made with an index of their own: the worktree's stays as it is.

import { copyFile, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import { gitIn, type Place } from "./git.ts";

/** A tree, the filters that its config names, and those of them that may run. */
export type Where = { readonly place: Place; readonly named: readonly string[]; readonly filters: readonly string[] };

/** The files as they are, but for those of the repositories inside. */
export async function snapshotFiles(where: Where, repositories: readonly string[]): Promise<Sha> {
  const without = repositories.map((path) => `:(exclude,top,literal)${path}`);
  return await withIndex(where, (git) => git.raw(["add", "--all", "--sparse", "--", ":(top)", ...without]));
}

/** What is staged. Of a file in conflict nothing is: its sides are those of commits. */
export async function snapshotStaged(where: Where): Promise<Sha> {
  return await withIndex(where, async (git) => {
    const entries = (await git.raw(["ls-files", "--unmerged", "-z"])).split("\0").filter(Boolean);
    const paths = [...new Set(entries.map((entry) => entry.slice(entry.indexOf("\t") + 1)))];
    if (paths.length > 0) await git.raw(["update-index", "--force-remove", "--", ...paths]);
  });
}

async function withIndex({ place, named, filters }: Where, change: (git: SimpleGit) => Promise<unknown>): Promise<Sha> {
  const index = join(place.gitDir, "afk-index");
  try {
    await rm(`${index}.lock`, { force: true });
    await copyIndex(join(place.gitDir, "index"), index);
    const git = gitIn(place.tree, { place, named, filters, index });
    await change(git);
    return (await git.raw(["write-tree"])).trim();
  } finally {
    await rm(index, { force: true });
  }
}

/**
 * As old as the other: by that git knows which files it has to look into, as they may have changed in the second in which it
 * last saw them.
 */
async function copyIndex(from: string, to: string): Promise<void> {
  try {
    const seconds = Math.floor((await stat(from)).mtimeMs / 1000);
    await copyFile(from, to);
    await utimes(to, seconds, seconds);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await rm(to, { force: true });
  }
}
