// The state as the running bot left it on disk, for commands beside it: takes no lock, repairs and removes nothing.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type BotState, emptyState, reduceAll } from "../domain/state.ts";
import { AfkError } from "../errors.ts";
import { newestIn } from "./epochs.ts";
import { readText } from "./files.ts";
import { parseSegment } from "./lines.ts";
import { parseSnapshot } from "./snapshot.ts";

/** Throws `invalid` where the files are damaged or not ours. An empty folder is a bot that has done nothing yet. */
export async function peekState(dir: string): Promise<BotState> {
  const folder = await newestIn(dir);
  const [seen] = await Promise.allSettled([peekIn(folder)]);
  // Another bot took over meanwhile and may have removed what was being read.
  if ((await newestIn(dir)) !== folder) return await peekState(dir);
  if (seen.status === "rejected") throw seen.reason;
  return seen.value;
}

async function peekIn(dir: string): Promise<BotState> {
  const text = await readText(join(dir, "state.json"));
  const snapshot = text === undefined ? undefined : parseSnapshot(text);
  if (snapshot !== undefined && snapshot.is !== "good") {
    throw new AfkError("invalid", `${join(dir, "state.json")} cannot be read: ${snapshot.why}`);
  }
  let state: BotState = snapshot?.data ?? emptyState;
  for (const name of await segments(dir)) {
    const segmentText = await readText(join(dir, name));
    // Dropped meanwhile: a newer snapshot has it, and the next look sees that one.
    const segment = segmentText === undefined ? null : parseSegment(join(dir, name), segmentText, true);
    if (segment === null) continue;
    const from = state.sequence + 1 - segment.first;
    if (from >= 0) state = reduceAll(state, segment.events.slice(from));
  }
  return state;
}

async function segments(dir: string): Promise<readonly string[]> {
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names.filter((name) => /^journal-\d+\.jsonl$/.test(name)).sort();
}
