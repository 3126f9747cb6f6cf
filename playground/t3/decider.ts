// What a command leads to: the events it appends, or a refusal. Pure; no rule here looks at the disk or at an agent.

import type { Command, CommandOf } from "./commands.ts";
import type { Draft } from "./events.ts";
import type { Attachment, Version } from "./model.ts";
import type { State } from "./projection.ts";

/** A domain refusal. Over HTTP its reason is never told; over the WebSocket it is. */
export class Refused extends Error {}

export type Decision = {
  readonly state: State;
  readonly command: Command;
  /** The server's receipt time, ISO-8601. */
  readonly now: string;
  readonly version: Version;
  /** The images of a turn.start as the server has stored them. */
  readonly attachments: readonly Attachment[];
};

/** Throws `Refused`. */
export function decide(decision: Decision): readonly Draft[] {
  const { command, state, now } = decision;
  switch (command.type) {
    case "project.create":
      return [createProject(decision, command)];
    case "project.meta.update": {
      requireProject(state, command.projectId);
      if (command.workspaceRoot !== undefined) requireFreeRoot(decision, command.workspaceRoot, command.projectId);
      const { type: _, commandId: __, ...changes } = command;
      return [{ type: "project.meta-updated", payload: { ...present(changes), updatedAt: now }, occurredAt: now }];
    }
    case "project.delete":
      return deleteProject(state, command, now);
    case "thread.create":
      return [createThread(decision, command)];
    default:
      requireThread(state, command.threadId);
      return onThread(decision, command);
  }
}

type ThreadCommand = Exclude<
  Command,
  { type: "thread.create" | "project.create" | "project.meta.update" | "project.delete" }
>;

function onThread(decision: Decision, command: ThreadCommand): readonly Draft[] {
  const { state, now } = decision;
  const { threadId } = command;
  const thread = requireThread(state, threadId);
  const at = "createdAt" in command ? receivedAt(decision, command.createdAt) : now;
  switch (command.type) {
    case "thread.delete":
      return [{ type: "thread.deleted", payload: { threadId, deletedAt: now }, occurredAt: now }];
    case "thread.archive":
      if (thread.archivedAt !== null) throw new Refused(`Thread '${threadId}' is already archived.`);
      return [{ type: "thread.archived", payload: { threadId, archivedAt: now, updatedAt: now }, occurredAt: now }];
    case "thread.unarchive":
      if (thread.archivedAt === null) throw new Refused(`Thread '${threadId}' is not archived.`);
      return [{ type: "thread.unarchived", payload: { threadId, updatedAt: now }, occurredAt: now }];
    case "thread.meta.update": {
      const { type: _, commandId: __, ...changes } = command;
      return [{ type: "thread.meta-updated", payload: { ...present(changes), updatedAt: now }, occurredAt: now }];
    }
    case "thread.runtime-mode.set": {
      const { runtimeMode } = command;
      return [{ type: "thread.runtime-mode-set", payload: { threadId, runtimeMode, updatedAt: at }, occurredAt: at }];
    }
    case "thread.interaction-mode.set": {
      const payload = { threadId, interactionMode: command.interactionMode, updatedAt: at };
      return [{ type: "thread.interaction-mode-set", payload, occurredAt: at }];
    }
    case "thread.turn.start":
      return startTurn(decision, command, at);
    case "thread.turn.interrupt": {
      const payload = { threadId, ...present({ turnId: command.turnId }), createdAt: at };
      return [{ type: "thread.turn-interrupt-requested", payload, occurredAt: at }];
    }
    case "thread.approval.respond": {
      const payload = { threadId, requestId: command.requestId, decision: command.decision, createdAt: at };
      return [{ type: "thread.approval-response-requested", payload, occurredAt: at }];
    }
    case "thread.user-input.respond": {
      const payload = { threadId, requestId: command.requestId, answers: command.answers, createdAt: at };
      return [{ type: "thread.user-input-response-requested", payload, occurredAt: at }];
    }
    case "thread.session.stop":
      return [{ type: "thread.session-stop-requested", payload: { threadId, createdAt: at }, occurredAt: at }];
    case "thread.checkpoint.revert": {
      const payload = { threadId, turnCount: command.turnCount, createdAt: at };
      return [{ type: "thread.checkpoint-revert-requested", payload, occurredAt: at }];
    }
  }
}

function createProject(decision: Decision, command: CommandOf<"project.create">): Draft {
  const { projectId, title, workspaceRoot } = command;
  if (decision.state.projects.has(projectId)) throw new Refused(`Project '${projectId}' already exists.`);
  requireFreeRoot(decision, workspaceRoot, projectId);
  const at = receivedAt(decision, command.createdAt);
  return {
    type: "project.created",
    payload: {
      projectId,
      title,
      workspaceRoot,
      defaultModelSelection: command.defaultModelSelection ?? null,
      scripts: [],
      createdAt: at,
      updatedAt: at,
    },
    occurredAt: at,
  };
}

function deleteProject(state: State, command: CommandOf<"project.delete">, now: string): readonly Draft[] {
  const { projectId } = command;
  requireProject(state, projectId);
  const living = [...state.threads.values()].filter((one) => one.projectId === projectId && one.deletedAt === null);
  if (living.length > 0 && command.force !== true) throw new Refused(`Project '${projectId}' is not empty.`);
  return [
    ...living.map(
      (thread): Draft => ({
        type: "thread.deleted",
        payload: { threadId: thread.id, deletedAt: now },
        occurredAt: now,
      }),
    ),
    { type: "project.deleted", payload: { projectId, deletedAt: now }, occurredAt: now },
  ];
}

function createThread(decision: Decision, command: CommandOf<"thread.create">): Draft {
  requireProject(decision.state, command.projectId);
  if (decision.state.threads.has(command.threadId)) throw new Refused(`Thread '${command.threadId}' already exists.`);
  const at = receivedAt(decision, command.createdAt);
  const { type: _, commandId: __, ...rest } = command;
  return { type: "thread.created", payload: { ...rest, createdAt: at, updatedAt: at }, occurredAt: at };
}

// The command's own modes are required by the schema and then ignored: the thread's count.
function startTurn(decision: Decision, command: CommandOf<"thread.turn.start">, at: string): readonly Draft[] {
  const { threadId, message } = command;
  const thread = requireThread(decision.state, threadId);
  const { modelSelection, titleSeed, sourceProposedPlan } = command;
  return [
    {
      type: "thread.message-sent",
      payload: {
        threadId,
        messageId: message.messageId,
        role: "user",
        text: message.text,
        attachments: decision.attachments,
        turnId: null,
        streaming: false,
        createdAt: at,
        updatedAt: at,
      },
      occurredAt: at,
    },
    {
      type: "thread.turn-start-requested",
      payload: {
        threadId,
        messageId: message.messageId,
        ...present({ modelSelection, titleSeed, sourceProposedPlan }),
        runtimeMode: thread.runtimeMode,
        interactionMode: thread.interactionMode,
        createdAt: at,
      },
      occurredAt: at,
    },
  ];
}

/** HEAD stamps what it receives; the releases keep what the client says, whatever that is. */
function receivedAt({ version, now }: Decision, createdAt: string): string {
  return version === "head" ? now : createdAt;
}

function requireFreeRoot({ state, version }: Decision, root: string, projectId: string): void {
  if (version !== "head") return;
  for (const other of state.projects.values()) {
    if (other.deletedAt === null && other.workspaceRoot === root && other.id !== projectId) {
      throw new Refused(`Workspace root '${root}' already belongs to project '${other.id}'.`);
    }
  }
}

function requireProject(state: State, projectId: string) {
  const project = state.projects.get(projectId);
  if (project === undefined) throw new Refused(`Project '${projectId}' does not exist.`);
  return project;
}

function requireThread(state: State, threadId: string) {
  const thread = state.threads.get(threadId);
  if (thread === undefined) throw new Refused(`Thread '${threadId}' does not exist.`);
  return thread;
}

type Present<Fields> = { [Key in keyof Fields]: Exclude<Fields[Key], undefined> };

/** The fields that are there: an absent optional field stays absent rather than becoming `undefined`. */
function present<Fields extends object>(fields: Fields): Present<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>;
}
