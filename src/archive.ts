// Ended runs leave the hot state, so that it stays as small as what goes on. First they are in the history, then out of
// the state: a crash in between writes them twice, and the history's reader knows that.

import type { BotEvent } from "./domain/event.ts";
import type { RepoKey } from "./domain/repo.ts";
import { isEnded } from "./domain/run.ts";
import { runsOf } from "./domain/runs.ts";
import type { Parts } from "./parts.ts";

/** People look at what ended today without asking for the history. */
const KEEP_ENDED_MS = 24 * 3_600_000;

/** Moves the repo's runs that ended a day ago, once everything is taken down and everybody was told. */
export async function archiveEnded<Some extends Pick<Parts, "store" | "history" | "publisher" | "clock">>(
  repo: RepoKey,
  parts: Some,
  record: (event: BotEvent, parts: Some) => Promise<void>,
): Promise<void> {
  const { store, history, publisher, clock } = parts;
  const now = clock.now();
  for (const run of runsOf(store.state, repo)) {
    const over = isEnded(run) && run.tree === null && now - run.state.since > KEEP_ENDED_MS;
    if (!over || !publisher.isShown(run)) continue;
    await history.add(run);
    await record({ type: "run.archived", at: now, run: run.id }, parts);
  }
}
