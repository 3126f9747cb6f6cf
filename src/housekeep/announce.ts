// What housekeeping says in Slack of its own accord: the daily report, a pass that somebody asked for or that takes long,
// and a volume that is full for good. Each is a thread of its own, by a key that follows from what it is about: posted once,
// redrawn as it changes, and found again after a crash (see slack/publish.ts). Slack being away holds up nothing.

import type { Logger } from "pino";
import { passDetails, passOver, passUnderWay, volumeFull, volumeRelieved } from "../../views/prune.ts";
import { report } from "../../views/report.ts";
import type { Report } from "../domain/report.ts";
import type { Space } from "../domain/space.ts";
import { createLoop } from "../loop.ts";
import type { Dependencies } from "../ops/dependencies.ts";
import type { Chat, Clock, SlackText, Store, ThreadWanted } from "../ports.ts";
import type { PassProgress } from "./pass.ts";

export type Announcer = {
  /** Says that what the key is about may look different now. */
  nudge(key: string): void;
  /** Shows what a bot before this one left to be shown. */
  resume(): void;
  stop(withinMs: number): Promise<unknown>;
};

export function reportKey(at: number, timeZone: string): string {
  return `report/${new Intl.DateTimeFormat("en-CA", { dateStyle: "short", timeZone }).format(at)}`;
}

export function passKey(pass: string): string {
  return `pass/${pass}`;
}

export function fullKey(at: number): string {
  return `full/${at}`;
}

/** A pass in silence for so long is shown. */
export const LONG_MS = 20_000;

type Wanted = { readonly root: SlackText; readonly replies: ThreadWanted["replies"] };

export function createAnnouncer(parts: {
  readonly store: Store;
  readonly chat: Pick<Chat, "showThread">;
  readonly dependencies: Pick<Dependencies, "watch">;
  readonly gather: () => Promise<Report>;
  readonly progress: () => PassProgress | undefined;
  readonly readSpace: () => Promise<Space | null>;
  readonly timeZone: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Announcer {
  const { store, chat, dependencies, gather, progress, readSpace, timeZone, clock, log } = parts;

  async function wantedOf(key: string): Promise<Wanted | undefined> {
    const { housekeeping } = store.state;
    if (key.startsWith("report/")) {
      const due = housekeeping.report;
      if (due?.key !== key || due.shown) return undefined;
      return { root: report(await gather(), timeZone), replies: [] };
    }
    if (key.startsWith("full/")) {
      const { full } = housekeeping;
      if (full !== null && fullKey(full.at) === key) return { root: volumeFull(full, await readSpace()), replies: [] };
      return { root: volumeRelieved(Number(key.slice("full/".length))), replies: [] };
    }
    return wantedPass(key.slice("pass/".length));
  }

  function wantedPass(id: string): Wanted | undefined {
    const { pass, passes } = store.state.housekeeping;
    if (pass?.pass === id) return { root: passUnderWay(pass, progress(), clock.now()), replies: [] };
    const over = passes.find((each) => each.pass === id);
    if (over === undefined) return undefined;
    const details = passDetails(over, timeZone);
    return {
      root: passOver(over),
      replies: details === undefined ? [] : [{ key: "details", broadcast: false, ...details }],
    };
  }

  async function show(key: string): Promise<null> {
    const wanted = await wantedOf(key);
    if (wanted === undefined) return null;
    await dependencies.watch("slack", () =>
      chat.showThread(
        { issue: key, ...wanted, reactions: [] },
        store.state.threads[key],
        (event) => store.commit(event),
        false,
      ),
    );
    if (key.startsWith("report/")) {
      await store.commit({ type: "housekeeping.report-shown", at: clock.now(), key });
      log.info({ key }, "report shown");
    }
    return null;
  }

  const loop = createLoop<string>({
    name: "announcements",
    concurrency: 1,
    backoff: { firstMs: 1_000, ceilingMs: 60_000 },
    log,
    work: show,
  });

  return {
    nudge: (key) => loop.nudge(key),
    resume() {
      const { housekeeping, threads } = store.state;
      if (housekeeping.report !== null && !housekeeping.report.shown) loop.nudge(housekeeping.report.key);
      // Of the others those that were begun: whatever they showed last may have changed while nobody was there.
      for (const key of Object.keys(threads)) if (key.startsWith("pass/") || key.startsWith("full/")) loop.nudge(key);
      if (housekeeping.full !== null) loop.nudge(fullKey(housekeeping.full.at));
    },
    stop: (withinMs) => loop.stop(withinMs),
  };
}
