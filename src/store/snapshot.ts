import { join } from "node:path";
import { z } from "zod";
import { type BotState, STATE_VERSION, stateSchema } from "../domain/state.ts";
import { durableFile, type Parsed } from "./durable-file.ts";
import { migrateState } from "./migrations.ts";

/** The first thing in the file, for people and for `file`-like tools. Version 1 had none. */
export const FORMAT = "afk-bot/state";

const headSchema = z.looseObject({
  format: z.literal(FORMAT).optional(),
  version: z.number().int().positive(),
  sequence: z.number().int().nonnegative(),
});

type Snapshot = BotState & { readonly format: string };

/** The snapshot in an epoch's folder. */
export function snapshotFile(folder: string, onDamaged: (why: string) => void) {
  return durableFile<Snapshot>({ path: join(folder, "state.json"), parse: parseSnapshot, onDamaged });
}

/** A snapshot's text as state, brought up from older versions. What is no JSON object was cut off or has rotted. */
export function parseSnapshot(text: string): Parsed<Snapshot> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { is: "damaged", why: `${text.length} characters that are not JSON` };
  }
  const head = headSchema.safeParse(raw);
  if (!head.success) {
    return {
      is: "refused",
      why: "is not this bot's state. Check the config's `state`, or move the file away; nothing was changed.",
    };
  }
  const { version } = head.data;
  if (version > STATE_VERSION) {
    return {
      is: "refused",
      why: `was written by a newer bot (state version ${version}, this one reads up to ${STATE_VERSION}). Start that version again; nothing was changed.`,
    };
  }
  const parsed = stateSchema.safeParse(migrateState(head.data, version));
  if (parsed.success) return { is: "good", data: { format: FORMAT, ...parsed.data } };
  const where = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  return {
    is: "refused",
    why: `says it is version ${version} of this bot's state and does not look like it (${where.join("; ")}). Restore it from ${"`.prev`"} or a backup.`,
  };
}
