// What the agent says, turned into the record: T3's ingestion of provider events.

import { v4 as uuid } from "uuid";
import type { FromAgent } from "../agent/protocol.ts";
import {
  type ApprovalAsked,
  approvalRequested,
  approvalResolved,
  contextWindow,
  detailOf,
  inputRequested,
  inputResolved,
  runtimeError,
  toolBegun,
  toolEnded,
} from "./activities.ts";
import type { Checkpointing, EndedTurn } from "./checkpointing.ts";
import type { Live } from "./live.ts";
import type { Version } from "./model.ts";
import { now, type Recorder } from "./record.ts";

const STREAM_FAILED = "Claude runtime stream failed.";
const PLAN_CAPTURED =
  "The client captured your proposed plan. Stop here and wait for the user's feedback or implementation request in a later turn.";

export type Hearing = {
  hear(live: Live, message: FromAgent): void;
  /** A turn begins: the session runs. */
  begin(live: Live, turnId: string): void;
  /** The process ended without being told to. */
  lost(live: Live): void;
  /** The turn ends because the session is stopped under it. */
  cutShort(live: Live): void;
  /** Settles every open request as cancelled. */
  cancelRequests(live: Live): void;
};

export function createHearing(recorder: Recorder, checkpointing: Checkpointing, version: Version): Hearing {
  function begin(live: Live, turnId: string): void {
    live.activeTurnId = turnId;
    live.lastMessageId = null;
    recorder.session(live.threadId, { status: "running", activeTurnId: turnId });
    recorder.session(live.threadId, { status: "running", activeTurnId: turnId });
  }

  function hear(live: Live, message: FromAgent): void {
    if (message.type === "ready") return;
    if (message.type === "result") ended(live, message);
    else report(live, message);
  }

  function report(live: Live, message: Exclude<FromAgent, { type: "ready" | "result" }>): void {
    if (live.activeTurnId === null) {
      if (message.type === "usage") return;
      // Something begun in the background reports, or a message sent into the last turn is only now taken up.
      begin(live, uuid());
    }
    const turnId = live.activeTurnId;
    if (turnId === null) return;
    const { threadId } = live;
    const make = { turnId, at: now() };
    switch (message.type) {
      case "text": {
        live.lastMessageId = `assistant:${uuid()}`;
        recorder.message(threadId, turnId, live.lastMessageId, message.text);
        return;
      }
      case "tool":
        live.tools.set(message.id, message);
        recorder.activity(threadId, ...toolBegun(make, message));
        return;
      case "tool-result": {
        const tool = live.tools.get(message.id);
        live.tools.delete(message.id);
        if (tool !== undefined) recorder.activity(threadId, ...toolEnded(make, tool, message));
        return;
      }
      case "ask": {
        const questions = message.questions.map((question) => ({ id: question.question, ...question }));
        live.pending.set(message.requestId, { what: "user-input" });
        recorder.activity(threadId, inputRequested(make, message.requestId, questions));
        return;
      }
      case "approve":
        approve(live, message, make);
        return;
      case "plan":
        proposePlan(live, turnId, message.markdown);
        return;
      case "usage":
        recorder.activity(threadId, contextWindow(make, message.inputTokens, message.outputTokens, 1_000_000));
        return;
    }
  }

  function approve(
    live: Live,
    message: Extract<FromAgent, { type: "approve" }>,
    make: { readonly turnId: string; readonly at: string },
  ): void {
    const { requestId, name, input } = message;
    const edits = name === "Write" || name === "Edit";
    const unasked =
      live.runtimeMode === "full-access" ||
      (live.runtimeMode === "auto-accept-edits" && edits) ||
      live.allowed.has(name);
    if (unasked) {
      live.process.tell({ type: "approval", requestId, allow: true });
      return;
    }
    const asked: ApprovalAsked = edits
      ? { requestId, requestKind: "file-change", requestType: "file_change_approval" }
      : { requestId, requestKind: "command", requestType: "command_execution_approval" };
    live.pending.set(requestId, { what: "approval", asked, tool: name });
    recorder.activity(live.threadId, approvalRequested(make, asked, detailOf(name, input)));
  }

  function proposePlan(live: Live, turnId: string, markdown: string): void {
    const at = now();
    const { threadId } = live;
    const tool = {
      type: "tool" as const,
      id: `toolu_${uuid().slice(0, 12)}`,
      name: "ExitPlanMode",
      input: { plan: markdown },
    };
    const denied = { type: "tool-result" as const, id: tool.id, content: PLAN_CAPTURED, isError: true };
    recorder.activity(threadId, ...toolBegun({ turnId, at }, tool));
    recorder.plan(threadId, {
      id: `plan:${threadId}:turn:${turnId}`,
      turnId,
      planMarkdown: markdown.trim(),
      implementedAt: null,
      implementationThreadId: null,
      createdAt: at,
      updatedAt: at,
    });
    recorder.activity(threadId, ...toolEnded({ turnId, at }, tool, denied));
  }

  function ended(live: Live, result: Extract<FromAgent, { type: "result" }>): void {
    const turnId = live.activeTurnId;
    if (turnId === null) return;
    const { threadId } = live;
    const at = now();
    const failed = result.outcome === "error" || result.outcome === "max-turns";
    cancelRequests(live);
    if (failed) {
      recorder.activity(threadId, runtimeError({ turnId, at }, result.message));
      if (version !== "0.0.27") {
        recorder.session(threadId, { status: "error", activeTurnId: turnId, lastError: result.message }, at);
      }
    }
    live.activeTurnId = null;
    if (result.inputTokens > 0) {
      recorder.activity(threadId, contextWindow({ turnId, at }, result.inputTokens, result.outputTokens, 200_000));
    }
    if (failed) recorder.session(threadId, { status: "error", activeTurnId: null, lastError: result.message }, at);
    else recorder.session(threadId, { status: "ready", activeTurnId: null, lastError: null }, at);
    const status = failed ? "error" : result.outcome === "interrupted" ? "interrupted" : "ready";
    checkpointing.after(endedTurn(live, turnId, status, at));
  }

  function lost(live: Live): void {
    const turnId = live.activeTurnId;
    live.activeTurnId = null;
    const at = now();
    if (turnId === null) {
      recorder.session(live.threadId, { status: "stopped", activeTurnId: null, lastError: null }, at);
      return;
    }
    cancelRequests(live, turnId);
    recorder.activity(live.threadId, runtimeError({ turnId, at }, STREAM_FAILED));
    recorder.session(live.threadId, { status: "stopped", activeTurnId: null, lastError: STREAM_FAILED }, at);
    checkpointing.after(endedTurn(live, turnId, "error", at));
  }

  function cutShort(live: Live): void {
    const turnId = live.activeTurnId;
    if (turnId === null) return;
    live.activeTurnId = null;
    checkpointing.after(endedTurn(live, turnId, "interrupted", now()));
  }

  function cancelRequests(live: Live, turnId = live.activeTurnId): void {
    const make = { turnId, at: now() };
    for (const [requestId, request] of live.pending) {
      const resolved =
        request.what === "approval"
          ? approvalResolved(make, request.asked, "cancel")
          : inputResolved(make, requestId, {});
      recorder.activity(live.threadId, resolved);
    }
    live.pending.clear();
  }

  return { hear, begin, lost, cutShort, cancelRequests };
}

function endedTurn(live: Live, turnId: string, status: EndedTurn["status"], at: string): EndedTurn {
  const { threadId, cwd, lastMessageId } = live;
  return { threadId, turnId, cwd, status, assistantMessageId: lastMessageId, at };
}
