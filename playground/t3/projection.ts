// What the event log adds up to. `apply` is pure: the same events always give the same state, which is why a replay of
// the log after a restart, the snapshot and the WebSocket's events cannot disagree.
//
// The turn rows carry T3's oddest rule: `latestTurn` is a pointer, not a record. Every `thread.session-set` moves it to
// the session's active turn (or to nothing), and only a stored checkpoint brings an ended turn back.

import type { Payloads, T3Event } from "./events.ts";
import type { LatestTurn, Message, Project, SessionStatus, Thread, Version } from "./model.ts";

export type ThreadRecord = Omit<Thread, "latestTurn"> & {
  readonly turns: ReadonlyMap<string, LatestTurn>;
  readonly latestTurnId: string | null;
  /** The latest turn.start that no turn has taken up yet: the next new turn is asked for by this message. */
  readonly pendingTurn: { readonly messageId: string; readonly requestedAt: string } | null;
};

export type State = {
  readonly sequence: number;
  readonly projects: ReadonlyMap<string, Project>;
  readonly threads: ReadonlyMap<string, ThreadRecord>;
};

export const EMPTY: State = { sequence: 0, projects: new Map(), threads: new Map() };

export function apply(state: State, event: T3Event, version: Version): State {
  const next = event.aggregateKind === "project" ? applyToProject(state, event) : applyToThread(state, event, version);
  return { ...next, sequence: event.sequence };
}

function applyToProject(state: State, event: T3Event): State {
  if (event.type === "project.created") {
    const { projectId, ...rest } = event.payload;
    return withProject(state, { id: projectId, repositoryIdentity: null, ...rest, deletedAt: null });
  }
  const project = state.projects.get(event.aggregateId);
  if (project === undefined) return state;
  if (event.type === "project.meta-updated") {
    const { projectId: _, ...changes } = event.payload;
    return withProject(state, { ...project, ...changes });
  }
  if (event.type === "project.deleted") {
    const { deletedAt } = event.payload;
    return withProject(state, { ...project, deletedAt, updatedAt: deletedAt });
  }
  return state;
}

function applyToThread(state: State, event: T3Event, version: Version): State {
  if (event.type === "thread.created") return withThread(state, newThread(event.payload));
  const thread = state.threads.get(event.aggregateId);
  if (thread === undefined) return state;
  return withThread(state, { ...changed(thread, event, version), updatedAt: event.occurredAt });
}

function changed(thread: ThreadRecord, event: T3Event, version: Version): ThreadRecord {
  switch (event.type) {
    case "thread.deleted":
      return { ...thread, deletedAt: event.payload.deletedAt };
    case "thread.archived":
      return { ...thread, archivedAt: event.payload.archivedAt };
    case "thread.unarchived":
      return { ...thread, archivedAt: null };
    case "thread.meta-updated":
    case "thread.runtime-mode-set":
    case "thread.interaction-mode-set": {
      const { threadId: _, ...changes } = event.payload;
      return { ...thread, ...changes };
    }
    case "thread.message-sent":
      return messageSent(thread, event.payload, version);
    case "thread.turn-start-requested":
      return {
        ...thread,
        pendingTurn: { messageId: event.payload.messageId, requestedAt: event.payload.createdAt },
      };
    case "thread.turn-interrupt-requested": {
      const { turnId, createdAt } = event.payload;
      return turnId === undefined ? thread : withTurn(thread, turnId, { state: "interrupted", completedAt: createdAt });
    }
    case "thread.session-set":
      return sessionSet(thread, event.payload.session, event.occurredAt);
    case "thread.proposed-plan-upserted": {
      const plan = event.payload.proposedPlan;
      return { ...thread, proposedPlans: upsert(thread.proposedPlans, plan) };
    }
    case "thread.turn-diff-completed":
      return turnDiffCompleted(thread, event.payload);
    case "thread.activity-appended": {
      const activities = upsert(thread.activities, event.payload.activity);
      return { ...thread, activities };
    }
    case "thread.reverted":
      return reverted(thread, event.payload.turnCount);
    default:
      return thread;
  }
}

function newThread(payload: Payloads["thread.created"]): ThreadRecord {
  const { threadId, ...rest } = payload;
  return {
    id: threadId,
    ...rest,
    turns: new Map(),
    latestTurnId: null,
    pendingTurn: null,
    archivedAt: null,
    deletedAt: null,
    messages: [],
    proposedPlans: [],
    activities: [],
    checkpoints: [],
    session: null,
  };
}

function messageSent(thread: ThreadRecord, sent: Payloads["thread.message-sent"], version: Version): ThreadRecord {
  const { messageId, threadId: _, ...rest } = sent;
  const before = thread.messages.find((message) => message.id === messageId);
  const message: Message =
    before === undefined || sent.role === "user"
      ? { id: messageId, ...rest }
      : {
          ...before,
          text: sent.streaming ? before.text + sent.text : sent.text === "" ? before.text : sent.text,
          streaming: sent.streaming,
          updatedAt: sent.updatedAt,
        };
  const next = { ...thread, messages: upsert(thread.messages, message) };
  if (sent.role !== "assistant" || sent.turnId === null) return next;
  // 0.0.27 takes the end of a message for the end of its turn.
  const ended =
    version === "0.0.27" && !sent.streaming ? { state: "completed" as const, completedAt: sent.updatedAt } : {};
  return withTurn(next, sent.turnId, { assistantMessageId: messageId, ...ended });
}

function sessionSet(thread: ThreadRecord, session: NonNullable<Thread["session"]>, at: string): ThreadRecord {
  const moved: ThreadRecord = { ...thread, session, latestTurnId: session.activeTurnId };
  const turnId = session.activeTurnId;
  if (session.status === "running" && turnId !== null) {
    if (thread.turns.has(turnId)) return moved;
    const requestedAt = thread.pendingTurn?.requestedAt ?? at;
    const turn: LatestTurn = {
      turnId,
      state: "running",
      requestedAt,
      startedAt: requestedAt,
      completedAt: null,
      assistantMessageId: null,
    };
    return { ...moved, turns: new Map(thread.turns).set(turnId, turn), pendingTurn: null };
  }
  const settled = settledState(session.status);
  if (settled === null) return moved;
  const turns = new Map(thread.turns);
  for (const [id, turn] of turns) {
    if (turn.state === "running") turns.set(id, { ...turn, state: settled, completedAt: session.updatedAt });
  }
  return { ...moved, turns };
}

/** How a still running turn is settled once its session is no longer running. */
function settledState(status: SessionStatus): "completed" | "interrupted" | "error" | null {
  switch (status) {
    case "idle":
    case "ready":
      return "completed";
    case "error":
      return "error";
    case "interrupted":
    case "stopped":
      return "interrupted";
    case "starting":
    case "running":
      return null;
  }
}

function turnDiffCompleted(thread: ThreadRecord, diff: Payloads["thread.turn-diff-completed"]): ThreadRecord {
  const { threadId: _, ...checkpoint } = diff;
  const others = thread.checkpoints.filter((other) => other.turnId !== diff.turnId);
  const turn = {
    state: diff.status === "error" ? ("error" as const) : ("completed" as const),
    completedAt: diff.completedAt,
    assistantMessageId: diff.assistantMessageId,
  };
  const checkpoints = [...others, checkpoint].sort((a, b) => a.checkpointTurnCount - b.checkpointTurnCount);
  return withTurn({ ...thread, checkpoints, latestTurnId: diff.turnId }, diff.turnId, turn);
}

function reverted(thread: ThreadRecord, turnCount: number): ThreadRecord {
  const checkpoints = thread.checkpoints.filter((checkpoint) => checkpoint.checkpointTurnCount <= turnCount);
  const kept = new Set(checkpoints.map((checkpoint) => checkpoint.turnId));
  const last = checkpoints.at(-1)?.turnId ?? null;
  return {
    ...thread,
    checkpoints,
    messages: thread.messages.filter((message) => message.turnId === null || kept.has(message.turnId)),
    activities: thread.activities.filter((activity) => activity.turnId === null || kept.has(activity.turnId)),
    latestTurnId: last,
  };
}

function withTurn(thread: ThreadRecord, turnId: string, changes: Partial<LatestTurn>): ThreadRecord {
  const turn = thread.turns.get(turnId);
  if (turn === undefined) return thread;
  return { ...thread, turns: new Map(thread.turns).set(turnId, { ...turn, ...changes }) };
}

function withProject(state: State, project: Project): State {
  return { ...state, projects: new Map(state.projects).set(project.id, project) };
}

function withThread(state: State, thread: ThreadRecord): State {
  return { ...state, threads: new Map(state.threads).set(thread.id, thread) };
}

function upsert<Row extends { readonly id: string }>(rows: readonly Row[], row: Row): readonly Row[] {
  const at = rows.findIndex((other) => other.id === row.id);
  return at === -1 ? [...rows, row] : rows.with(at, row);
}
