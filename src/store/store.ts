// All state, one writer. `commit` applies an event with `reduce` and resolves once the result is on disk; events that
// arrive while a write is under way go into the next write together. A write that fails rejects its commits and leaves
// the state as it was: what was not acknowledged did not happen.

import { join } from "node:path";
import { Low } from "lowdb";
import type { Logger } from "pino";
import { type BotEvent, eventSchema } from "../domain/event.ts";
import { type BotState, emptyState, reduce, stateSchema } from "../domain/state.ts";
import { AfkError, messageOf } from "../errors.ts";
import type { Store } from "../ports.ts";
import { durableFile } from "./durable-file.ts";

type Waiting = { readonly event: BotEvent; resolve(): void; reject(error: unknown): void };

/** Opens `<dir>/state.json`. Throws `invalid` for a file that is not ours, `conflict` for one that cannot be read. */
export async function openStore(dir: string, log: Logger): Promise<Store> {
  const db = new Low<BotState>(durableFile(join(dir, "state.json"), stateSchema), emptyState);
  await db.read();

  let state = db.data;
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      const next = batch.reduce((before, { event }) => reduce(before, event), state);
      try {
        db.data = next;
        await db.write();
        state = next;
        for (const { event, resolve } of batch) {
          log.debug({ event }, "committed");
          resolve();
        }
      } catch (error) {
        db.data = state;
        const failure = new AfkError("conflict", `The state cannot be written to ${dir}: ${messageOf(error)}`, error);
        log.error({ why: messageOf(error) }, "commit failed");
        for (const { reject } of batch) reject(failure);
      }
    }
    writing = undefined;
  }

  return {
    get state() {
      return state;
    },
    commit(event) {
      eventSchema.parse(event);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      waiting.push({ event, resolve, reject });
      writing ??= writeAll();
      return promise;
    },
    async close() {
      await writing;
    },
  };
}
