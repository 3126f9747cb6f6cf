// A run: one issue's way from dispatch to an end. It is a value; only `reduce` (state.ts) makes a next one.
//
// States:  preparing → working → verifying → deployed
//              ↑│         │      ↑↓   │└──→ frozen ──→ fixing, verifying, or an end (a person's order)
//              │└────┬────┘    fixing └───────┘
//              └─ blocked ──→ preparing (unblocked), verifying (landed late), or an end: abandoned, handed-over
//
// Nothing has landed before `verifying`, and something has after it: so a run that stops is blocked before, and frozen
// after. People move a run by orders (order.ts). What a state carries is in run-state.ts. The schemas are the store's
// validation and the types at once.

import { z } from "zod";
import { escalatedSchema } from "./escalated.ts";
import { orderSchema, resolvedSchema } from "./order.ts";
import {
  type Landed,
  releaseSchema,
  runStateSchema,
  sessionSchema,
  spendSchema,
  treeMadeSchema,
  treeSchema,
} from "./run-state.ts";

export type {
  BlockReason,
  Landed,
  Message,
  Release,
  RunState,
  RunStateOf,
  Session,
  Spend,
  Tree,
  TreeMade,
  Turn,
  Turning,
} from "./run-state.ts";
export { isTurning } from "./run-state.ts";

const at = z.number().int().nonnegative().describe("UTC, milliseconds since the epoch");

/** What GitHub was last seen to show for the run. Null = never yet. */
const shownSchema = z
  .object({ commentId: z.number().int().nullable(), comment: z.string().nullable(), issue: z.string().nullable() })
  .readonly();

export const runSchema = z
  .object({
    id: z.string(),
    repo: z.string(),
    issue: z.object({ number: z.number().int().positive(), title: z.string(), url: z.string() }).readonly(),
    release: releaseSchema,
    defaultBranch: z.string(),
    branch: z.string(),
    slot: z.number().int().positive(),
    executor: z.string().optional().describe("the T3 server it works at; absent = the first"),
    prompt: z
      .object({
        text: z.string(),
        sha256: z.string(),
        sources: z.array(z.string()).readonly().default([]).describe("what the text was made of, each with its hash"),
      })
      .readonly()
      .describe("pinned at dispatch"),
    startedAt: at,
    /** When each phase was first seen to be reached, for what people read. */
    reached: z.object({ tree: at.optional(), turn: at.optional(), landed: at.optional() }).readonly().default({}),
    tree: treeSchema.nullable(),
    treeMade: treeMadeSchema.optional(),
    /** Refs of the checkout under which unsaved work of the tree was kept when it was taken back. */
    kept: z.array(z.string()).readonly().optional(),
    session: sessionSchema.nullable(),
    spend: spendSchema.optional(),
    /** Messages sent to the session so far. */
    messages: z.number().int().nonnegative().default(0),
    /** Fix-forward so far: counted from the first red verdict, and anew where a person grants it. */
    fixes: z.object({ since: at, attempts: z.number().int().nonnegative() }).readonly().optional(),
    /** What people asked for and has not been done yet, oldest first. */
    orders: z.array(orderSchema).readonly().default([]),
    /** What people asked for and what came of it, newest last. */
    resolved: z.array(resolvedSchema).readonly().default([]),
    /** Escalations that are over, newest last; absent = none. */
    escalated: z.array(escalatedSchema).readonly().optional(),
    state: runStateSchema.readonly(),
    shown: shownSchema,
  })
  .readonly();
export type Run = z.infer<typeof runSchema>;
export type RunId = Run["id"];

export function isEnded(run: Run): boolean {
  const { name } = run.state;
  return name === "deployed" || name === "abandoned" || name === "handed-over";
}

/** Whether the loop still has something to move: ended runs have only what they show, stopped ones wait for people. */
export function isActive(run: Run): boolean {
  const { name } = run.state;
  return name === "preparing" || name === "working" || name === "verifying" || name === "fixing";
}

/** Whether nothing else may work in the repo because of this run, and why. */
export function holdsRepo(run: Run): string | undefined {
  const { id, issue, state } = run;
  if (isActive(run)) return `run ${id} on #${issue.number} is ${state.name}`;
  if (state.name === "frozen") return `run ${id} on #${issue.number} is frozen: a person has to unfreeze it`;
  if (state.name !== "blocked") return undefined;
  if (state.agentMayLive) return `the agent of run ${id} was told to stop and has not settled`;
  return undefined;
}

/**
 * Since when a blocked run is to go on: a person let it, or its commits landed after all. It goes before new issues, the
 * one that waits the longest before the others.
 */
export function waitsForRepo(run: Run): number | undefined {
  if (run.state.name !== "blocked") return undefined;
  if (run.state.landed !== undefined) return run.state.landed.seenAt;
  return run.orders.find(({ what }) => TAKES_UP.has(what.kind))?.at;
}

const TAKES_UP: ReadonlySet<string> = new Set(["unblock", "retry", "answer", "steer"]);

/** The number of the next message to the session. */
export function nextOrdinal({ messages, state }: Run): number {
  const sent = "turn" in state ? (state.turn?.ordinal ?? 0) : 0;
  return Math.max(messages, sent) + 1;
}

export function landedOf(run: Run): Landed | null {
  const { state } = run;
  return "landed" in state ? (state.landed ?? null) : null;
}
