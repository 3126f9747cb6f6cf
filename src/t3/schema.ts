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

const turnId = z.string().nullable();

export const threadSchema = z.object({
  id: z.string(),
  projectId: z.string(),
  latestTurn: z.object({ turnId: z.string(), requestedAt: z.string() }).nullable(),
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

export const requestPayload = z.object({
  requestId: z.string(),
  detail: z.string().optional(),
  questions: z.array(z.object({ question: z.string() })).optional(),
});
export const errorPayload = z.object({ message: z.string().optional(), detail: z.string().optional() });
export const checkpointPayload = z.object({ status: z.string() });
