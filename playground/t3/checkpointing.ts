// When checkpoints are taken: a baseline before a thread's first turn, one after each turn, a moment later, in git
// workspaces only. Storing one is what brings an ended turn back as `latestTurn`.

import { v4 as uuid } from "uuid";
import { checkpointCaptured } from "./activities.ts";
import { capture, checkpointRef, exists, filesBetween, isGitWorkspace, restore } from "./checkpoints.ts";
import type { Checkpoint } from "./model.ts";
import type { Recorder } from "./record.ts";

export type EndedTurn = {
  readonly threadId: string;
  readonly turnId: string;
  readonly cwd: string;
  readonly status: "ready" | "error" | "interrupted";
  readonly assistantMessageId: string | null;
  readonly at: string;
};

export type Checkpointing = {
  baseline(threadId: string, cwd: string): Promise<void>;
  after(turn: EndedTurn): void;
  revert(threadId: string, cwd: string, turnCount: number): Promise<void>;
  /** True: checkpoints come and `latestTurn` stays null all the same, as on a busy server. */
  neverRestoreLatestTurn(never: boolean): void;
  /** Resolves once nothing is being captured any more. */
  close(): Promise<void>;
};

export function createCheckpointing(recorder: Recorder, delayMs: number): Checkpointing {
  const queues = new Map<string, Promise<void>>();
  const timers = new Set<{ readonly timer: NodeJS.Timeout; readonly done: () => void }>();
  let never = false;
  let closed = false;

  function delay(): Promise<void> {
    return new Promise((resolve) => {
      const entry = {
        timer: setTimeout(() => {
          timers.delete(entry);
          resolve();
        }, delayMs),
        done: resolve,
      };
      timers.add(entry);
    });
  }

  async function take(turn: EndedTurn): Promise<void> {
    if (closed || !isGitWorkspace(turn.cwd)) return;
    const { threadId, turnId, at } = turn;
    const count = countOf(threadId, turnId);
    const store = (status: Checkpoint["status"], files: Checkpoint["files"]) => {
      const checkpoint: Checkpoint = {
        turnId,
        checkpointTurnCount: count,
        checkpointRef: checkpointRef(threadId, count),
        status,
        files,
        assistantMessageId: turn.assistantMessageId ?? `assistant:${turnId}`,
        completedAt: at,
      };
      const payload = { threadId, ...checkpoint };
      recorder.draft("server:checkpoint-turn-diff-complete", {
        type: "thread.turn-diff-completed",
        payload,
        occurredAt: at,
      });
      recorder.activity(threadId, checkpointCaptured({ turnId, at }, count, status));
    };
    if (turn.status === "interrupted") store("missing", []);
    await delay();
    if (closed) return;
    const ref = checkpointRef(threadId, count);
    if (!(await capture(turn.cwd, ref)) || closed) return;
    const files = await filesBetween(turn.cwd, checkpointRef(threadId, count - 1), ref);
    store(turn.status === "error" ? "error" : "ready", files);
    const session = recorder.thread(threadId)?.session;
    if (never && session !== null && session !== undefined) {
      recorder.session(threadId, { status: session.status, activeTurnId: session.activeTurnId });
    }
  }

  function countOf(threadId: string, turnId: string): number {
    const checkpoints = recorder.thread(threadId)?.checkpoints ?? [];
    const own = checkpoints.find((checkpoint) => checkpoint.turnId === turnId);
    return own?.checkpointTurnCount ?? Math.max(0, ...checkpoints.map((one) => one.checkpointTurnCount)) + 1;
  }

  function enqueue(threadId: string, work: () => Promise<void>): Promise<void> {
    const next = (queues.get(threadId) ?? Promise.resolve()).then(work).catch((error: unknown) => {
      console.error(`t3 checkpoint: ${String(error)}`);
    });
    queues.set(threadId, next);
    return next;
  }

  return {
    async baseline(threadId, cwd) {
      if (!isGitWorkspace(cwd)) return;
      const checkpoints = recorder.thread(threadId)?.checkpoints ?? [];
      const ref = checkpointRef(threadId, Math.max(0, ...checkpoints.map((one) => one.checkpointTurnCount)));
      if (!(await exists(cwd, ref))) await capture(cwd, ref);
    },
    after(turn) {
      enqueue(turn.threadId, () => take(turn)).catch(() => undefined);
    },
    revert: (threadId, cwd, turnCount) =>
      enqueue(threadId, async () => {
        if (!(await restore(cwd, checkpointRef(threadId, turnCount)))) return;
        const payload = { threadId, turnCount };
        const occurredAt = new Date().toISOString();
        recorder.draft(`server:checkpoint-revert:${uuid()}`, { type: "thread.reverted", payload, occurredAt });
      }),
    neverRestoreLatestTurn(value) {
      never = value;
    },
    async close() {
      closed = true;
      for (const { timer, done } of timers) {
        clearTimeout(timer);
        done();
      }
      await Promise.all(queues.values());
    },
  };
}
