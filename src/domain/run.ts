// A run: one issue's way from dispatch to an end. It is a value; only `reduce` (state.ts) makes a next one.
//
// States:  preparing → working → verifying → deployed
//               └─────────┴──────────┴─────→ blocked → abandoned (a later release of the issue took over)
//
// A state carries the evidence it was entered with. The schemas are the store's validation and the types at once.

import { z } from "zod";

const at = z.number().int().nonnegative().describe("UTC, milliseconds since the epoch");
const sha = z.string().regex(/^[0-9a-f]{40,64}$/);

/** The application of the ready label that released the issue. Its event id makes the run's id: one release, one run. */
const releaseSchema = z.object({ eventId: z.number().int(), actor: z.string(), at }).readonly();
export type Release = z.infer<typeof releaseSchema>;

export const treeSchema = z
  .object({ path: z.string().describe("the run's own symlink"), slotPath: z.string(), base: sha })
  .readonly();
export type Tree = z.infer<typeof treeSchema>;

export const sessionSchema = z
  .object({ projectId: z.string(), threadId: z.string(), url: z.string().nullable().describe("cockpit deep link") })
  .readonly();
export type Session = z.infer<typeof sessionSchema>;

/** One message to the session and what follows. `askedAt` is the executor's stored time of that message. */
export const turnSchema = z
  .object({
    ordinal: z.number().int().positive(),
    messageId: z.string(),
    askedAt: at,
    turnIdsBefore: z.array(z.string()).readonly(),
    turnId: z.string().nullable(),
    /** How often in a row the executor was restarted under this work; absent = never. */
    resumes: z.number().int().positive().optional(),
  })
  .readonly();
export type Turn = z.infer<typeof turnSchema>;

/** What a run has cost so far. Null = not known. `usd` as the agent reported it, or estimated from the price table. */
export const spendSchema = z
  .object({
    usd: z.number().nonnegative().nullable(),
    source: z.enum(["reported", "estimated", "unknown"]),
    tokens: z.number().nonnegative().nullable(),
  })
  .readonly();
export type Spend = z.infer<typeof spendSchema>;

export const landedSchema = z.object({ sha, commits: z.number().int().positive(), seenAt: at }).readonly();
export type Landed = z.infer<typeof landedSchema>;

/** Why a run stopped. `kind` is for code, `text` and `details` are for people (`details` may quote hostile text). */
export const blockReasonSchema = z
  .object({
    kind: z.enum([
      "cannot-prepare",
      "never-started",
      "turn-failed",
      "interrupted",
      "asked",
      "stalled",
      "too-long",
      "budget",
      "nothing-landed",
      "session-lost",
      "ci-red",
      "ci-silent",
      "rollout-red",
      "rollout-silent",
    ]),
    text: z.string(),
    details: z.string().nullable(),
  })
  .readonly();
export type BlockReason = z.infer<typeof blockReasonSchema>;

const stopSchema = z.object({ since: at, reason: blockReasonSchema }).readonly();

const runStateSchema = z.discriminatedUnion("name", [
  z.object({
    name: z.literal("preparing"),
    since: at,
    failure: z.object({ step: z.string(), text: z.string(), at }).readonly().nullable(),
    /** Refused executor commands so far: a refused command id stays refused, so the next try needs another. */
    refusals: z.number().int().nonnegative(),
  }),
  z.object({
    name: z.literal("working"),
    since: at,
    turn: turnSchema,
    stop: stopSchema.nullable(),
    /** The executor was restarted under the turn: what is left of it is ended, then a next turn goes on. */
    resume: z.object({ since: at, why: z.string() }).readonly().optional(),
    /** Refused executor commands in this state so far. */
    refusals: z.number().int().positive().optional(),
  }),
  z.object({ name: z.literal("verifying"), since: at, landed: landedSchema }),
  z.object({
    name: z.literal("blocked"),
    since: at,
    reason: blockReasonSchema,
    landed: landedSchema.nullable(),
    turn: turnSchema.nullable(),
    /** The agent was told to stop and was never seen to: the repo may not take other work. */
    agentMayLive: z.boolean(),
  }),
  z.object({ name: z.literal("deployed"), since: at, landed: landedSchema, evidence: z.array(z.string()).readonly() }),
  z.object({ name: z.literal("abandoned"), since: at, why: z.string() }),
]);
export type RunState = Readonly<z.infer<typeof runStateSchema>>;
export type RunStateOf<Name extends RunState["name"]> = Extract<RunState, { name: Name }>;

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
    session: sessionSchema.nullable(),
    spend: spendSchema.optional(),
    state: runStateSchema.readonly(),
    shown: shownSchema,
  })
  .readonly();
export type Run = z.infer<typeof runSchema>;
export type RunId = Run["id"];

export function isEnded(run: Run): boolean {
  return run.state.name === "deployed" || run.state.name === "abandoned";
}

/** Whether the loop still has something to move: ended runs have only what they show, blocked ones wait for people. */
export function isActive(run: Run): boolean {
  return run.state.name === "preparing" || run.state.name === "working" || run.state.name === "verifying";
}

/** Whether the repo may take no other work because of this run, and why. */
export function holdsRepo(run: Run): string | undefined {
  if (isActive(run)) return `run ${run.id} on #${run.issue.number} is ${run.state.name}`;
  if (run.state.name !== "blocked") return undefined;
  if (run.state.landed !== null) return `run ${run.id} on #${run.issue.number} landed and is red or unproven`;
  if (run.state.agentMayLive) return `the agent of run ${run.id} was told to stop and has not settled`;
  return undefined;
}

export function landedOf(run: Run): Landed | null {
  return run.state.name === "verifying" || run.state.name === "deployed" || run.state.name === "blocked"
    ? run.state.landed
    : null;
}
