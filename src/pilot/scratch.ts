// The pilot's own place on the volume: a repository with a remote beside it and nothing of value in it, and for each pilot
// a worktree that is reached through a symlink, as a run's is.

import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gitIn, withGit } from "../git/git.ts";

export type Scratch = {
  readonly id: string;
  /** T3's workspace root for all pilots. */
  readonly checkout: string;
  /** The path the session is given: a symlink to the worktree. */
  readonly tree: string;
  readonly branch: string;
  /** A file outside the tree that only someone on the same volume, at the same path, can read. */
  readonly marker: { readonly path: string; readonly text: string };
};

/** What lies in the scratch repository after the agent's turn. */
export type Left = {
  readonly realTree: string;
  /** The newest commit of the branch, null where it has none of its own. */
  readonly commit: {
    readonly sha: string;
    readonly message: string;
    readonly files: readonly string[];
    readonly pushed: boolean;
  } | null;
  /** The report the agent made, committed or not; null where there is none in the tree. */
  readonly report: string | null;
};

export const REPORT = "pilot-report.txt";

/** `name` is the server's: pilots of two servers may run at once, and each clears away only its own. */
export async function makeScratch(volume: string, name: string): Promise<Scratch> {
  const home = name === "t3" ? join(volume, "pilot") : join(volume, "pilot", `at-${name}`);
  const id = `pilot-${randomBytes(5).toString("hex")}`;
  const [origin, checkout] = [join(home, "origin.git"), join(home, "checkout")];
  await mkdir(home, { recursive: true });
  await withGit("making the pilot's scratch repository", async () => {
    if (!(await isThere(join(checkout, ".git", "afk-ready")))) await found(home, origin, checkout);
    await clear(home, checkout);
    const git = gitIn(checkout);
    await git.raw(["fetch", "--quiet", "origin"]);
    await git.raw(["worktree", "add", "--quiet", "-B", `afk/${id}`, join(home, "trees", id), "origin/main"]);
  });
  const tree = join(home, "runs", id);
  await mkdir(join(home, "runs"), { recursive: true });
  await symlink(join(home, "trees", id), tree);
  // Not to be committed: what adds everything instead of what it made is found out by it.
  await writeFile(join(tree, "not-yours.txt"), "This file is not part of the work.\n");
  const marker = { path: join(home, `${id}.marker`), text: randomBytes(12).toString("hex") };
  await writeFile(marker.path, `${marker.text}\n`);
  return { id, checkout, tree, branch: `afk/${id}`, marker };
}

async function found(home: string, origin: string, checkout: string): Promise<void> {
  await rm(origin, { recursive: true, force: true });
  await rm(checkout, { recursive: true, force: true });
  const git = gitIn(home);
  await git.raw(["init", "--quiet", "--bare", "--initial-branch=main", origin]);
  await git.raw(["init", "--quiet", "--initial-branch=main", checkout]);
  const inside = gitIn(checkout);
  await writeFile(join(checkout, "README.md"), "A scratch repository: `afk pilot` tries T3 in it.\n");
  await inside.raw(["add", "README.md"]);
  await inside.raw(["commit", "--quiet", "-m", "Begin"]);
  await inside.raw(["config", "user.name", "AFK pilot"]);
  await inside.raw(["config", "user.email", "afk-pilot@users.noreply.github.com"]);
  await inside.raw(["remote", "add", "origin", origin]);
  await inside.raw(["push", "--quiet", "origin", "main"]);
  await writeFile(join(checkout, ".git", "afk-ready"), "");
}

/** Takes earlier pilots' trees away. They are left until then, so that a pilot that failed can be looked at. */
async function clear(home: string, checkout: string): Promise<void> {
  for (const folder of ["trees", "runs"]) await rm(join(home, folder), { recursive: true, force: true });
  for (const name of await readdir(home)) if (name.endsWith(".marker")) await rm(join(home, name), { force: true });
  const git = gitIn(checkout);
  await git.raw(["worktree", "prune"]);
  const branches = (await git.raw(["for-each-ref", "--format=%(refname:short)", "refs/heads/afk/"])).split("\n");
  for (const branch of branches.filter(Boolean)) await git.raw(["branch", "--quiet", "-D", branch]);
}

export async function lookAtScratch({ checkout, tree, branch }: Scratch): Promise<Left> {
  return await withGit("looking at what the pilot's agent left", async () => {
    const git = gitIn(checkout);
    await git.raw(["fetch", "--quiet", "origin"]);
    const [sha = "", base = ""] = (await git.raw(["rev-parse", branch, "main"])).trim().split("\n");
    const own = (await git.raw(["rev-list", `${branch}`, "--not", base])).trim();
    const isNew = own !== "" && (await git.raw(["log", "-1", "--format=%B", sha])).includes("AFK-Run:");
    const report = await readFile(join(tree, REPORT), "utf8").catch(() => null);
    const realTree = await realpath(tree);
    if (!isNew) return { realTree, commit: null, report };
    const message = (await git.raw(["log", "-1", "--format=%B", sha])).trim();
    const files = (await git.raw(["diff-tree", "--no-commit-id", "--name-only", "-r", sha])).trim().split("\n");
    const remote = (await git.raw(["rev-parse", "origin/main"])).trim();
    return { realTree, commit: { sha, message, files, pushed: remote === sha }, report };
  });
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
