// Where refs are. A few by name are read from git's own files, and the bot's own written there (gitrepository-layout(5)): a
// process for each look is what most of the time would go into. Whatever is not plain there is left to git.

import { mkdir, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import { loadText } from "./slot.ts";

export async function refIn(git: SimpleGit, ref: string): Promise<Sha | undefined> {
  return (await refsIn(git, [ref])).get(ref);
}

/** Those of the refs that are there. */
async function refsIn(git: SimpleGit, refs: readonly string[]): Promise<ReadonlyMap<string, Sha>> {
  const out = await git.raw(["for-each-ref", "--format=%(objectname) %(refname)", ...refs]);
  const found = out.split("\n").flatMap((line) => {
    const [sha = "", ref = ""] = line.split(" ");
    return refs.includes(ref) ? [[ref, sha] as const] : [];
  });
  return new Map(found);
}

/** As `refsIn`, of the repository whose git directory, shared by its worktrees, is `gitDir`. */
export async function loadRefs(
  git: SimpleGit,
  gitDir: string,
  refs: readonly string[],
): Promise<ReadonlyMap<string, Sha>> {
  return (await plainRefs(gitDir, refs)) ?? (await refsIn(git, refs));
}

/**
 * Makes a ref of the bot's own, which no tree stands on and git has no log of, as git does: under its lock, whole. `sha` is a
 * commit that is there. Throws where the ref is locked.
 */
export async function createRef(git: SimpleGit, gitDir: string, ref: `refs/afk/${string}`, sha: Sha): Promise<void> {
  if (!(await arePlain(gitDir, [ref]))) {
    await git.raw(["update-ref", ref, sha]);
    return;
  }
  await writeLocked(join(gitDir, ref), `${sha}\n`);
}

/**
 * Puts a worktree whose HEAD is detached at `sha` onto a new branch there: no file changes, so neither does the index. Its own
 * git directory is `own`, the one it shares with the others `gitDir`. False, with nothing done, where that is not all there is
 * to it: HEAD is elsewhere, or something of that name is there. Throws where one of the two refs is locked.
 */
export async function startBranch(
  { own, gitDir }: { readonly own: string; readonly gitDir: string },
  branch: string,
  sha: Sha,
): Promise<boolean> {
  const ref = `refs/heads/${branch}`;
  if ((await loadText(join(own, "HEAD")))?.trimEnd() !== sha || !(await isFree(gitDir, ref))) return false;
  await writeLocked(join(gitDir, ref), `${sha}\n`);
  await writeLocked(join(own, "HEAD"), `ref: ${ref}\n`);
  return true;
}

/** As git writes a ref: under its lock, whole. */
async function writeLocked(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.lock`, text, { flag: "wx", flush: true });
  await rename(`${path}.lock`, path);
}

/** Whether git would let a ref of that name be made: none has it, and none is a folder of the other. */
async function isFree(gitDir: string, ref: string): Promise<boolean> {
  if (!(await arePlain(gitDir, [ref])) || (await isReadable(join(gitDir, ref)))) return false;
  const parts = ref.split("/");
  const above = parts.slice(3).map((_part, index) => parts.slice(0, index + 3).join("/"));
  const loose = await Promise.all(above.map((name) => loadText(join(gitDir, name))));
  if (loose.some((text) => text !== undefined)) return false;
  const packed = `\n${(await loadText(join(gitDir, "packed-refs"))) ?? ""}`;
  return !packed.includes(` ${ref}/`) && ![ref, ...above].some((name) => inPacked(packed, name) !== undefined);
}

/** Not in another format of refs, nor by a name that would be a path elsewhere. */
async function arePlain(gitDir: string, refs: readonly string[]): Promise<boolean> {
  return refs.every((ref) => !/\.\.|\\|^(?!refs\/)/.test(ref)) && !(await isReadable(join(gitDir, "reftable")));
}

const SHA = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

async function plainRefs(gitDir: string, refs: readonly string[]): Promise<ReadonlyMap<string, Sha> | undefined> {
  if (!(await arePlain(gitDir, refs))) return undefined;
  const found = new Map<string, Sha>();
  // Git packs a ref before it removes its own file: looked for in that order it is in one of the two.
  const loose = await Promise.all(refs.map((ref) => loadText(join(gitDir, ref))));
  const packed = loose.includes(undefined) ? `\n${(await loadText(join(gitDir, "packed-refs"))) ?? ""}` : "";
  for (const [at, ref] of refs.entries()) {
    const text = loose[at] ?? inPacked(packed, ref);
    if (text === undefined) continue;
    if (!SHA.test(text.trimEnd())) return undefined;
    found.set(ref, text.trimEnd());
  }
  return found;
}

function inPacked(packed: string, ref: string): string | undefined {
  const end = packed.indexOf(` ${ref}\n`);
  return end < 0 ? undefined : packed.slice(packed.lastIndexOf("\n", end) + 1, end);
}

async function isReadable(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
