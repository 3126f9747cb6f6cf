import { z } from "zod";
import {
  blockReasonSchema,
  landedSchema,
  type RunId,
  runSchema,
  sessionSchema,
  spendSchema,
  treeSchema,
  turnSchema,
} from "./run.ts";

const run = z.string();
const at = z.number().int().nonnegative();

/** Everything that can happen to the bot's state. One writer: `store.commit`; one meaning: `reduce`. */
export const eventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("run.dispatched"), at, run: runSchema }),
  /** A run that lived though the state knew nothing of it, as far as it was found. */
  z.object({ type: z.literal("run.adopted"), at, run: runSchema }),
  z.object({ type: z.literal("run.step-failed"), at, run, step: z.string(), text: z.string(), refused: z.boolean() }),
  z.object({ type: z.literal("run.tree-ready"), at, run, tree: treeSchema }),
  z.object({ type: z.literal("run.session-opened"), at, run, session: sessionSchema }),
  z.object({ type: z.literal("run.turn-started"), at, run, turn: turnSchema }),
  z.object({ type: z.literal("run.turn-identified"), at, run, turnId: z.string() }),
  z.object({ type: z.literal("run.stop-ordered"), at, run, reason: blockReasonSchema }),
  z.object({ type: z.literal("run.resume-ordered"), at, run, why: z.string() }),
  z.object({ type: z.literal("run.spend-seen"), at, run, spend: spendSchema }),
  z.object({ type: z.literal("run.landed"), at, run, landed: landedSchema }),
  z.object({
    type: z.literal("run.blocked"),
    at,
    run,
    reason: blockReasonSchema,
    landed: landedSchema.nullable(),
    agentMayLive: z.boolean(),
  }),
  z.object({ type: z.literal("run.agent-settled"), at, run }),
  z.object({ type: z.literal("run.deployed"), at, run, evidence: z.array(z.string()).readonly() }),
  z.object({ type: z.literal("run.abandoned"), at, run, why: z.string() }),
  z.object({ type: z.literal("run.tree-released"), at, run }),
  z.object({ type: z.literal("run.archived"), at, run }),
  z.object({ type: z.literal("github.comment-shown"), at, run, commentId: z.number().int(), digest: z.string() }),
  z.object({ type: z.literal("github.issue-shown"), at, run, digest: z.string() }),
  z.object({ type: z.literal("slack.root-attempted"), at, issue: z.string(), channel: z.string() }),
  z.object({ type: z.literal("slack.root-shown"), at, issue: z.string(), ts: z.string(), digest: z.string() }),
  z.object({ type: z.literal("slack.reply-attempted"), at, issue: z.string(), key: z.string() }),
  z.object({ type: z.literal("slack.reply-shown"), at, issue: z.string(), key: z.string(), ts: z.string() }),
  z.object({ type: z.literal("bot.paused"), at, by: z.string(), reason: z.string() }),
  z.object({ type: z.literal("bot.resumed"), at, by: z.string() }),
]);
export type BotEvent = Readonly<z.infer<typeof eventSchema>>;
export type RunEvent = Extract<BotEvent, { run: RunId }>;
export type EventOf<Type extends BotEvent["type"]> = Extract<BotEvent, { type: Type }>;
