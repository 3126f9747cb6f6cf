// T3's answers, as far as the bot reads them. Unknown fields and enum values are data, not errors: three server
// versions differ in both. A thread is parsed by itself, so that one odd thread cannot hide the others.

import { z } from "zod";

export const environmentSchema = z.object({ environmentId: z.string().min(1), serverVersion: z.string() });
export type T3Environment = z.infer<typeof environmentSchema>;

export const dispatchedSchema = z.object({ sequence: z.number().int() });

export const snapshotSchema = z.object({
  snapshotSequence: z.number().int(),
  projects: z.array(z.object({ id: z.string(), workspaceRoot: z.string(), deletedAt: z.string().nullable() })),
  threads: z.array(z.looseObject({ id: z.string(), deletedAt: z.string().nullable() })),
});
export type T3Snapshot = z.infer<typeof snapshotSchema>;

/** A thread as the stream's shell shows it: how it stands, without what was said and done in it. */
const shellThread = z.object({
  id: z.string(),
  updatedAt: z.string(),
  session: z
    .object({ status: z.string(), activeTurnId: z.string().nullable(), lastError: z.string().nullable() })
    .nullable(),
  hasPendingApprovals: z.boolean().optional(),
  hasPendingUserInput: z.boolean().optional(),
  latestUserMessageAt: z.string().nullish(),
});
export type ShellThread = z.infer<typeof shellThread>;

export const shellSchema = z.object({
  snapshotSequence: z.number().int(),
  projects: z.array(z.object({ id: z.string(), workspaceRoot: z.string() })),
  threads: z.array(shellThread),
});
export const shellSnapshotSchema = z.object({ kind: z.literal("snapshot"), snapshot: shellSchema });

/** Other kinds (of projects, or of versions to come) are not ours to act on. */
export const shellEventSchema = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("thread-upserted"), sequence: z.number().int(), thread: shellThread }),
  z.object({ kind: z.literal("thread-removed"), sequence: z.number().int(), threadId: z.string() }),
]);

/** One thread with the sequence it is read at: HEAD's single read, and what a thread's stream begins with. */
export const threadReadSchema = z.object({ snapshotSequence: z.number().int(), thread: z.unknown() });
export const threadStreamSchema = z.object({ kind: z.literal("snapshot"), snapshot: threadReadSchema });

/** Good for one upgrade to the WebSocket, for five minutes. */
export const ticketSchema = z.object({ ticket: z.string().min(1) });

/** `/api/auth/session`: 200 for anybody; what T3 makes of the token that asks. */
export const authSessionSchema = z.object({
  authenticated: z.boolean(),
  scopes: z.array(z.string()).optional(),
  expiresAt: z.string().optional(),
});

const turnId = z.string().nullable();

export const threadSchema = z.object({
  id: z.string(),
  projectId: z.string(),
  latestTurn: z.object({ turnId: z.string(), requestedAt: z.string() }).nullable(),
  updatedAt: z.string(),
  deletedAt: z.string().nullable(),
  messages: z.array(
    z.object({
      id: z.string(),
      role: z.string(),
      text: z.string(),
      turnId,
      createdAt: z.string(),
      updatedAt: z.string(),
    }),
  ),
  activities: z.array(
    z.object({ kind: z.string(), summary: z.string(), payload: z.unknown(), turnId, createdAt: z.string() }),
  ),
  checkpoints: z.array(z.object({ turnId: z.string(), status: z.string(), completedAt: z.string() })),
  session: z
    .object({
      status: z.string(),
      activeTurnId: turnId,
      lastError: z.string().nullable(),
      updatedAt: z.string(),
    })
    .nullable(),
});
export type T3Thread = z.infer<typeof threadSchema>;
export type T3Activity = T3Thread["activities"][number];

const question = z.object({
  id: z.string(),
  question: z.string(),
  header: z.string().optional(),
  options: z.array(z.object({ label: z.string(), description: z.string().optional() })).optional(),
  multiSelect: z.boolean().optional(),
});

export const requestPayload = z.object({
  requestId: z.string(),
  detail: z.string().optional(),
  questions: z.array(question).optional(),
});
export const resolvedPayload = z.object({
  requestId: z.string(),
  decision: z.string().optional(),
  answers: z.record(z.string(), z.unknown()).optional(),
});
/** Counts are of one call to the model, or of all so far (`totalProcessedTokens`) where the provider says so. */
export const usagePayload = z.object({
  usedTokens: z.number().optional(),
  lastUsedTokens: z.number().optional(),
  inputTokens: z.number().optional(),
  outputTokens: z.number().optional(),
  totalProcessedTokens: z.number().optional(),
});
export const errorPayload = z.object({ message: z.string().optional(), detail: z.string().optional() });
export const checkpointPayload = z.object({ status: z.string() });
