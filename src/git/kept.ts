// What was kept, told and brought back. A kept commit's files are those of the tree; its message ends in trailers that say
// what its parents are: `Kept-Head`, `Kept-Staged`, a `Kept-Tip` for each place with commits, `Kept-Before` where something
// was kept under the name before.

import { readdir } from "node:fs/promises";
import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import { AfkError } from "../errors.ts";
import { gitIn, withGit } from "./git.ts";
import { keptRefOf } from "./inspect.ts";
import { refIn } from "./refs.ts";

export type Kept = {
  /** What `restore` takes: the run's id, with an ending for what is not its work itself. */
  readonly name: string;
  readonly sha: Sha;
  /** UTC, milliseconds. */
  readonly at: number;
  readonly subject: string;
  readonly message: string;
};

/** All that is kept in the checkout, newest first. */
export async function listKept(checkout: string): Promise<readonly Kept[]> {
  const format = "%(refname)%00%(objectname)%00%(committerdate:unix)%00%(contents)%00%00";
  const git = gitIn(checkout);
  const out = await withGit("listing what was kept", () =>
    git.raw(["for-each-ref", "--sort=-committerdate", `--format=${format}`, "refs/afk/kept/"]),
  );
  return out.split("\0\0").flatMap((entry) => {
    const [ref = "", sha = "", at = "", message = ""] = entry.trimStart().split("\0");
    if (!ref.startsWith(keptRefOf(""))) return [];
    const subject = message.split("\n", 1)[0] ?? "";
    return [{ name: ref.slice(keptRefOf("").length), sha, at: Number(at) * 1000, subject, message }];
  });
}

export type Restored = {
  /** Branches of the new repository, each with where its commits were found. */
  readonly branches: readonly { readonly name: string; readonly from: string }[];
  /** Files that are there as they were in the tree, and in no commit. */
  readonly uncommitted: number;
};

/**
 * Makes a repository of its own in `into`, which must not be there or be empty: on a branch where the tree's HEAD was, with
 * the files as they were. Further commits are on branches beside it. The checkout stays as it is.
 */
export async function restoreKept(checkout: string, name: string, into: string): Promise<Restored> {
  const ref = keptRefOf(name);
  const from = gitIn(checkout);
  if ((await refIn(from, ref)) === undefined) throw new AfkError("config", `nothing is kept under the name ${name}`);
  if ((await readdir(into).catch(() => [])).length > 0) throw new AfkError("config", `${into} is not empty`);
  return await withGit(`restoring ${name}`, async () => {
    const origin = (await from.raw(["remote", "get-url", "origin"])).trim();
    await from.raw(["init", "--quiet", "--initial-branch", branchOf(name, 0), "--", into]);
    const git = gitIn(into);
    const refs = [`+${ref}:${ref}`, "+refs/remotes/origin/*:refs/remotes/origin/*"];
    await git.raw(["fetch", "--quiet", "--no-tags", checkout, ...refs]);
    await git.raw(["remote", "add", "origin", origin]);
    return await layOut(git, name, ref);
  });
}

async function layOut(git: SimpleGit, name: string, ref: string): Promise<Restored> {
  const message = await git.raw(["log", "-1", "--format=%B", ref]);
  const trailers = [...message.matchAll(/^Kept-(Head|Staged|Tip|Before): ([0-9a-f]{40,64}) ?(.*)$/gm)];
  const branches: { name: string; from: string }[] = [];
  for (const [, kind = "", sha = "", where = ""] of trailers) {
    if (kind === "Head") continue;
    const branch = branchOf(name, branches.length + 1);
    await git.raw(["branch", "--no-track", branch, sha]);
    branches.push({ name: branch, from: { Staged: "what was staged", Before: "kept before" }[kind] ?? where });
  }
  const head = trailers.find(([, kind]) => kind === "Head")?.[2];
  if (head === undefined) {
    await git.raw(["checkout", "--quiet", "-B", branchOf(name, 0), ref]);
    return { branches: [{ name: branchOf(name, 0), from: "the kept files" }, ...branches], uncommitted: 0 };
  }
  await git.raw(["checkout", "--quiet", "-B", branchOf(name, 0), head]);
  await git.raw(["read-tree", "-m", "-u", head, ref]);
  await git.raw(["reset", "--quiet"]);
  const changes = (await git.raw(["status", "--porcelain", "-z", "--untracked-files=all"])).split("\0").filter(Boolean);
  return { branches: [{ name: branchOf(name, 0), from: "HEAD" }, ...branches], uncommitted: changes.length };
}

function branchOf(name: string, n: number): string {
  return n === 0 ? `kept-${name}` : `kept-${name}-${n}`;
}
