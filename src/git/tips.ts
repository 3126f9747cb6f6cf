// Every commit that a tree may be the last to know of: where its HEAD is and was, what an operation in progress rests on,
// and the refs and stashes that are the checkout's, as all worktrees share them.

import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import type { Place } from "./git.ts";
import { namesIn } from "./leftovers.ts";
import { isSlotPath, loadText } from "./slot.ts";

/** A commit, and where it was found, for people. */
export type Tip = { readonly sha: Sha; readonly from: string };

export type Tips = {
  readonly head: Sha | undefined;
  readonly operation: string | undefined;
  /** What somebody put somewhere. */
  readonly work: readonly Tip[];
  /** What HEAD has left behind: amended, reset, rebased away. Only the reflog knows it. */
  readonly dropped: readonly Tip[];
};

/** The checkout's git directory, and which of what all worktrees share is this tree's to account for. */
export type Shared = {
  readonly commonDir: string;
  readonly account: "all" | "own branch";
  readonly branch: string;
  /** What is on the remote, as a pattern of refs. */
  readonly remotes: string;
};

const SHA = /^[0-9a-f]{40,64}$/;
const ZERO = /^0+$/;

/** Files of an operation in progress, in a worktree's git directory. Each is gone when the operation is. */
const OPERATIONS: readonly { readonly is: string; readonly at: string }[] = [
  { is: "a rebase", at: "rebase-merge" },
  { is: "a rebase", at: "rebase-apply" },
  { is: "a merge", at: "MERGE_HEAD" },
  { is: "a cherry-pick", at: "CHERRY_PICK_HEAD" },
  { is: "a revert", at: "REVERT_HEAD" },
  { is: "a series of picks", at: "sequencer" },
  { is: "a bisection", at: "BISECT_LOG" },
];

const HEADS = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "REBASE_HEAD"];
const REBASE = ["orig-head", "onto", "stopped-sha", "autostash", "abort-safety"];

export async function findTips(git: SimpleGit, place: Place, shared: Shared): Promise<Tips> {
  const { gitDir } = place;
  const [{ head, refs }, heads, rebase, reflog, stashes, others] = await Promise.all([
    headAndRefs(git, place, shared),
    Promise.all(HEADS.map(async (name) => shasIn(await loadText(join(gitDir, name)), name))),
    Promise.all(
      ["rebase-merge", "rebase-apply"].flatMap((folder) =>
        REBASE.map(async (name) => shasIn(await loadText(join(gitDir, folder, name)), `${folder}/${name}`)),
      ),
    ),
    reflogOf(join(gitDir, "logs", "HEAD"), "an earlier HEAD"),
    shared.account === "all" ? stashesOf(shared.commonDir) : [],
    shared.account === "all" ? otherWorktrees(shared.commonDir, gitDir) : [],
  ]);
  const orig = shasIn(await loadText(join(gitDir, "ORIG_HEAD")), "ORIG_HEAD");
  return {
    head,
    operation: await operationIn(gitDir),
    work: unique([
      ...(head === undefined ? [] : [{ sha: head, from: "HEAD" }]),
      ...heads.flat(),
      ...rebase.flat(),
      ...stashes,
      ...refs,
      ...others,
    ]),
    dropped: unique([...reflog, ...orig]),
  };
}

async function operationIn(gitDir: string): Promise<string | undefined> {
  const names = new Set(await namesIn(gitDir));
  return OPERATIONS.find(({ at }) => names.has(at))?.is;
}

/** Takes the state of operations away. What they rest on has to be saved. */
export async function endOperations({ gitDir }: Place): Promise<void> {
  const names = await namesIn(gitDir);
  const files = new Set([
    ...OPERATIONS.map(({ at }) => at),
    ...HEADS,
    "MERGE_MSG",
    "MERGE_MODE",
    "MERGE_RR",
    "SQUASH_MSG",
  ]);
  for (const name of names) {
    if (files.has(name) || name.startsWith("BISECT_")) await rm(join(gitDir, name), { recursive: true, force: true });
  }
  for (const refs of ["bisect", "rewritten"]) await rm(join(gitDir, "refs", refs), { recursive: true, force: true });
}

/** T3's hidden refs are pictures of trees, and the bot's own are what was saved: neither is work that could be lost. */
const NOT_WORK = /^refs\/(remotes|afk|t3)\//;
const PER_WORKTREE = /^refs\/(bisect|worktree|rewritten)\//;

/** `head` is undefined on a branch that has no commit yet. */
async function headAndRefs(
  git: SimpleGit,
  { gitDir }: Place,
  { account, branch }: Shared,
): Promise<{ readonly head: Sha | undefined; readonly refs: readonly Tip[] }> {
  const format = "%(objectname) %(objecttype) %(*objectname) %(*objecttype) %(refname)";
  const out = await git.raw(["for-each-ref", `--format=${format}`]);
  const all = out.split("\n").flatMap((line) => {
    const [object = "", type, peeled = "", peeledType, ref = ""] = line.split(" ");
    const sha = type === "commit" ? object : peeledType === "commit" ? peeled : undefined;
    return sha === undefined ? [] : [{ ref, sha }];
  });
  const refs = all.flatMap(({ ref, sha }) => {
    if (NOT_WORK.test(ref)) return [];
    if (account === "own branch" && ref !== `refs/heads/${branch}` && !PER_WORKTREE.test(ref)) return [];
    return [{ sha, from: ref.replace(/^refs\/heads\//, "branch ") }];
  });
  const stoodOn = /^ref: (refs\/heads\/.+)\n$/.exec((await loadText(join(gitDir, "HEAD"))) ?? "")?.[1];
  const at = all.find(({ ref }) => ref === stoodOn)?.sha;
  return { head: at ?? (await headOf(git)), refs };
}

async function headOf(git: SimpleGit): Promise<Sha | undefined> {
  const out = (await git.raw(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])).trim();
  return SHA.test(out) ? out : undefined;
}

/** Every entry of the stash, newest first: the ref holds the last one only. */
async function stashesOf(commonDir: string): Promise<readonly Tip[]> {
  const lines = ((await loadText(join(commonDir, "logs", "refs", "stash"))) ?? "").trimEnd().split("\n");
  const top = shasIn(await loadText(join(commonDir, "refs", "stash")), "the stash");
  const entries = lines.toReversed().flatMap((line, index) => {
    const sha = line.split(" ")[1] ?? "";
    const message = line.split("\t")[1] ?? "";
    return SHA.test(sha) ? [{ sha, from: `stash@{${index}} (${message.slice(0, 100)})` }] : [];
  });
  return [...entries, ...top];
}

/** Worktrees that somebody else made off the checkout, wherever they stand. */
async function otherWorktrees(commonDir: string, own: string): Promise<readonly Tip[]> {
  const tips: Tip[] = [];
  for (const name of await namesIn(join(commonDir, "worktrees"))) {
    const gitDir = join(commonDir, "worktrees", name);
    if (gitDir === own || (await isSlot(gitDir))) continue;
    const where = (await loadText(join(gitDir, "gitdir")))?.trim().replace(/\/\.git$/, "") ?? name;
    tips.push(...shasIn(await loadText(join(gitDir, "HEAD")), `the worktree ${where}`));
    tips.push(...(await reflogOf(join(gitDir, "logs", "HEAD"), `an earlier HEAD of the worktree ${where}`)));
  }
  return tips;
}

async function isSlot(gitDir: string): Promise<boolean> {
  return isSlotPath(dirname((await loadText(join(gitDir, "gitdir")))?.trim() ?? ""));
}

async function reflogOf(path: string, from: string): Promise<readonly Tip[]> {
  const lines = ((await loadText(path)) ?? "").split("\n");
  return lines.flatMap((line) => {
    const [before = "", after = ""] = line.split(" ", 2);
    return [before, after].flatMap((sha) => (SHA.test(sha) && !ZERO.test(sha) ? [{ sha, from }] : []));
  });
}

function shasIn(text: string | undefined, from: string): readonly Tip[] {
  return (text ?? "").split(/\s+/).flatMap((word) => (SHA.test(word) ? [{ sha: word, from }] : []));
}

function unique(tips: readonly Tip[]): readonly Tip[] {
  const seen = new Set<Sha>();
  return tips.filter(({ sha }) => !seen.has(sha) && seen.add(sha));
}
