// One worktree at a slot's path, made so that a kill at any moment leaves something that the next try understands.
//
// `git worktree add` writes `locked` with "initializing" first and removes it last: with it the tree is unfinished, and
// nobody can have worked there, as no session is opened before the tree is reported ready. The commit a run starts from
// is kept under `refs/afk/base/<run>` before the tree is made, so that it is the same however often that is tried.

import { mkdir, readFile, realpath, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import type { Run } from "../domain/run.ts";
import { AfkError } from "../errors.ts";
import { findProcessAt, namesIn, pastStaleLocks } from "./leftovers.ts";

export function baseRefOf(run: string): string {
  return `refs/afk/base/${run}`;
}

/** The commit the run starts from: written down with the first try, the default branch's head of that time. */
export async function fixBase(git: SimpleGit, gitDir: string, run: Run): Promise<Sha> {
  const ref = baseRefOf(run.id);
  const kept = (await git.raw(["for-each-ref", "--format=%(objectname)", ref])).trim();
  if (kept !== "") return kept;
  const head = (await git.revparse([`refs/remotes/origin/${run.defaultBranch}^{commit}`])).trim();
  await pastStaleLocks(gitDir, () => git.raw(["update-ref", ref, head]));
  return head;
}

/** Makes the worktree, or adopts the run's own. Throws `conflict` where the slot holds something else. */
export async function makeWorktree(
  git: SimpleGit,
  gitDir: string,
  tree: { readonly run: Run; readonly slot: string; readonly base: Sha; readonly trash: string },
): Promise<void> {
  const { run, slot, base, trash } = tree;
  const seen = await lookAt(slot, gitDir);
  switch (seen.is) {
    case "finished":
      if (seen.run === run.id) return;
      throw new AfkError(
        "conflict",
        `Slot ${slot} is in use by ${seen.run === undefined ? "nobody known" : `run ${seen.run}`}.`,
      );
    case "unknown":
      throw new AfkError("conflict", `Slot ${slot} is no worktree of the checkout (${seen.why}). Move it away.`);
    case "unfinished": {
      const maker = await findProcessAt(slot);
      if (maker !== undefined) throw new AfkError("conflict", `Slot ${slot} is still being made by process ${maker}.`);
      await mkdir(trash, { recursive: true });
      if (seen.exists) await rename(slot, join(trash, `${run.id}-unfinished-${Date.now()}`));
      await rm(join(seen.admin, "locked"), { force: true });
      break;
    }
    case "nothing":
      break;
    default:
      seen satisfies never;
  }
  await mkdir(dirname(slot), { recursive: true });
  await pastStaleLocks(gitDir, async () => {
    await git.raw(["worktree", "prune"]);
    // -B: a branch of that name can only be this run's own, from a try that was cut off before the tree stood.
    await git.raw(["worktree", "add", "--quiet", "--no-track", "-B", run.branch, slot, base]);
  });
  await writeFile(join(await adminOf(slot, gitDir), OWNER), `${run.id}\n`);
}

/** In the worktree's own git directory: whose it is, whatever branch an agent switches it to. */
const OWNER = "afk-run";

type Seen =
  | { readonly is: "nothing" }
  | { readonly is: "unfinished"; readonly admin: string; readonly exists: boolean }
  | { readonly is: "finished"; readonly run: string | undefined }
  | { readonly is: "unknown"; readonly why: string };

async function lookAt(slot: string, gitDir: string): Promise<Seen> {
  const link = await text(join(slot, ".git"));
  if (link === undefined) return await withoutLink(slot, gitDir);
  const admin = /^gitdir: (.+)$/m.exec(link)?.[1];
  // Git writes real paths; the volume may be reached through a symlink.
  if (admin === undefined || dirname(admin) !== join(await realpath(gitDir), "worktrees")) {
    return { is: "unknown", why: "its .git points elsewhere" };
  }
  if (await isUnfinished(admin)) return { is: "unfinished", admin, exists: true };
  return { is: "finished", run: await findRunAt(slot) };
}

/** No tree stands there. Git may know one all the same, from a try that was cut off. */
async function withoutLink(slot: string, gitDir: string): Promise<Seen> {
  const exists = await rmdir(slot).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );
  for (const name of await namesIn(join(gitDir, "worktrees"))) {
    const admin = join(gitDir, "worktrees", name);
    const tree = dirname((await text(join(admin, "gitdir")))?.trim() ?? "");
    if (basename(tree) !== basename(slot) || !(await samePlace(dirname(tree), dirname(slot)))) continue;
    if (await isUnfinished(admin)) return { is: "unfinished", admin, exists };
  }
  return exists ? { is: "unknown", why: "it has no .git" } : { is: "nothing" };
}

async function isUnfinished(admin: string): Promise<boolean> {
  return (await text(join(admin, "locked")))?.trim() === "initializing";
}

/** The run whose tree is in the slot, from git's own files; undefined where there is none. */
export async function findRunAt(slot: string): Promise<string | undefined> {
  const admin = /^gitdir: (.+)$/m.exec((await text(join(slot, ".git"))) ?? "")?.[1];
  if (admin === undefined) return undefined;
  const owner = (await text(join(admin, OWNER)))?.trim();
  if (owner) return owner;
  return /^ref: refs\/heads\/afk\/\d+-(\w+)$/m.exec((await text(join(admin, "HEAD"))) ?? "")?.[1];
}

async function samePlace(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => realpath(path).catch(() => path)));
  return first === second;
}

/** The worktree's own directory within the checkout's, where its index is. */
export async function adminOf(slot: string, gitDir: string): Promise<string> {
  const found = /^gitdir: (.+)$/m.exec((await text(join(slot, ".git"))) ?? "")?.[1];
  return found ?? join(gitDir, "worktrees", basename(slot));
}

async function text(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
