// A slot: a worktree at a stable path, lent to one run at a time. Whose it is, whether it is ready and how it was set up is
// written in the worktree's own git directory, which is gone when the worktree is:
//
//   afk-run     the run it is lent to; none: it is free
//   afk-ready   that run, once its tree was reported ready: an agent may be at work, and the bot leaves the files alone
//   afk-switch  the commit it is being switched to: its files may be of that or of the one before
//   afk-at      the commit that the bot left it at, free
//   afk-setup   the fingerprint of its last good setup, and when that was
//   afk-made    the files as the setup left them, where it changed some that git does not ignore
//
// A slot goes from free to held (`afk-run`), is switched and set up, and becomes ready; released, it is switched and goes
// back to free. Each step is written before it is taken, so that whoever comes after a kill knows how to go on.

import { readFile, realpath, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import type { Place } from "./git.ts";
import { namesIn } from "./leftovers.ts";

export type SlotFile = "afk-run" | "afk-ready" | "afk-switch" | "afk-at" | "afk-setup" | "afk-made";

export type Seen =
  | { readonly is: "nothing" }
  /** Git was cut off while it made the worktree: nobody can have worked there. */
  | { readonly is: "unfinished"; readonly gitDir: string; readonly exists: boolean }
  /** Its folder was deleted; git still has what it knew of it. */
  | { readonly is: "gone"; readonly place: Place; readonly run: string | undefined }
  | { readonly is: "free"; readonly place: Place }
  | { readonly is: "held"; readonly place: Place; readonly run: string; readonly ready: boolean }
  | { readonly is: "unknown"; readonly why: string };

/** What is at the slot's path. `gitDir` is the checkout's. */
export async function lookAtSlot(slot: string, gitDir: string): Promise<Seen> {
  const link = await linkOf(slot);
  if (link === undefined) return await withoutLink(slot, gitDir);
  // Git writes real paths; the volume may be reached through a symlink.
  const real = await realpath(gitDir).catch(() => gitDir);
  if (dirname(link) !== join(real, "worktrees")) {
    return { is: "unknown", why: "its .git points elsewhere" };
  }
  if (await isUnfinished(link)) return { is: "unfinished", gitDir: link, exists: true };
  if ((await loadText(join(link, "HEAD"))) === undefined) {
    return { is: "unknown", why: "git no longer knows it" };
  }
  const place = { tree: slot, gitDir: link };
  const [run, ready] = await Promise.all([ownerOf(link), loadSlotFile(link, "afk-ready")]);
  return run === undefined ? { is: "free", place } : { is: "held", place, run, ready: ready === run };
}

/** No tree stands there. Git may know one all the same, from a try that was cut off or a folder that was deleted. */
async function withoutLink(slot: string, gitDir: string): Promise<Seen> {
  const exists = await rmdir(slot).then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );
  const known = await findRegistered(slot, gitDir);
  if (known !== undefined && (await isUnfinished(known))) return { is: "unfinished", gitDir: known, exists };
  if (known !== undefined && !exists)
    return { is: "gone", place: { tree: slot, gitDir: known }, run: await ownerOf(known) };
  return exists ? { is: "unknown", why: "it has no .git" } : { is: "nothing" };
}

/** The git directory that the checkout has for a worktree at that path, whether or not the worktree is there. */
export async function findRegistered(slot: string, gitDir: string): Promise<string | undefined> {
  for (const name of await namesIn(join(gitDir, "worktrees"))) {
    const own = join(gitDir, "worktrees", name);
    const tree = dirname((await loadText(join(own, "gitdir")))?.trim() ?? "");
    if (basename(tree) === basename(slot) && (await samePlace(dirname(tree), dirname(slot)))) return own;
  }
  return undefined;
}

/** Of a worktree's own git directory: whether git has begun to make it and not come to its end. */
export async function isUnfinished(gitDir: string): Promise<boolean> {
  return (await loadText(join(gitDir, "locked")))?.trim() === "initializing";
}

/** By the slot's own file, whatever branch an agent switched it to; by its branch where the file was not yet written. */
async function ownerOf(gitDir: string): Promise<string | undefined> {
  const owner = await loadSlotFile(gitDir, "afk-run");
  if (owner !== undefined) return owner;
  return /^ref: refs\/heads\/afk\/\d+-(\w+)$/m.exec((await loadText(join(gitDir, "HEAD"))) ?? "")?.[1];
}

export async function loadSlotFile(gitDir: string, file: SlotFile): Promise<string | undefined> {
  return (await loadText(join(gitDir, file)))?.trim() || undefined;
}

export async function saveSlotFile(gitDir: string, file: SlotFile, text: string): Promise<void> {
  const next = join(gitDir, `${file}.next`);
  await writeFile(next, `${text}\n`);
  await rename(next, join(gitDir, file));
}

export async function dropSlotFile(gitDir: string, file: SlotFile): Promise<void> {
  await rm(join(gitDir, file), { force: true });
}

const setupSchema = z.object({ fingerprint: z.string(), at: z.number().int() });
export type SetupSeen = z.infer<typeof setupSchema>;

/** The slot's last good setup; undefined = none, or one that was not finished. */
export async function loadSetup(gitDir: string): Promise<SetupSeen | undefined> {
  try {
    return setupSchema.safeParse(JSON.parse((await loadSlotFile(gitDir, "afk-setup")) ?? "")).data;
  } catch {
    return undefined;
  }
}

async function linkOf(slot: string): Promise<string | undefined> {
  return /^gitdir: (.+)$/m.exec((await loadText(join(slot, ".git"))) ?? "")?.[1];
}

async function samePlace(a: string, b: string): Promise<boolean> {
  const [first, second] = await Promise.all([a, b].map((path) => realpath(path).catch(() => path)));
  return first === second;
}

/** Undefined where there is no such file. */
export async function loadText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw error;
  }
}

/** Whether a free slot's HEAD is where the bot left it: else somebody has committed there. */
export async function isWhereLeft({ gitDir }: Place): Promise<boolean> {
  const [head, left] = await Promise.all([loadText(join(gitDir, "HEAD")), loadSlotFile(gitDir, "afk-at")]);
  return left !== undefined && head?.trim() === left;
}

export function isSlotPath(tree: string): boolean {
  return /\/slots\/\d+$/.test(tree);
}
