// The volume and the state folder on it: the file system has to do what git, the store and the trees ask of one.

import { randomUUID } from "node:crypto";
import { link, mkdir, open, readdir, rename, rm, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { gitIn } from "../git/git.ts";
import { codeOf, diskError, syncDirectory } from "../store/files.ts";
import { readFree } from "../volume/space.ts";
import { type Area, attempt, type Finding, fail, pass, warn } from "./finding.ts";

export async function checkVolume(config: Config): Promise<Area> {
  const { volume, stateDir, policy } = config;
  const folder = await findFolder(volume);
  if (folder.result === "fail") return { area: "volume", findings: [folder, await checkGit(volume)] };
  const findings = [
    folder,
    await checkWriting("writable", volume),
    await checkRoom(volume, policy.minFree),
    ...(stateDir.startsWith(join(volume, "/")) ? [] : [await checkState(stateDir)]),
    await checkGit(volume),
  ];
  return { area: "volume", findings };
}

async function findFolder(volume: string): Promise<Finding> {
  const remedy = `Mount the volume at ${volume}, at the same path as in T3, or set \`volume\` in the config.`;
  try {
    if (!(await stat(volume)).isDirectory()) return fail("folder", `${volume} is no folder`, remedy);
    await readdir(volume);
    return pass("folder", volume);
  } catch (error) {
    const why = codeOf(error) === "ENOENT" ? `${volume} is not there` : diskError(error, `read ${volume}`).message;
    return fail("folder", why, remedy);
  }
}

async function checkState(stateDir: string): Promise<Finding> {
  try {
    await mkdir(stateDir, { recursive: true });
  } catch (error) {
    return fail(
      "state",
      diskError(error, `make ${stateDir}`).message,
      "Set `state` to a folder that the bot may write.",
    );
  }
  return await checkWriting("state", stateDir);
}

/** A file written, synced, renamed, linked and symlinked: what the store's journal and the runs' trees need. */
async function checkWriting(check: string, folder: string): Promise<Finding> {
  const probe = join(folder, `.afk-check-${randomUUID()}`);
  const otherwise = `Let the bot's user write to ${folder} (fsGroup, or the folder's owner), on a file system with fsync and links.`;
  return await attempt(check, { unauthorised: otherwise, otherwise }, async () => {
    let step = "make a folder in";
    try {
      await mkdir(probe);
      step = "write and sync a file in";
      const file = await open(join(probe, "a"), "w");
      await file.writeFile("a").finally(async () => {
        await file.sync();
        await file.close();
      });
      step = "rename a file in";
      await rename(join(probe, "a"), join(probe, "b"));
      step = "make a hard link in";
      await link(join(probe, "b"), join(probe, "c"));
      step = "make a symlink in";
      await symlink("b", join(probe, "d"));
      step = "sync";
      await syncDirectory(probe);
      return "writes, syncs, renames, links";
    } catch (error) {
      throw diskError(error, `${step} ${folder}`);
    } finally {
      await rm(probe, { recursive: true, force: true }).catch(() => {});
    }
  });
}

async function checkRoom(volume: string, minFree: number): Promise<Finding> {
  const free = await readFree(volume);
  if (!free.known) return fail("room", free.why, "Mount a file system that tells how full it is.");
  const percent = `${Math.round(free.value.share * 100)} % of its ${free.value.of} free`;
  const remedy = `Make room or enlarge it: below ${Math.round(minFree * 100)} % (policy.minFreePercent) nothing new starts.`;
  if (free.value.share < minFree) return fail("room", percent, remedy);
  return free.value.share < minFree * 2 ? warn("room", percent, remedy) : pass("room", percent);
}

/** Git as the bot runs it; not in the volume, which may not be there. */
async function checkGit(volume: string): Promise<Finding> {
  const otherwise = "Install git 2.31 or later where the bot runs.";
  return await attempt("git", { unauthorised: otherwise, otherwise }, async () => {
    const { major, minor, installed } = await gitIn((await isThere(volume)) ? volume : "/").version();
    if (!installed) return fail("git", "there is no git on the PATH", otherwise);
    const version = `git ${major}.${minor}`;
    return major > 2 || (major === 2 && minor >= 31) ? version : fail("git", `${version} is too old`, otherwise);
  });
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
