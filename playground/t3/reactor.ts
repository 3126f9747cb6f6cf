// What follows a command: T3's provider-command worker. One queue for all threads, one job at a time, so a job that
// waits holds up everybody. The notorious one is `thread.session.stop` in mid-turn: it waits for that agent's next
// output.

import { v4 as uuid } from "uuid";
import {
  approvalResolved,
  inputResolved,
  interruptFailed,
  respondFailed,
  runtimeError,
  turnStartFailed,
} from "./activities.ts";
import type { Checkpointing } from "./checkpointing.ts";
import type { Engine } from "./engine.ts";
import type { Payloads, T3Event } from "./events.ts";
import type { Hearing } from "./hearing.ts";
import { type Live, nextOutput } from "./live.ts";
import type { ThreadRecord } from "./projection.ts";
import { now, type Recorder } from "./record.ts";
import { isDirectory, type Sessions } from "./sessions.ts";

const INSTANCES: readonly string[] = ["codex", "claudeAgent", "cursor", "grok", "opencode"];
const LONGEST_TEXT = 120_000;

export type ReactorOptions = {
  readonly engine: Engine;
  readonly recorder: Recorder;
  readonly sessions: Sessions;
  readonly hearing: Hearing;
  readonly checkpointing: Checkpointing;
  readonly turnStartMs: number;
};

export type Reactor = { close(): void };

export function startReactor(options: ReactorOptions): Reactor {
  const { engine, recorder, sessions, hearing, checkpointing } = options;
  let closed = false;
  let worker = Promise.resolve();

  const unwatch = engine.log.watch((event) => {
    const job = jobFor(event);
    if (job !== undefined) enqueue(job);
    if (event.type === "thread.deleted") cleanUp(event.payload.threadId);
  });

  function enqueue(job: () => void | Promise<void>): void {
    worker = worker
      .then(() => (closed ? undefined : job()))
      .catch((error: unknown) => console.error(`t3 worker: ${String(error)}`));
  }

  function jobFor(event: T3Event): (() => void | Promise<void>) | undefined {
    switch (event.type) {
      case "thread.turn-start-requested":
        return () => startTurn(event.payload);
      case "thread.turn-interrupt-requested":
        return () => interrupt(event.payload);
      case "thread.approval-response-requested":
        return () => approve(event.payload);
      case "thread.user-input-response-requested":
        return () => answer(event.payload);
      case "thread.session-stop-requested":
        return () => stop(event.payload.threadId);
      case "thread.runtime-mode-set":
        return () => changeMode(event.payload.threadId);
      case "thread.checkpoint-revert-requested":
        return () => revert(event.payload.threadId, event.payload.turnCount);
      default:
        return undefined;
    }
  }

  async function startTurn(asked: Payloads["thread.turn-start-requested"]): Promise<void> {
    const thread = recorder.thread(asked.threadId);
    if (thread === undefined) return;
    const { createdAt } = asked;
    const fail = (detail: string) => recorder.activity(thread.id, turnStartFailed(createdAt, detail));
    const selection = asked.modelSelection ?? thread.modelSelection;
    const { instanceId } = selection;
    if (!INSTANCES.includes(instanceId)) {
      const known = "The instance is not configured in this build.";
      return fail(`Thread '${thread.id}' references unknown provider instance '${instanceId}'. ${known}`);
    }
    const cwd = sessions.cwdOf(thread);
    if (!isDirectory(cwd)) return failWithoutDirectory(thread, instanceId, fail);
    const [live] = await Promise.all([sessions.ensure(thread, instanceId), checkpointing.baseline(thread.id, cwd)]);
    const message = thread.messages.find((one) => one.id === asked.messageId);
    const text = message?.text ?? "";
    if (text.trim() === "" && (message?.attachments ?? []).length === 0) {
      return fail("Either input text or at least one attachment is required");
    }
    if (text.length > LONGEST_TEXT) {
      return fail(`Expected a value with a length of at most ${LONGEST_TEXT}, got ${JSON.stringify(text)}\n${text}`);
    }
    if (asked.modelSelection !== undefined) live.model = selection.model;
    await new Promise((resolve) => setTimeout(resolve, options.turnStartMs));
    if (closed || live.ended) return;
    // A turn that runs is steered: the message goes to its agent, no turn begins for it here.
    if (live.activeTurnId === null) hearing.begin(live, uuid());
    const { runtimeMode, interactionMode } = thread;
    live.process.tell({ type: "turn", text, model: live.model, runtimeMode, interactionMode });
  }

  function failWithoutDirectory(thread: ThreadRecord, instanceId: string, fail: (detail: string) => void): void {
    const old = sessions.find(thread.id);
    if (old !== undefined) sessions.end(old);
    const message = "Claude runtime stream failed.";
    const change = { providerName: instanceId, providerInstanceId: instanceId, runtimeMode: thread.runtimeMode };
    recorder.session(thread.id, { status: "ready", activeTurnId: null, lastError: null, ...change });
    fail("turn/setPermissionMode failed");
    recorder.activity(thread.id, runtimeError({ turnId: null, at: now() }, message));
    recorder.activity(thread.id, runtimeError({ turnId: null, at: now() }, message));
    recorder.session(thread.id, { status: "stopped", activeTurnId: null, lastError: message });
  }

  async function interrupt({ threadId, createdAt }: Payloads["thread.turn-interrupt-requested"]): Promise<void> {
    const thread = recorder.thread(threadId);
    if (thread === undefined) return;
    const live = sessions.find(threadId);
    if (live !== undefined) {
      if (live.activeTurnId === null) return;
      hearing.cancelRequests(live);
      live.process.tell({ type: "interrupt" });
      return;
    }
    if (thread.session?.activeTurnId != null) return reviveZombie(thread);
    const detail = `No active provider session is bound to thread '${threadId}'.`;
    recorder.activity(threadId, interruptFailed(createdAt, detail));
  }

  // A thread that was running when the server went down has no agent any more. T3 resumes one, and the session it then
  // calls ready settles the dead turn as completed: a success that never was.
  async function reviveZombie(thread: ThreadRecord): Promise<void> {
    if (!isDirectory(sessions.cwdOf(thread))) return;
    await sessions.ensure(thread, thread.modelSelection.instanceId, engine.version !== "head");
  }

  async function approve(asked: Payloads["thread.approval-response-requested"]): Promise<void> {
    const { threadId, requestId, decision } = asked;
    const live = sessions.find(threadId);
    const request = live?.pending.get(requestId);
    if (live === undefined || request?.what !== "approval") return stale("approval", asked);
    live.pending.delete(requestId);
    const allow = decision === "accept" || decision === "acceptForSession";
    if (decision === "acceptForSession") live.allowed.add(request.tool);
    const make = { turnId: live.activeTurnId, at: now() };
    recorder.activity(threadId, approvalResolved(make, request.asked, decision));
    live.process.tell({ type: "approval", requestId, allow });
  }

  async function answer(asked: Payloads["thread.user-input-response-requested"]): Promise<void> {
    const { threadId, requestId, answers } = asked;
    const live = sessions.find(threadId);
    if (live === undefined || live.pending.get(requestId)?.what !== "user-input") return stale("user-input", asked);
    live.pending.delete(requestId);
    recorder.activity(threadId, inputResolved({ turnId: live.activeTurnId, at: now() }, requestId, answers));
    live.process.tell({ type: "answer", requestId, answers });
  }

  async function stale(
    what: "approval" | "user-input",
    asked: { readonly threadId: string; readonly requestId: string; readonly createdAt: string },
  ): Promise<void> {
    const thread = recorder.thread(asked.threadId);
    if (thread === undefined) return;
    recorder.activity(thread.id, respondFailed(asked.createdAt, what, asked.requestId));
    if (sessions.find(thread.id) === undefined && thread.session?.activeTurnId != null) await reviveZombie(thread);
  }

  async function stop(threadId: string): Promise<void> {
    const live = sessions.find(threadId);
    if (live !== undefined) await endSession(live);
    recorder.session(threadId, { status: "stopped", activeTurnId: null, lastError: null });
    if (live !== undefined) hearing.cutShort(live);
  }

  async function changeMode(threadId: string): Promise<void> {
    const thread = recorder.thread(threadId);
    const live = sessions.find(threadId);
    if (thread === undefined || live === undefined || live.runtimeMode === thread.runtimeMode) return;
    await endSession(live);
    hearing.cutShort(live);
    if (isDirectory(sessions.cwdOf(thread))) await sessions.ensure(thread, live.instanceId);
  }

  /** Ends the process; in mid-turn not before the agent has said something more, unless it waits for a person. */
  async function endSession(live: Live): Promise<void> {
    if (live.activeTurnId !== null && live.pending.size === 0) await nextOutput(live);
    if (closed) return;
    hearing.cancelRequests(live);
    sessions.end(live);
  }

  async function revert(threadId: string, turnCount: number): Promise<void> {
    const thread = recorder.thread(threadId);
    if (thread !== undefined) await checkpointing.revert(threadId, sessions.cwdOf(thread), turnCount);
  }

  // Deletion has a worker of its own in T3. In mid-turn the agent lives on until its next output.
  function cleanUp(threadId: string): void {
    const live = sessions.find(threadId);
    if (live !== undefined && live.activeTurnId === null) sessions.end(live);
  }

  return {
    close() {
      closed = true;
      unwatch();
    },
  };
}
