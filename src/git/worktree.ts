// A run's worktree: made at a new slot, or a free slot's switched to the run's branch. A kill at any moment leaves something
// that the next try goes on from. The commit a run starts from is kept under `refs/afk/base/<run>` before anything else, so
// that it is the same however often that is tried.

import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import type { Run } from "../domain/run.ts";
import { AfkError } from "../errors.ts";
import { gitIn, type Place } from "./git.ts";
import { handOver, switchClean, type Target } from "./hand-over.ts";
import { keptRefOf, statusOf } from "./inspect.ts";
import { keepTips } from "./keep.ts";
import { findGitAt, pastLocks } from "./leftovers.ts";
import { createRef, loadRefs } from "./refs.ts";
import { save } from "./save.ts";
import { namedFilters } from "./settings.ts";
import { isWhereLeft, loadSlotFile, lookAtSlot, type Seen, saveSlotFile } from "./slot.ts";
import { findTips, type Shared } from "./tips.ts";

export type Identity = { readonly name: string; readonly email: string };

/** What the making of a tree works with. `git` is in the checkout, just fetched. */
export type Making = {
  readonly git: SimpleGit;
  readonly gitDir: string;
  readonly slot: string;
  readonly filters: readonly string[];
  readonly discard: (path: string) => Promise<void>;
  readonly tell: (fields: Readonly<Record<string, unknown>>, message: string) => void;
};

export function baseRefOf(run: string): `refs/afk/${string}` {
  return `refs/afk/base/${run}`;
}

/** Whether an earlier try has written something of the run, or somebody has a branch of that name. */
export async function hasBegun(git: SimpleGit, gitDir: string, run: Run): Promise<boolean> {
  return (await loadRefs(git, gitDir, [baseRefOf(run.id), `refs/heads/${run.branch}`])).size > 0;
}

/**
 * The commit the run starts from: written down with the first try, the default branch's head of that time. `written` is to
 * be waited for before anybody is let into the tree.
 */
export async function chooseBase(
  { git, gitDir }: Pick<Making, "git" | "gitDir">,
  run: Run,
  headOf: () => Promise<Sha>,
): Promise<{ readonly base: Sha; readonly written: Promise<unknown> }> {
  const ref = baseRefOf(run.id);
  const branch = `refs/heads/${run.branch}`;
  const seen = await loadRefs(git, gitDir, [ref, branch]);
  const kept = seen.get(ref);
  if (kept !== undefined) return { base: kept, written: Promise.resolve() };
  const head = await headOf();
  const there = seen.get(branch);
  if (there !== undefined && there !== head) {
    // Somebody else's branch of that name gives way, and is not lost.
    const tips = [{ sha: there, from: `branch ${run.branch}` }];
    await keepTips(
      git,
      keptRefOf(`${run.id}.branch`),
      tips,
      `Keep the branch ${run.branch} as it was before run ${run.id}`,
    );
  }
  return { base: head, written: pastLocks([gitDir], () => createRef(git, gitDir, ref, head)) };
}

/** A look at the slot ahead of need; of a free one also what git says of its files. */
export type Look = { readonly seen: Seen; readonly git: SimpleGit | undefined; readonly changes: readonly string[] };

export async function lookAhead(slot: string, gitDir: string, filters: readonly string[]): Promise<Look> {
  const seen = await lookAtSlot(slot, gitDir);
  if (seen.is !== "free" && !(seen.is === "held" && !seen.ready)) return { seen, git: undefined, changes: [] };
  const { place } = seen;
  const git = gitIn(place.tree, { place, named: await namedFilters(place), filters });
  return { seen, git, changes: await pastLocks([place.gitDir, gitDir], () => statusOf(git)) };
}

/** Makes the slot the run's tree, on its branch at `base`. Throws `conflict` where the slot holds something else. */
export async function takeSlot(
  making: Making,
  run: Run,
  base: Sha,
  look: Look,
): Promise<{ readonly place: Place; readonly warm: boolean; readonly ready: boolean }> {
  const { slot } = making;
  const { seen } = look;
  switch (seen.is) {
    case "held":
      if (seen.run !== run.id) throw new AfkError("conflict", `Slot ${slot} is in use by run ${seen.run}.`);
      if (seen.ready) return { place: seen.place, warm: true, ready: true };
      break;
    case "free":
      break;
    case "unknown":
      throw new AfkError("conflict", `Slot ${slot} is no worktree of the checkout (${seen.why}). Move it away.`);
    case "unfinished":
    case "gone":
    case "nothing":
      return { place: await makeWorktree(making, run, base, seen), warm: false, ready: false };
    default:
      return seen satisfies never;
  }
  const { place } = seen;
  // Also of one that only its branch says to be this run's: an agent may leave that branch.
  await saveSlotFile(place.gitDir, "afk-run", run.id);
  await toCommit(making, look, place, { sha: base, branch: run.branch });
  return { place, warm: true, ready: false };
}

/** Whether it is a worktree whose files and HEAD are as the bot left them. */
export async function isUntouched({ seen, git, changes }: Look): Promise<boolean> {
  if ((seen.is !== "free" && seen.is !== "held") || git === undefined || changes.length > 0) return false;
  const half = await loadSlotFile(seen.place.gitDir, "afk-switch");
  return half === undefined && (await isWhereLeft(seen.place));
}

/** Switches a slot that nobody holds, or that nobody was let into yet. What somebody left there all the same is kept. */
export async function toCommit(making: Making, look: Look, place: Place, target: Target): Promise<void> {
  const { gitDir, filters, discard, tell } = making;
  const { git } = look;
  if (git !== undefined && (await isUntouched(look))) {
    return await pastLocks([place.gitDir, gitDir], () => switchClean(git, gitDir, place, target));
  }
  const name = `slot-${Date.now()}`;
  const occasion = `Keep what was found in the idle slot ${place.tree}`;
  const { tree, kept } = await save({ place, shared: ownOnly(gitDir, ""), name, filters }, occasion);
  if (kept.length > 0) tell({ slot: place.tree, kept }, "kept what was found in an idle slot");
  await pastLocks([place.gitDir, gitDir], () => handOver(tree, target, discard));
}

/** The tree accounts for its own branch; what all worktrees share is somebody else's for now. */
function ownOnly(commonDir: string, branch: string): Shared {
  return { commonDir, account: "own branch", branch, remotes: "refs/remotes/origin/*" };
}

async function makeWorktree(
  { git, gitDir, slot, discard }: Making,
  run: Run,
  base: Sha,
  seen: Extract<Seen, { is: "unfinished" | "gone" | "nothing" }>,
): Promise<Place> {
  if (seen.is === "unfinished") {
    const maker = await findGitAt(slot);
    if (maker !== undefined) throw new AfkError("conflict", `Slot ${slot} is still being made by process ${maker}.`);
    if (seen.exists) await discard(slot);
    await rm(seen.gitDir, { recursive: true, force: true });
  }
  if (seen.is === "gone") await forgetGone(git, gitDir, seen);
  await mkdir(dirname(slot), { recursive: true });
  // Writes files, so filters would run; large ones are fetched later (contents.ts).
  const checkout = dirname(gitDir);
  const plain = gitIn(checkout, { named: await namedFilters({ tree: checkout, gitDir }) });
  await pastLocks([gitDir], () =>
    plain.raw(["worktree", "add", "--quiet", "--no-track", "-B", run.branch, slot, base]),
  );
  const made = await lookAtSlot(slot, gitDir);
  if (made.is !== "free" && made.is !== "held") throw new AfkError("conflict", `Git made no worktree at ${slot}.`);
  await saveSlotFile(made.place.gitDir, "afk-run", run.id);
  return made.place;
}

/**
 * Of a worktree whose folder was deleted: keeps its commits, then lets git forget it. Returns what was kept. `all`: also what
 * is unsaved anywhere else in the checkout.
 */
export async function forgetGone(
  git: SimpleGit,
  gitDir: string,
  { place, run }: Extract<Seen, { is: "gone" }>,
  all = false,
): Promise<readonly string[]> {
  const own = gitIn(dirname(gitDir), { place: { tree: dirname(gitDir), gitDir: place.gitDir } });
  const shared: Shared = all ? { ...ownOnly(gitDir, ""), account: "all" } : ownOnly(gitDir, "");
  const { work, dropped } = await findTips(own, place, shared);
  const name = run ?? `slot-${Date.now()}`;
  const occasion = `Keep the commits of the tree ${place.tree}, which was deleted`;
  const ref = await keepTips(git, keptRefOf(name), [...work, ...dropped], occasion);
  await rm(place.gitDir, { recursive: true, force: true });
  return ref === undefined ? [] : [ref];
}

/** The tree's own config, as the bot wants it: whatever an agent before set there is gone. */
export async function writeIdentity({ gitDir }: Place, { name, email }: Identity): Promise<void> {
  const quoted = (text: string): string => `"${text.replaceAll(/[\\"]/g, "\\$&").replaceAll(/\p{Cc}/gu, " ")}"`;
  const file = join(gitDir, "config.worktree");
  await writeFile(`${file}.next`, `[user]\n\tname = ${quoted(name)}\n\temail = ${quoted(email)}\n`);
  await rename(`${file}.next`, file);
}
