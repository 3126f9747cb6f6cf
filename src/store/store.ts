// All state, one writer: journal first, then the reducer, then whoever waits.
//
// `commit` resolves once its event is in the journal and on the disk; events that arrive while a write is under way go
// into the next write together. A write that fails rejects its commits and leaves the state as it was: what was not
// acknowledged did not happen. Every few hundred events the whole state is written as a snapshot beside the journal, and
// what no snapshot needs any more is dropped; a snapshot that fails costs nothing but a longer start.
// See docs/decisions/0002-journal-under-lowdb.md.

import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { Low } from "lowdb";
import type { Logger } from "pino";
import { type BotEvent, eventSchema } from "../domain/event.ts";
import { type BotState, reduceAll } from "../domain/state.ts";
import { AfkError, messageOf } from "../errors.ts";
import { always, type MayAct } from "../leader/fence.ts";
import type { Store } from "../ports.ts";
import { dropBefore } from "./epochs.ts";
import { diskError } from "./files.ts";
import { openJournal } from "./journal.ts";
import { type Lock, takeLock } from "./lock.ts";
import { keepReserve, spendReserve } from "./reserve.ts";
import { FORMAT, snapshotFile } from "./snapshot.ts";
import { takeOver } from "./take-over.ts";

/** Events between snapshots, where the state is small; a large one is written when the journal has outgrown it. */
export const SNAPSHOT_EVERY = 400;

type Waiting = { readonly event: BotEvent; resolve(): void; reject(error: unknown): void };

/** By whose leave the folder is written to: `lease` names the Lease that says so, null = nothing but the lock does. */
export type Leave = { readonly lease: string | null; readonly mayAct: MayAct };

const ALONE: Leave = { lease: null, mayAct: always };

/**
 * Opens the state folder `dir`, made where it is missing. Throws `conflict` where it cannot be used (in use, read-only),
 * `invalid` where what is in it is damaged, foreign or newer; each says what to do.
 */
export async function openStore(dir: string, log: Logger, leave: Leave = ALONE): Promise<Store> {
  try {
    return await open(dir, log, leave);
  } catch (error) {
    if (!(await spendReserve(dir, error))) throw error;
    log.warn({ dir }, "disk is full, starting on what was reserved");
    return await open(dir, log, leave);
  }
}

async function open(dir: string, log: Logger, leave: Leave): Promise<Store> {
  await mkdir(dir, { recursive: true }).catch((error: unknown) => Promise.reject(diskError(error, `make ${dir}`)));
  const lock = await takeLock({ dir, what: `state folder ${dir}` }, leave.lease, (machine) =>
    log.warn({ dir, machine }, "state is held elsewhere, watching whether it lives"),
  );
  try {
    return await openLocked(dir, lock, leave.mayAct, log);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openLocked(dir: string, lock: Lock, mayAct: MayAct, log: Logger): Promise<Store> {
  const { snapshot, found, folder } = await takeOver(dir, lock.epoch, log);
  const file = snapshotFile(folder, () => {});
  const db = new Low(file, { format: FORMAT, ...snapshot });
  let state: BotState = reduceAll(snapshot, found.events);
  const last = found.last === null ? null : { ...found.last, path: join(folder, basename(found.last.path)) };
  const journal = await openJournal(folder, last, state.sequence + 1);
  let snapshotAt = snapshot.sequence;
  let snapshotBytes = 0;
  let snapshotting: Promise<void> | undefined;
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let closed = false;
  log.info({ dir: folder, snapshot: snapshotAt, replayed: found.events.length }, "state loaded");
  await dropBefore(dir, lock.epoch);
  await keepReserve(dir);

  function mayWrite(): void {
    lock.check();
    mayAct();
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      // Whoever was let go together commits again together: one turn of the queue, and they are one group.
      await null;
      const batch = waiting;
      waiting = [];
      try {
        const events = batch.map(({ event }) => event);
        const next = reduceAll(state, events);
        mayWrite();
        await journal.append(state.sequence + 1, events, mayWrite);
        state = next;
      } catch (error) {
        const failure =
          error instanceof AfkError ? error : new AfkError("conflict", `Cannot commit: ${messageOf(error)}`, error);
        log.error({ why: failure.message, commits: batch.length }, "commit failed");
        for (const { reject } of batch) reject(failure);
        continue;
      }
      for (const { resolve } of batch) resolve();
      if (snapshotIsDue()) await beginSnapshot();
    }
    writing = undefined;
  }

  function snapshotIsDue(): boolean {
    return (
      snapshotting === undefined && state.sequence - snapshotAt >= SNAPSHOT_EVERY && journal.bytes() >= snapshotBytes
    );
  }

  /** The journal goes on in a new segment at once; the state as it is now is written beside it. */
  async function beginSnapshot(): Promise<void> {
    const taken = state;
    try {
      await journal.rotate(taken.sequence + 1);
    } catch (error) {
      postpone(error);
      return;
    }
    snapshotting = writeSnapshot(taken).finally(() => {
      snapshotting = undefined;
    });
  }

  async function writeSnapshot(taken: BotState): Promise<void> {
    const before = snapshotAt;
    try {
      mayWrite();
      db.data = { format: FORMAT, ...taken };
      await db.write();
      snapshotBytes = file.bytes();
      snapshotAt = taken.sequence;
      // `.prev` is the one before, and must stay of use.
      await journal.drop(before + 1);
      await keepReserve(dir);
    } catch (error) {
      postpone(error);
    }
  }

  function postpone(error: unknown): void {
    log.warn({ why: messageOf(error) }, "snapshot not written, the journal goes on");
    snapshotBytes = journal.bytes() + snapshotBytes;
  }

  return {
    get state() {
      return state;
    },
    async commit(event) {
      if (closed) throw new AfkError("conflict", "The bot is stopping: nothing is recorded any more.");
      eventSchema.parse(event);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ event, resolve, reject });
      writing ??= writeAll();
      await promise;
    },
    async close() {
      if (closed) return;
      closed = true;
      await writing;
      await snapshotting;
      if (state.sequence > snapshotAt) await writeSnapshot(state);
      await journal.close();
      await lock.release();
    },
  };
}
