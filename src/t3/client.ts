// The one client that all runs share: commands, and records that are kept for as long as they are known to hold. With the
// stream live that is until a change of the thread is told, and a running thread's mere activity only moves the time of
// its last sign of life; without it, a moment.

import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import { always, type MayAct } from "../leader/fence.ts";
import type { Clock } from "../ports.ts";
import { createHttp } from "./http.ts";
import { createReads, type Reads } from "./reads.ts";
import {
  authSessionSchema,
  dispatchedSchema,
  environmentSchema,
  type T3Environment,
  type T3Thread,
  ticketSchema,
} from "./schema.ts";
import type { Tokens } from "./token.ts";
import { type Change, startWatch, type Watch } from "./watch.ts";

export type T3Command = { readonly type: string; readonly commandId: string } & Readonly<Record<string, unknown>>;

/** What T3 makes of our token, as `/api/auth/session` tells. `expiresAt` in milliseconds, null where it does not say. */
export type T3Session = {
  readonly authenticated: boolean;
  readonly scopes: readonly string[];
  readonly expiresAt: number | null;
};

export type T3Client = {
  environment(): Promise<T3Environment>;
  /** What `environment` gave last; it is asked for anew with each connection of the stream. */
  lastEnvironment(): T3Environment | undefined;
  session(): Promise<T3Session>;
  /** Resolves where T3 answers and takes our token, renewed where it had to be. */
  check(): Promise<void>;
  /**
   * The thread; undefined = T3 says there is none (a deleted one may be given with `deletedAt`). `fresh` is read now and
   * shows the effect of our own commands; `watched` may be as old as the last change that was told.
   */
  findThread(threadId: string, how: "fresh" | "watched"): Promise<T3Thread | undefined>;
  /** The project with exactly this workspace root, read now. */
  findProject(workspaceRoot: string): Promise<string | undefined>;
  /**
   * Sends one command. `refused` is T3's 500 without a reason (a domain refusal, an id that exists, or a failure of
   * its own) or a 400: look at the record to tell which. A refused command id stays refused for ever.
   */
  dispatch(command: T3Command): Promise<void>;
  /** Starts the stream. `onChange` is called for every thread that is to be looked at again. */
  watch(onChange: (threadId: string) => void): void;
  /** Whether changes are told as they happen. */
  live(): boolean;
  /** When the stream came back from a break, if the thread ran then and has shown no sign of life since; else null. */
  silentSince(threadId: string): number | null;
  readonly reads: Reads["counts"];
  close(): Promise<void>;
};

/** How long a record serves although no change was told: a stream that forgets something must not deceive for long. */
const RECHECK_MS = { running: 30_000, settled: 600_000 };

const CALL_TIMEOUT_MS = 15_000;

type Entry = { readonly thread: T3Thread | undefined; readonly at: number };

export function createT3Client(options: {
  readonly url: string;
  readonly tokens: Tokens;
  /** How long a record serves while no changes are told, in milliseconds. */
  readonly pollMs: number;
  /** How long a call may take: a request that meets a starting server may never be answered. */
  readonly timeoutMs?: number;
  /** Asked before each command. */
  readonly mayAct?: MayAct;
  readonly clock: Clock;
  readonly log: Logger;
}): T3Client {
  const { url, tokens, pollMs, timeoutMs = CALL_TIMEOUT_MS, mayAct = always, clock, log } = options;
  const http = createHttp(url, tokens, timeoutMs);
  const reads = createReads(http, () => watching?.rpc(), clock, log);
  const entries = new Map<string, Entry>();
  /** Reads under way. One that was begun before a change is no longer among them, so its answer is not kept. */
  const underWay = new Map<string, Promise<T3Thread | undefined>>();
  let environment: T3Environment | undefined;
  let dispatched = 0;
  let watching: Watch | undefined;

  async function askEnvironment(): Promise<T3Environment> {
    const seen = await http.open("/.well-known/t3/environment", environmentSchema);
    if (environment?.serverVersion !== seen.serverVersion) reads.detectAnew();
    environment = seen;
    return seen;
  }

  async function readThread(threadId: string, maxAgeMs: number): Promise<T3Thread | undefined> {
    const before = underWay.get(threadId);
    if (before !== undefined) return await before;
    const read = reads.thread(threadId, dispatched, maxAgeMs);
    underWay.set(threadId, read);
    try {
      const thread = await read;
      if (underWay.get(threadId) === read) entries.set(threadId, { thread, at: clock.now() });
      return thread;
    } finally {
      if (underWay.get(threadId) === read) underWay.delete(threadId);
    }
  }

  function forget(threadId: string): void {
    entries.delete(threadId);
    underWay.delete(threadId);
  }

  function hear({ threadId, what, at }: Change, onChange: (threadId: string) => void): void {
    const entry = entries.get(threadId);
    if (what === "activity" && entry?.thread !== undefined && at !== null) {
      entries.set(threadId, { ...entry, thread: { ...entry.thread, updatedAt: at } });
      return;
    }
    forget(threadId);
    onChange(threadId);
  }

  function onConnected(): void {
    reads.detectAnew();
    // What we sent before is on record by now, or the record is another one: either way there is nothing to wait for.
    dispatched = 0;
    askEnvironment().catch((error: unknown) => log.debug({ why: messageOf(error) }, "T3 did not say who it is"));
  }

  return {
    environment: askEnvironment,
    lastEnvironment: () => environment,
    async session() {
      const { authenticated, scopes = [], expiresAt } = await http.call("/api/auth/session", authSessionSchema);
      return { authenticated, scopes, expiresAt: expiresAt === undefined ? null : Date.parse(expiresAt) };
    },
    async check() {
      await askEnvironment();
      // The cheapest call that any token may make and none but a good one can: the session endpoint never refuses.
      await http.call("/api/auth/websocket-ticket", ticketSchema, {});
    },
    async findThread(threadId, how) {
      if (how === "fresh") {
        forget(threadId);
        return await readThread(threadId, 0);
      }
      const entry = entries.get(threadId);
      if (entry !== undefined) {
        const running = entry.thread?.session?.status === "running";
        const told = running ? RECHECK_MS.running : RECHECK_MS.settled;
        if (clock.now() - entry.at < (watching?.live() === true ? told : pollMs)) return entry.thread;
      }
      return await readThread(threadId, pollMs);
    },
    findProject: (workspaceRoot) => reads.project(workspaceRoot, dispatched),
    async dispatch(command) {
      mayAct();
      const { sequence } = await http.call("/api/orchestration/dispatch", dispatchedSchema, command);
      dispatched = Math.max(dispatched, sequence);
      // Projections are written with the command: the next read shows its effect, an older answer does not.
      reads.forget();
      if (typeof command["threadId"] === "string") forget(command["threadId"]);
    },
    watch(onChange) {
      const heard = (change: Change): void => hear(change, onChange);
      watching ??= startWatch({ http, tokens, clock, log, onChange: heard, onConnected });
    },
    live: () => watching?.live() === true,
    silentSince: (threadId) => watching?.silentSince(threadId) ?? null,
    reads: reads.counts,
    async close() {
      await watching?.stop();
    },
  };
}
