// How large what is on the volume is, measured a little at a time: what was measured longest ago goes first, a walk that
// takes too long is taken up again the next time, and each figure knows its age. Kept in a file, so that a restart does not
// forget them; one that is lost is measured anew. Of a cache each unit is listed on the way (listings.ts).

import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Holding } from "../domain/report.ts";
import { type Cache, caches } from "../volume/caches.ts";
import { type Measured, walk } from "../volume/measure.ts";
import type { Listing, Listings } from "./listings.ts";

const holdingSchema = z
  .object({
    path: z.string(),
    what: z.enum(["checkout", "slot", "cache", "other"]),
    of: z.string(),
    bytes: z.number().nonnegative(),
    files: z.number().int().nonnegative(),
    at: z.number().int(),
    units: z.object({ all: z.number(), used: z.number(), usedBytes: z.number() }).readonly().optional(),
  })
  .readonly();

const fileSchema = z.object({ v: z.literal(1), holdings: z.array(holdingSchema) });

export type Sizes = {
  all(): readonly Holding[];
  /** Undefined = not measured yet. */
  of(path: string): Holding | undefined;
  /** Measures for as long as it may what was measured before `since`, the oldest first. True = there is no such thing left. */
  measure(options: MeasureOptions): boolean;
  /** The same for the caches in the table alone. Those whose units are not listed are measured whatever their age. */
  list(options: MeasureOptions): boolean;
  /** So much of it is gone since it was measured; null = all of it. */
  shrink(path: string, by: { readonly bytes: number; readonly files: number; readonly units: number } | null): void;
  save(): void;
};

type MeasureOptions = { readonly now: number; readonly forMs: number; readonly since: number };

const DAY_MS = 24 * 3_600_000;

type Target = Pick<Holding, "path" | "what" | "of">;
type Walk = { readonly at: number; readonly steps: Generator<void, Measured | undefined> };

/** `saves`: whether the figures are kept in `file`. */
export function openSizes(volume: string, file: string, listings: Listings, saves: boolean): Sizes {
  const known = new Map(load(file).map((holding) => [holding.path, holding]));
  const begun = new Map<string, Walk>();

  function measureOne(target: Target, now: number, until: number): boolean {
    const { path } = target;
    const cache = cacheOf(target);
    // A figure is as old as the beginning of its walk.
    const { at, steps } = begun.get(path) ?? { at: now, steps: walk(join(volume, path), cache) };
    begun.set(path, { at, steps });
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        begun.delete(path);
        if (step.value === undefined) known.delete(path);
        else known.set(path, holdingOf(target, step.value, at));
        if (step.value !== undefined && cache !== undefined) listings.put(cache, listingOf(step.value));
        return true;
      }
      if (performance.now() >= until) return false;
    }
  }

  /** When the target was measured; 0 = never, or its units are not listed. */
  function measuredAt(target: Target): number {
    const cache = cacheOf(target);
    if (cache !== undefined && !listings.has(cache)) return 0;
    return known.get(target.path)?.at ?? 0;
  }

  function measureSome(targets: readonly Target[], { now, forMs, since }: MeasureOptions): boolean {
    const until = performance.now() + forMs;
    const isStale = (target: Target): boolean => measuredAt(target) === 0 || measuredAt(target) < since;
    const stale = targets.filter(isStale).sort((a, b) => measuredAt(a) - measuredAt(b));
    for (const target of stale) if (performance.now() >= until || !measureOne(target, now, until)) break;
    if (stale.length > 0 && saves) save(file, [...known.values()]);
    return !targets.some(isStale);
  }

  return {
    all: () => [...known.values()],
    of: (path) => known.get(path),
    measure(options) {
      const targets = targetsOn(volume);
      const there = new Set(targets.map(({ path }) => path));
      for (const path of known.keys()) if (!there.has(path)) known.delete(path);
      for (const path of begun.keys()) if (!there.has(path)) begun.delete(path);
      return measureSome(targets, options);
    },
    shrink(path, by) {
      const before = known.get(path);
      if (before === undefined) return;
      if (by === null) known.delete(path);
      else known.set(path, less(before, by));
    },
    save() {
      if (saves) save(file, [...known.values()]);
    },
    list: (options) =>
      measureSome(
        targetsOn(volume).filter((target) => cacheOf(target) !== undefined),
        options,
      ),
  };
}

/** What goes first is what was used least: of the units that were in use as many stay as there can be. */
function less(
  before: Holding,
  by: { readonly bytes: number; readonly files: number; readonly units: number },
): Holding {
  const bytes = Math.max(0, before.bytes - by.bytes);
  const base = { ...before, bytes, files: Math.max(0, before.files - by.files) };
  if (before.units === undefined) return base;
  const all = Math.max(0, before.units.all - by.units);
  const { used, usedBytes } = before.units;
  return { ...base, units: { all, used: Math.min(used, all), usedBytes: Math.min(usedBytes, bytes) } };
}

function cacheOf({ what, of }: Target): Cache | undefined {
  return what === "cache" ? caches.find(({ tool }) => tool === of) : undefined;
}

function listingOf({ units, unread }: Measured): Listing {
  return { unread, units: units.map(({ unit, path, frees, files, usedAt }) => ({ unit, path, frees, files, usedAt })) };
}

function holdingOf(target: Target, { all, units }: Measured, now: number): Holding {
  const base = { ...target, bytes: Math.round(all.bytes), files: all.files, at: now };
  if (target.what !== "cache") return base;
  const used = units.filter(({ usedAt }) => now - usedAt < DAY_MS);
  const usedBytes = Math.round(used.reduce((sum, { bytes }) => sum + bytes, 0));
  return { ...base, units: { all: units.length, used: used.length, usedBytes } };
}

/** Everything on the volume, each once: what is the bot's own in its parts, anything else as a whole. */
function targetsOn(volume: string): readonly Target[] {
  return foldersIn(volume).flatMap((name): readonly Target[] => {
    if (name === "repos") return foldersIn(join(volume, name)).flatMap((owner) => ofOwner(volume, owner));
    if (name !== "caches") return [{ path: name, what: "other", of: name }];
    return foldersIn(join(volume, name)).map((tool) => ({ path: `caches/${tool}`, what: "cache", of: tool }));
  });
}

function ofOwner(volume: string, owner: string): readonly Target[] {
  return foldersIn(join(volume, "repos", owner)).flatMap((name): readonly Target[] => {
    const of = `${owner}/${name}`;
    const home = `repos/${of}`;
    return foldersIn(join(volume, home)).flatMap((part): readonly Target[] => {
      if (part !== "slots") return part === "runs" ? [] : [{ path: `${home}/${part}`, what: "checkout", of }];
      return foldersIn(join(volume, home, part)).map((slot) => ({ path: `${home}/slots/${slot}`, what: "slot", of }));
    });
  });
}

/** Real folders only: what a symlink leads to is not on the volume. */
function foldersIn(path: string): readonly string[] {
  try {
    if (!lstatSync(path).isDirectory()) return [];
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    // It went meanwhile, or may not be read: then there is no figure for it.
    return [];
  }
}

function load(file: string): readonly Holding[] {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, "utf8"))).holdings;
  } catch {
    return [];
  }
}

function save(file: string, holdings: readonly Holding[]): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.next`, JSON.stringify({ v: 1, holdings }), { mode: 0o600 });
    renameSync(`${file}.next`, file);
  } catch {
    // A full or read-only disk: the figures are in memory, and the next time writes them.
  }
}
