// One pass over the volume: plan, do, look, and plan again where that was not enough. What is done is the plan that was
// written down, item by item; before each step it is looked at what has begun to work meanwhile, and how full the volume
// still is. A pass that a kill or a stop cuts off is gone on with by the next start.
//
// The state may be on the very disk that is full: an event that cannot be recorded holds up nothing.

import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { type AtWork, atWork } from "../domain/holds.ts";
import { type HousekeepingPolicy, needOf } from "../domain/housekeeping.ts";
import type { HousekeepingEvent, Pass, PassHead } from "../domain/housekeeping-state.ts";
import type { Observed } from "../domain/observed.ts";
import { excessOver, type Space } from "../domain/space.ts";
import { messageOf } from "../errors.ts";
import type { Clock, Store } from "../ports.ts";
import { caches } from "../volume/caches.ts";
import { markEviction } from "../volume/evicted.ts";
import type { Layout } from "../volume/layout.ts";
import type { LookRequest, SlotOnVolume } from "./look.ts";
import type { VolumeThread } from "./thread.ts";
import type { PlanSeen, SlotItem } from "./volume-work.ts";

/** The slots of all repos, and the one way to take one away. */
export type Slots = {
  find(): Promise<{ readonly slots: readonly SlotOnVolume[]; readonly unread: LookRequest["unread"] }>;
  /** Null = it is gone; else why it stays. */
  remove(item: SlotItem): Promise<string | null>;
};

export type PassParts = {
  readonly thread: VolumeThread;
  readonly slots: Slots;
  readonly layout: Layout;
  readonly policy: HousekeepingPolicy;
  readonly store: Store;
  readonly setupsSince: () => number | undefined;
  readonly readSpace: () => Promise<Observed<Space>>;
  readonly stopping: () => boolean;
  readonly onProgress: (progress: PassProgress) => void;
  readonly clock: Clock;
  readonly log: Logger;
};

export type PassProgress = { readonly done: number; readonly left: number; readonly space: Space | null };

/** A round that frees something is followed by another while the volume is too full. */
const MOST_ROUNDS = 20;
/** How far below the low watermark a pass goes: runs write on while it clears, and it is to end below the mark. */
const MARGIN = 0.005;
const BREATH_MS = 5;
const LIST_STEP_MS = 1_000;

/**
 * What the next pass would do. Changes nothing. Caches that were never listed are, for so long; the plan names those that
 * are not.
 */
export async function planOnly(parts: PassParts, listForMs: number): Promise<PlanSeen> {
  if (await isTooFull(parts)) await list(parts, listForMs, 0);
  return await parts.thread.call("plan", await requestOf(parts));
}

/** Lists caches until all are, and none before `since`. False = not all are, in that time or before it was told to stop. */
async function list({ thread, stopping, clock }: PassParts, forMs: number, since: number): Promise<boolean> {
  const until = performance.now() + forMs;
  while (!stopping() && performance.now() < until) {
    if (await thread.call("list", clock.now(), LIST_STEP_MS, since)) return true;
  }
  return false;
}

async function isTooFull({ readSpace, policy }: PassParts): Promise<boolean> {
  const space = orNull(await readSpace());
  return space !== null && needOf(space, policy) !== null;
}

/** `waits`: more may go once nothing is at work. */
export type PassDone = { readonly pass: Pass; readonly waits: boolean };

/**
 * Carries out a pass, and records it where there was anything to remove, or a person asked for it. `resumed`: its plan is there already.
 * Undefined = told to stop before it was over.
 */
export async function runPass(head: PassHead, resumed: boolean, asked: PassParts): Promise<PassDone | undefined> {
  const { low } = asked.policy;
  const parts = { ...asked, policy: { ...asked.policy, low: Math.max(low - MARGIN, low / 2) } };
  const { thread, clock, log } = parts;
  const before = orNull(await parts.readSpace());
  const notes = new Set<string>();
  let begun = resumed;
  const begin = async (): Promise<void> => {
    if (!begun) await record({ type: "housekeeping.pass-begun", ...head }, parts);
    begun = true;
  };
  if (!resumed) await thread.call("beginPass", head.pass);
  if (head.by !== null) await begin();
  let waits = false;
  // One that was cut off before its plan stood would empty the trash without having counted what is in it.
  if (resumed && (await isPlanned(parts)) && (await carryOut(parts)) === undefined) return undefined;
  // Begun above the high watermark it goes on to the low one, whatever part of a plan, or of one that a kill tore, is done.
  let clearing = resumed && (await thread.call("makesRoom"));
  // The first rounds go by the lists there are; once these are exhausted, all is listed as it is now.
  let since = 0;
  for (let round = 1; round <= MOST_ROUNDS; round += 1) {
    clearing ||= await isTooFull(parts);
    if (clearing && !(await list(parts, Number.POSITIVE_INFINITY, since))) return undefined;
    const { policy, ...request } = await requestOf(parts);
    const { low, high } = policy;
    const seen = await thread.call("planPass", { ...request, policy: { ...policy, high: clearing ? low : high } });
    for (const note of seen.notes) notes.add(note);
    waits = seen.waits;
    if (seen.items > 0) await begin();
    await markEvictions(seen, parts);
    const went = seen.items > 0 ? await carryOut(parts) : 0;
    if (went === undefined) return undefined;
    if ((await excessNow(parts)) === 0) break;
    if (went > 0) continue;
    if (!clearing || since > 0) break;
    since = clock.now();
  }
  const after = orNull(await parts.readSpace());
  const { removed, stayed } = await thread.call("result");
  const pass = { ...head, endedAt: clock.now(), removed, stayed, before, after, notes: [...notes] };
  if (begun) await record({ type: "housekeeping.pass-ended", at: clock.now(), pass }, parts);
  await thread.call("endPass");
  for (const { kind, of, units, bytes, why } of removed) log.info({ kind, of, units, bytes, why }, "removed");
  return { pass, waits };
}

async function isPlanned({ thread }: PassParts): Promise<boolean> {
  const { done, left, slots } = await thread.call("progress");
  return done + left + slots > 0;
}

/** How many items went; undefined = told to stop. What goes to make room goes only for as long as there is none. */
async function carryOut(parts: PassParts): Promise<number | undefined> {
  const { thread, slots, stopping } = parts;
  const before = (await thread.call("progress")).gone;
  do if (stopping()) return undefined;
  while ((await step(await excessNow(parts), parts)) > 0);
  for (const item of await thread.call("slots")) {
    if (item.forSpace && (await excessNow(parts)) === 0) break;
    await thread.call("settle", item.number, await slots.remove(item));
    // The slot is in the trash now: only what is deleted there gives room.
    do if (stopping()) return undefined;
    while ((await step(0, parts)) > 0);
  }
  await thread.call("dropRest", "enough was freed without it");
  return (await thread.call("progress")).gone - before;
}

/**
 * Throws away what gives back up to `bytes`, and deletes it. Resolves to how much of that there is left to do: the slots
 * apart, and what is not deleted yet as one.
 */
async function step(bytes: number, parts: PassParts): Promise<number> {
  const { thread, readSpace, onProgress } = parts;
  const { done, left, slots, emptying } = await thread.call("step", workNow(parts), bytes);
  onProgress({ done, left: left + slots, space: orNull(await readSpace()) });
  await pause(BREATH_MS);
  return bytes === 0 ? Number(emptying) : left + Number(emptying);
}

/** Bytes above the low watermark; files too many count as something to free, of unknown size. Unknown = nothing goes. */
async function excessNow({ readSpace, policy }: PassParts): Promise<number> {
  const space = orNull(await readSpace());
  if (space === null) return 0;
  const bytes = excessOver(policy.low, space.bytes);
  const files = space.files === null ? 0 : excessOver(policy.low, space.files);
  return bytes > 0 || files === 0 ? bytes : Number.MAX_SAFE_INTEGER;
}

async function requestOf(parts: PassParts): Promise<LookRequest> {
  const { slots, policy, readSpace, clock } = parts;
  const [space, found] = await Promise.all([readSpace(), slots.find()]);
  return { space, ...found, work: workNow(parts), policy, now: clock.now() };
}

function workNow({ store, setupsSince }: Pick<PassParts, "store" | "setupsSince">): AtWork | undefined {
  return atWork(Object.values(store.state.runs), setupsSince());
}

/** Trees that read a cache in place are set up anew after an eviction: the mark is there before anything goes. */
async function markEvictions({ removals }: PlanSeen, { thread, layout, clock, log }: PassParts): Promise<void> {
  for (const { tool, treesReadIt } of caches) {
    const goes = treesReadIt && removals.some(({ kind, of }) => kind.endsWith("cache") && of === tool);
    if (!goes) continue;
    try {
      await markEviction(layout.cache(tool), clock.now());
    } catch (error) {
      log.warn({ tool, why: messageOf(error) }, "eviction not marked");
      await thread.call("keep", tool, `its trees could not be told: ${messageOf(error)}`);
    }
  }
}

async function record(event: HousekeepingEvent, { store, log }: PassParts): Promise<void> {
  await store
    .commit(event)
    .catch((error: unknown) => log.warn({ event: event.type, why: messageOf(error) }, "housekeeping not recorded"));
}

function orNull<T>(observed: Observed<T>): T | null {
  return observed.known ? observed.value : null;
}
