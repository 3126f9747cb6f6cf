// The sixteen commands a client may dispatch, as the server decodes them: unknown fields are dropped, `optional` means
// absent (not null), strings marked trimmed lose their surrounding blanks and must not be empty. The server's internal
// commands are not among them, so they are refused like any unknown type.

import { z } from "zod";

const id = z.string().trim().min(1);
const trimmed = z.string().trim().min(1);
const text = z.string();

const runtimeMode = z.enum(["approval-required", "auto-accept-edits", "full-access"]);
const interactionMode = z.enum(["default", "plan"]);
const instanceId = z
  .string()
  .trim()
  .regex(/^[a-zA-Z][a-zA-Z0-9_-]*$/);
const optionValue = z.union([text, z.boolean()]);

const modelOptions = z
  .union([z.array(z.object({ id, value: optionValue })), z.record(z.string(), optionValue)])
  .transform((options) =>
    Array.isArray(options) ? options : Object.entries(options).map(([key, value]) => ({ id: key, value })),
  );

/** `{provider, model}` is the form of older clients; it is rewritten. */
const modelSelection = z
  .union([
    z.object({ instanceId, model: trimmed, options: modelOptions.optional() }),
    z.object({ provider: instanceId, model: trimmed, options: modelOptions.optional() }),
  ])
  .transform((selection) => ({
    instanceId: "instanceId" in selection ? selection.instanceId : selection.provider,
    model: selection.model,
    ...(selection.options === undefined ? {} : { options: selection.options }),
  }));

const script = z.object({
  id,
  name: trimmed,
  command: trimmed,
  icon: z.enum(["play", "test", "lint", "configure", "build", "debug"]),
  runOnWorktreeCreate: z.boolean(),
});

const attachment = z.object({
  type: z.literal("image"),
  name: trimmed,
  mimeType: trimmed,
  sizeBytes: z.number().int().nonnegative(),
  dataUrl: trimmed,
});

const createThread = {
  projectId: id,
  title: trimmed,
  modelSelection,
  runtimeMode,
  interactionMode: interactionMode.default("default"),
  branch: trimmed.nullable(),
  worktreePath: trimmed.nullable(),
  createdAt: text,
};

const bootstrap = z.object({
  createThread: z.object(createThread).optional(),
  prepareWorktree: z
    .object({
      projectCwd: trimmed,
      baseBranch: trimmed,
      branch: trimmed.optional(),
      startFromOrigin: z.boolean().optional(),
    })
    .optional(),
  runSetupScript: z.boolean().optional(),
});

const base = { commandId: id };
const onThread = { ...base, threadId: id };

export const Command = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("project.create"),
    ...base,
    projectId: id,
    title: trimmed,
    workspaceRoot: trimmed,
    createWorkspaceRootIfMissing: z.boolean().optional(),
    defaultModelSelection: modelSelection.nullable().optional(),
    createdAt: text,
  }),
  z.object({
    type: z.literal("project.meta.update"),
    ...base,
    projectId: id,
    title: trimmed.optional(),
    workspaceRoot: trimmed.optional(),
    defaultModelSelection: modelSelection.nullable().optional(),
    scripts: z.array(script).optional(),
  }),
  z.object({ type: z.literal("project.delete"), ...base, projectId: id, force: z.boolean().optional() }),
  z.object({ type: z.literal("thread.create"), ...onThread, ...createThread }),
  z.object({
    type: z.literal("thread.meta.update"),
    ...onThread,
    title: trimmed.optional(),
    modelSelection: modelSelection.optional(),
    branch: trimmed.nullable().optional(),
    worktreePath: trimmed.nullable().optional(),
  }),
  z.object({ type: z.literal("thread.runtime-mode.set"), ...onThread, runtimeMode, createdAt: text }),
  z.object({ type: z.literal("thread.interaction-mode.set"), ...onThread, interactionMode, createdAt: text }),
  z.object({
    type: z.literal("thread.turn.start"),
    ...onThread,
    message: z.object({ messageId: id, role: z.literal("user"), text, attachments: z.array(attachment) }),
    modelSelection: modelSelection.optional(),
    titleSeed: trimmed.optional(),
    runtimeMode,
    interactionMode,
    sourceProposedPlan: z.object({ threadId: id, planId: id }).optional(),
    bootstrap: bootstrap.optional(),
    createdAt: text,
  }),
  z.object({ type: z.literal("thread.turn.interrupt"), ...onThread, turnId: id.optional(), createdAt: text }),
  z.object({
    type: z.literal("thread.approval.respond"),
    ...onThread,
    requestId: id,
    decision: z.enum(["accept", "acceptForSession", "decline", "cancel"]),
    createdAt: text,
  }),
  z.object({
    type: z.literal("thread.user-input.respond"),
    ...onThread,
    requestId: id,
    answers: z.record(z.string(), z.unknown()),
    createdAt: text,
  }),
  z.object({ type: z.literal("thread.session.stop"), ...onThread, createdAt: text }),
  z.object({
    type: z.literal("thread.checkpoint.revert"),
    ...onThread,
    turnCount: z.number().int().nonnegative(),
    createdAt: text,
  }),
  z.object({ type: z.literal("thread.archive"), ...onThread }),
  z.object({ type: z.literal("thread.unarchive"), ...onThread }),
  z.object({ type: z.literal("thread.delete"), ...onThread }),
]);

export type Command = z.infer<typeof Command>;
export type CommandOf<Type extends Command["type"]> = Extract<Command, { type: Type }>;
