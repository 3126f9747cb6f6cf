// How one record is read at the least cost to T3, by what its version can do: a read of its own over HTTP where there is
// one (found out by asking, as JSON), else the first value of a stream, else a snapshot that all share. A snapshot is
// everything of every thread ever, megabytes of it.

import type { Logger } from "pino";
import { AfkError, messageOf } from "../errors.ts";
import type { Clock } from "../ports.ts";
import { failureOf } from "./failure.ts";
import type { Http } from "./http.ts";
import type { Rpc } from "./rpc.ts";
import {
  shellSchema,
  shellSnapshotSchema,
  snapshotSchema,
  type T3Snapshot,
  type T3Thread,
  threadReadSchema,
  threadSchema,
  threadStreamSchema,
} from "./schema.ts";

export type Reads = {
  /** The thread as of `sequence` or later. `maxAgeMs` is how old a shared snapshot may be, where one has to serve. */
  thread(threadId: string, sequence: number, maxAgeMs: number): Promise<T3Thread | undefined>;
  /** The id of the project with exactly this workspace root, as of `sequence` or later. */
  project(workspaceRoot: string, sequence: number): Promise<string | undefined>;
  /** What was read before is old now. */
  forget(): void;
  /** The server may be another one now: its abilities are found out anew. */
  detectAnew(): void;
  readonly counts: { readonly snapshots: number; readonly threads: number };
};

export function createReads(http: Http, rpc: () => Rpc | undefined, clock: Clock, log: Logger): Reads {
  const counts = { snapshots: 0, threads: 0 };
  const snapshots = shareSnapshots(http, clock, counts);
  let cheapReads: boolean | undefined;

  /** Undefined where this server has no such read: the releases answer with their web page or a bare 503. */
  async function cheaply(path: string): Promise<{ readonly json: unknown } | "no such thread" | undefined> {
    if (cheapReads === false) return undefined;
    const { status, json, isJson } = await http.ask(path);
    if (isJson && status === 200) {
      cheapReads = true;
      return { json };
    }
    // Only T3's own word for it counts: something between us and it may answer 404 in JSON as well.
    if (isJson && status === 404 && reasonOf(json) === "thread_not_found") return "no such thread";
    if (cheapReads === true && status >= 500) throw failureOf(status, json, path);
    cheapReads = false;
    return undefined;
  }

  async function byStream<T>(
    tag: string,
    payload: object,
    schema: { parse(value: unknown): T },
  ): Promise<T | undefined> {
    try {
      const value = await rpc()?.first(tag, payload);
      return value === undefined ? undefined : schema.parse(value);
    } catch (error) {
      // No such thread, or no stream any more: the snapshot tells which.
      log.debug({ tag, why: messageOf(error) }, "not read by T3's stream");
      return undefined;
    }
  }

  return {
    counts,
    async thread(threadId, sequence, maxAgeMs) {
      const cheap = await cheaply(`/api/orchestration/threads/${encodeURIComponent(threadId)}`);
      if (cheap === "no such thread") return undefined;
      const read =
        threadReadSchema.safeParse(cheap?.json).data ??
        (await byStream("orchestration.subscribeThread", { threadId }, threadStreamSchema))?.snapshot;
      if (read !== undefined && read.snapshotSequence >= sequence) {
        counts.threads += 1;
        return parseThread(threadId, read.thread);
      }
      const { threads } = await snapshots.read(maxAgeMs);
      const raw = threads.find((thread) => thread.id === threadId);
      return raw === undefined ? undefined : parseThread(threadId, raw);
    },
    async project(workspaceRoot, sequence) {
      const cheap = await cheaply("/api/orchestration/shell");
      const shell =
        (typeof cheap === "object" ? shellSchema.safeParse(cheap.json).data : undefined) ??
        (await byStream("orchestration.subscribeShell", {}, shellSnapshotSchema))?.snapshot;
      if (shell !== undefined && shell.snapshotSequence >= sequence) {
        return shell.projects.find((project) => project.workspaceRoot === workspaceRoot)?.id;
      }
      const { projects } = await snapshots.read(0);
      return projects.find((project) => project.workspaceRoot === workspaceRoot && project.deletedAt === null)?.id;
    },
    forget: snapshots.forget,
    detectAnew() {
      cheapReads = undefined;
    },
  };
}

/** Calls while one read is under way get its answer, and an answer serves for `maxAgeMs`, whoever asks. */
function shareSnapshots(http: Http, clock: Clock, counts: { snapshots: number }) {
  let cached: { readonly at: number; readonly snapshot: T3Snapshot } | undefined;
  let reading: Promise<T3Snapshot> | undefined;
  let generation = 0;

  async function readNow(): Promise<T3Snapshot> {
    const asOf = generation;
    counts.snapshots += 1;
    try {
      const snapshot = await http.call("/api/orchestration/snapshot", snapshotSchema);
      if (asOf === generation) cached = { at: clock.now(), snapshot };
      return snapshot;
    } finally {
      if (asOf === generation) reading = undefined;
    }
  }

  return {
    async read(maxAgeMs: number): Promise<T3Snapshot> {
      if (cached !== undefined && clock.now() - cached.at < maxAgeMs) return cached.snapshot;
      reading ??= readNow();
      return await reading;
    },
    forget() {
      generation += 1;
      cached = undefined;
      reading = undefined;
    },
  };
}

/** A thread is parsed by itself, so that one odd thread cannot hide the others. */
function parseThread(threadId: string, raw: unknown): T3Thread {
  const parsed = threadSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const at = parsed.error.issues[0];
  throw new AfkError("invalid", `T3's record of thread ${threadId} is odd at ${at?.path.join(".")}: ${at?.message}`);
}

function reasonOf(json: unknown): unknown {
  return typeof json === "object" && json !== null ? (json as { reason?: unknown }).reason : undefined;
}
