// What the daily report is made of, gathered: the runs of the day, what is on the volume, what would stay and why. What
// cannot be read is said in the report.

import type { Group } from "../domain/housekeeping.ts";
import type { RepoKey } from "../domain/repo.ts";
import { type Report, reportOf } from "../domain/report.ts";
import { messageOf } from "../errors.ts";
import type { Clock, History, Store } from "../ports.ts";
import { type PassParts, planOnly } from "./pass.ts";

const DAY_MS = 24 * 3_600_000;

export async function gatherReport(parts: {
  readonly repos: readonly RepoKey[];
  readonly store: Store;
  readonly history: History;
  readonly pass: PassParts;
  readonly clock: Clock;
}): Promise<Report> {
  const { repos, store, history, pass, clock } = parts;
  const now = clock.now();
  const unread: string[] = [];
  const orElse = async <T>(what: string, read: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await read;
    } catch (error) {
      unread.push(`${what}: ${messageOf(error)}`);
      return otherwise;
    }
  };
  const past = await orElse("The history", history.find({ since: now - DAY_MS, until: now }), {
    runs: [],
    unreadable: 0,
  });
  if (past.unreadable > 0) unread.push(`The history has ${past.unreadable} lines that cannot be read.`);
  return reportOf({
    now,
    repos,
    runs: [...past.runs, ...Object.values(store.state.runs)],
    housekeeping: store.state.housekeeping,
    space: await pass.readSpace(),
    holdings: await orElse("The sizes", pass.thread.call("holdings"), []),
    kept: await orElse(
      "The plan",
      planOnly(pass, 0).then((plan): readonly Group[] => plan.kept),
      [],
    ),
    unread,
  });
}
