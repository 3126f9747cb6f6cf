// What a cache holds, unit by unit. Bytes are those that the disk would have again: a file that has other names elsewhere,
// as pnpm's and bun's have in node_modules, gives nothing back. Last use is the newest time of any of its files: of access
// where the volume keeps those (relatime: to a day), of change, and of being linked to.

import type { Stats } from "node:fs";
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";
import { type Cache, type CacheUnit, unitAt } from "./caches.ts";

export type CacheUnitSeen = {
  readonly unit: CacheUnit;
  readonly path: string;
  readonly bytes: number;
  /** UTC, milliseconds. */
  readonly usedAt: number;
};

/** The units in `folder`, one after the other. What vanishes meanwhile is left out; a folder that is not there has none. */
export async function* findCacheUnits(cache: Cache, folder: string, below = ""): AsyncGenerator<CacheUnitSeen> {
  for (const entry of await entriesIn(join(folder, below))) {
    const relative = below === "" ? entry.name : `${below}/${entry.name}`;
    const unit = unitAt(cache, relative, entry);
    if (unit !== undefined) {
      const path = join(folder, relative);
      const seen = await measure(path);
      if (seen !== undefined) yield { unit, path, ...seen };
    } else if (entry.isDirectory()) yield* findCacheUnits(cache, folder, relative);
  }
}

/** Bytes and last use of a file or folder; undefined = it is gone. Symlinks are not followed. */
export async function measure(path: string): Promise<{ readonly bytes: number; readonly usedAt: number } | undefined> {
  const seen = await look(path);
  if (seen === undefined) return undefined;
  if (!seen.isDirectory()) return { bytes: freed(seen), usedAt: newest(seen) };
  let bytes = freed(seen);
  let usedAt = 0;
  for (const entry of await entriesIn(path)) {
    const inner = await measure(join(path, entry.name));
    bytes += inner?.bytes ?? 0;
    usedAt = Math.max(usedAt, inner?.usedAt ?? 0);
  }
  return { bytes, usedAt: usedAt === 0 ? seen.mtimeMs : usedAt };
}

/** Blocks, of 512 bytes whatever the file system's own are. */
function freed(seen: Stats): number {
  return seen.isDirectory() || seen.nlink === 1 ? seen.blocks * 512 : 0;
}

function newest({ atimeMs, mtimeMs, ctimeMs }: Stats): number {
  return Math.max(atimeMs, mtimeMs, ctimeMs);
}

async function look(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

async function entriesIn(folder: string) {
  try {
    const entries = [];
    for await (const entry of await opendir(folder)) entries.push(entry);
    return entries;
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
