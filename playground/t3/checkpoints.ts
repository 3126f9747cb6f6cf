// T3's checkpoints: the worktree as it is, written as a hidden commit over an index of its own, so that neither the
// agent's index nor its branch notices. The refs lie in the project's repository, shared by all its worktrees:
// `refs/t3/checkpoints/<base64url(threadId)>/turn/<n>`, n = 0 being the state before the first turn.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { CheckpointFile } from "./model.ts";

const exec = promisify(execFile);

const IDENTITY = {
  GIT_AUTHOR_NAME: "T3 Code",
  GIT_AUTHOR_EMAIL: "t3code@users.noreply.github.com",
  GIT_COMMITTER_NAME: "T3 Code",
  GIT_COMMITTER_EMAIL: "t3code@users.noreply.github.com",
};

export function checkpointRef(threadId: string, turnCount: number): string {
  return `refs/t3/checkpoints/${Buffer.from(threadId).toString("base64url")}/turn/${turnCount}`;
}

export function isGitWorkspace(cwd: string): boolean {
  return rootOf(cwd) !== undefined;
}

function rootOf(cwd: string): string | undefined {
  if (existsSync(join(cwd, ".git"))) return cwd;
  return dirname(cwd) === cwd ? undefined : rootOf(dirname(cwd));
}

/** Of a worktree `.git` is a file that says where its index is. */
async function indexOf(cwd: string): Promise<string> {
  const root = rootOf(cwd) ?? cwd;
  const text = await readFile(join(root, ".git"), "utf8").catch(() => "");
  const named = /^gitdir: (.+)\n/.exec(text)?.[1];
  return join(named === undefined ? join(root, ".git") : resolve(root, named), "index");
}

/** Writes the worktree's state to `ref`. False where that did not work, for whatever reason. */
export async function capture(cwd: string, ref: string): Promise<boolean> {
  const dir = await mkdtemp(join(tmpdir(), "t3-checkpoint-"));
  const env = { GIT_INDEX_FILE: join(dir, "index") };
  try {
    // From the worktree's own index only what has changed has to be read.
    await copyFile(await indexOf(cwd), env.GIT_INDEX_FILE).catch(() => git(cwd, ["read-tree", "HEAD"], env));
    return await run("sh", ["-c", CAPTURE, cwd, ref], { ...env, ...IDENTITY }).then(
      () => true,
      () => false,
    );
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** One program to start instead of four: a process as large as this one is slow to fork. */
const CAPTURE = `set -e
cd "$0"
git add -A -- .
tree=$(git write-tree)
commit=$(git commit-tree "$tree" -m "t3 checkpoint ref=$1")
git update-ref "$1" "$commit"`;

export async function exists(cwd: string, ref: string): Promise<boolean> {
  return (await git(cwd, ["rev-parse", "--verify", "--quiet", `${ref}^{commit}`])) !== undefined;
}

/** The files that differ, committed work included. T3 calls each of them modified. */
export async function filesBetween(cwd: string, from: string, to: string): Promise<readonly CheckpointFile[]> {
  const output = (await git(cwd, ["diff", "--numstat", "--no-renames", from, to])) ?? "";
  return output.split("\n").flatMap((line) => {
    const [additions = "", deletions = "", path] = line.split("\t");
    if (path === undefined) return [];
    return [{ path, kind: "modified", additions: Number(additions) || 0, deletions: Number(deletions) || 0 }];
  });
}

/** Puts the worktree's files back to a checkpoint. */
export async function restore(cwd: string, ref: string): Promise<boolean> {
  const restored = await git(cwd, ["restore", "--source", ref, "--worktree", "--staged", "--", "."]);
  return restored !== undefined && (await git(cwd, ["clean", "-fdq"])) !== undefined;
}

async function git(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<string | undefined> {
  return await run("git", ["-C", cwd, ...args], env).catch(() => undefined);
}

async function run(command: string, args: readonly string[], env: Record<string, string>): Promise<string> {
  const { stdout } = await exec(command, args, { env: { ...process.env, ...env }, maxBuffer: 64 << 20 });
  return stdout.trim();
}
