// What T3's event stream tells: which threads have changed, and since when nothing was missed. It only nudges; what a
// thread is like is read elsewhere (client.ts).
//
// connecting → catching up (from the last sequence heard, by replay) → live → broken → connecting, with back-off. Each
// connection after the first begins a new epoch: T3 may have been restarted, and then what it shows as running is dead.

import type { Logger } from "pino";
import { z } from "zod";
import { AfkError, messageOf } from "../errors.ts";
import type { Clock } from "../ports.ts";
import type { Http } from "./http.ts";
import { connectRpc, type Rpc, UpgradeRefused } from "./rpc.ts";
import { type ShellThread, shellEventSchema, shellSnapshotSchema, ticketSchema } from "./schema.ts";
import type { Tokens } from "./token.ts";

/** `state`: look at the thread again. `activity`: it runs on as before, and has shown a sign of life at `at` (ISO). */
export type Change = { readonly threadId: string; readonly what: "state" | "activity"; readonly at: string | null };

export type Watch = {
  /** Every change up to now was told. False from a break until all that was missed is told. */
  live(): boolean;
  /** The open connection, for reads. */
  rpc(): Rpc | undefined;
  /** When this epoch began, if the thread was running then and has shown no sign of life in it; null otherwise. */
  silentSince(threadId: string): number | null;
  stop(): Promise<void>;
};

const BACKOFF = { firstMs: 250, ceilingMs: 30_000 };
const FIRST_VALUE_MS = 15_000;
/** T3 gives at most so many events a call; where more pages were missed, every thread counts as changed. */
const REPLAY = { page: 1_000, pages: 5 };

const replaySchema = z.array(z.object({ sequence: z.number(), aggregateKind: z.string(), aggregateId: z.string() }));

export function startWatch(options: {
  readonly http: Http;
  readonly tokens: Tokens;
  readonly clock: Clock;
  readonly log: Logger;
  onChange(change: Change): void;
  /** A connection stands: what was known of the server's version and abilities may no longer hold. */
  onConnected(): void;
}): Watch {
  const { http, tokens, clock, log, onChange, onConnected } = options;
  const threads = new Map<string, ShellThread>();
  const silent = new Set<string>();
  let epoch = { number: 0, since: 0 };
  let sequence: number | undefined;
  let open: Rpc | undefined;
  let live = false;
  let stopped = false;
  let byTicket = false;
  let wake: (() => void) | undefined;

  async function connect(): Promise<Rpc> {
    if (byTicket) {
      const { ticket } = await http.call("/api/auth/websocket-ticket", ticketSchema, {});
      return await connectRpc(`${http.url}/ws?wsTicket=${encodeURIComponent(ticket)}`, {});
    }
    const token = await tokens.current();
    try {
      return await connectRpc(`${http.url}/ws`, { authorization: `Bearer ${token}` });
    } catch (error) {
      if (!(error instanceof UpgradeRefused) || error.code !== "unauthorised") throw error;
      // Either the token is spent, or something on the way drops the header: the next try is made with a ticket.
      byTicket = true;
      const next = await tokens.renew(token);
      if (next === undefined) throw error;
      return await connectRpc(`${http.url}/ws`, { authorization: `Bearer ${next}` });
    }
  }

  /** One connection from its opening to its end. */
  async function follow(): Promise<void> {
    const rpc = await connect();
    open = rpc;
    const failed = Promise.withResolvers<never>();
    // Nobody may be waiting when it fails, on a stop for one.
    failed.promise.catch(() => undefined);
    const begun = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => failed.reject(new AfkError("unreachable", "T3's stream opened and stayed silent.")),
      FIRST_VALUE_MS,
    );
    try {
      onConnected();
      const take = (value: unknown): void => {
        const snapshot = shellSnapshotSchema.safeParse(value);
        if (!snapshot.success) {
          hear(value);
          return;
        }
        clearTimeout(timer);
        begin(rpc, snapshot.data.snapshot).then(begun.resolve, failed.reject);
      };
      rpc.stream("orchestration.subscribeShell", {}, take, failed.reject);
      if (stopped) return;
      await Promise.race([begun.promise, failed.promise, rpc.closed]);
      await Promise.race([failed.promise, rpc.closed]);
    } finally {
      clearTimeout(timer);
      live = false;
      open = undefined;
      rpc.close();
    }
  }

  async function begin(rpc: Rpc, shell: { snapshotSequence: number; threads: readonly ShellThread[] }): Promise<void> {
    epoch = { number: epoch.number + 1, since: clock.now() };
    const since = sequence;
    const before = new Map(threads);
    threads.clear();
    silent.clear();
    for (const thread of shell.threads) {
      threads.set(thread.id, thread);
      if (epoch.number > 1 && isRunning(thread)) silent.add(thread.id);
    }
    sequence = shell.snapshotSequence;
    const missed = since === undefined ? undefined : await replay(rpc, since, shell.snapshotSequence);
    live = true;
    byTicket = false;
    log.info({ epoch: epoch.number, sequence, missed: missed?.size ?? "all" }, "T3's stream is live");
    const changed = missed ?? new Set([...before.keys(), ...threads.keys()]);
    for (const threadId of changed) onChange({ threadId, what: "state", at: null });
  }

  /** The threads that changed after `from` and up to `to`; undefined where that cannot be told. */
  async function replay(rpc: Rpc, from: number, to: number): Promise<ReadonlySet<string> | undefined> {
    if (from > to || to - from > REPLAY.page * REPLAY.pages) return undefined;
    const changed = new Set<string>();
    let at = from;
    while (at < to) {
      const page = replaySchema.safeParse(
        await rpc.call("orchestration.replayEvents", { fromSequenceExclusive: at }).catch(() => undefined),
      );
      const last = page.data?.at(-1)?.sequence;
      if (page.data === undefined || last === undefined || last <= at) return undefined;
      for (const event of page.data) if (event.aggregateKind === "thread") changed.add(event.aggregateId);
      at = last;
    }
    return changed;
  }

  function hear(value: unknown): void {
    const parsed = shellEventSchema.safeParse(value);
    if (!parsed.success) return;
    const event = parsed.data;
    sequence = Math.max(sequence ?? 0, event.sequence);
    if (event.kind === "thread-upserted") {
      const { thread } = event;
      const before = threads.get(thread.id);
      threads.set(thread.id, thread);
      silent.delete(thread.id);
      const same = before !== undefined && isRunning(thread) && faceOf(before) === faceOf(thread);
      onChange({ threadId: thread.id, what: same ? "activity" : "state", at: thread.updatedAt });
    } else {
      threads.delete(event.threadId);
      silent.delete(event.threadId);
      onChange({ threadId: event.threadId, what: "state", at: null });
    }
  }

  async function run(): Promise<void> {
    let failures = 0;
    let said = false;
    while (!stopped) {
      const before = epoch.number;
      const why = await follow().then(() => "it was closed", messageOf);
      if (epoch.number > before) failures = 0;
      if (stopped) return;
      if (!said || epoch.number > before) log.warn({ why }, "T3's stream broke, polling until it is back");
      said = true;
      const backoff = Math.min(BACKOFF.firstMs * 2 ** failures, BACKOFF.ceilingMs);
      failures = Math.min(failures + 1, 10);
      await pause(backoff * (0.75 + Math.random() / 2));
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  const running = run();
  return {
    live: () => live,
    rpc: () => open,
    silentSince: (threadId) => (silent.has(threadId) ? epoch.since : null),
    async stop() {
      stopped = true;
      open?.close();
      wake?.();
      await running;
    },
  };
}

function isRunning({ session }: ShellThread): boolean {
  return session?.status === "running" && session.activeTurnId !== null;
}

/** What of a running thread a decision may hang on: with the same face only the time of its last activity differs. */
function faceOf({ session, hasPendingApprovals, hasPendingUserInput, latestUserMessageAt }: ShellThread): string {
  return JSON.stringify([session, hasPendingApprovals, hasPendingUserInput, latestUserMessageAt]);
}
