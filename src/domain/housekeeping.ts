// What is removed from the volume and what stays, each with its reason. Pure: what is there, the policy and the time in.
//
// Trash goes whenever it is seen, and a slot that nobody has used for a long time. All else stays for as long as there is
// room: rules by age reclaim next to nothing of caches that are all young. Above the high watermark the least recently
// used goes first, one kind after the other, until the low one is reached. Sizes that are not known count as nothing, so
// that the plan is rather too long; whoever carries it out looks at the volume as it goes, and stops in time.

import type { Observed } from "./observed.ts";
import { excessOver, type Space, usedShare } from "./space.ts";

/** In the order of eviction: what costs least to have again goes first. */
export const kinds = ["trash", "build cache", "package cache", "slot"] as const;
export type Kind = (typeof kinds)[number];

/** Something that can go on its own, whole, and leaves what is around it as it is. */
export type Unit = {
  readonly kind: Kind;
  /** Below the volume's root. */
  readonly path: string;
  /** The tool or the repo it belongs to. */
  readonly of: string;
  /** What its removal gives back; null = not measured yet. */
  readonly bytes: number | null;
  readonly files: number | null;
  readonly usedAt: number;
  /** Whether it may go while something else on the volume is at work. */
  readonly anyTime: boolean;
  /** Why it stays, however full the volume is; null = it may go. */
  readonly held: string | null;
  /** Whether that is over as soon as nothing is at work any more. */
  readonly forNow: boolean;
};

/** `unread` names what could not be looked at: nothing in there is removed. */
export type Inventory = {
  readonly space: Observed<Space>;
  readonly units: readonly Unit[];
  readonly unread: readonly { readonly path: string; readonly why: string }[];
};

export type HousekeepingPolicy = {
  /** Used shares of the volume, 0 to 1: above `high` eviction begins, at `low` it ends. */
  readonly high: number;
  readonly low: number;
  readonly keepIdleSlotsMs: number;
};

export type Removal = {
  readonly unit: Unit;
  readonly why: string;
  /** Only to make room: it stays where that is there already. */
  readonly forSpace: boolean;
};

/** Units of one owner with one reason, told together. */
export type Group = {
  readonly kind: Kind;
  readonly of: string;
  readonly why: string;
  readonly units: number;
  readonly bytes: number;
  /** Of those units, how many have no known size. */
  readonly unmeasured: number;
  /** When the units were last used: the first and the last of those times. */
  readonly usedFrom: number;
  readonly usedTo: number;
};

export type Plan = {
  readonly at: number;
  readonly space: Observed<Space>;
  /** Above the high watermark: what has to be freed to be at the low one. Null = there is room, or nobody knows. */
  readonly need: Size | null;
  readonly removals: readonly Removal[];
  readonly kept: readonly Group[];
  /** What is still missing once everything in the plan is gone; null = nothing. */
  readonly short: Size | null;
  /** Whether more may go once nothing is at work. */
  readonly waits: boolean;
  readonly notes: readonly string[];
};

export type Size = { readonly bytes: number; readonly files: number };

/** A plan that is longer is carried out in parts, each on a new look at the volume. */
const MOST_REMOVALS = 20_000;

export function plan(inventory: Inventory, policy: HousekeepingPolicy, now: number): Plan {
  const need = inventory.space.known ? needOf(inventory.space.value, policy) : null;
  const removals: Removal[] = [];
  const kept = createGroups();
  const left: { bytes: number; files: number } = { bytes: need?.bytes ?? 0, files: need?.files ?? 0 };
  const remove = (unit: Unit, why: string, forSpace: boolean): void => {
    removals.push({ unit, why, forSpace });
    left.bytes -= unit.bytes ?? 0;
    left.files -= unit.files ?? 0;
  };

  const evictable: Unit[] = [];
  for (const unit of inventory.units) {
    const rule = unit.held === null ? alwaysGoes(unit, policy, now) : undefined;
    if (unit.held !== null) kept.add(unit, unit.held);
    else if (rule !== undefined && removals.length < MOST_REMOVALS) remove(unit, rule, false);
    else evictable.push(unit);
  }
  let full = false;
  for (const unit of need === null ? evictable : inEvictionOrder(evictable)) {
    if (need === null) kept.add(unit, inventory.space.known ? "there is room" : "how full the volume is, is not known");
    else if (left.bytes <= 0 && left.files <= 0) kept.add(unit, "enough was freed without it");
    else if (removals.length >= MOST_REMOVALS) {
      full = true;
      kept.add(unit, "its turn is in the next part");
    } else remove(unit, "least recently used, and the volume is too full", true);
  }
  const short = need !== null && !full && (left.bytes > 0 || left.files > 0);
  return {
    at: now,
    space: inventory.space,
    need,
    removals,
    kept: kept.all(),
    short: short ? { bytes: Math.max(0, left.bytes), files: Math.max(0, left.files) } : null,
    waits: inventory.units.some(({ held, forNow }) => held !== null && forNow),
    notes: [
      ...(inventory.space.known ? [] : [`How full the volume is cannot be read: ${inventory.space.why}.`]),
      ...inventory.unread.map(({ path, why }) => `${path} cannot be read, so nothing in it is removed: ${why}.`),
    ],
  };
}

/** Null while both bytes and files are below the high watermark. */
export function needOf({ bytes, files }: Space, { high, low }: HousekeepingPolicy): Size | null {
  const above = usedShare(bytes) >= high || (files !== null && usedShare(files) >= high);
  if (!above) return null;
  return { bytes: excessOver(low, bytes), files: files === null ? 0 : excessOver(low, files) };
}

function alwaysGoes({ kind, usedAt }: Unit, { keepIdleSlotsMs }: HousekeepingPolicy, now: number): string | undefined {
  if (kind === "trash") return "thrown away";
  const idle = kind === "slot" && now - usedAt > keepIdleSlotsMs;
  return idle ? `unused for more than ${daysText(keepIdleSlotsMs)}` : undefined;
}

/** Kind by kind; within slots those of the repos that were idle the longest first. */
function inEvictionOrder(units: readonly Unit[]): readonly Unit[] {
  const byKind = new Map(kinds.map((kind) => [kind, [] as Unit[]]));
  for (const unit of units) byKind.get(unit.kind)?.push(unit);
  const repoUse = new Map<string, number>();
  for (const { of, usedAt } of byKind.get("slot") ?? []) repoUse.set(of, Math.max(repoUse.get(of) ?? 0, usedAt));
  return [...byKind].flatMap(([kind, same]) =>
    same.sort((a, b) =>
      kind === "slot"
        ? (repoUse.get(a.of) ?? 0) - (repoUse.get(b.of) ?? 0) || a.usedAt - b.usedAt
        : a.usedAt - b.usedAt,
    ),
  );
}

export function groupsOf(removals: readonly Pick<Removal, "unit" | "why">[]): readonly Group[] {
  const groups = createGroups();
  for (const { unit, why } of removals) groups.add(unit, why);
  return groups.all();
}

function createGroups() {
  const groups = new Map<string, { -readonly [Key in keyof Group]: Group[Key] }>();
  return {
    add({ kind, of, bytes, usedAt }: Unit, why: string): void {
      const key = `${kind}\n${of}\n${why}`;
      const group = groups.get(key) ?? {
        kind,
        of,
        why,
        units: 0,
        bytes: 0,
        unmeasured: 0,
        usedFrom: usedAt,
        usedTo: 0,
      };
      group.units += 1;
      group.bytes += bytes ?? 0;
      group.unmeasured += bytes === null ? 1 : 0;
      group.usedFrom = Math.min(group.usedFrom, usedAt);
      group.usedTo = Math.max(group.usedTo, usedAt);
      groups.set(key, group);
    },
    all: (): readonly Group[] => [...groups.values()],
  };
}

function daysText(ms: number): string {
  const days = Math.floor(ms / (24 * 3_600_000));
  return days === 1 ? "1 day" : `${days} days`;
}
