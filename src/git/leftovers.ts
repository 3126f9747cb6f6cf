// What a git that was killed leaves behind, told apart from what one at work holds right now.

import { readdir, readFile, readlink, realpath, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/**
 * Git holds these for a moment only; one this old, with no git of this machine at work there, belongs to a process that is
 * gone. By age too, because an agent's git may run in another pod, where it cannot be seen.
 */
const STALE_LOCK_MS = 30_000;
/** How long a try waits for one that is at work. */
const WAIT_MS = 3_000;

/** Runs `work`; where it fails and a lock lay in its way, waits for that, or takes a dead process's away, and tries on. */
export async function pastLocks<T>(gitDirs: readonly string[], work: () => Promise<T>): Promise<T> {
  const until = performance.now() + WAIT_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const { cleared, held } = await clearStaleLocks(gitDirs);
      if (cleared > 0) continue;
      if (held === 0 || performance.now() > until) throw error;
      await pause(200);
    }
  }
}

/** Removes lock files of dead processes in git directories: their own and those of their refs. `held` were left. */
export async function clearStaleLocks(
  gitDirs: readonly string[],
  olderThanMs = STALE_LOCK_MS,
): Promise<{ readonly cleared: number; readonly held: number }> {
  let cleared = 0;
  let held = 0;
  for (const gitDir of gitDirs) {
    for (const folder of [gitDir, ...(await foldersBelow(join(gitDir, "refs")))]) {
      for (const name of await namesIn(folder)) {
        if (!name.endsWith(".lock")) continue;
        const path = join(folder, name);
        const seen = await stat(path).catch(() => undefined);
        if (seen === undefined) continue;
        if (Date.now() - seen.mtimeMs < olderThanMs || (await findGitWith(path, gitDir)) !== undefined) {
          held += 1;
          continue;
        }
        await rm(path, { force: true });
        cleared += 1;
      }
    }
  }
  return { cleared, held };
}

/** The id of a git on this machine that makes or fills the worktree at `path`: it was started for it, or stands in it. */
export async function findGitAt(path: string): Promise<number | undefined> {
  return await findProcess(async (id) => {
    if (!(await nameOf(id)).startsWith("git")) return false;
    const [command, cwd] = await Promise.all([
      readFile(join("/proc", id, "cmdline"), "utf8").catch(() => ""),
      readlink(join("/proc", id, "cwd")).catch(() => ""),
    ]);
    return command.split("\0").includes(path) || cwd === path || cwd.startsWith(`${path}/`);
  });
}

/** The id of a git on this machine that has the lock open, or works in the tree it belongs to: a commit waits for hooks. */
async function findGitWith(lock: string, gitDir: string): Promise<number | undefined> {
  const link = await readFile(join(gitDir, "gitdir"), "utf8").catch(() => gitDir);
  const tree = await realpath(dirname(link.trim())).catch(() => undefined);
  return await findProcess(async (id) => {
    if (!(await nameOf(id)).startsWith("git")) return false;
    const cwd = await readlink(join("/proc", id, "cwd")).catch(() => "");
    if (tree !== undefined && (cwd === tree || cwd.startsWith(`${tree}/`))) return true;
    const open = join("/proc", id, "fd");
    for (const fd of await readdir(open).catch(() => [])) {
      if ((await readlink(join(open, fd)).catch(() => "")) === lock) return true;
    }
    return false;
  });
}

async function findProcess(is: (id: string) => Promise<boolean>): Promise<number | undefined> {
  for (const id of await namesIn("/proc")) {
    if (/^\d+$/.test(id) && Number(id) !== process.pid && (await is(id))) return Number(id);
  }
  return undefined;
}

async function nameOf(id: string): Promise<string> {
  return (await readFile(join("/proc", id, "comm"), "utf8").catch(() => "")).trim();
}

export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

async function foldersBelow(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return [
      folder,
      ...entries.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name)),
    ];
  } catch {
    // A ref came or went meanwhile: the next try looks again.
    return [];
  }
}
