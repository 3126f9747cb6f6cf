// A damaged checkout is replaced by a fresh clone, into which everything is brought that only the old one had: objects that
// can still be read, refs, reflogs, and the git directories of its worktrees, so that slots go on with the new one. The old
// one goes to the trash once all its refs are whole in the new one; else it is kept, for a person to look at.

import { cp, link, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import { messageOf } from "../errors.ts";
import { gitIn } from "./git.ts";
import { namesIn } from "./leftovers.ts";
import { loadText } from "./slot.ts";

/** Git knows it without having it, and `git fsck` alone misses it where a commit has no files. SHA-1's and SHA-256's. */
const EMPTY_TREE =
  / tree (4b825dc642cb6eb9a060e54bf8d69288fbee4904|6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321)$/;

/** What is wrong with the repository at `path`; undefined = nothing that git can see. */
export async function isBroken(path: string): Promise<string | undefined> {
  const git = gitIn(path, { place: { tree: path, gitDir: join(path, ".git") } });
  try {
    await git.raw(["rev-parse", "--git-dir"]);
    const out = await git.raw(["fsck", "--connectivity-only", "--no-dangling", "--no-reflogs", "--no-progress"]);
    return out.split("\n").find((line) => /^(missing|broken|error)/.test(line) && !EMPTY_TREE.test(line));
  } catch (error) {
    return messageOf(error).split("\n", 1)[0];
  }
}

const READY = ".ready";

/** A repair that was cut off between taking the old one away and putting the new one there. */
export async function completeRepair(path: string): Promise<void> {
  if ((await exists(path)) || !(await exists(`${path}${READY}`))) return;
  await rename(`${path}${READY}`, path);
}

export async function repair(places: {
  readonly old: string;
  readonly next: string;
  readonly kept: string;
  readonly trash: string;
}): Promise<{ readonly saved: number; readonly damaged: readonly string[]; readonly oldIs: string }> {
  const { old, next, kept, trash } = places;
  const [from, to] = [join(old, ".git"), join(next, ".git")];
  const git = gitIn(next);
  await bringObjects(git, join(from, "objects"), join(to, "objects"));
  const { saved, damaged } = await bringRefs(git, from);
  for (const part of ["logs", "worktrees"]) {
    if (await exists(join(from, part))) await cp(join(from, part), join(to, part), { recursive: true, force: true });
  }
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const home = damaged.length === 0 ? trash : kept;
  const oldIs = join(home, `checkout-${stamp}`);
  await mkdir(home, { recursive: true });
  await rm(`${old}${READY}`, { recursive: true, force: true });
  await rename(next, `${old}${READY}`);
  await rename(old, oldIs);
  await rename(`${old}${READY}`, old);
  return { saved, damaged, oldIs };
}

/** Loose objects, and packs that are whole. The new clone's own are found first, so a damaged one is in nobody's way. */
async function bringObjects(git: SimpleGit, from: string, to: string): Promise<void> {
  for (const folder of await namesIn(from)) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue;
    for (const name of await namesIn(join(from, folder))) await bring(join(from, folder, name), join(to, folder, name));
  }
  for (const name of await namesIn(join(from, "pack"))) {
    if (!name.endsWith(".idx")) continue;
    const pack = name.replace(/\.idx$/, ".pack");
    const whole = await git.raw(["verify-pack", join(from, "pack", name)]).then(
      () => true,
      () => false,
    );
    if (!whole) continue;
    await bring(join(from, "pack", pack), join(to, "pack", pack));
    await bring(join(from, "pack", name), join(to, "pack", name));
  }
}

async function bring(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  try {
    await link(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    await cp(from, to);
  }
}

/** The old refs but for the remote's, which are fetched. One is damaged where its history is not whole in the new clone. */
async function bringRefs(
  git: SimpleGit,
  from: string,
): Promise<{ readonly saved: number; readonly damaged: readonly string[] }> {
  let saved = 0;
  const damaged: string[] = [];
  for (const [ref, sha] of await refsIn(from)) {
    const whole = await git.raw(["rev-list", "--objects", "--quiet", sha, "--not", "--remotes", "--"]).then(
      () => true,
      () => false,
    );
    if (whole) {
      await git.raw(["update-ref", ref, sha]);
      saved += 1;
    } else damaged.push(ref);
  }
  return { saved, damaged };
}

/** From the files themselves: a git that calls the repository broken may list nothing. */
async function refsIn(gitDir: string): Promise<ReadonlyMap<string, Sha>> {
  const refs = new Map<string, Sha>();
  for (const line of ((await loadText(join(gitDir, "packed-refs"))) ?? "").split("\n")) {
    const [sha = "", ref = ""] = line.split(" ");
    if (isOwn(ref) && /^[0-9a-f]{40,64}$/.test(sha)) refs.set(ref, sha);
  }
  const entries = await readdir(join(gitDir, "refs"), { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name);
    const ref = path.slice(gitDir.length + 1);
    const sha = entry.isFile() && isOwn(ref) ? (await loadText(path))?.trim() : undefined;
    if (sha !== undefined && /^[0-9a-f]{40,64}$/.test(sha)) refs.set(ref, sha);
  }
  return refs;
}

function isOwn(ref: string): boolean {
  return ref.startsWith("refs/") && !ref.startsWith("refs/remotes/") && !ref.endsWith(".lock");
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
