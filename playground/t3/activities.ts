// The activities T3 writes into a thread, by what happened. Pure: shapes and summaries as the real server's.

import { v4 as uuid } from "uuid";
import type { FromAgent } from "../agent/protocol.ts";
import type { Activity, Question } from "./model.ts";

type Make = { readonly turnId: string | null; readonly at: string };

function activity(
  { turnId, at }: Make,
  tone: Activity["tone"],
  kind: string,
  summary: string,
  payload: Activity["payload"],
): Activity {
  return { id: uuid(), tone, kind, summary, payload, turnId, createdAt: at };
}

type ToolUse = Extract<FromAgent, { type: "tool" }>;
type ToolResult = Extract<FromAgent, { type: "tool-result" }>;

const DETAIL_LENGTH = 180;

/** `Bash: git status`, or the tool's input as JSON; cut, as T3 cuts it. */
export function detailOf(name: string, input: Readonly<Record<string, unknown>>): string {
  const command = input["command"];
  const detail = `${name}: ${typeof command === "string" ? command : JSON.stringify(input)}`;
  return detail.length <= DETAIL_LENGTH ? detail : `${detail.slice(0, DETAIL_LENGTH - 3)}...`;
}

function itemOf(name: string): { readonly itemType: string; readonly title: string } {
  if (name === "Bash") return { itemType: "command_execution", title: "Command run" };
  if (name === "Write" || name === "Edit") return { itemType: "file_change", title: "File change" };
  return { itemType: "dynamic_tool_call", title: "Tool call" };
}

export function toolBegun(make: Make, tool: ToolUse): readonly Activity[] {
  const { itemType, title } = itemOf(tool.name);
  const data = { toolName: tool.name, input: tool.input };
  const detail = detailOf(tool.name, tool.input);
  return [
    activity(make, "tool", "tool.started", `${title} started`, { itemType, detail: `${tool.name}: {}` }),
    activity(make, "tool", "tool.updated", title, { itemType, status: "inProgress", detail, data }),
  ];
}

/** A result is stored twice: as the last update and as the completion. */
export function toolEnded(make: Make, tool: ToolUse, { content, isError }: ToolResult): readonly Activity[] {
  const { itemType, title } = itemOf(tool.name);
  const result = { type: "tool_result", tool_use_id: tool.id, content, is_error: isError };
  const data = { toolName: tool.name, input: tool.input, result };
  const detail = detailOf(tool.name, tool.input);
  const status = isError ? "failed" : "inProgress";
  return [
    activity(make, "tool", "tool.updated", title, { itemType, status, detail, data }),
    activity(make, "tool", "tool.completed", title, { itemType, detail, data }),
  ];
}

export function contextWindow(make: Make, inputTokens: number, outputTokens: number, maxTokens: number): Activity {
  const usedTokens = inputTokens + outputTokens;
  return activity(make, "info", "context-window.updated", "Context window updated", {
    usedTokens,
    lastUsedTokens: usedTokens,
    inputTokens,
    outputTokens,
    maxTokens,
  });
}

export function runtimeError(make: Make, message: string): Activity {
  return activity(make, "error", "runtime.error", "Runtime error", { message });
}

export function turnStartFailed(at: string, detail: string): Activity {
  return activity({ turnId: null, at }, "error", "provider.turn.start.failed", "Provider turn start failed", {
    detail,
  });
}

export function interruptFailed(at: string, detail: string): Activity {
  const make = { turnId: null, at };
  return activity(make, "error", "provider.turn.interrupt.failed", "Provider turn interrupt failed", { detail });
}

export type ApprovalAsked = {
  readonly requestId: string;
  readonly requestKind: "command" | "file-change";
  readonly requestType: "command_execution_approval" | "file_change_approval";
};

export function approvalRequested(make: Make, asked: ApprovalAsked, detail: string): Activity {
  const summary = asked.requestKind === "command" ? "Command approval requested" : "File-change approval requested";
  return activity(make, "approval", "approval.requested", summary, { ...asked, detail });
}

export function approvalResolved(make: Make, asked: ApprovalAsked, decision: string): Activity {
  return activity(make, "approval", "approval.resolved", "Approval resolved", { ...asked, decision });
}

export function inputRequested(make: Make, requestId: string, questions: readonly Question[]): Activity {
  return activity(make, "info", "user-input.requested", "User input requested", { requestId, questions });
}

export function inputResolved(make: Make, requestId: string, answers: Readonly<Record<string, unknown>>): Activity {
  return activity(make, "info", "user-input.resolved", "User input submitted", { requestId, answers });
}

/** An answer to a request that is unknown, already answered, or dead since a restart. */
export function respondFailed(at: string, what: "approval" | "user-input", requestId: string): Activity {
  const make = { turnId: null, at };
  const summary = what === "approval" ? "Provider approval response failed" : "Provider user input response failed";
  const detail =
    `Stale pending ${what} request: ${requestId}. Provider callback state does not survive app restarts or ` +
    "recovered sessions. Restart the turn to continue.";
  return activity(make, "error", `provider.${what}.respond.failed`, summary, { detail, requestId });
}

export function checkpointCaptured(make: Make, turnCount: number, status: "ready" | "missing" | "error"): Activity {
  return activity(make, "info", "checkpoint.captured", "Checkpoint captured", { turnCount, status });
}
