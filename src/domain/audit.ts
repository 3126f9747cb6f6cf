// One line of the audit: who did what, to which run, and what came of it. Made of events, so that nothing is done that
// is not in it.

import { z } from "zod";
import type { BotEvent } from "./event.ts";
import type { Order } from "./order.ts";
import { issueKey } from "./repo.ts";
import type { BotState } from "./state.ts";

export const auditLineSchema = z
  .object({
    v: z.literal(1),
    at: z.number().int(),
    /** Slack user id, and GitHub login where it is known. */
    by: z.object({ slack: z.string(), github: z.string().nullable() }).readonly(),
    /** "ordered" as it was asked for, "done", "stale" or "refused" as it ended; "denied" where they may not. */
    outcome: z.enum(["ordered", "done", "stale", "refused", "denied"]),
    what: z.string(),
    /** Their words, cut. */
    words: z.string(),
    /** The press's own identity: it joins the lines of one order. */
    id: z.string(),
    via: z.string().nullable(),
    run: z.string().nullable(),
    issue: z.string().nullable(),
    from: z.string().nullable(),
    to: z.string().nullable(),
    note: z.string(),
  })
  .readonly();
export type AuditLine = z.infer<typeof auditLineSchema>;

const LONGEST = 1_000;

/** What the event, applied to `before`, adds to the audit. */
export function auditOf(event: BotEvent, before: BotState, after: BotState): readonly AuditLine[] {
  switch (event.type) {
    case "bot.paused":
    case "bot.resumed":
    case "bot.next-chosen":
    case "bot.prune-asked":
      return [switched(event)];
    default:
      break;
  }
  if (!("run" in event) || typeof event.run !== "string") return [];
  const run = before.runs[event.run];
  const next = after.runs[event.run];
  if (run === undefined || next === undefined) return [];
  const about = { run: run.id, issue: issueKey(run.repo, run.issue.number), from: run.state.name };
  const asked = next.orders
    .filter(({ id }) => !run.orders.some((one) => one.id === id))
    .map((order) => ({ ...lineOf(order, event.at), ...about, outcome: "ordered" as const, to: null, note: "" }));
  const known = new Set(run.resolved.map(({ order }) => order.id));
  const over = next.resolved
    .filter(({ order }) => !known.has(order.id))
    .map(({ order, outcome, text }) => ({
      ...lineOf(order, event.at),
      ...about,
      outcome,
      to: next.state.name,
      note: text,
    }));
  return [...asked, ...over];
}

function lineOf(order: Order, at: number) {
  const { kind, ...rest } = order.what;
  return {
    v: 1 as const,
    at,
    by: order.by,
    what: kind === "approve" && "decision" in rest ? `${kind} (${rest.decision})` : kind,
    words: wordsOf(rest).slice(0, LONGEST),
    id: order.id,
    via: order.via ?? null,
  };
}

function wordsOf(what: Readonly<Record<string, unknown>>): string {
  const said = Object.entries(what).filter(([key]) => !["request", "decision", "cold"].includes(key));
  return said.map(([, value]) => (typeof value === "string" ? value : JSON.stringify(value))).join(" ");
}

const COMMANDS = {
  "bot.paused": "pause",
  "bot.resumed": "resume",
  "bot.next-chosen": "run",
  "bot.prune-asked": "prune",
} as const;

function switched(event: Extract<BotEvent, { type: keyof typeof COMMANDS }>): AuditLine {
  return {
    v: 1,
    at: event.at,
    by: { slack: event.by, github: null },
    outcome: "done",
    what: COMMANDS[event.type],
    words: event.type === "bot.paused" ? event.reason.slice(0, LONGEST) : "",
    id: `${event.type}/${event.at}`,
    via: "command",
    run: null,
    issue: event.type === "bot.next-chosen" ? issueKey(event.repo, event.issue) : null,
    from: null,
    to: null,
    note: "",
  };
}
