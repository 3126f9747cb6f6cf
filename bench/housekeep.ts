// Housekeeping on a volume of a thousand trees and two hundred thousand cache entries: how long the plan takes, how long the
// event loop stands still while it is carried out, whether one pass is enough, how long a tree's rename takes, and whether
// runs are dispatched meanwhile as they are at other times.
//
// A dispatch here is what it costs the bot itself: the loop's turn for the repo, the event on the disk, and a warm tree by
// real git. GitHub and T3 are left out: they would be the same before and meanwhile.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { pino } from "pino";
import { unknown } from "../src/domain/observed.ts";
import { createTrees } from "../src/git/trees.ts";
import { type PassParts, planOnly, runPass } from "../src/housekeep/pass.ts";
import { createSlots } from "../src/housekeep/slots.ts";
import { createVolumeThread } from "../src/housekeep/thread.ts";
import { createLoop } from "../src/loop.ts";
import { openStore } from "../src/store/store.ts";
import { type Made, makeVolume, SANDBOXED } from "./housekeep-volume.ts";
import { activeRun } from "./runs.ts";

const DAY_MS = 24 * 3_600_000;
const policy = { high: 0.85, low: 0.7, keepIdleSlotsMs: 30 * DAY_MS };
const USED = 0.9;
const DISPATCH_EVERY_MS = 500;
const QUIET_DISPATCHES = 10;
const PLANS = 3;

const quiet = pino({ level: "silent" });

export async function run(options: {
  readonly json: boolean;
  readonly trees?: number;
  readonly entries?: number;
}): Promise<Record<string, unknown>> {
  const { json, trees = 1_000, entries = 200_000 } = options;
  const outcome = runInSandbox();
  if (outcome !== undefined) return outcome;
  const dir = mkdtempSync(join(tmpdir(), "afk-bench-housekeep-"));
  const tell = (line: string): void => void (json || console.error(line));
  try {
    tell(`making ${trees} trees and ${entries} cache entries …`);
    using made = makeVolume(dir, trees, entries);
    return { bench: "housekeep", ...(await measure(dir, made, tell)) };
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The same command once more, as root of namespaces of its own, where it may mount; undefined = it may not, or is there. */
function runInSandbox(): Record<string, unknown> | undefined {
  const apart = ["-Urm", process.execPath];
  if (process.env[SANDBOXED] !== undefined || spawnSync("unshare", [...apart, "--version"]).status !== 0) {
    return undefined;
  }
  const { status, stdout } = spawnSync("unshare", [...apart, ...process.argv.slice(1)], {
    env: { ...process.env, [SANDBOXED]: "yes" },
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the bench ended with code ${status}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
}

async function measure(dir: string, made: Made, tell: (line: string) => void): Promise<Record<string, unknown>> {
  made.setUsed(USED);
  const renames = timeRenames();
  const bot = await startBot(dir, made);
  try {
    const { parts, dispatches } = bot;
    const measuring = performance.now();
    while (!(await parts.thread.call("list", Date.now(), 1_000, 0)));
    const listMs = performance.now() - measuring;
    tell(`cache entries listed in ${Math.round(listMs)} ms, as the hourly measuring does`);
    const plans: number[] = [];
    for (let n = 0; n < PLANS; n += 1) {
      const begun = performance.now();
      const seen = await planOnly(parts, 0);
      plans.push(performance.now() - begun);
      if (seen.need === null || seen.short !== null)
        throw new Error(`not the plan to measure: ${JSON.stringify(seen)}`);
    }
    tell(`plan in ${plans.map(Math.round)} ms`);

    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    for (let n = 0; n < QUIET_DISPATCHES; n += 1) await bot.dispatch();
    delay.disable();
    const stallBefore = delay.percentile(99) / 1e6;
    delay.reset();
    const before = dispatches.splice(0);
    let over = false;
    const dispatching = (async () => {
      while (!over) await Promise.all([bot.dispatch(), pause(DISPATCH_EVERY_MS)]);
    })();
    delay.enable();
    const begun = performance.now();
    const done = await runPass({ pass: "bench", at: Date.now(), by: null }, false, parts);
    const passMs = performance.now() - begun;
    delay.disable();
    over = true;
    await dispatching;
    const { after = null, removed = [] } = done?.pass ?? {};
    const used = after === null ? 1 : 1 - after.bytes.free / after.bytes.total;
    const units = (kind: string): number =>
      removed.reduce((sum, group) => sum + (group.kind === kind ? group.units : 0), 0);
    const entriesGone = units("build cache") + units("package cache");
    const stallP99Ms = delay.percentile(99) / 1e6;
    tell(
      `pass in ${Math.round(passMs)} ms: ${entriesGone} entries and ${units("slot")} of ${made.idleTrees} idle trees removed, ` +
        `${(used * 100).toFixed(1)} % in use`,
    );
    tell(
      `event loop stall p99 ${stallP99Ms.toFixed(1)} ms, max ${(delay.max / 1e6).toFixed(1)} ms; with dispatches alone p99 ${stallBefore.toFixed(1)} ms`,
    );
    const lag = { before: summary(before), meanwhile: summary(dispatches) };
    tell(`dispatches before ${JSON.stringify(lag.before)}, meanwhile ${JSON.stringify(lag.meanwhile)}`);
    return {
      planMs: Math.round(Math.max(...plans)),
      stallP99Ms: Number(stallP99Ms.toFixed(1)),
      belowLowWatermark: used <= policy.low,
      renameMsMax: Number(renames.max().toFixed(1)),
      renames: renames.count(),
      volumeIn: made.on,
      listMs: Math.round(listMs),
      stallP99BeforeMs: Number(stallBefore.toFixed(1)),
      passMs: Math.round(passMs),
      removed: { entries: entriesGone, trees: units("slot") },
      dispatches: lag,
    };
  } finally {
    renames.stop();
    await bot.close();
  }
}

type Dispatch = { readonly turnMs: number; readonly treeMs: number };

/** As much of the bot as dispatches runs and cleans up: its store, its loop, its trees, its housekeeping. */
async function startBot(dir: string, made: Made) {
  const { layout, repos, busyRepos, cloneUrl, readSpace } = made;
  const store = await openStore(join(dir, "state"), quiet);
  const trees = createTrees({
    layout,
    token: async () => "none",
    origin: {
      fetchDefaultBranch: async () => ({ name: "main", cloneUrl }),
      fetchHead: async () => unknown("no API here"),
    },
    rulesOf: () => undefined,
    identity: { name: "AFK agent", email: "afk-agent@example.com" },
    env: { PATH: process.env["PATH"] ?? "" },
    paused: () => false,
    log: quiet,
  });
  const thread = createVolumeThread({ volume: layout.volume, keepIn: join(dir, "state", "housekeeping"), saves: true });
  const dispatches: Dispatch[] = [];
  let started = 0;
  const waiting = new Map<string, { readonly at: number; readonly done: PromiseWithResolvers<void> }>();
  async function dispatchIn(repo: string, at: number): Promise<void> {
    const turnMs = performance.now() - at;
    const slot = Math.floor(started / busyRepos.length) + 1;
    started += 1;
    const run = { ...activeRun(started, repo), slot, startedAt: Date.now() };
    await store.commit({ type: "run.dispatched", at: Date.now(), run });
    await trees.prepare(run);
    dispatches.push({ turnMs, treeMs: performance.now() - at });
  }
  const loop = createLoop<string>({
    name: "repo",
    concurrency: 8,
    backoff: { firstMs: 1_000, ceilingMs: 1_000 },
    log: quiet,
    async work(repo) {
      const asked = waiting.get(repo);
      if (asked === undefined) return null;
      waiting.delete(repo);
      try {
        await dispatchIn(repo, asked.at);
        asked.done.resolve();
      } catch (error) {
        asked.done.reject(error);
      }
      return null;
    },
  });
  const parts: PassParts = {
    thread,
    slots: createSlots({ repos, layout, trees, store, loop }),
    layout,
    policy,
    store,
    setupsSince: trees.setupsSince,
    readSpace,
    stopping: () => false,
    onProgress: () => {},
    clock: { now: () => Date.now() },
    log: quiet,
  };
  return {
    parts,
    dispatches,
    /** Resolves once the run has its tree. */
    async dispatch(): Promise<void> {
      const repo = busyRepos[started % busyRepos.length] ?? "";
      const done = Promise.withResolvers<void>();
      waiting.set(repo, { at: performance.now(), done });
      loop.nudge(repo);
      await done.promise;
    },
    async close() {
      await loop.stop(5_000);
      await Promise.all([thread.close(), trees.close()]);
      await store.close();
    },
  };
}

/** How long each rename took, by the call itself: a tree's, of whatever size, is one of them. */
function timeRenames() {
  const { rename } = promises;
  const times: number[] = [];
  promises.rename = async (from, to) => {
    const begun = performance.now();
    await rename(from, to);
    if (String(to).includes("/trash/")) times.push(performance.now() - begun);
  };
  syncBuiltinESMExports();
  return {
    max: () => Math.max(0, ...times),
    count: () => times.length,
    stop() {
      promises.rename = rename;
      syncBuiltinESMExports();
    },
  };
}

function summary(dispatches: readonly Dispatch[]) {
  const of = (pick: (dispatch: Dispatch) => number) => {
    const sorted = dispatches.map(pick).toSorted((a, b) => a - b);
    const at = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0);
    return { median: at(0.5), max: at(1) };
  };
  return { runs: dispatches.length, turnMs: of(({ turnMs }) => turnMs), treeMs: of(({ treeMs }) => treeMs) };
}
