// The units of each cache as they were when it was last measured, in a file for each tool: a plan reads these, and walks
// nothing. They may be a day old, as the file system's own times of last use are: what has come since was used last anyway,
// and whoever throws a unit away looks at it once more. A list that is lost, or of another table of caches, is made anew.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Cache, type CacheUnit, caches } from "../volume/caches.ts";
import type { Measured } from "../volume/measure.ts";

export type ListedUnit = {
  readonly unit: CacheUnit;
  /** Below the tool's folder. */
  readonly path: string;
  readonly frees: number;
  readonly files: number;
  readonly usedAt: number;
};

export type Listing = { readonly units: readonly ListedUnit[]; readonly unread: Measured["unread"] };

export type Listings = {
  has(cache: Cache): boolean;
  /** Undefined = not listed yet. */
  of(cache: Cache): Listing | undefined;
  put(cache: Cache, listing: Listing): void;
  /** The unit, by its path below the tool's folder, is gone, or is not what it was: it is listed no more. */
  forget(tool: string, path: string): void;
  /** Writes down what is listed no more. */
  save(): void;
};

const numbers = z.array(z.number());
const listingSchema = z.object({
  v: z.literal(1),
  unread: z.array(z.object({ path: z.string(), why: z.string() })),
  /** Of each unit, in the same order: its number in the table of the tool, and the rest as in `ListedUnit`. */
  columns: z.object({ unit: numbers, path: z.array(z.string()), frees: numbers, files: numbers, usedAt: numbers }),
});

/** `saves`: whether they are kept in `folder`; else they are for as long as this lives. */
export function openListings(folder: string, saves: boolean): Listings {
  /** Those that the disk does not take, or is not to. */
  const held = new Map<string, Listing>();
  const forgotten = new Map<string, Set<string>>();
  const fileOf = (cache: Cache): string => join(folder, `units-${cache.tool}-${tableOf(cache)}.json`);

  function load(cache: Cache): Listing | undefined {
    const inMemory = held.get(cache.tool);
    if (inMemory !== undefined) return inMemory;
    try {
      return parse(cache, readFileSync(fileOf(cache), "utf8"));
    } catch {
      return undefined;
    }
  }

  function without(tool: string, listing: Listing): Listing {
    const gone = forgotten.get(tool);
    return gone === undefined ? listing : { ...listing, units: listing.units.filter(({ path }) => !gone.has(path)) };
  }

  function write(cache: Cache, listing: Listing): void {
    held.set(cache.tool, listing);
    if (!saves) return;
    const file = fileOf(cache);
    try {
      mkdirSync(folder, { recursive: true });
      for (const name of readdirSync(folder)) if (isOlder(name, cache)) rmSync(join(folder, name), { force: true });
      writeFileSync(`${file}.next`, textOf(cache, listing), { mode: 0o600 });
      renameSync(`${file}.next`, file);
      held.delete(cache.tool);
    } catch {
      // A full or read-only disk: it is in memory.
    }
  }

  return {
    has: (cache) => held.has(cache.tool) || existsSync(fileOf(cache)),
    of(cache) {
      const listing = load(cache);
      return listing === undefined ? undefined : without(cache.tool, listing);
    },
    put(cache, listing) {
      forgotten.delete(cache.tool);
      write(cache, listing);
    },
    forget(tool, path) {
      const paths = forgotten.get(tool) ?? new Set();
      forgotten.set(tool, paths.add(path));
    },
    save() {
      for (const cache of caches) {
        const listing = forgotten.has(cache.tool) ? load(cache) : undefined;
        if (listing !== undefined) write(cache, without(cache.tool, listing));
      }
      forgotten.clear();
    },
  };

  function isOlder(name: string, cache: Cache): boolean {
    const own = new RegExp(`^units-${cache.tool}-[0-9a-f]{8}\\.json(\\.next)?$`);
    return own.test(name) && join(folder, name) !== fileOf(cache);
  }
}

/** Of a list that was made with other patterns nobody knows what may go. */
function tableOf({ units }: Cache): string {
  const text = units.map(({ path, is, anyTime }) => `${path.source} ${is} ${anyTime}`).join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

function textOf(cache: Cache, { units, unread }: Listing): string {
  const columns = {
    unit: units.map(({ unit }) => cache.units.indexOf(unit)),
    path: units.map(({ path }) => path),
    frees: units.map(({ frees }) => frees),
    files: units.map(({ files }) => files),
    usedAt: units.map(({ usedAt }) => usedAt),
  };
  return JSON.stringify({ v: 1, unread, columns });
}

function parse(cache: Cache, text: string): Listing {
  const { unread, columns } = listingSchema.parse(JSON.parse(text));
  const units = columns.path.flatMap((path, n): readonly ListedUnit[] => {
    const unit = cache.units[columns.unit[n] ?? -1];
    const [frees, files, usedAt] = [columns.frees[n], columns.files[n], columns.usedAt[n]];
    if (unit === undefined || frees === undefined || files === undefined || usedAt === undefined) return [];
    return [{ unit, path, frees, files, usedAt }];
  });
  return { units, unread };
}
