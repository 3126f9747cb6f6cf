// The store and the start of the bot: how many commits are durable a second, how long the event loop stands still with a
// thousand runs in the state, how long a start takes, and how soon after it every run is watched again.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { pino } from "pino";
import type { BotEvent } from "../src/domain/event.ts";
import type { Run } from "../src/domain/run.ts";
import type { Store } from "../src/ports.ts";
import { newestIn } from "../src/store/epochs.ts";
import { eventLine, headerLine } from "../src/store/lines.ts";
import { openStore } from "../src/store/store.ts";
import { measureAdoption } from "./adoption.ts";
import { activeRun } from "./runs.ts";

const WRITERS = 100;
const COMMITS = 30_000;
const RUNS = 1_000;
const JOURNAL = 100_000;
const ADOPTED = 200;

const quiet = pino({ level: "silent" });

export async function run({ json }: { readonly json: boolean }): Promise<Record<string, unknown>> {
  const dir = mkdtempSync(join(tmpdir(), "afk-bench-"));
  const tell = (line: string): void => void (json || console.error(line));
  try {
    const commits = await measureCommits(join(dir, "commits"));
    tell(`${Math.round(commits.perSecond)} commits/s from ${WRITERS} writers, ${commits.perSync.toFixed(0)} a sync`);
    const bare = await measureBare(join(dir, "bare"), commits.bytes, commits.perSync);
    tell(`${Math.round(bare)} lines/s by append + fdatasync alone`);
    const stall = await measureStall(join(dir, "stall"));
    tell(`event loop stall p99 ${stall.toFixed(1)} ms with ${RUNS} active runs`);
    const startMs = await measureStart(join(dir, "start"));
    tell(`start from ${JOURNAL} events in ${startMs.toFixed(0)} ms`);
    const adoptMs = await measureAdoption(join(dir, "adopt"), ADOPTED);
    tell(`${ADOPTED} runs watched again ${adoptMs.toFixed(0)} ms after the start`);
    return {
      bench: "store",
      commitsPerSecond: Math.round(commits.perSecond),
      vsBareLoop: Number((commits.perSecond / bare).toFixed(2)),
      stallP99Ms: Number(stall.toFixed(1)),
      startMs: Math.round(startMs),
      adoptMs: Math.round(adoptMs),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function stepFailed(run: Run, at: number): BotEvent {
  const text = "git, fetching: the remote end hung up unexpectedly";
  return { type: "run.step-failed", at, run: run.id, step: "prepare-tree", text, refused: false };
}

async function withRuns(dir: string, count: number): Promise<{ readonly store: Store; readonly runs: readonly Run[] }> {
  const store = await openStore(dir, quiet);
  const runs = Array.from({ length: count }, (_, n) => activeRun(n + 1));
  await Promise.all(runs.map((run) => store.commit({ type: "run.dispatched", at: 1, run })));
  return { store, runs };
}

async function commitFrom(store: Store, runs: readonly Run[], commits: number): Promise<void> {
  let left = commits;
  const write = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const run = runs[left % runs.length];
      if (run !== undefined) await store.commit(stepFailed(run, left));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, write));
}

async function measureCommits(dir: string) {
  const { store, runs } = await withRuns(dir, WRITERS);
  await commitFrom(store, runs, 2_000);
  const begun = performance.now();
  await commitFrom(store, runs, COMMITS);
  const perSecond = COMMITS / ((performance.now() - begun) / 1_000);
  await store.close();
  const sample = runs[0];
  const bytes = sample === undefined ? 0 : Buffer.byteLength(eventLine(COMMITS, stepFailed(sample, COMMITS)));
  // Each writer waits for its own commit, so a group is all writers but those that the last one has just let go.
  return { perSecond, bytes, perSync: WRITERS };
}

/** The ceiling: the same bytes in the same groups, with nothing around. */
async function measureBare(path: string, bytes: number, perSync: number): Promise<number> {
  const file = await open(path, "w");
  const group = Buffer.alloc(bytes * perSync, 97);
  const groups = Math.round(COMMITS / perSync);
  const begun = performance.now();
  for (let n = 0; n < groups; n += 1) {
    await file.write(group);
    await file.datasync();
  }
  const lines = (groups * perSync) / ((performance.now() - begun) / 1_000);
  await file.close();
  return lines;
}

/** Commits as fast as they go, so that snapshots of the large state are written all along. */
async function measureStall(dir: string): Promise<number> {
  const { store, runs } = await withRuns(dir, RUNS);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const until = performance.now() + 4_000;
  while (performance.now() < until) await commitFrom(store, runs, 2_000);
  delay.disable();
  await store.close();
  return delay.percentile(99) / 1e6;
}

/** A journal of that length, as a bot that could never write a snapshot would leave it. */
async function measureStart(dir: string): Promise<number> {
  const { store, runs } = await withRuns(dir, RUNS);
  await store.close();
  const first = store.state.sequence + 1;
  const lines = [headerLine(first)];
  for (let n = 0; n < JOURNAL; n += 1) {
    const run = runs[n % runs.length];
    if (run !== undefined) lines.push(eventLine(first + n, stepFailed(run, n)));
  }
  const folder = await newestIn(dir);
  for (const name of readdirSync(folder)) if (name.startsWith("journal-")) rmSync(join(folder, name));
  await writeFile(join(folder, `journal-${String(first).padStart(12, "0")}.jsonl`), lines.join(""));
  const begun = performance.now();
  const again = await openStore(dir, quiet);
  const ms = performance.now() - begun;
  if (again.state.sequence !== first + JOURNAL - 1) throw new Error("the journal was not read whole");
  await again.close();
  return ms;
}
