// All that housekeeping does on the volume itself, as functions that block: they run in a thread of their own, which keeps
// the plan of the pass under way. What needs git, slots, is left to the caller, item by item.

import { join } from "node:path";
import { type AtWork, cacheHold } from "../domain/holds.ts";
import { type Group, groupsOf, type Plan, type Removal, type Unit } from "../domain/housekeeping.ts";
import type { Holding } from "../domain/report.ts";
import { messageOf } from "../errors.ts";
import { openListings } from "./listings.ts";
import { type LookRequest, lookAt } from "./look.ts";
import { beginPassFile, type Outcome, type PassFile, resumePassFile } from "./pass-file.ts";
import { openSizes } from "./sizes.ts";
import type { VolumeThreadOptions } from "./thread.ts";
import { openTrash, type Trash } from "./trash.ts";
import { findWayOut } from "./way-out.ts";

/** A plan without its items, which may be many thousands. */
export type PlanSeen = Omit<Plan, "removals"> & { readonly removals: readonly Group[]; readonly items: number };

export type SlotItem = {
  readonly number: number;
  readonly path: string;
  readonly repo: string;
  readonly forSpace: boolean;
};

/** How far the pass is. `left` counts what is to be done here; `slots` are the caller's. */
export type Progress = {
  readonly done: number;
  /** Of those done the ones that did not stay. */
  readonly gone: number;
  readonly left: number;
  readonly slots: number;
  /** Whether what was thrown away is not all deleted yet: its space comes back with the next steps. */
  readonly emptying: boolean;
};

export type PassSeen = { readonly removed: readonly Group[]; readonly stayed: readonly Group[] };

/** How long one step works before it answers: the caller looks at the volume in between, and at what began to work. */
const STEP_MS = { throwing: 50, emptying: 200 };

export type VolumeWork = ReturnType<typeof createVolumeWork>;

export function createVolumeWork({ volume, keepIn, saves }: VolumeThreadOptions) {
  const file = join(keepIn, "pass.jsonl");
  const listings = openListings(keepIn, saves);
  const sizes = openSizes(volume, join(keepIn, "sizes.json"), listings, saves);
  let passFile: PassFile | undefined;
  let nextItem = 0;
  /** Of the items those that a kill cut off: whatever of them is gone may have gone by it. */
  let cutOff = 0;
  /** Whether what caches hold was measured in the middle of the pass. */
  let isListedAnew = false;
  let emptying: { readonly trash: Trash; readonly steps: Generator<number, void> } | undefined;
  const undeletable = new Map<string, string>();

  function requirePass(): PassFile {
    if (passFile === undefined) throw new Error("no pass is under way");
    return passFile;
  }

  return {
    plan(request: LookRequest): PlanSeen {
      return seen(lookAt(volume, sizes, listings, request));
    },

    /** From now on a kill cuts off this pass. */
    beginPass(pass: string): void {
      if (passFile?.pass !== pass) passFile = beginPassFile(file, pass);
    },

    /** Plans, and writes the plan down as what the pass does next. */
    planPass(request: LookRequest): PlanSeen {
      const made = lookAt(volume, sizes, listings, request);
      requirePass().addItems(made.removals);
      return seen(made);
    },

    /** The pass that a kill cut off, to be gone on with; null = none was. */
    resumePass(): string | null {
      passFile = resumePassFile(file);
      nextItem = 0;
      cutOff = passFile?.items.length ?? 0;
      for (const number of passFile?.outcomes.keys() ?? []) forget(number);
      return passFile?.pass ?? null;
    },

    /** Whether something goes only because the volume is too full. */
    makesRoom: (): boolean => requirePass().items.some(({ forSpace }) => forSpace),

    progress,

    /**
     * Does the next items for a moment: throws away what gives back up to `bytes`, and deletes it before anything more is
     * thrown away. What has come into use since the plan stays.
     */
    step(work: AtWork | undefined, bytes: number): Progress {
      if (emptying === undefined) throwSome(work, bytes);
      emptySome();
      return progress();
    },

    slots(): readonly SlotItem[] {
      const { items, outcomes } = requirePass();
      return items.flatMap(({ unit, forSpace }, number): readonly SlotItem[] =>
        unit.kind === "slot" && !outcomes.has(number) ? [{ number, path: unit.path, repo: unit.of, forSpace }] : [],
      );
    },

    /** What became of a slot, or of an item that is not done any more; null = it is gone. */
    settle(number: number, why: string | null): void {
      requirePass().addOutcomes([[number, why]]);
    },

    /** Whatever is left of the plan stays, for this reason. */
    dropRest: (why: string): void => keep(() => true, why),

    /** What is left of the plan of this tool's cache stays. */
    keep: (tool: string, why: string): void => keep(({ of }) => of === tool, why),

    result(): PassSeen {
      const { items, outcomes } = requirePass();
      const removed: Pick<Removal, "unit" | "why">[] = [];
      const stayed: Pick<Removal, "unit" | "why">[] = [];
      for (const [number, item] of items.entries()) {
        const why = outcomes.get(number);
        if (why === null) removed.push(item);
        else stayed.push({ ...item, why: why ?? "the pass ended before its turn" });
      }
      return { removed: groupsOf(removed), stayed: groupsOf(stayed) };
    },

    /** The pass is told of: its file is not needed any more. */
    endPass(): void {
      listings.save();
      shrinkSizes();
      passFile?.remove();
      passFile = undefined;
      nextItem = 0;
      cutOff = 0;
      isListedAnew = false;
      undeletable.clear();
    },

    /** Lists the units of caches for so long: where they are not listed, or were before `since`. True = all are now. */
    list(now: number, forMs: number, since: number): boolean {
      if (since > 0) isListedAnew = true;
      return sizes.list({ now, forMs, since });
    },

    /** Measures for so long what was measured longest ago, and gives all figures there are. */
    measure(now: number, forMs: number, freshMs: number): readonly Holding[] {
      sizes.measure({ now, forMs, since: now - freshMs });
      return sizes.all();
    },

    holdings: (): readonly Holding[] => sizes.all(),

    findWayOut: (tool: string): string | null => findWayOut(volume, tool),
  };

  /** What is told of the volume until it is measured again is without what this pass removed. */
  function shrinkSizes(): void {
    const removed = (passFile?.items ?? []).filter((_, number) => passFile?.outcomes.get(number) === null);
    for (const { kind, of, bytes, units } of groupsOf(removed)) {
      if (!kind.endsWith("cache") || isListedAnew) continue;
      const files = removed.reduce(
        (sum, { unit }) => sum + (unit.kind === kind && unit.of === of ? (unit.files ?? 0) : 0),
        0,
      );
      sizes.shrink(`caches/${of}`, { bytes, files, units });
    }
    for (const { unit } of removed) if (unit.kind === "slot") sizes.shrink(unit.path, null);
    sizes.save();
  }

  function keep(which: (unit: Unit) => boolean, why: string): void {
    const { items, outcomes, addOutcomes } = requirePass();
    addOutcomes(
      items.flatMap(({ unit }, number): readonly Outcome[] =>
        outcomes.has(number) || !which(unit) ? [] : [[number, why]],
      ),
    );
  }

  /** Gone, or not what it was when it was listed: the next list has it as it is then. */
  function forget(number: number): void {
    const unit = passFile?.items[number]?.unit;
    if (unit?.kind.endsWith("cache")) listings.forget(unit.of, unit.path.slice(`caches/${unit.of}/`.length));
  }

  function throwSome(work: AtWork | undefined, bytes: number): void {
    const { items, outcomes, addOutcomes } = requirePass();
    const until = performance.now() + STEP_MS.throwing;
    const fresh: Outcome[] = [];
    const trash = openTrash(volume);
    let thrown = 0;
    for (; nextItem < items.length && performance.now() < until && thrown < bytes; nextItem += 1) {
      const item = items[nextItem];
      if (item === undefined || outcomes.has(nextItem)) continue;
      const { kind } = item.unit;
      if (kind === "slot" || kind === "trash") continue;
      const why = throwAway(trash, item, work, nextItem < cutOff);
      fresh.push([nextItem, why]);
      forget(nextItem);
      if (why === null) thrown += item.unit.bytes ?? 0;
    }
    addOutcomes(fresh);
    emptying = { trash, steps: trash.empty((path, why) => undeletable.set(path, `Cannot delete ${path}: ${why}`)) };
  }

  function emptySome(): void {
    if (emptying === undefined) return;
    const until = performance.now() + STEP_MS.emptying;
    try {
      while (performance.now() < until) {
        if (emptying.steps.next().done !== true) continue;
        emptied(null);
        return;
      }
    } catch (error) {
      emptied(messageOf(error));
    }
  }

  /** What was in the trash before is gone now, or cannot be deleted: for a reason of its own, or of the whole trash's. */
  function emptied(failure: string | null): void {
    emptying?.trash.close();
    emptying = undefined;
    const { items, outcomes, addOutcomes } = requirePass();
    addOutcomes(
      items.flatMap(({ unit }, number): readonly Outcome[] =>
        unit.kind === "trash" && !outcomes.has(number) ? [[number, undeletable.get(unit.path) ?? failure]] : [],
      ),
    );
  }

  function progress(): Progress {
    const { items, outcomes } = requirePass();
    let left = 0;
    let slots = 0;
    for (const [number, { unit }] of items.entries()) {
      if (outcomes.has(number)) continue;
      if (unit.kind === "slot") slots += 1;
      else left += 1;
    }
    const gone = [...outcomes.values()].filter((why) => why === null).length;
    return { done: outcomes.size, gone, left, slots, emptying: emptying !== undefined };
  }
}

/** Why the item is not among what this pass removed; null = it is. */
function throwAway(trash: Trash, { unit }: Removal, work: AtWork | undefined, wasCutOff: boolean): string | null {
  const held = cacheHold(unit.anyTime, unit.usedAt, work);
  if (held !== null) return held;
  try {
    const thrown = trash.throwAway(unit.path, unit.usedAt);
    switch (thrown) {
      case "moved":
        return null;
      case "gone":
        return wasCutOff ? null : "it was gone already";
      case "used":
        return "used since it was planned";
      default:
        return thrown satisfies never;
    }
  } catch (error) {
    return messageOf(error);
  }
}

function seen({ removals, ...plan }: Plan): PlanSeen {
  return { ...plan, removals: groupsOf(removals), items: removals.length };
}
