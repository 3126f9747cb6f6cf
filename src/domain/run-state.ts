// A state of a run with the evidence it was entered with, and what that is made of. The schemas are the store's validation
// and the types at once.

import { z } from "zod";

const at = z.number().int().nonnegative().describe("UTC, milliseconds since the epoch");
const sha = z.string().regex(/^[0-9a-f]{40,64}$/);

/** The application of the ready label that released the issue. Its event id makes the run's id: one release, one run. */
export const releaseSchema = z.object({ eventId: z.number().int(), actor: z.string(), at }).readonly();
export type Release = z.infer<typeof releaseSchema>;

export const treeSchema = z
  .object({ path: z.string().describe("the run's own symlink"), slotPath: z.string(), base: sha })
  .readonly();
export type Tree = z.infer<typeof treeSchema>;

/** How a tree came about. `warm`: in a slot that was there; `setup`: skipped where nothing it depends on had changed. */
export const treeMadeSchema = z.object({ warm: z.boolean(), setup: z.enum(["none", "skipped", "ran"]) }).readonly();
export type TreeMade = z.infer<typeof treeMadeSchema>;

export const sessionSchema = z
  .object({
    projectId: z.string(),
    threadId: z.string(),
    url: z.string().nullable().describe("cockpit deep link"),
    executor: z.string().optional().describe("the T3 server it is at; absent = the first"),
  })
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
    /** A person's last word to the agent while it worked. It is taken up in this turn, or in one that begins after it. */
    steered: z
      .object({ ordinal: z.number().int().positive(), messageId: z.string(), askedAt: at })
      .readonly()
      .optional(),
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

export const landedSchema = z
  .object({ sha, commits: z.number().int().positive(), seenAt: at, note: z.string().optional() })
  .readonly();
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
      "stopped",
      "wrong-branch",
      "ci-red",
      "ci-silent",
      "rollout-red",
      "rollout-silent",
      "fix-budget",
      "vanished",
    ]),
    text: z.string(),
    details: z.string().nullable(),
  })
  .readonly();
export type BlockReason = z.infer<typeof blockReasonSchema>;

const stopSchema = z.object({ since: at, reason: blockReasonSchema }).readonly();

/** What the agent waits for, as the executor shows it. Its texts are the agent's own: hostile, for quoting only. */
export const askedSchema = z
  .object({
    since: at,
    kind: z.enum(["approval", "input"]),
    requests: z
      .array(
        z
          .object({
            id: z.string(),
            text: z.string(),
            questions: z
              .array(
                z
                  .object({
                    id: z.string(),
                    text: z.string(),
                    header: z.string().nullable(),
                    options: z
                      .array(z.object({ label: z.string(), description: z.string().nullable() }).readonly())
                      .readonly(),
                    many: z.boolean(),
                  })
                  .readonly(),
              )
              .readonly()
              .optional(),
          })
          .readonly(),
      )
      .readonly(),
  })
  .readonly();

/** The next message to the session, once it is decided and until it is a turn. Its number makes its identity. */
export const messageSchema = z
  .object({
    ordinal: z.number().int().positive(),
    kind: z.enum(["task", "guidance", "answer", "fix", "revert"]),
    /** What a person said, or what the message quotes; the task's own text is the run's prompt. */
    text: z.string(),
  })
  .readonly();
export type Message = z.infer<typeof messageSchema>;

/** One more try of a turn that failed, not before `notBefore`. */
const againSchema = z.object({ notBefore: at, why: z.string() }).readonly();

/** A turn in flight, with what was decided about it. */
const inFlight = {
  since: at,
  turn: turnSchema,
  stop: stopSchema.nullable(),
  /** The agent waits for a person; absent = it does not, as far as was seen. */
  asked: askedSchema.optional(),
  /** How long it has waited for people in this turn; that time is not the agent's. */
  waitedMs: z.number().int().nonnegative().optional(),
  /** The executor was restarted under the turn: what is left of it is ended, then a next turn goes on. */
  resume: z.object({ since: at, why: z.string() }).readonly().optional(),
  /** Refused executor commands in this state so far. */
  refusals: z.number().int().positive().optional(),
  /** What the turn was asked; absent = the task itself. */
  message: messageSchema.optional(),
  /** This turn is the one more try after one that failed. */
  again: againSchema.optional(),
};

export const runStateSchema = z.discriminatedUnion("name", [
  z.object({
    name: z.literal("preparing"),
    since: at,
    failure: z.object({ step: z.string(), text: z.string(), at }).readonly().nullable(),
    /** Refused executor commands so far: a refused command id stays refused, so the next try needs another. */
    refusals: z.number().int().nonnegative(),
    /** Absent = the task itself, the run's first message. */
    message: messageSchema.optional(),
    /** What had landed when the message was decided: then it is a corrective one. Absent = nothing. */
    landed: landedSchema.optional(),
    again: againSchema.optional(),
  }),
  z.object({ name: z.literal("working"), ...inFlight }),
  z.object({
    name: z.literal("verifying"),
    since: at,
    landed: landedSchema,
    /** A red verdict is answered by a fix, or, after a person's order, by freezing again. */
    onRed: z.enum(["fix", "freeze"]).default("fix"),
    /** The landed commits take the run's own ones back: green then ends it as handed over. */
    reverts: z.boolean().default(false),
    /** CI jobs that were run again by the bot, once, before anything was asked of the agent. */
    rerun: z
      .object({ at, why: z.string(), runs: z.array(z.object({ id: z.number().int(), attempt: z.number().int() })) })
      .readonly()
      .optional(),
    /** What a person said to the next fix. */
    guidance: z.string().optional(),
  }),
  /** A corrective turn after a red verdict. `landed` is what was red. */
  z.object({ name: z.literal("fixing"), ...inFlight, landed: landedSchema, kind: z.enum(["fix", "revert"]) }),
  z.object({
    name: z.literal("blocked"),
    since: at,
    reason: blockReasonSchema,
    turn: turnSchema.nullable(),
    /** The agent was told to stop and was never seen to: the repo may not take other work. */
    agentMayLive: z.boolean(),
    /** The question that nobody answered in time: a later answer becomes a turn. */
    asked: askedSchema.optional(),
    /** Its commits arrived after it had stopped. They are judged as soon as nothing else works in the repo. */
    landed: landedSchema.optional(),
    /** The run was found without a state and could not be taken on: a bot that lost its state again finds it again. */
    stranded: z.literal(true).optional(),
  }),
  z.object({
    name: z.literal("frozen"),
    since: at,
    reason: blockReasonSchema,
    landed: landedSchema,
    turn: turnSchema.nullable(),
    agentMayLive: z.boolean(),
    /** Where on the volume the forensics are kept; absent = not gathered yet. */
    forensics: z.string().optional(),
    /** What they say in short, for people: lines of plain text that quote what others wrote. */
    summary: z.string().optional(),
  }),
  z.object({ name: z.literal("deployed"), since: at, landed: landedSchema, evidence: z.array(z.string()).readonly() }),
  z.object({ name: z.literal("abandoned"), since: at, why: z.string() }),
  z.object({ name: z.literal("handed-over"), since: at, why: z.string(), landed: landedSchema.nullable() }),
]);
export type RunState = Readonly<z.infer<typeof runStateSchema>>;
export type RunStateOf<Name extends RunState["name"]> = Extract<RunState, { name: Name }>;

/** A state in which a turn is in flight. */
export type Turning = RunStateOf<"working"> | RunStateOf<"fixing">;

export function isTurning(state: RunState): state is Turning {
  return state.name === "working" || state.name === "fixing";
}
