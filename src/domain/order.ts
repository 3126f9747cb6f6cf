// What a person asks of a run. An order is evidence like any other: journaled with who and why, then executed by the
// same decide and act as everything else (orders.ts), so that a crash in between neither loses nor doubles it.

import { z } from "zod";

const at = z.number().int().nonnegative();

/** Who pressed or typed it: their Slack user id, and their GitHub login where the config knows it. */
const personSchema = z.object({ slack: z.string(), github: z.string().nullable() }).readonly();

const what = z.discriminatedUnion("kind", [
  /** Of a blocked run: go on in the same session, with this guidance. */
  z.object({ kind: z.literal("unblock"), guidance: z.string() }),
  /** Of a blocked run: the task once more. `cold`: in a new slot, with the full setup. */
  z.object({ kind: z.literal("retry"), cold: z.boolean() }),
  /** Of a frozen run: fix on with a fresh budget, and with this guidance where there is any. */
  z.object({ kind: z.literal("keep-fixing"), guidance: z.string() }),
  /** Of a frozen run: it is fixed, judge it again. */
  z.object({ kind: z.literal("verify-again") }),
  /** Of a frozen run: take the run's commits back by new commits. */
  z.object({ kind: z.literal("revert") }),
  /** A person takes the issue over; what is not on the remote is kept. Of a run at work: it is stopped first. */
  z.object({ kind: z.literal("hand-over"), reason: z.string() }),
  z.object({ kind: z.literal("abandon"), reason: z.string() }),
  /** Of a run at work: interrupt the agent, then block. */
  z.object({ kind: z.literal("stop"), reason: z.string() }),
  z.object({ kind: z.literal("approve"), request: z.string(), decision: z.enum(["accept", "decline"]) }),
  /** By question id: labels, or free text. */
  z.object({
    kind: z.literal("answer"),
    request: z.string(),
    answers: z.record(z.string(), z.union([z.string(), z.array(z.string()).readonly()])).readonly(),
  }),
  /** A word to the agent. At work it is steered with it; blocked it goes on with it. */
  z.object({ kind: z.literal("steer"), text: z.string() }),
]);
type OrderWhat = Readonly<z.infer<typeof what>>;
type OrderKind = OrderWhat["kind"];

/** `id` is the press's own (its envelope or message), so that a replay of it is the same order. */
export const orderSchema = z
  .object({
    id: z.string(),
    at,
    by: personSchema,
    what: what.readonly(),
    /** Where it was asked for, for the audit. */
    via: z.enum(["button", "form", "command", "thread"]).optional(),
  })
  .readonly();
export type Order = z.infer<typeof orderSchema>;

/** The identity of an order that was written in a message: the same message is the same order. */
export function messageOrder(channel: string, ts: string): string {
  return `steer/${channel}/${ts}`;
}

/** The message that an order was written in: its identity says so. Undefined = it came by a button or a command. */
export function messageOf(order: string): { readonly channel: string; readonly ts: string } | undefined {
  const [, channel, ts] = /^steer\/([A-Z0-9]+)\/(\d+\.\d+)$/.exec(order) ?? [];
  return channel === undefined || ts === undefined ? undefined : { channel, ts };
}

/** An order with what came of it: `done`, or why there was nothing left to do. */
export const resolvedSchema = z
  .object({
    order: orderSchema,
    at,
    outcome: z.enum(["done", "stale", "refused"]),
    /** For people, one sentence. */
    text: z.string(),
  })
  .readonly();
export type Resolved = z.infer<typeof resolvedSchema>;

/** Which orders make sense in which state; what is missing here is answered as stale. */
export const ORDERS_BY_STATE: Readonly<Record<string, readonly OrderKind[]>> = {
  preparing: ["stop", "hand-over", "abandon"],
  working: ["stop", "hand-over", "abandon", "approve", "answer", "steer"],
  fixing: ["stop", "hand-over", "abandon", "approve", "answer", "steer"],
  verifying: ["stop", "hand-over", "abandon"],
  blocked: ["unblock", "retry", "hand-over", "abandon", "answer", "steer"],
  frozen: ["keep-fixing", "verify-again", "revert", "hand-over", "abandon"],
};
