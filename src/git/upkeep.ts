// What a checkout gathers over time, tidied while its repo is idle: locks of dead processes, worktrees whose folder is gone,
// T3's pictures of trees of runs long over, loose objects. Nothing that only the checkout has is lost: commits of a
// worktree that is gone are kept first, and git's own pruning leaves what is younger than two weeks, or in any reflog.

import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { RepoKey } from "../domain/repo.ts";
import { AfkError, messageOf } from "../errors.ts";
import type { Layout } from "../volume/layout.ts";
import { gitIn, withGit } from "./git.ts";
import { clearStaleLocks, namesIn } from "./leftovers.ts";
import { loadSlotFile, loadText } from "./slot.ts";
import { forgetGone } from "./worktree.ts";

export type Care = { readonly did: readonly string[]; readonly failed: readonly string[] };

export type Upkeep = {
  /** One step after the other; one that fails leaves the others. `oldThreads` are T3's of runs that ended long ago. */
  tidy(repo: RepoKey, oldThreads: ReadonlySet<string>): Promise<Care>;
};

const HOUR_MS = 3_600_000;
/** Git says nothing while it packs. */
const PACK_MS = HOUR_MS;

export function createUpkeep(layout: Layout): Upkeep {
  return {
    async tidy(repo, oldThreads) {
      const checkout = layout.checkout(repo);
      const gitDir = join(checkout, ".git");
      if (!(await exists(gitDir))) return { did: [], failed: [] };
      const git = gitIn(checkout, { silenceMs: PACK_MS });
      const steps: readonly [string, () => Promise<string | undefined>][] = [
        ["clearing stale locks", () => clearLocks(gitDir)],
        ["forgetting worktrees that are gone", () => forgetWorktrees(git, gitDir)],
        ["pruning T3's checkpoints", () => pruneCheckpoints(git, oldThreads)],
        ["packing", () => pack(git)],
      ];
      const did: string[] = [];
      const failed: string[] = [];
      for (const [what, step] of steps) {
        try {
          const done = await withGit(what, step);
          if (done !== undefined) did.push(done);
        } catch (error) {
          failed.push(messageOf(error));
        }
      }
      return { did, failed };
    },
  };
}

async function clearLocks(gitDir: string): Promise<string | undefined> {
  const trees = (await namesIn(join(gitDir, "worktrees"))).map((name) => join(gitDir, "worktrees", name));
  const { cleared } = await clearStaleLocks([gitDir, ...trees], HOUR_MS);
  return cleared === 0 ? undefined : `removed ${cleared} stale ${cleared === 1 ? "lock" : "locks"}`;
}

/** A worktree may also stand in another pod, where it cannot be seen: only one that was not touched for a week is gone. */
const GONE_MS = 7 * 24 * HOUR_MS;

async function forgetWorktrees(git: SimpleGit, gitDir: string): Promise<string | undefined> {
  let forgotten = 0;
  const kept: string[] = [];
  for (const name of await namesIn(join(gitDir, "worktrees"))) {
    const own = join(gitDir, "worktrees", name);
    const tree = dirname((await loadText(join(own, "gitdir")))?.trim() ?? "");
    if (tree === "." || (await exists(tree)) || (await exists(join(own, "locked")))) continue;
    if ((await loadSlotFile(own, "afk-run")) !== undefined || (await lastTouched(own)) > Date.now() - GONE_MS) continue;
    kept.push(...(await forgetGone(git, gitDir, { is: "gone", place: { tree, gitDir: own }, run: undefined })));
    forgotten += 1;
  }
  if (forgotten === 0) return undefined;
  const commits = kept.length === 0 ? "" : `, and kept their commits in ${kept.join(", ")}`;
  return `forgot ${forgotten} ${forgotten === 1 ? "worktree that is" : "worktrees that are"} gone${commits}`;
}

async function lastTouched(folder: string): Promise<number> {
  const names = ["HEAD", "index", "logs/HEAD", "."].map((name) => join(folder, name));
  const times = await Promise.all(names.map((name) => stat(name).catch(() => undefined)));
  return Math.max(...times.map((seen) => seen?.mtimeMs ?? 0));
}

const CHECKPOINTS = "refs/t3/checkpoints/";

async function pruneCheckpoints(git: SimpleGit, oldThreads: ReadonlySet<string>): Promise<string | undefined> {
  const refs = (await git.raw(["for-each-ref", "--format=%(refname)", CHECKPOINTS])).split("\n");
  const old = refs.filter((ref) => oldThreads.has(threadOf(ref)));
  for (const ref of old) await git.raw(["update-ref", "-d", ref]);
  return old.length === 0 ? undefined : `pruned ${old.length} of T3's checkpoints`;
}

/** `refs/t3/checkpoints/<the thread's id in base64url>/turn/<n>`; "" = none of T3's. */
function threadOf(ref: string): string {
  const encoded = /^refs\/t3\/checkpoints\/([A-Za-z0-9_-]+)\/turn\/\d+$/.exec(ref)?.[1];
  return encoded === undefined ? "" : Buffer.from(encoded, "base64url").toString("utf8");
}

const LOOSE = 1_000;
const PACKS = 10;

async function pack(git: SimpleGit): Promise<string | undefined> {
  const counts = await git.raw(["count-objects", "-v"]);
  const count = (name: string): number => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(counts)?.[1] ?? 0);
  if (count("count") < LOOSE && count("packs") < PACKS) return undefined;
  // Agents can write the checkout's config, and this would be a program that git runs.
  const hooks = await git.raw(["config", "--get-all", "gc.recentObjectsHook"]).catch(() => "");
  if (hooks.trim() !== "") throw new AfkError("refused", "gc.recentObjectsHook is set in the checkout: remove it.");
  const before = count("size") + count("size-pack");
  await git.raw([...GC.flatMap(([key, value]) => ["-c", `${key}=${value}`]), "gc", "--quiet"]);
  const after = await git.raw(["count-objects", "-v"]);
  const kib = /^size-pack: (\d+)$/m.exec(after)?.[1];
  return `packed ${count("count")} loose objects and ${count("packs")} packs: ${before} KiB before, ${kib} KiB after`;
}

/** Whatever the checkout's own config says. */
const GC = [
  ["gc.pruneExpire", "2.weeks.ago"],
  ["gc.reflogExpire", "90.days.ago"],
  ["gc.reflogExpireUnreachable", "90.days.ago"],
  ["gc.worktreePruneExpire", "never"],
  ["gc.cruftPacks", "false"],
  ["gc.bigPackThreshold", "0"],
] as const;

/** What cannot be looked at is there. */
async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT" && error.code !== "ENOTDIR",
  );
}
