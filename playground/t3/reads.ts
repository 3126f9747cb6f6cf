// The reads: pure views of the projected state in the shapes the HTTP API and the WebSocket give out.

import type { Activity, Project, Snapshot, Thread, ThreadShell } from "./model.ts";
import type { State, ThreadRecord } from "./projection.ts";

const EPOCH = "1970-01-01T00:00:00.000Z";

/** Everything ever, deleted and archived rows included. `updatedAt` is the greatest string, whatever clients sent. */
export function snapshotOf(state: State): Snapshot {
  const projects = [...state.projects.values()];
  const threads = [...state.threads.values()].map(threadOf);
  return { snapshotSequence: state.sequence, projects, threads, updatedAt: latest([...projects, ...threads]) };
}

export function threadOf(record: ThreadRecord): Thread {
  const { turns, latestTurnId, pendingTurn: _, ...rest } = record;
  const { id, projectId, title, modelSelection, runtimeMode, interactionMode, branch, worktreePath, ...others } = rest;
  return {
    id,
    projectId,
    title,
    modelSelection,
    runtimeMode,
    interactionMode,
    branch,
    worktreePath,
    latestTurn: latestTurnId === null ? null : (turns.get(latestTurnId) ?? null),
    ...others,
    activities: [...record.activities].sort(byTimeThenId),
  };
}

// Equal times fall back to the random id: this is the order the real server answers in, and it is not the order of
// events.
function byTimeThenId(a: Activity, b: Activity): number {
  return compare(a.createdAt, b.createdAt) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export type ProjectShell = Omit<Project, "deletedAt">;

export function projectShellOf(project: Project): ProjectShell {
  const { deletedAt: _, ...shell } = project;
  return shell;
}

export function threadShellOf(record: ThreadRecord): ThreadShell {
  const { messages, proposedPlans, activities, checkpoints: _, deletedAt: __, ...shell } = threadOf(record);
  const said = messages.filter((message) => message.role === "user").map((message) => message.createdAt);
  return {
    ...shell,
    latestUserMessageAt: said.sort(compare).at(-1) ?? null,
    hasPendingApprovals: pending(
      activities,
      "approval.requested",
      "approval.resolved",
      "provider.approval.respond.failed",
    ),
    hasPendingUserInput: pending(
      activities,
      "user-input.requested",
      "user-input.resolved",
      "provider.user-input.respond.failed",
    ),
    hasActionableProposedPlan: proposedPlans.some((plan) => plan.implementedAt === null),
  };
}

function pending(activities: readonly Activity[], asked: string, ...settled: readonly string[]): boolean {
  const open = new Set<unknown>();
  for (const { kind, payload } of activities) if (kind === asked) open.add(payload["requestId"]);
  for (const { kind, payload } of activities) if (settled.includes(kind)) open.delete(payload["requestId"]);
  return open.size > 0;
}

export type ShellSnapshot = {
  readonly snapshotSequence: number;
  readonly projects: readonly ProjectShell[];
  readonly threads: readonly ThreadShell[];
  readonly updatedAt: string;
};

/** The living projects and their living threads; `archived` gives the archived threads instead. */
export function shellOf(state: State, archived = false): ShellSnapshot {
  const projects = [...state.projects.values()].filter((project) => project.deletedAt === null).map(projectShellOf);
  const threads = [...state.threads.values()]
    .filter((thread) => thread.deletedAt === null && (thread.archivedAt !== null) === archived)
    .map(threadShellOf);
  return { snapshotSequence: state.sequence, projects, threads, updatedAt: latest([...projects, ...threads]) };
}

function latest(rows: readonly { readonly updatedAt: string }[]): string {
  return [EPOCH, ...rows.map((row) => row.updatedAt)].sort(compare).at(-1) ?? EPOCH;
}
