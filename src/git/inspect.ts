// Destroy only with proof: `inspect` alone makes a SpentTree, and only a spent tree is handed over or removed.
//
// Spent is a tree of which everything is on the remote or under refs/afk/kept: every commit that it, its stash, its reflog
// or an operation in progress knows of; every file that is not ignored, as it is and as it is staged; and the same of each
// repository inside it. The remote refs have to be those of a fetch just done.

import { lstat, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import { digestOf } from "../domain/ids.ts";
import type { Sha } from "../domain/repo.ts";
import { AfkError } from "../errors.ts";
import { gitIn, type Place } from "./git.ts";
import { loadRefs, refIn } from "./refs.ts";
import { namedFilters } from "./settings.ts";
import { loadSlotFile, loadText } from "./slot.ts";
import { snapshotFiles, snapshotStaged, type Where } from "./snapshot.ts";
import { findTips, type Shared } from "./tips.ts";
import { type UnsavedCommits, unsavedCommits } from "./unsaved-commits.ts";

declare const proof: unique symbol;

export type SpentTree = {
  readonly place: Place;
  readonly filters: readonly string[];
  /** Files that are saved and on no branch, and repositories of the same kind: paths within the tree. */
  readonly untracked: readonly string[];
  readonly repositories: readonly string[];
  /** Repositories that its commit names, such as submodules. */
  readonly submodules: readonly string[];
  /** Entries of files that the index has and says to be elsewhere, as it does of a sparse checkout's. */
  readonly hidden: readonly string[];
  /** The commits that somebody put somewhere: on the remote or kept, each. */
  readonly commits: ReadonlySet<Sha>;
  readonly [proof]: true;
};

/** What the tree alone has. */
export type Unsaved = UnsavedCommits & {
  readonly head: Sha | undefined;
  readonly operation: string | undefined;
  /** Lines of `git status`, without repositories inside. */
  readonly changes: readonly string[];
  /** The files as they are, and as they are staged where that is another thing; trees of the object store. */
  readonly files: Sha | undefined;
  readonly staged: Sha | undefined;
  readonly inner: readonly { readonly path: string; readonly place: Place; readonly name: string }[];
  /** For people, one a line. */
  readonly why: readonly string[];
};

export type Inspection =
  | { readonly is: "spent"; readonly tree: SpentTree }
  | { readonly is: "unsaved"; readonly unsaved: Unsaved };

/** What to look at, and under which name it is or would be saved. */
export type Ask = {
  readonly place: Place;
  readonly shared: Shared;
  readonly name: string;
  /** Filters that the repo's config asks for. */
  readonly filters: readonly string[];
  /** The fetch that the remote refs are of, where it is still under way: the tree is read meanwhile, and looked at again. */
  readonly fetching?: Promise<unknown> | undefined;
};

/** The remote's branches as they were at the last fetch. */
export const REMOTES = "refs/remotes/origin/*";

export function keptRefOf(name: string): string {
  return `refs/afk/kept/${name}`;
}

/** Commits that their agent left behind are apart: they may go after a while, as git's own reflog would let them. */
export function droppedRefOf(name: string): string {
  return `refs/afk/kept/${name}.dropped`;
}

export async function inspect(ask: Ask): Promise<Inspection> {
  const { place, filters } = ask;
  const named = await namedFilters(place);
  const git = gitIn(place.tree, { place, named, filters });
  const early = ask.fetching !== undefined;
  const [stood, index, seen, tips] = await Promise.all([
    early ? standsAt(git, ask) : "",
    readIndex(git, place),
    statusOf(git),
    findTips(git, place, ask.shared),
  ]);
  await liftFlags({ place, named, filters }, index.flagged);
  const lines = index.flagged.length === 0 ? seen : await statusOf(git);
  const repositories = lines.flatMap((line) =>
    line.startsWith("?? ") && line.endsWith("/") ? [line.slice(3, -1)] : [],
  );
  const changes = lines.filter((line) => !(line.startsWith("?? ") && line.endsWith("/")));
  await ask.fetching;
  const [commits, files, inner, now, stands] = await Promise.all([
    unsavedCommits(git, tips, ask.shared.remotes),
    changes.length === 0 ? undefined : findUnsavedFiles(git, ask, named, repositories, tips.head),
    unsavedInside(ask, [...repositories, ...index.submodules]),
    early ? statusOf(git) : lines,
    early ? standsAt(git, ask) : stood,
  ]);
  if (stands !== stood || now.join("\0") !== lines.join("\0")) return await inspect({ ...ask, fetching: undefined });
  const why = [
    ...(files === undefined ? [] : [`${changes.length} files that are not committed`]),
    ...(commits.work.length === 0 ? [] : [`${commits.work.length} places with commits that are not pushed`]),
    ...(commits.dropped.length === 0 ? [] : ["commits that were made and left behind"]),
    ...inner.map(({ path }) => `the repository ${path} inside it`),
  ];
  if (why.length > 0) {
    const { head, operation } = tips;
    return {
      is: "unsaved",
      unsaved: { head, operation, changes, files: files?.files, staged: files?.staged, ...commits, inner, why },
    };
  }
  const untracked = changes.flatMap((line) => (line.startsWith("?? ") ? [line.slice(3)] : []));
  return {
    is: "spent",
    tree: {
      place,
      filters,
      untracked,
      repositories,
      submodules: index.submodules,
      hidden: index.hidden,
      commits: new Set(tips.work.map(({ sha }) => sha)),
    } as unknown as SpentTree,
  };
}

/** Where its HEAD is. */
async function standsAt(git: SimpleGit, { place, shared }: Ask): Promise<string> {
  const head = (await loadText(join(place.gitDir, "HEAD")))?.trim() ?? "";
  const ref = /^ref: (.+)$/.exec(head)?.[1];
  return ref === undefined ? head : `${ref} ${(await loadRefs(git, shared.commonDir, [ref])).get(ref)}`;
}

/** A line for each change: two letters, a space, the path; a path that ends in a slash is another repository's. */
export async function statusOf(git: SimpleGit): Promise<readonly string[]> {
  const out = await git.raw(["status", "--porcelain=v1", "--no-renames", "--untracked-files=all", "-z"]);
  return out.split("\0").filter(Boolean);
}

/** What the index says of files that `git status` does not. */
type Index = {
  /** Where it has another repository's commit. */
  readonly submodules: readonly string[];
  /** Entries of files that are there, and whose changes a flag hides from git. */
  readonly flagged: readonly string[];
  readonly hidden: readonly string[];
};

async function readIndex(git: SimpleGit, { tree }: Place): Promise<Index> {
  const entries = (await git.raw(["ls-files", "-s", "-v", "-z"])).split("\0");
  const submodules: string[] = [];
  const flagged: string[] = [];
  const hidden: string[] = [];
  for (const entry of entries) {
    const path = entry.slice(entry.indexOf("\t") + 1);
    if (/^. 160000 /.test(entry)) submodules.push(path);
    const isHidden = entry.startsWith("S ") && !(await isThere(join(tree, path)));
    if (isHidden) hidden.push(entry.slice(2));
    else if (/^[a-zS] /.test(entry)) flagged.push(entry.slice(2));
  }
  return { submodules, flagged, hidden };
}

/**
 * Puts entries of the index, as `git ls-files --stage` says them, there anew: without a flag, and without what git knew of
 * their files. That may be from before a change which it did not look for while the flag was set, and by size and second the
 * same as now.
 */
export async function liftFlags(where: Where, entries: readonly string[]): Promise<void> {
  if (entries.length === 0) return;
  const strange = entries.find((entry) => entry.includes("\u{fffd}"));
  if (strange !== undefined)
    throw new AfkError("conflict", `A flag hides changes of a file whose name is no text: ${strange.split("\t")[1]}`);
  const input = entries.map((entry) => `${entry}\0`).join("");
  await gitIn(where.place.tree, { ...where, input }).raw(["update-index", "-z", "--index-info"]);
}

/** Undefined where the files, as they are and as they are staged, are what was kept already. */
async function findUnsavedFiles(
  git: SimpleGit,
  { place, name, filters }: Ask,
  named: readonly string[],
  repositories: readonly string[],
  head: Sha | undefined,
): Promise<{ readonly files: Sha; readonly staged: Sha | undefined } | undefined> {
  const files = await snapshotFiles({ place, named, filters }, repositories);
  const index = await snapshotStaged({ place, named, filters });
  const headTree = head === undefined ? "" : (await git.raw(["rev-parse", `${head}^{tree}`])).trim();
  const staged = index === files || index === headTree ? undefined : index;
  const kept = await keptTrees(git, name);
  const saved = (files === headTree || kept.has(files)) && (staged === undefined || kept.has(staged));
  return saved || (await isNobodysWork(git, place, files, head)) ? undefined : { files, staged };
}

/** Whether all that differs from HEAD is what a switch that was cut off was about to put there, or what the setup made. */
async function isNobodysWork(git: SimpleGit, { gitDir }: Place, files: Sha, head: Sha | undefined): Promise<boolean> {
  if (head === undefined) return false;
  const sources = await Promise.all([loadSlotFile(gitDir, "afk-switch"), loadSlotFile(gitDir, "afk-made")]);
  const differing = async (other: Sha): Promise<ReadonlySet<string>> => {
    const out = await git.raw(["diff-tree", "-r", "-z", "--no-renames", "--name-only", files, other]);
    return new Set(out.split("\0").filter(Boolean));
  };
  const known = await Promise.all(sources.flatMap((sha) => (sha === undefined ? [] : [differing(sha)])));
  if (known.length === 0) return false;
  const changed = [...(await differing(head))];
  return changed.every((path) => known.some((others) => !others.has(path)));
}

/** The trees of what was kept under the name, and of its parents. */
async function keptTrees(git: SimpleGit, name: string): Promise<ReadonlySet<Sha>> {
  const ref = keptRefOf(name);
  if ((await refIn(git, ref)) === undefined) return new Set();
  const out = await git.raw(["log", "--no-walk", "--format=%T", ref, `${ref}^@`]);
  return new Set(out.split("\n").filter(Boolean));
}

/** The repositories inside that hold something of their own. What is kept of them is also kept in this one. */
async function unsavedInside({ place, name, filters }: Ask, paths: readonly string[]): Promise<Unsaved["inner"]> {
  const found: Unsaved["inner"][number][] = [];
  const git = gitIn(place.tree, { place });
  for (const path of paths) {
    const inner = await placeInside(place, path);
    if (inner === undefined) continue;
    const ask = askInside(inner, `${name}.inner-${digestOf(path).slice(0, 8)}`, filters);
    const seen = await inspect(ask);
    const saved = seen.is === "spent" && (await isKept(git, gitIn(inner.tree, { place: inner }), ask.name));
    if (!saved) found.push({ path, place: inner, name: ask.name });
  }
  return found;
}

/** A repository inside answers for all that is in it. */
export function askInside(place: Place, name: string, filters: readonly string[]): Ask {
  return {
    place,
    shared: { commonDir: place.gitDir, account: "all", branch: "", remotes: "refs/remotes/*" },
    name,
    filters,
  };
}

/** Whether the outer repository has what the inner one kept. */
async function isKept(outer: SimpleGit, inner: SimpleGit, name: string): Promise<boolean> {
  for (const ref of [keptRefOf(name), droppedRefOf(name)]) {
    const [has, wants] = await Promise.all([refIn(outer, ref), refIn(inner, ref)]);
    if (wants !== undefined && (has === undefined || !(await contains(outer, has, wants)))) return false;
  }
  return true;
}

/** Whether `commit` has `ancestor` in its history; not where git has no such commit. */
export async function contains(git: SimpleGit, commit: Sha, ancestor: Sha): Promise<boolean> {
  const base = await git.raw(["merge-base", commit, ancestor]).catch(() => "");
  return base.trim() === ancestor;
}

async function placeInside({ tree, gitDir: own }: Place, path: string): Promise<Place | undefined> {
  const inside = join(tree, path);
  if (!(await isThere(join(inside, ".git")))) return undefined;
  const gitDir = (await gitIn(inside).raw(["rev-parse", "--absolute-git-dir"])).trim();
  // A `.git` that an agent wrote may point at any repository: only what belongs to this tree is written to.
  const homes = await Promise.all([tree, dirname(dirname(own))].map((home) => realpath(home)));
  const real = await realpath(gitDir);
  if (!homes.some((home) => real.startsWith(`${home}/`))) {
    throw new AfkError("conflict", `${inside} is a repository whose .git is elsewhere (${gitDir}).`);
  }
  return { tree: inside, gitDir };
}

export async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    () => false,
  );
}
