// The trees port: one persistent clone per repo, one git worktree per run at its slot's path, and a symlink of the run's
// own to it. Every step looks at what is there and goes on from it: a step that was cut off is simply done again.

import { randomBytes } from "node:crypto";
import { mkdir, readlink, rename, rm, stat, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import { known, unknown } from "../domain/observed.ts";
import type { RepoKey } from "../domain/repo.ts";
import type { Run } from "../domain/run.ts";
import { AfkError, messageOf } from "../errors.ts";
import type { Trees } from "../ports.ts";
import type { Layout } from "../volume/layout.ts";
import { gitIn, withGit } from "./git.ts";
import { findOwnCommits } from "./landed.ts";
import { namesIn, pastStaleLocks } from "./leftovers.ts";
import { inspect, type SpentTree } from "./spent.ts";
import { adminOf, baseRefOf, findRunAt, fixBase, makeWorktree } from "./worktree.ts";

export function createTrees(options: {
  readonly layout: Layout;
  /** The token to use now: that of an app changes each hour. */
  readonly token: () => Promise<string>;
  readonly fetchDefaultBranch: (repo: RepoKey) => Promise<{ readonly name: string; readonly cloneUrl: string }>;
}): Trees {
  const { layout, token, fetchDefaultBranch } = options;

  /** The checkout with its remote refs as they are now; cloned where it is missing. */
  async function fetched(repo: RepoKey, onProgress?: (line: string) => void): Promise<SimpleGit> {
    const path = layout.checkout(repo);
    if (!(await exists(path))) await clone(repo, path, onProgress);
    const git = gitIn(path, await authOf(gitIn(path)));
    await withGit(`fetching ${repo}`, () =>
      pastStaleLocks(gitDirOf(repo), () => git.raw(["fetch", "--prune", "--quiet", "origin"])),
    );
    return git;
  }

  /** Cloned beside its place and moved there whole: a clone that was cut off is never taken for a checkout. */
  async function clone(repo: RepoKey, path: string, onProgress?: (line: string) => void): Promise<void> {
    const { cloneUrl } = await fetchDefaultBranch(repo);
    const folder = dirname(path);
    await mkdir(folder, { recursive: true });
    const start = `${basename(path)}.next-`;
    for (const name of await namesIn(folder)) {
      // A git that outlived its bot may still write there: what cannot be removed now is next time.
      if (name.startsWith(start)) await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
    }
    const next = join(folder, `${start}${randomBytes(4).toString("hex")}`);
    const git = gitIn(folder, { origin: new URL(cloneUrl).origin, token: await token() });
    if (onProgress !== undefined) {
      git.outputHandler((_command, _stdout, stderr) => {
        stderr.on("data", (chunk: Buffer) => {
          for (const line of chunk.toString("utf8").split(/[\r\n]+/)) if (line.trim() !== "") onProgress(line.trim());
        });
      });
    }
    await withGit(`cloning ${repo}`, () =>
      git.raw([
        "clone",
        ...(onProgress === undefined ? ["--quiet"] : ["--progress"]),
        "--no-checkout",
        "--",
        cloneUrl,
        next,
      ]),
    );
    await rename(next, path);
  }

  async function authOf(git: SimpleGit): Promise<{ origin: string; token: string }> {
    const url = (await withGit("reading the remote", () => git.raw(["remote", "get-url", "origin"]))).trim();
    return { origin: new URL(url).origin, token: await token() };
  }

  function gitDirOf(repo: RepoKey): string {
    return join(layout.checkout(repo), ".git");
  }

  return {
    checkoutPath: (repo) => layout.checkout(repo),
    treePath: (repo, run) => layout.tree(repo, run),
    async ensureCheckout(repo, onProgress) {
      await fetched(repo, onProgress);
    },

    async prepare(run) {
      const git = await fetched(run.repo);
      const slotPath = layout.slot(run.repo, run.slot);
      const path = layout.tree(run.repo, run.id);
      const gitDir = gitDirOf(run.repo);
      return await withGit(`making the tree of run ${run.id}`, async () => {
        const base = await fixBase(git, gitDir, run);
        await makeWorktree(git, gitDir, { run, slot: slotPath, base, trash: layout.trash });
        await link(path, slotPath);
        return { path, slotPath, base };
      });
    },

    async findSlots(repo) {
      const slots = new Map<string, number>();
      const folder = dirname(layout.slot(repo, 1));
      for (const name of await namesIn(folder)) {
        const run = await findRunAt(join(folder, name));
        if (run !== undefined) slots.set(run, Number(name));
      }
      return slots;
    },

    async findLanded(run) {
      if (run.tree === null) return known(null);
      try {
        const git = await fetched(run.repo);
        const { base } = run.tree;
        const own = await withGit("looking for the run's commits", () =>
          findOwnCommits(git, base, `origin/${run.defaultBranch}`, run.id),
        );
        return known(own[0] === undefined ? null : { sha: own[0], commits: own.length });
      } catch (error) {
        return unknown(messageOf(error));
      }
    },

    async findCommits(run) {
      if (run.tree === null) return unknown("the run has no tree");
      const { base } = run.tree;
      try {
        const git = gitIn(layout.checkout(run.repo));
        return known(await findOwnCommits(git, base, `origin/${run.defaultBranch}`, run.id));
      } catch (error) {
        return unknown(messageOf(error));
      }
    },

    async diffOf(run, sha) {
      if (run.tree === null) return unknown("the run has no tree");
      try {
        return known(
          await gitIn(layout.checkout(run.repo)).raw(["diff", "--no-ext-diff", `${run.tree.base}..${sha}`, "--"]),
        );
      } catch (error) {
        return unknown(messageOf(error));
      }
    },

    async contains(repo, sha, inCommit) {
      if (sha === inCommit) return true;
      const git = await fetched(repo);
      // A name that is no commit of this repo contains nothing of it.
      const base = await git.raw(["merge-base", sha, inCommit]).catch(() => "");
      return base.trim() === sha;
    },

    async release(run) {
      const slot = layout.slot(run.repo, run.slot);
      if (await exists(layout.checkout(run.repo))) {
        const git = await fetched(run.repo);
        await withGit(`releasing the tree of run ${run.id}`, async () => {
          if ((await findRunAt(slot)) === run.id) await takeDown(git, run, slot);
          await forget(git, run);
        });
      }
      await rm(layout.tree(run.repo, run.id), { force: true });
    },
  };

  async function takeDown(git: SimpleGit, run: Run, slot: string): Promise<void> {
    const tree = gitIn(slot);
    const admin = await adminOf(slot, gitDirOf(run.repo));
    if ((await inspect(tree, slot)).is === "unsaved") await pastStaleLocks(admin, () => keep(tree, run));
    const seen = await inspect(tree, slot);
    if (seen.is === "unsaved") throw new AfkError("conflict", `The tree ${slot} still has ${seen.why.join(" and ")}.`);
    await rm(layout.tree(run.repo, run.id), { force: true });
    await remove(git, run, seen.tree);
  }

  /** Gone at once by a rename; the slow delete comes after. */
  async function remove(git: SimpleGit, run: Run, tree: SpentTree): Promise<void> {
    await mkdir(layout.trash, { recursive: true });
    const trashed = join(layout.trash, `${run.id}-${tree.head}`);
    await rm(trashed, { recursive: true, force: true });
    await rename(tree.path, trashed);
    await forget(git, run);
    await rm(trashed, { recursive: true, force: true });
  }

  /** What git knows of a tree that is gone. A repeat finds nothing to do. */
  async function forget(git: SimpleGit, run: Run): Promise<void> {
    await pastStaleLocks(gitDirOf(run.repo), async () => {
      await git.raw(["worktree", "prune"]);
      const own = [`refs/heads/${run.branch}`, baseRefOf(run.id)];
      const left = (await git.raw(["for-each-ref", "--format=%(refname)", ...own])).split("\n").filter(Boolean);
      for (const ref of left) await git.raw(["update-ref", "-d", ref]);
    });
  }
}

/** Saves everything that is not ignored and not on the remote under `refs/afk/kept/<run>`. */
async function keep(tree: SimpleGit, run: Run): Promise<void> {
  await tree.raw(["add", "--all"]);
  const staged = (await tree.raw(["diff", "--cached", "--name-only"])).trim();
  const message = `Keep the unsaved work of run ${run.id} on ${run.repo}#${run.issue.number}`;
  if (staged !== "") await tree.raw(["commit", "--quiet", "--no-verify", "--message", message]);
  await tree.raw(["update-ref", `refs/afk/kept/${run.id}`, "HEAD"]);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw new AfkError("conflict", `Cannot look at ${path}: ${messageOf(error)}`, error);
  }
}

async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const present = await readlink(path).catch(() => undefined);
  if (present === target) return;
  const next = `${path}.next`;
  await rm(next, { force: true });
  await symlink(target, next);
  await rename(next, path);
}
