// The nouns of T3 Code's orchestration API as they stand on the wire: what `GET /api/orchestration/snapshot` is made of.

export type Version = "0.0.27" | "0.0.28" | "head";

export type RuntimeMode = "approval-required" | "auto-accept-edits" | "full-access";
export type InteractionMode = "default" | "plan";
export type ApprovalDecision = "accept" | "acceptForSession" | "decline" | "cancel";

export type ModelSelection = {
  readonly instanceId: string;
  readonly model: string;
  readonly options?: readonly { readonly id: string; readonly value: string | boolean }[];
};

export type ProjectScript = {
  readonly id: string;
  readonly name: string;
  readonly command: string;
  readonly icon: "play" | "test" | "lint" | "configure" | "build" | "debug";
  readonly runOnWorktreeCreate: boolean;
};

export type Project = {
  readonly id: string;
  readonly title: string;
  readonly workspaceRoot: string;
  readonly repositoryIdentity: null;
  readonly defaultModelSelection: ModelSelection | null;
  readonly scripts: readonly ProjectScript[];
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly deletedAt: string | null;
};

export type LatestTurn = {
  readonly turnId: string;
  readonly state: "running" | "interrupted" | "completed" | "error";
  readonly requestedAt: string;
  readonly startedAt: string | null;
  readonly completedAt: string | null;
  readonly assistantMessageId: string | null;
};

export type SessionStatus = "idle" | "starting" | "running" | "ready" | "interrupted" | "stopped" | "error";

export type Session = {
  readonly threadId: string;
  readonly status: SessionStatus;
  readonly providerName: string | null;
  readonly providerInstanceId?: string;
  readonly runtimeMode: RuntimeMode;
  readonly activeTurnId: string | null;
  readonly lastError: string | null;
  readonly updatedAt: string;
};

export type Attachment = {
  readonly type: "image";
  readonly id: string;
  readonly name: string;
  readonly mimeType: string;
  readonly sizeBytes: number;
};

export type Message = {
  readonly id: string;
  readonly role: "user" | "assistant" | "system";
  readonly text: string;
  readonly attachments?: readonly Attachment[];
  readonly turnId: string | null;
  readonly streaming: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type Activity = {
  readonly id: string;
  readonly tone: "info" | "tool" | "approval" | "error";
  readonly kind: string;
  readonly summary: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly turnId: string | null;
  readonly createdAt: string;
};

export type CheckpointFile = {
  readonly path: string;
  readonly kind: string;
  readonly additions: number;
  readonly deletions: number;
};

export type Checkpoint = {
  readonly turnId: string;
  readonly checkpointTurnCount: number;
  readonly checkpointRef: string;
  readonly status: "ready" | "missing" | "error";
  readonly files: readonly CheckpointFile[];
  readonly assistantMessageId: string | null;
  readonly completedAt: string;
};

export type ProposedPlan = {
  readonly id: string;
  readonly turnId: string | null;
  readonly planMarkdown: string;
  readonly implementedAt: string | null;
  readonly implementationThreadId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
};

export type Thread = {
  readonly id: string;
  readonly projectId: string;
  readonly title: string;
  readonly modelSelection: ModelSelection;
  readonly runtimeMode: RuntimeMode;
  readonly interactionMode: InteractionMode;
  readonly branch: string | null;
  readonly worktreePath: string | null;
  readonly latestTurn: LatestTurn | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly archivedAt: string | null;
  readonly deletedAt: string | null;
  readonly messages: readonly Message[];
  readonly proposedPlans: readonly ProposedPlan[];
  readonly activities: readonly Activity[];
  readonly checkpoints: readonly Checkpoint[];
  readonly session: Session | null;
};

/** What the WebSocket's shell stream, and HEAD's `/api/orchestration/shell`, tell of a thread. */
export type ThreadShell = Omit<
  Thread,
  "messages" | "proposedPlans" | "activities" | "checkpoints" | "deletedAt" | "session"
> & {
  readonly session: Session | null;
  readonly latestUserMessageAt: string | null;
  readonly hasPendingApprovals: boolean;
  readonly hasPendingUserInput: boolean;
  readonly hasActionableProposedPlan: boolean;
};

export type Snapshot = {
  readonly snapshotSequence: number;
  readonly projects: readonly Project[];
  readonly threads: readonly Thread[];
  readonly updatedAt: string;
};

export type Question = {
  readonly id: string;
  readonly header: string;
  readonly question: string;
  readonly options: readonly { readonly label: string; readonly description: string }[];
  readonly multiSelect: boolean;
};
