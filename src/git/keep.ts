// Saves what a tree alone has, under refs/afk/kept/<name> of the checkout: one commit whose files are the tree's as they are,
// and whose parents are its HEAD, what was staged, and every commit that is not on the remote. Its message says where all
// came from. Repositories inside the tree are kept in the same way under names of their own.

import { join } from "node:path";
import type { SimpleGit } from "simple-git";
import { type Sha, shortSha } from "../domain/repo.ts";
import { AfkError } from "../errors.ts";
import { gitIn } from "./git.ts";
import { type Ask, askInside, contains, droppedRefOf, inspect, keptRefOf, REMOTES, type Unsaved } from "./inspect.ts";
import { refIn } from "./refs.ts";
import { namedFilters } from "./settings.ts";
import type { Tip } from "./tips.ts";
import { unsavedCommits } from "./unsaved-commits.ts";

/** Returns the refs it wrote. `occasion` is the message's first line. */
export async function keep(ask: Ask, unsaved: Unsaved, occasion: string): Promise<readonly string[]> {
  const { place, filters, name } = ask;
  const git = gitIn(place.tree, { place, named: await namedFilters(place), filters });
  const refs: string[] = [];
  for (const inner of unsaved.inner) {
    refs.push(...(await keepInner(git, ask, inner, `${occasion}: the repository ${inner.path} inside it`)));
  }
  if (unsaved.files !== undefined || unsaved.work.length > 0) {
    refs.push(await keepWork(git, keptRefOf(name), unsaved, occasion));
  }
  if (unsaved.dropped.length > 0) {
    refs.push(await keepDropped(git, droppedRefOf(name), unsaved, occasion));
  }
  return refs;
}

async function keepWork(git: SimpleGit, ref: string, unsaved: Unsaved, occasion: string): Promise<string> {
  const { head, files, staged, changes, operation } = unsaved;
  const branch = (await git.raw(["symbolic-ref", "--short", "--quiet", "HEAD"])).trim();
  const others = unsaved.work.filter(({ sha }) => sha !== head);
  const where = [
    `HEAD was ${head === undefined ? "unborn" : shortSha(head)}${branch === "" ? ", detached" : `, on ${branch}`}.`,
    ...(operation === undefined ? [] : [`${operation[0]?.toUpperCase()}${operation.slice(1)} was in progress.`]),
    ...(changes.length === 0 ? [] : ["", "Not committed:", ...listed(changes)]),
    ...(others.length === 0 ? [] : ["", "Commits that are not on the remote:", ...tipLines(others)]),
  ].join("\n");
  const heads = others.filter(({ sha }) => unsaved.heads.has(sha)).map(({ sha }) => sha);
  const tree = files ?? (await treeOf(git, head ?? heads[0]));
  const base = head === undefined ? [] : [head];
  const index = staged === undefined ? [] : [await commitTree(git, staged, base, "What was staged")];
  const trailers = [
    ...base.map((sha) => `Kept-Head: ${sha}`),
    ...index.map((sha) => `Kept-Staged: ${sha}`),
    ...tipTrailers(others),
  ];
  return await write(git, ref, tree, [...base, ...index, ...heads], `${occasion}\n\n${where}`, trailers);
}

/** Keeps what no tree stands for any more: a branch, the HEAD of a worktree that was deleted. Undefined = it is not alone. */
export async function keepTips(
  git: SimpleGit,
  ref: string,
  tips: readonly Tip[],
  occasion: string,
): Promise<string | undefined> {
  const { work, heads } = await unsavedCommits(git, { work: tips, dropped: [] }, REMOTES);
  if (work.length === 0) return undefined;
  return await writeTips(git, ref, work, heads, occasion);
}

async function keepDropped(git: SimpleGit, ref: string, unsaved: Unsaved, occasion: string): Promise<string> {
  const text = `${occasion}: commits that were left behind\n\nAmended, reset or rebased away; only the reflog had them.`;
  return await writeTips(git, ref, unsaved.dropped, unsaved.heads, text);
}

/** A commit that has the heads of the tips as parents, so that one ref holds them all. */
async function writeTips(
  git: SimpleGit,
  ref: string,
  tips: readonly Tip[],
  heads: ReadonlySet<Sha>,
  text: string,
): Promise<string> {
  const parents = tips.filter(({ sha }) => heads.has(sha)).map(({ sha }) => sha);
  const message = `${text}\n\n${tipLines(tips).join("\n")}`;
  return await write(git, ref, await treeOf(git, parents[0]), parents, message, tipTrailers(tips));
}

/** Writes the ref. What was kept under it before stays in its history. */
async function write(
  git: SimpleGit,
  ref: string,
  tree: string,
  parents: readonly Sha[],
  message: string,
  trailers: readonly string[],
): Promise<string> {
  const before = await refIn(git, ref);
  const all = new Set([...parents, ...(before === undefined ? [] : [before])]);
  const earlier = before === undefined ? [] : [`Kept-Before: ${before}`];
  const commit = await commitTree(git, tree, [...all], `${message}\n\n${[...trailers, ...earlier].join("\n")}`);
  await git.raw(["update-ref", ref, commit, ...(before === undefined ? [] : [before])]);
  return ref;
}

async function commitTree(git: SimpleGit, tree: string, parents: readonly string[], message: string): Promise<string> {
  const args = parents.flatMap((sha) => ["-p", sha]);
  return (await git.raw(["commit-tree", tree, ...args, "-m", message])).trim();
}

async function treeOf(git: SimpleGit, commit: Sha | undefined): Promise<Sha> {
  if (commit === undefined) throw new AfkError("conflict", "There is nothing to keep.");
  return (await git.raw(["rev-parse", `${commit}^{tree}`])).trim();
}

/** What the repository inside has, in itself first and then in the one around it: it is going to be removed. */
async function keepInner(
  git: SimpleGit,
  ask: Ask,
  { path, place, name }: Unsaved["inner"][number],
  occasion: string,
): Promise<readonly string[]> {
  const inner = askInside(place, name, ask.filters);
  const seen = await inspect(inner);
  if (seen.is === "unsaved") await keep(inner, seen.unsaved, occasion);
  const refs: string[] = [];
  for (const ref of [keptRefOf(name), droppedRefOf(name)]) {
    if ((await refIn(gitIn(place.tree, { place }), ref)) === undefined) continue;
    const incoming = `refs/afk/incoming/${name}`;
    await git.raw([
      "fetch",
      "--quiet",
      "--no-tags",
      "--no-write-fetch-head",
      join(ask.place.tree, path),
      `+${ref}:${incoming}`,
    ]);
    const sha = (await git.raw(["rev-parse", incoming])).trim();
    const before = await refIn(git, ref);
    if (before === undefined) await git.raw(["update-ref", ref, sha]);
    else if (!(await contains(git, before, sha)))
      await write(git, ref, await treeOf(git, sha), [sha], occasion, [`Kept-Before: ${sha}`]);
    await git.raw(["update-ref", "-d", incoming]);
    refs.push(ref);
  }
  return refs;
}

function listed(changes: readonly string[]): readonly string[] {
  const shown = changes.slice(0, 50).map((line) => `  ${line.replaceAll(/[\p{Cc}]/gu, "?")}`);
  return changes.length > 50 ? [...shown, `  and ${changes.length - 50} more`] : shown;
}

/** For whoever restores it: see kept.ts. */
function tipTrailers(tips: readonly Tip[]): readonly string[] {
  return tips.map(({ sha, from }) => `Kept-Tip: ${sha} ${from.replaceAll(/[\p{Cc}]/gu, "?")}`);
}

function tipLines(tips: readonly Tip[]): readonly string[] {
  return tips.slice(0, 100).map(({ sha, from }) => `  ${shortSha(sha)} ${from.replaceAll(/[\p{Cc}]/gu, "?")}`);
}
