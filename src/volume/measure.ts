// What folders hold, and a cache unit by unit. Walks in small steps, so that whoever asks can stop, go on with other work,
// and take the walk up again: a volume may hold millions of files behind a network.
//
// `frees` is what the disk would have again: a file that has other names elsewhere, as pnpm's and bun's have in
// node_modules, gives nothing back. `bytes` is a fair share instead: each name of a file has its part, so that figures add
// up. Last use is the newest time of any of the files: of access where the volume keeps those (relatime: to a day), of
// change, and of being linked to; of folders only the unit's own counts, with when it was renamed into its place.

import { lstatSync, readdirSync, type Stats } from "node:fs";
import { type Cache, type CacheUnit, unitAt } from "./caches.ts";

export type Figure = {
  readonly bytes: number;
  readonly frees: number;
  readonly files: number;
  /** UTC, milliseconds; 0 = it has no files. */
  readonly usedAt: number;
};

export type CacheUnitSeen = Figure & {
  readonly unit: CacheUnit;
  /** Below the tool's folder. */
  readonly path: string;
};

export type Measured = {
  readonly all: Figure;
  readonly units: readonly CacheUnitSeen[];
  readonly unread: readonly { readonly path: string; readonly why: string }[];
};

const STEP = 256;
const MOST_UNREAD = 20;

type Sum = { -readonly [Key in keyof Figure]: Figure[Key] };

/**
 * Walks through `root`, a file or folder, each step a few hundred entries; symlinks are not followed. With a cache its
 * units are told apart. What vanishes meanwhile is left out; undefined = there is no `root`.
 */
export function* walk(root: string, cache?: Cache): Generator<void, Measured | undefined> {
  const rest = noSum();
  const units: (Sum & Pick<CacheUnitSeen, "unit" | "path">)[] = [];
  const unread: { path: string; why: string }[] = [];
  const cannotRead = (path: string, error: unknown): void => {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!isGone(error) && unread.length < MOST_UNREAD) unread.push({ path, why: code ?? message });
  };
  let top: Stats | undefined;
  try {
    top = look(root);
  } catch (error) {
    cannotRead(root, error);
    return { all: rest, units, unread };
  }
  if (top === undefined) return undefined;
  add(rest, top);
  const pending: { readonly path: string; readonly below: string; readonly sum: Sum }[] = [];
  if (top.isDirectory()) pending.push({ path: root, below: "", sum: rest });
  let looked = 0;
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    try {
      for (const name of readdirSync(folder.path)) {
        looked += 1;
        if (looked % STEP === 0) yield;
        const path = `${folder.path}/${name}`;
        const below = folder.below === "" ? name : `${folder.below}/${name}`;
        const seen = look(path);
        if (seen === undefined) continue;
        let { sum } = folder;
        const unit = cache !== undefined && sum === rest ? unitAt(cache, below, seen) : undefined;
        if (unit !== undefined) {
          const own = { ...noSum(), unit, path: below, usedAt: Math.max(seen.mtimeMs, seen.ctimeMs) };
          units.push(own);
          sum = own;
        }
        add(sum, seen);
        if (seen.isDirectory()) pending.push({ path, below, sum });
      }
    } catch (error) {
      cannotRead(folder.path, error);
    }
  }
  return { all: units.reduce(plus, rest), units, unread };
}

/** A walk from its beginning to its end. */
export function measure(root: string, cache?: Cache): Measured | undefined {
  const steps = walk(root, cache);
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

function noSum(): Sum {
  return { bytes: 0, frees: 0, files: 0, usedAt: 0 };
}

/** Blocks, of 512 bytes whatever the file system's own are. */
function add(sum: Sum, seen: Stats): void {
  const bytes = seen.blocks * 512;
  if (seen.isDirectory()) {
    sum.bytes += bytes;
    sum.frees += bytes;
    return;
  }
  sum.bytes += bytes / seen.nlink;
  sum.frees += seen.nlink === 1 ? bytes : 0;
  sum.files += 1;
  sum.usedAt = Math.max(sum.usedAt, seen.atimeMs, seen.mtimeMs, seen.ctimeMs);
}

function plus(a: Figure, b: Figure): Figure {
  return {
    bytes: a.bytes + b.bytes,
    frees: a.frees + b.frees,
    files: a.files + b.files,
    usedAt: Math.max(a.usedAt, b.usedAt),
  };
}

function look(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
