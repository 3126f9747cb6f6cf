// What is on the volume, as far as the plan asks: the units of caches only when the volume is too full, and the packages
// only when the builds are not enough; as they were listed (listings.ts), without a walk. Runs in the volume's thread.

import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type AtWork, cacheHold } from "../domain/holds.ts";
import { type HousekeepingPolicy, type Inventory, needOf, type Plan, plan, type Unit } from "../domain/housekeeping.ts";
import type { Observed } from "../domain/observed.ts";
import type { Space } from "../domain/space.ts";
import { type Cache, caches } from "../volume/caches.ts";
import type { Listings } from "./listings.ts";
import type { Sizes } from "./sizes.ts";

/** A repo's slot, as whoever knows the runs sees it. */
export type SlotOnVolume = {
  readonly path: string;
  readonly repo: string;
  readonly usedAt: number;
  readonly held: string | null;
};

export type LookRequest = {
  readonly space: Observed<Space>;
  readonly slots: readonly SlotOnVolume[];
  readonly unread: Inventory["unread"];
  readonly work: AtWork | undefined;
  readonly policy: HousekeepingPolicy;
  readonly now: number;
};

/** Reads the volume and plans. Changes nothing. */
export function lookAt(volume: string, sizes: Sizes, listings: Listings, request: LookRequest): Plan {
  const { space, slots, work, policy, now } = request;
  const unread = [...request.unread];
  const units: Unit[] = [...trashUnits(volume, now)];
  const need = space.known ? needOf(space.value, policy) : null;
  const may = { bytes: 0, files: 0 };
  for (const holds of ["builds", "packages"] as const) {
    for (const cache of caches.filter((each) => each.holds === holds)) {
      const isEnough = need !== null && may.bytes >= need.bytes && may.files >= need.files;
      if (isEnough) {
        units.push(...asOne(cache, sizes).map((unit) => ({ ...unit, held: "enough was freed without it" })));
        continue;
      }
      for (const unit of need === null ? asOne(cache, sizes) : cacheUnits(volume, cache, listings, work, unread)) {
        units.push(unit);
        if (unit.held !== null) continue;
        may.bytes += unit.bytes ?? 0;
        may.files += unit.files ?? 0;
      }
    }
  }
  for (const slot of slots) units.push(slotUnit(slot, sizes));
  return plan({ space, units, unread }, policy, now);
}

/** Entries of the trash; what is in the way of a real folder of that name is nothing to remove. */
function trashUnits(volume: string, now: number): readonly Unit[] {
  return namesIn(join(volume, "trash")).map((name) => ({
    kind: "trash",
    path: `trash/${name}`,
    of: "trash",
    bytes: null,
    files: null,
    usedAt: now,
    anyTime: true,
    held: null,
    forNow: false,
  }));
}

function* cacheUnits(
  volume: string,
  cache: Cache,
  listings: Listings,
  work: AtWork | undefined,
  unread: Unread,
): Generator<Unit> {
  const root = `caches/${cache.tool}`;
  if (!isFolder(join(volume, "caches")) || !isFolder(join(volume, root))) return;
  const listing = listings.of(cache);
  if (listing === undefined) {
    unread.push({ path: root, why: "it was not measured yet" });
    return;
  }
  unread.push(...listing.unread.map(({ path, why }) => ({ path: path.slice(volume.length + 1), why })));
  for (const { unit, path, frees, files, usedAt } of listing.units) {
    yield {
      kind: kindOf(cache),
      path: `${root}/${path}`,
      of: cache.tool,
      bytes: frees,
      files,
      usedAt,
      anyTime: unit.anyTime,
      ...holdOf(frees === 0 && files > 0, cacheHold(unit.anyTime, usedAt, work)),
    };
  }
}

function holdOf(isLinked: boolean, byWork: string | null): Pick<Unit, "held" | "forNow"> {
  return isLinked ? { held: "trees have linked it", forNow: false } : { held: byWork, forNow: byWork !== null };
}

type Unread = { path: string; why: string }[];

/** A cache that nothing has to go of: its size as it was measured last. */
function asOne(cache: Cache, sizes: Sizes): readonly Unit[] {
  const path = `caches/${cache.tool}`;
  const seen = sizes.of(path);
  if (seen === undefined) return [];
  const { bytes, files, at } = seen;
  return [
    { kind: kindOf(cache), path, of: cache.tool, bytes, files, usedAt: at, anyTime: true, held: null, forNow: false },
  ];
}

function slotUnit({ path, repo, usedAt, held }: SlotOnVolume, sizes: Sizes): Unit {
  const size = sizes.of(path);
  return {
    kind: "slot",
    path,
    of: repo,
    bytes: size?.bytes ?? null,
    files: size?.files ?? null,
    usedAt,
    anyTime: true,
    held,
    forNow: false,
  };
}

function kindOf({ holds }: Cache): "build cache" | "package cache" {
  return holds === "builds" ? "build cache" : "package cache";
}

function namesIn(path: string): readonly string[] {
  return isFolder(path) ? readdirSync(path) : [];
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
