// What the holder before left, read and carried over into the folder of the one that opens now.

import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { type BotState, emptyState } from "../domain/state.ts";
import { messageOf } from "../errors.ts";
import { type Beginning, beginEpoch, newestIn } from "./epochs.ts";
import { type Found, readJournal } from "./journal.ts";
import { snapshotFile } from "./snapshot.ts";

export type TakenOver = {
  readonly snapshot: BotState;
  readonly found: Found;
  /** The epoch's own. */
  readonly folder: string;
};

/** A former holder may just finish a write that it began when it still held the folder. */
const TRIES = 3;
const AGAIN_AFTER_MS = 200;

/** Throws as `openStore` does; then nothing was changed. */
export async function takeOver(dir: string, epoch: number, log: Logger): Promise<TakenOver> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryOnce(dir, epoch, log);
    } catch (error) {
      // Of the first epoch there is no former holder.
      if (attempt === TRIES || epoch === 1) throw error;
      log.debug({ why: messageOf(error) }, "state cannot be taken over, looking again");
      await pause(AGAIN_AFTER_MS);
    }
  }
}

async function tryOnce(dir: string, epoch: number, log: Logger): Promise<TakenOver> {
  const from = await newestIn(dir);
  let damaged: Beginning["damaged"] = null;
  const file = snapshotFile(from, (why) => {
    const keepAs = `state.json.damaged-${new Date().toISOString().replaceAll(/[:.]/g, "")}`;
    damaged = { path: join(from, "state.json"), keepAs };
    log.error({ path: join(from, "state.json"), keepAs, why }, "snapshot damaged, going on from the one before");
  });
  const { format: _, ...snapshot } = (await file.read()) ?? { format: "", ...emptyState };
  const found = await readJournal(from, snapshot.sequence);
  if (found.tornBytes > 0) log.warn({ dir: from, bytes: found.tornBytes }, "unfinished end of the journal left out");
  const { last, unfinished } = found;
  return { snapshot, found, folder: await beginEpoch(dir, epoch, { from, last, damaged, unfinished }) };
}
