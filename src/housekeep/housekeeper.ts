// Housekeeping, put together: the jobs of the timetable one after the other, none twice at once. A job that fails says so in
// the state, and with it in the report, and is tried again by and by. What concerns one repo is done in the repo's turn, and
// one repo's failure leaves the others.

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Logger } from "pino";
import type { HousekeepingSettings } from "../config.ts";
import { atWork, mayWork, oldThreads } from "../domain/holds.ts";
import { needOf } from "../domain/housekeeping.ts";
import type { JobName, Pass, PassHead } from "../domain/housekeeping-state.ts";
import type { RepoKey } from "../domain/repo.ts";
import type { Report } from "../domain/report.ts";
import { runsOf } from "../domain/runs.ts";
import { scarcest } from "../domain/space.ts";
import { messageOf } from "../errors.ts";
import type { Upkeep } from "../git/upkeep.ts";
import { fenced, type MayAct } from "../leader/fence.ts";
import { createLoop, type Loop } from "../loop.ts";
import type { Dependencies } from "../ops/dependencies.ts";
import type { Chat, Clock, History, Store, Trees } from "../ports.ts";
import { type Schedule, startSchedule } from "../schedule.ts";
import type { Layout } from "../volume/layout.ts";
import { readSpace } from "../volume/space.ts";
import { createAnnouncer, fullKey, LONG_MS, passKey, reportKey } from "./announce.ts";
import { largestHolders } from "./holders.ts";
import { type PassDone, type PassParts, type PassProgress, planOnly, runPass } from "./pass.ts";
import { gatherReport } from "./report-data.ts";
import { createSlots } from "./slots.ts";
import { createVolumeThread } from "./thread.ts";
import { pruneTools } from "./tools.ts";
import type { PlanSeen } from "./volume-work.ts";

export type Housekeeper = {
  /** What the next pass would do. */
  plan(): Promise<PlanSeen>;
  /** Has a pass begin for the person; `running`: one is under way already. */
  prune(user: string): Promise<"begun" | "running">;
  report(): Promise<Report>;
  stop(withinMs: number): Promise<void>;
};

export type HousekeeperParts = {
  readonly settings: HousekeepingSettings;
  /** Share of the volume, 0 to 1, below which nothing new starts. */
  readonly minFree: number;
  readonly stateDir: string;
  readonly layout: Layout;
  readonly repos: readonly RepoKey[];
  readonly trees: Trees;
  readonly upkeep: Upkeep;
  readonly store: Store;
  readonly history: History;
  readonly loop: Pick<Loop<RepoKey>, "hold">;
  readonly chat: Pick<Chat, "showThread">;
  readonly dependencies: Pick<Dependencies, "watch">;
  readonly mayAct: MayAct;
  readonly clock: Clock;
  readonly log: Logger;
};

/** What was measured within a day counts as it is. */
const FRESH_MS = 20 * 3_600_000;
const PROGRESS_MS = 5_000;
/** How long somebody who asks for the plan waits while caches are listed that never were. */
const LIST_MS = 20_000;
const BACKOFF = { firstMs: 60_000, ceilingMs: 30 * 60_000 };

export function startHousekeeper(parts: HousekeeperParts): Housekeeper {
  const { settings, minFree, stateDir, layout, repos, trees, store, history, loop, chat, dependencies } = parts;
  const { mayAct, clock, log } = parts;
  const keepIn = join(stateDir, "housekeeping");
  const thread = fenced(
    createVolumeThread({ volume: layout.volume, keepIn, saves: true }),
    { call: "acts", close: "looks" },
    mayAct,
  );
  const upkeep = fenced(parts.upkeep, { tidy: "acts" }, mayAct);
  const slots = createSlots({ repos, layout, trees, store, loop });
  const spaceNow = () => readSpace(layout.volume);
  let stopping = false;
  let resuming = true;
  let progress: PassProgress | undefined;
  let told = 0;

  const pass: PassParts = {
    thread,
    slots,
    layout,
    policy: settings.policy,
    store,
    setupsSince: trees.setupsSince,
    readSpace: spaceNow,
    stopping: () => stopping,
    onProgress: showProgress,
    clock,
    log,
  };
  const gather = (): Promise<Report> => gatherReport({ repos, store, history, pass, clock });
  const announcer = createAnnouncer({
    store,
    chat,
    dependencies,
    gather,
    progress: () => progress,
    readSpace: async () => {
      const space = await spaceNow();
      return space.known ? space.value : null;
    },
    timeZone: settings.timeZone,
    clock,
    log,
  });

  function showProgress(seen: PassProgress): void {
    progress = seen;
    const head = store.state.housekeeping.pass;
    if (head === null || clock.now() - told < PROGRESS_MS) return;
    if (head.by === null && clock.now() - head.at < LONG_MS) return;
    told = clock.now();
    announcer.nudge(passKey(head.pass));
  }

  const jobs: Readonly<Record<JobName, () => Promise<void>>> = { volume, repos: tidyRepos, tools, measure, report };

  async function volume(): Promise<void> {
    if (resuming) await resume();
    const by = store.state.housekeeping.asked?.by ?? null;
    const head = { pass: randomBytes(6).toString("hex"), at: clock.now(), by };
    await finish(await runPass(head, false, pass));
    await sample();
  }

  /** What a bot before this one was cut off in. */
  async function resume(): Promise<void> {
    const left = store.state.housekeeping.pass;
    const id = await thread.call("resumePass");
    resuming = false;
    if (id === null) {
      if (left !== null) await store.commit({ type: "housekeeping.pass-ended", at: clock.now(), pass: lostPass(left) });
      return;
    }
    const over = store.state.housekeeping.passes.some((each) => each.pass === id);
    if (over) return await thread.call("endPass");
    log.info({ pass: id }, "pass was cut off, going on");
    const head = left?.pass === id ? left : { pass: id, at: clock.now(), by: null };
    await finish(await runPass(head, true, pass));
  }

  async function finish(done: PassDone | undefined): Promise<void> {
    progress = undefined;
    if (done === undefined) return;
    const key = passKey(done.pass.pass);
    if (done.pass.by !== null || store.state.threads[key] !== undefined) announcer.nudge(key);
    await escalate(done);
  }

  /** Once, until there is room again; not while more may go by itself, unless that is what keeps new work from starting. */
  async function escalate({ pass: { after }, waits }: PassDone): Promise<void> {
    if (after === null) return;
    const { full } = store.state.housekeeping;
    const tooFull = needOf(after, settings.policy) !== null;
    const isLast = !waits || scarcest(after).share < minFree;
    if (tooFull && isLast && full === null) {
      // Whatever was not measured yet is not among the largest: a little more time for that now.
      const holdings = await thread.call("measure", clock.now(), settings.measureForMs, FRESH_MS);
      const holders = largestHolders(holdings, (await slots.find()).slots);
      const at = clock.now();
      await store.commit({ type: "housekeeping.filled", at, holders });
      log.error({ holders }, "volume too full, nothing that may go is left");
      announcer.nudge(fullKey(at));
    }
    if (!tooFull && full !== null) {
      await store.commit({ type: "housekeeping.relieved", at: clock.now() });
      announcer.nudge(fullKey(full.at));
    }
  }

  async function sample(): Promise<void> {
    const space = await spaceNow();
    if (space.known) await store.commit({ type: "housekeeping.sampled", at: clock.now(), space: space.value });
  }

  async function tidyRepos(): Promise<void> {
    for (const repo of repos) {
      if (stopping) return;
      const care = await loop.hold(repo, async () => {
        if (runsOf(store.state, repo).some(mayWork)) return undefined;
        const old = oldThreads(store.state, clock.now() - settings.keepCheckpointsMs);
        return await upkeep.tidy(repo, old).catch((error: unknown) => ({ did: [], failed: [messageOf(error)] }));
      });
      if (care === undefined) continue;
      await store.commit({
        type: "housekeeping.repo-cared",
        at: clock.now(),
        repo,
        care: { at: clock.now(), ...care },
      });
      if (care.did.length + care.failed.length > 0) log.info({ repo, ...care }, "repo tidied");
    }
  }

  async function tools(): Promise<void> {
    const work = () => atWork(Object.values(store.state.runs), trees.setupsSince());
    const care = await pruneTools({
      layout,
      thread,
      work,
      stopping: () => stopping,
      path: process.env["PATH"] ?? "",
      logsIn: keepIn,
    });
    await store.commit({ type: "housekeeping.tools-cared", at: clock.now(), care: { at: clock.now(), ...care } });
    log.info(care, "caches pruned by their tools");
  }

  async function measure(): Promise<void> {
    await thread.call("measure", clock.now(), settings.measureForMs, FRESH_MS);
    await sample();
  }

  async function report(): Promise<void> {
    const key = reportKey(clock.now(), settings.timeZone);
    await store.commit({ type: "housekeeping.report-due", at: clock.now(), key });
    announcer.nudge(key);
  }

  async function work(job: JobName): Promise<null> {
    if (stopping) return null;
    const due = (): number | null => schedule.nextOf(job);
    try {
      await jobs[job]();
    } catch (error) {
      const failed = messageOf(error);
      // The state itself may be what cannot be written.
      await store.commit({ type: "housekeeping.job-ran", at: clock.now(), job, due: due(), failed }).catch(() => {});
      throw error;
    }
    // One that was cut off by the stop is due again with the next start.
    const next = stopping ? clock.now() : due();
    await store.commit({ type: "housekeeping.job-ran", at: clock.now(), job, due: next, failed: null });
    return null;
  }

  const running = createLoop<JobName>({ name: "housekeeping", concurrency: 1, backoff: BACKOFF, log, work });
  announcer.resume();
  const schedule: Schedule<JobName> = startSchedule({
    timetable: settings.timetable,
    timeZone: settings.timeZone,
    dueOf: (job) => store.state.housekeeping.jobs[job]?.due,
    atOnce: ["volume", "measure"],
    onDue: (job) => running.nudge(job),
    clock,
    log,
  });
  // Whatever the hour: what was asked for, or cut off, does not wait for it.
  const { pass: cutOff, asked } = store.state.housekeeping;
  if (cutOff !== null || asked !== null) running.nudge("volume");

  return {
    plan: () => planOnly(pass, LIST_MS),
    async prune(user) {
      const { pass: underWay, asked: before } = store.state.housekeeping;
      if (underWay !== null || before !== null) return "running";
      await store.commit({ type: "bot.prune-asked", at: clock.now(), by: user });
      running.nudge("volume");
      return "begun";
    },
    report: gather,
    async stop(withinMs) {
      stopping = true;
      await schedule.stop();
      await running.stop(withinMs);
      await announcer.stop(withinMs);
      await thread.close();
    },
  };
}

/** Of a pass whose plan was lost with a disk that took it no more. */
function lostPass(head: PassHead): Pass {
  const nothing = { removed: [], stayed: [], before: null, after: null };
  return {
    ...head,
    ...nothing,
    endedAt: head.at,
    notes: ["A pass was cut off, and its plan is lost: the next one makes another."],
  };
}
