// Each holder of the state folder writes in a folder of its own, `epoch-<n>`, n being its lock's number. It begins with
// what the one before it had, as it is then: a former holder that was paused in the middle of a write, and finishes it
// hours later, writes where nobody reads any more. Nothing else could stop that write.
//
// An epoch is begun under another name and renamed, so that it is there whole or not at all. Segments that are full and
// snapshots are never written to again, so they are linked; the last segment is copied, up to what was acknowledged.

import { copyFile, link, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { codeOf, diskError, syncDirectory } from "./files.ts";

const EPOCH = /^epoch-(\d+)$/;
/** What an epoch is made of. Before there were epochs it was in the state folder itself. */
const PARTS = /^(state\.json(\.prev|\.damaged-.*)?|journal-\d+\.jsonl)$/;

/** Numbers of the epochs that are whole, lowest first. */
export async function epochsIn(dir: string): Promise<readonly number[]> {
  return (await namesIn(dir))
    .flatMap((name) => EPOCH.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** The folder that counts now; the state folder itself where there is no epoch yet. */
export async function newestIn(dir: string): Promise<string> {
  const newest = (await epochsIn(dir)).at(-1);
  return newest === undefined ? dir : folderOf(dir, newest);
}

function folderOf(dir: string, epoch: number): string {
  return join(dir, `epoch-${epoch}`);
}

export type Beginning = {
  /** The folder to begin with. */
  readonly from: string;
  /** Of its last segment, as much as was acknowledged; null = it has none. */
  readonly last: { readonly path: string; readonly bytes: number } | null;
  /** Goes on under another name, so that somebody can look at it. */
  readonly damaged: { readonly path: string; readonly keepAs: string } | null;
  /** Is left behind: a segment that was never begun in earnest. */
  readonly unfinished: string | null;
};

/** Makes the epoch's folder. Resolves to its path once it would survive a power cut. */
export async function beginEpoch(
  dir: string,
  epoch: number,
  { from, last, damaged, unfinished }: Beginning,
): Promise<string> {
  const draft = join(dir, `.epoch-${epoch}`);
  const folder = folderOf(dir, epoch);
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(draft, { mode: 0o700 });
    for (const name of (await namesIn(from)).filter((one) => PARTS.test(one))) {
      const path = join(from, name);
      if (path === unfinished) continue;
      if (path === last?.path) await copyStart(path, join(draft, name), last.bytes);
      else await linkOrCopy(path, join(draft, path === damaged?.path ? damaged.keepAs : name));
    }
    await syncDirectory(draft);
    await rename(draft, folder);
    await syncDirectory(dir);
    return folder;
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    throw diskError(error, `begin ${folder}`);
  }
}

/** Removes what came before the epoch. What cannot be removed now is removed by the next one. */
export async function dropBefore(dir: string, epoch: number): Promise<void> {
  for (const name of await namesIn(dir)) {
    const number = Number(/^\.?epoch-(\d+)$/.exec(name)?.[1] ?? Number.NaN);
    if (number < epoch || PARTS.test(name)) {
      await rm(join(dir, name), { recursive: true, force: true }).catch(() => {});
    }
  }
}

async function copyStart(from: string, to: string, bytes: number): Promise<void> {
  await copyFile(from, to);
  const file = await open(to, "r+");
  try {
    await file.truncate(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Some network file systems have no hard links. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw error;
    await copyFile(from, to);
    const file = await open(to, "r+");
    await file.sync().finally(() => file.close());
  }
}

async function namesIn(dir: string): Promise<readonly string[]> {
  try {
    return (await readdir(dir)).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw diskError(error, `read ${dir}`);
  }
}
