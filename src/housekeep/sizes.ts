// How large what is on the volume is, measured a little at a time: what was measured longest ago goes first, a walk that
// takes too long is taken up again the next time, and each figure knows its age. Kept in a file, so that a restart does not
// forget them; one that is lost is measured anew.

import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Holding } from "../domain/report.ts";
import { caches } from "../volume/caches.ts";
import { type Measured, walk } from "../volume/measure.ts";

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
  /** Measures for as long as it may, what is older than `freshMs` first the oldest. True = everything is fresh. */
  measure(options: { readonly now: number; readonly forMs: number; readonly freshMs: number }): boolean;
};

const DAY_MS = 24 * 3_600_000;

type Target = Pick<Holding, "path" | "what" | "of">;

export function openSizes(volume: string, file: string): Sizes {
  const known = new Map(load(file).map((holding) => [holding.path, holding]));
  const begun = new Map<string, Generator<void, Measured | undefined>>();

  function measureOne(target: Target, now: number, until: number): boolean {
    const { path, what, of } = target;
    const cache = what === "cache" ? caches.find(({ tool }) => tool === of) : undefined;
    const steps = begun.get(path) ?? walk(join(volume, path), cache);
    begun.set(path, steps);
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        begun.delete(path);
        if (step.value !== undefined) known.set(path, holdingOf(target, step.value, now));
        else known.delete(path);
        return true;
      }
      if (performance.now() >= until) return false;
    }
  }

  return {
    all: () => [...known.values()],
    of: (path) => known.get(path),
    measure({ now, forMs, freshMs }) {
      const until = performance.now() + forMs;
      const targets = targetsOn(volume);
      const there = new Set(targets.map(({ path }) => path));
      for (const path of known.keys()) if (!there.has(path)) known.delete(path);
      for (const path of begun.keys()) if (!there.has(path)) begun.delete(path);
      const age = ({ path }: Target): number => known.get(path)?.at ?? 0;
      const stale = targets.filter((target) => now - age(target) > freshMs).sort((a, b) => age(a) - age(b));
      let all = true;
      for (const target of stale) {
        if (performance.now() >= until || !measureOne(target, now, until)) {
          all = false;
          break;
        }
      }
      save(file, [...known.values()]);
      return all;
    },
  };
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
