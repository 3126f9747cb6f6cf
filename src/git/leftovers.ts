// What a git that was killed leaves behind, told apart from what one at work holds right now.

import { readdir, readFile, readlink, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * Git holds these for a moment only; one this old belongs to a process that is gone. By age, because an agent's git may
 * run in another pod, where it cannot be seen.
 */
const STALE_LOCK_MS = 30_000;

/** Runs `work`; where it fails and a dead process's lock lay in its way, takes that away and runs it once more. */
export async function pastStaleLocks<T>(gitDir: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((await clearStaleLocks(gitDir)) === 0) throw error;
    return await work();
  }
}

/** Removes lock files of dead processes in a git directory: its own and those of its refs. Returns how many. */
async function clearStaleLocks(gitDir: string): Promise<number> {
  let cleared = 0;
  for (const folder of [gitDir, ...(await foldersBelow(join(gitDir, "refs")))]) {
    for (const name of await namesIn(folder)) {
      if (!name.endsWith(".lock")) continue;
      const path = join(folder, name);
      const seen = await stat(path).catch(() => undefined);
      if (seen === undefined || Date.now() - seen.mtimeMs < STALE_LOCK_MS) continue;
      await rm(path, { force: true });
      cleared += 1;
    }
  }
  return cleared;
}

/** The id of a process on this machine that works at `path`: it was started for it, or stands in it. */
export async function findProcessAt(path: string): Promise<number | undefined> {
  for (const name of await namesIn("/proc")) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const [command, cwd] = await Promise.all([
      readFile(join("/proc", name, "cmdline"), "utf8").catch(() => ""),
      readlink(join("/proc", name, "cwd")).catch(() => ""),
    ]);
    if (command.split("\0").includes(path) || cwd === path || cwd.startsWith(`${path}/`)) return Number(name);
  }
  return undefined;
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
