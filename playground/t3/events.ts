// The event log's vocabulary. Every change of the record is one of these; the snapshot is what they add up to.

import type {
  Activity,
  ApprovalDecision,
  Attachment,
  CheckpointFile,
  InteractionMode,
  ModelSelection,
  Project,
  ProjectScript,
  ProposedPlan,
  RuntimeMode,
  Session,
} from "./model.ts";

type OnThread = { readonly threadId: string };

export type Payloads = {
  "project.created": Omit<Project, "id" | "deletedAt" | "repositoryIdentity"> & { readonly projectId: string };
  "project.meta-updated": {
    readonly projectId: string;
    readonly title?: string;
    readonly workspaceRoot?: string;
    readonly defaultModelSelection?: ModelSelection | null;
    readonly scripts?: readonly ProjectScript[];
    readonly updatedAt: string;
  };
  "project.deleted": { readonly projectId: string; readonly deletedAt: string };
  "thread.created": OnThread & {
    readonly projectId: string;
    readonly title: string;
    readonly modelSelection: ModelSelection;
    readonly runtimeMode: RuntimeMode;
    readonly interactionMode: InteractionMode;
    readonly branch: string | null;
    readonly worktreePath: string | null;
    readonly createdAt: string;
    readonly updatedAt: string;
  };
  "thread.deleted": OnThread & { readonly deletedAt: string };
  "thread.archived": OnThread & { readonly archivedAt: string; readonly updatedAt: string };
  "thread.unarchived": OnThread & { readonly updatedAt: string };
  "thread.meta-updated": OnThread & {
    readonly title?: string;
    readonly modelSelection?: ModelSelection;
    readonly branch?: string | null;
    readonly worktreePath?: string | null;
    readonly updatedAt: string;
  };
  "thread.runtime-mode-set": OnThread & { readonly runtimeMode: RuntimeMode; readonly updatedAt: string };
  "thread.interaction-mode-set": OnThread & { readonly interactionMode: InteractionMode; readonly updatedAt: string };
  "thread.message-sent": OnThread & {
    readonly messageId: string;
    readonly role: "user" | "assistant" | "system";
    readonly text: string;
    readonly attachments?: readonly Attachment[];
    readonly turnId: string | null;
    readonly streaming: boolean;
    readonly createdAt: string;
    readonly updatedAt: string;
  };
  "thread.turn-start-requested": OnThread & {
    readonly messageId: string;
    readonly modelSelection?: ModelSelection;
    readonly titleSeed?: string;
    readonly runtimeMode: RuntimeMode;
    readonly interactionMode: InteractionMode;
    readonly sourceProposedPlan?: { readonly threadId: string; readonly planId: string };
    readonly createdAt: string;
  };
  "thread.turn-interrupt-requested": OnThread & { readonly turnId?: string; readonly createdAt: string };
  "thread.approval-response-requested": OnThread & {
    readonly requestId: string;
    readonly decision: ApprovalDecision;
    readonly createdAt: string;
  };
  "thread.user-input-response-requested": OnThread & {
    readonly requestId: string;
    readonly answers: Readonly<Record<string, unknown>>;
    readonly createdAt: string;
  };
  "thread.checkpoint-revert-requested": OnThread & { readonly turnCount: number; readonly createdAt: string };
  "thread.reverted": OnThread & { readonly turnCount: number };
  "thread.session-stop-requested": OnThread & { readonly createdAt: string };
  "thread.session-set": OnThread & { readonly session: Session };
  "thread.proposed-plan-upserted": OnThread & { readonly proposedPlan: ProposedPlan };
  "thread.turn-diff-completed": OnThread & {
    readonly turnId: string;
    readonly checkpointTurnCount: number;
    readonly checkpointRef: string;
    readonly status: "ready" | "missing" | "error";
    readonly files: readonly CheckpointFile[];
    readonly assistantMessageId: string | null;
    readonly completedAt: string;
  };
  "thread.activity-appended": OnThread & { readonly activity: Activity };
};

export type EventType = keyof Payloads;

/** An event before the log has given it a sequence. `occurredAt` becomes the thread's or project's `updatedAt`. */
export type Draft = {
  [Type in EventType]: { readonly type: Type; readonly payload: Payloads[Type]; readonly occurredAt: string };
}[EventType];

export type T3Event = {
  readonly sequence: number;
  readonly eventId: string;
  readonly aggregateKind: "project" | "thread";
  readonly aggregateId: string;
  readonly commandId: string;
  readonly causationEventId: string | null;
  readonly correlationId: string;
  readonly metadata: Readonly<Record<string, never>>;
} & Draft;

export function aggregateOf(draft: Draft): { readonly kind: "project" | "thread"; readonly id: string } {
  return "threadId" in draft.payload
    ? { kind: "thread", id: draft.payload.threadId }
    : { kind: "project", id: draft.payload.projectId };
}
