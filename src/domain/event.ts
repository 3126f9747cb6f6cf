import { z } from "zod";
import { housekeepingEvents } from "./housekeeping-state.ts";
import { orderSchema } from "./order.ts";
import { type RunId, runSchema } from "./run.ts";
import {
  askedSchema,
  blockReasonSchema,
  landedSchema,
  messageSchema,
  sessionSchema,
  spendSchema,
  treeMadeSchema,
  treeSchema,
  turnSchema,
} from "./run-state.ts";

const run = z.string();
const at = z.number().int().nonnegative();
/** The order that the event carries out; it is over with it. */
const order = z.string().optional();

/** Everything that can happen to the bot's state. One writer: `store.commit`; one meaning: `reduce`. */
export const eventSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("run.dispatched"), at, run: runSchema }),
  /** A run that lived though the state knew nothing of it, as far as it was found. */
  z.object({ type: z.literal("run.adopted"), at, run: runSchema }),
  z.object({ type: z.literal("run.step-failed"), at, run, step: z.string(), text: z.string(), refused: z.boolean() }),
  z.object({ type: z.literal("run.tree-ready"), at, run, tree: treeSchema, made: treeMadeSchema.optional() }),
  z.object({ type: z.literal("run.session-opened"), at, run, session: sessionSchema }),
  z.object({ type: z.literal("run.turn-started"), at, run, turn: turnSchema }),
  z.object({ type: z.literal("run.turn-identified"), at, run, turnId: z.string() }),
  z.object({ type: z.literal("run.stop-ordered"), at, run, reason: blockReasonSchema, order }),
  z.object({ type: z.literal("run.resume-ordered"), at, run, why: z.string() }),
  z.object({ type: z.literal("run.spend-seen"), at, run, spend: spendSchema }),
  z.object({ type: z.literal("run.landed"), at, run, landed: landedSchema }),
  /** The blocked run's commits were found on the default branch; they are judged when the repo is free. */
  z.object({ type: z.literal("run.landed-late"), at, run, landed: landedSchema }),
  z.object({
    type: z.literal("run.blocked"),
    at,
    run,
    reason: blockReasonSchema,
    /** Set by version 1 of the journal only: what had landed, and is frozen then. */
    landed: landedSchema.nullable().default(null),
    agentMayLive: z.boolean(),
  }),
  z.object({
    type: z.literal("run.frozen"),
    at,
    run,
    reason: blockReasonSchema,
    landed: landedSchema,
    agentMayLive: z.boolean(),
  }),
  z.object({ type: z.literal("run.agent-settled"), at, run }),
  z.object({ type: z.literal("run.forensics-kept"), at, run, path: z.string(), summary: z.string().default("") }),
  /** A corrective message is to be sent. `counts`: against the budget, as a person's revert does not. */
  z.object({
    type: z.literal("run.fix-ordered"),
    at,
    run,
    message: messageSchema,
    landed: landedSchema,
    counts: z.boolean(),
    order,
  }),
  /** Failed CI jobs are to be run again: of these workflow runs, where they are still at that attempt. */
  z.object({
    type: z.literal("run.rerun-ordered"),
    at,
    run,
    why: z.string(),
    runs: z.array(z.object({ id: z.number().int(), attempt: z.number().int() })).default([]),
  }),
  /** A turn that failed is tried once more, with this message, a little later. */
  z.object({ type: z.literal("run.again-ordered"), at, run, message: messageSchema, notBefore: at, why: z.string() }),
  /** A person's word was given to the agent at work. */
  z.object({
    type: z.literal("run.steered"),
    at,
    run,
    ordinal: z.number().int().positive(),
    messageId: z.string(),
    askedAt: at,
    order,
  }),
  z.object({ type: z.literal("run.asked"), at, run, asked: askedSchema }),
  z.object({ type: z.literal("run.ask-over"), at, run }),
  z.object({ type: z.literal("run.ordered"), at, run, order: orderSchema }),
  z.object({
    type: z.literal("run.order-over"),
    at,
    run,
    order: z.string(),
    outcome: z.enum(["done", "stale", "refused"]),
    text: z.string(),
  }),
  /** A blocked run is taken up again by this message; `cold` in a slot that is not its own. */
  z.object({
    type: z.literal("run.unblocked"),
    at,
    run,
    message: messageSchema,
    slot: z.number().int().positive(),
    order,
  }),
  /** A frozen run is judged again: a red verdict then freezes it anew, or is fixed with a fresh budget. */
  z.object({
    type: z.literal("run.unfrozen"),
    at,
    run,
    how: z.enum(["verify-again", "keep-fixing"]),
    guidance: z.string(),
    order,
  }),
  z.object({ type: z.literal("run.handed-over"), at, run, why: z.string(), order }),
  z.object({ type: z.literal("run.deployed"), at, run, evidence: z.array(z.string()).readonly() }),
  z.object({ type: z.literal("run.abandoned"), at, run, why: z.string(), order }),
  z.object({ type: z.literal("run.tree-released"), at, run, kept: z.array(z.string()).readonly().optional() }),
  z.object({ type: z.literal("run.archived"), at, run }),
  z.object({ type: z.literal("github.comment-shown"), at, run, commentId: z.number().int(), digest: z.string() }),
  z.object({ type: z.literal("github.issue-shown"), at, run, digest: z.string() }),
  z.object({ type: z.literal("slack.root-attempted"), at, issue: z.string(), channel: z.string() }),
  z.object({ type: z.literal("slack.root-shown"), at, issue: z.string(), ts: z.string(), digest: z.string() }),
  z.object({ type: z.literal("slack.reply-attempted"), at, issue: z.string(), key: z.string() }),
  z.object({
    type: z.literal("slack.reply-shown"),
    at,
    issue: z.string(),
    key: z.string(),
    ts: z.string(),
    /** Of what it shows; null where an older version posted it. */
    digest: z.string().nullable().default(null),
  }),
  /** A press that may be sent again, and must not count again. */
  z.object({ type: z.literal("bot.press-taken"), at, press: z.string() }),
  /** Somebody wants this issue to be the repo's next one. */
  z.object({
    type: z.literal("bot.next-chosen"),
    at,
    repo: z.string(),
    issue: z.number().int().positive(),
    by: z.string(),
  }),
  /** People were reminded of an escalation for the so-many-th time. */
  z.object({ type: z.literal("bot.reminded"), at, escalation: z.string(), step: z.number().int().positive() }),
  /** The second bell was rung for that step of an escalation; 0 = for the question itself. */
  z.object({ type: z.literal("bot.rang"), at, escalation: z.string(), step: z.number().int().nonnegative() }),
  /** A service refuses the bot's token, and only people can mend that. */
  z.object({ type: z.literal("bot.token-refused"), at, service: z.string(), why: z.string() }),
  z.object({ type: z.literal("bot.token-taken"), at, service: z.string() }),
  /** The second bell was rung for it. */
  z.object({ type: z.literal("bot.token-rang"), at, service: z.string() }),
  z.object({ type: z.literal("bot.paused"), at, by: z.string(), reason: z.string() }),
  z.object({ type: z.literal("bot.resumed"), at, by: z.string() }),
  z.object({ type: z.literal("bot.prune-asked"), at, by: z.string() }),
  /** The T3 server that the repo's runs go to from now on. */
  z.object({ type: z.literal("repo.assigned"), at, repo: z.string(), executor: z.string() }),
  ...housekeepingEvents,
]);
export type BotEvent = Readonly<z.infer<typeof eventSchema>>;
export type RunEvent = Extract<BotEvent, { run: RunId }>;
export type EventOf<Type extends BotEvent["type"]> = Extract<BotEvent, { type: Type }>;
