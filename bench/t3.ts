// What watching T3 costs: observing a long thread, reads of an idle bot with many sessions, and how late a state change is
// seen. Over the stand-in on loopback.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { startT3 } from "../playground/t3/server.ts";
import type { Turn } from "../src/domain/run.ts";
import { createT3Client } from "../src/t3/client.ts";
import { observeTurn } from "../src/t3/observe.ts";
import { type T3Thread, threadSchema } from "../src/t3/schema.ts";
import { createTokens } from "../src/t3/token.ts";

const SESSIONS = 50;
const ACTIVITIES = 10_000;
const WATCH_MS = 5_000;
const IDLE_MINUTES = 1;
const CHANGES = 40;
const AGENT = fileURLToPath(new URL("../playground/agent/agent.ts", import.meta.url));

export async function run(): Promise<Record<string, unknown>> {
  const dir = mkdtempSync(join(tmpdir(), "bench-t3-"));
  const agent = { command: process.execPath, args: [AGENT] };
  const server = await startT3({ baseDir: join(dir, "base"), version: "0.0.28", agent, env: {} });
  const clock = { now: () => Date.now() };
  const tokens = createTokens({ from: "value", value: server.issueToken() }, server.url, clock);
  const t3 = createT3Client({ url: server.url, tokens, pollMs: WATCH_MS / 2, clock, log: pino({ level: "silent" }) });
  try {
    const observing = observeLong();
    const heard = new Map<string, () => void>();
    t3.watch((threadId) => heard.get(threadId)?.());
    while (!t3.live()) await pause(10);
    const ids = await openSessions(t3, dir);

    console.error(`an idle bot looks at ${SESSIONS} sessions every ${WATCH_MS / 1000} s for ${IDLE_MINUTES} min …`);
    await Promise.all(ids.map((id) => t3.findThread(id, "watched")));
    const before = { ...t3.reads };
    for (let looks = 0; looks < (IDLE_MINUTES * 60_000) / WATCH_MS; looks += 1) {
      await pause(WATCH_MS);
      await Promise.all(ids.map((id) => t3.findThread(id, "watched")));
    }
    const snapshots = (t3.reads.snapshots - before.snapshots) / IDLE_MINUTES;
    const threads = (t3.reads.threads - before.threads) / IDLE_MINUTES;

    console.error(`${CHANGES} state changes, each until it is read back …`);
    const lags: number[] = [];
    for (let n = 0; n < CHANGES; n += 1) {
      const id = ids[n % ids.length] ?? "";
      const told = new Promise<void>((resolve) => {
        heard.set(id, resolve);
      });
      const recorded = performance.now();
      server.cockpit.interrupt(id);
      await told;
      await t3.findThread(id, "watched");
      lags.push(performance.now() - recorded);
    }
    lags.sort((a, b) => a - b);
    return {
      bench: "t3",
      ...observing,
      idleSessions: SESSIONS,
      snapshotReadsPerMinute: snapshots,
      threadReadsPerMinute: threads,
      stateChanges: CHANGES,
      lagMsMedian: round(lags[Math.floor(lags.length / 2)] ?? 0),
      lagMsMost: round(lags.at(-1) ?? 0),
    };
  } finally {
    await t3.close();
    await server.close();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** The worst case: a running turn that is not identified yet, all activities its own. */
function observeLong(): Record<string, number> {
  console.error(`observing a thread with ${ACTIVITIES} activities …`);
  const thread = longThread();
  const unidentified: Turn = { ordinal: 1, messageId: "m", askedAt: START, turnIdsBefore: [], turnId: null };
  const identified: Turn = { ...unidentified, turnId: "t-1" };
  return {
    activities: ACTIVITIES,
    observeMsMedian: median(() => observeTurn(thread, identified, false)),
    observeUnidentifiedMsMedian: median(() => observeTurn(thread, unidentified, false)),
    parseMsMedian: median(() => threadSchema.parse(thread)),
  };
}

const START = Date.parse("2026-01-05T09:00:00.000Z");

function longThread(): T3Thread {
  const at = (n: number): string => new Date(START + n * 100).toISOString();
  const activity = (n: number) => ({
    kind: n % 3 === 2 ? "tool.completed" : "tool.updated",
    summary: "Command run",
    payload: { itemType: "command_execution", detail: "Bash: npm test", data: { result: "x".repeat(500) } },
    turnId: "t-1",
    createdAt: at(n),
  });
  const updatedAt = at(ACTIVITIES);
  return {
    id: "th",
    projectId: "p",
    latestTurn: null,
    updatedAt,
    deletedAt: null,
    messages: [{ id: "m", role: "user", text: "Do it.", turnId: null, createdAt: at(0), updatedAt: at(0) }],
    activities: Array.from({ length: ACTIVITIES }, (_, n) => activity(n + 1)).toReversed(),
    checkpoints: [],
    session: { status: "running", activeTurnId: "t-1", lastError: null, updatedAt: at(1) },
  };
}

async function openSessions(t3: ReturnType<typeof createT3Client>, dir: string): Promise<readonly string[]> {
  const createdAt = new Date().toISOString();
  const project = { projectId: "p", title: "bench", workspaceRoot: dir };
  await t3.dispatch({ type: "project.create", commandId: "p", ...project, createdAt });
  const modelSelection = { instanceId: "claudeAgent", model: "m" };
  const rest = { projectId: "p", title: "bench", modelSelection, runtimeMode: "full-access", branch: null };
  const ids = Array.from({ length: SESSIONS }, (_, n) => `th-${n}`);
  for (const threadId of ids) {
    await t3.dispatch({ type: "thread.create", commandId: threadId, threadId, ...rest, worktreePath: null, createdAt });
  }
  return ids;
}

function median(work: () => unknown): number {
  const times = Array.from({ length: 51 }, () => {
    const from = performance.now();
    work();
    return performance.now() - from;
  });
  return round(times.sort((a, b) => a - b)[25] ?? 0);
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
