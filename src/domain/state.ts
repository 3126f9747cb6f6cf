// The bot's whole memory, and the one function that changes it. `reduce` never fails on an event that was accepted
// when it was written: an event about something no longer there leaves the state as it is.

import { z } from "zod";
import { escalationsOf, runOfEscalation, withEscalated } from "./escalation.ts";
import type { BotEvent } from "./event.ts";
import {
  type HousekeepingEvent,
  housekeepingSchema,
  noHousekeeping,
  reduceHousekeeping,
  slotKey,
} from "./housekeeping-state.ts";
import { reduceRun } from "./reduce-run.ts";
import { type IssueKey, issueKey } from "./repo.ts";
import { isEnded, type Run, type RunId, runSchema } from "./run.ts";

/** A reply's `ts` is null between the try and the proof that it was posted; `digest` is of what it shows. */
const replySchema = z.object({ ts: z.string().nullable(), digest: z.string().nullable() }).readonly();

/** One Slack thread per issue. */
const threadSchema = z
  .object({
    channel: z.string(),
    ts: z.string().nullable(),
    digest: z.string().nullable(),
    attemptedAt: z.number().int().nullable().default(null).describe("the last try to post, whatever came of it"),
    replies: z.record(z.string(), replySchema).readonly(),
  })
  .readonly();
export type IssueThread = z.infer<typeof threadSchema>;

/** Raised with a step in src/store/migrations.ts. */
export const STATE_VERSION = 3;

export const stateSchema = z
  .object({
    version: z.literal(STATE_VERSION),
    sequence: z.number().int().nonnegative().describe("events applied so far"),
    pause: z.object({ by: z.string(), reason: z.string(), at: z.number().int() }).readonly().nullable(),
    runs: z.record(z.string(), runSchema).readonly(),
    threads: z.record(z.string(), threadSchema).readonly(),
    presses: z.record(z.string(), z.number().int()).readonly().default({}).describe("taken of late, and when"),
    next: z
      .record(z.string(), z.object({ issue: z.number().int(), by: z.string(), at: z.number().int() }).readonly())
      .readonly()
      .default({})
      .describe("by repo, the issue that somebody wants next"),
    reminders: z
      .record(
        z.string(),
        z
          .object({ step: z.number().int(), at: z.number().int(), rang: z.number().int().nonnegative().optional() })
          .readonly(),
      )
      .readonly()
      .default({})
      .describe(
        "by open escalation, how far people were reminded of it and when last, and what the second bell rang for",
      ),
    tokens: z
      .record(z.string(), z.object({ since: z.number().int(), why: z.string(), rang: z.boolean() }).readonly())
      .readonly()
      .default({})
      .describe("by service that refuses the bot's token, since when, and whether the second bell rang"),
    past: z.record(z.string(), z.number().int()).readonly().describe("runs that moved to the history, and when"),
    assigned: z
      .record(z.string(), z.object({ executor: z.string(), at: z.number().int() }).readonly())
      .readonly()
      .default({})
      .describe("by repo, the T3 server that its runs go to; absent = the first, or none yet"),
    housekeeping: housekeepingSchema.default(noHousekeeping),
  })
  .readonly();
export type BotState = z.infer<typeof stateSchema>;

export const emptyState: BotState = {
  version: 3,
  sequence: 0,
  pause: null,
  runs: {},
  threads: {},
  presses: {},
  next: {},
  reminders: {},
  tokens: {},
  past: {},
  assigned: {},
  housekeeping: noHousekeeping,
};

export function reduce(state: BotState, event: BotEvent): BotState {
  return reduceAll(state, [event]);
}

/** As `reduce` one after the other, at the price of one: a replay may be long, and records of a thousand runs large. */
export function reduceAll(state: BotState, events: readonly BotEvent[]): BotState {
  const own = { ...state, runs: { ...state.runs }, threads: { ...state.threads }, past: { ...state.past } };
  let next: BotState = own;
  for (const record of [own.runs, own.threads, own.past]) ownRecords.add(record);
  for (const event of events) next = apply(next, event);
  for (const record of [own.runs, own.threads, own.past]) ownRecords.delete(record);
  return { ...next, sequence: state.sequence + events.length };
}

/** Copies that nobody but the reduction under way has seen: it may write into them. */
const ownRecords = new WeakSet<object>();

function put<T>(record: Readonly<Record<string, T>>, key: string, value: T): Readonly<Record<string, T>> {
  if (!ownRecords.has(record)) return { ...record, [key]: value };
  (record as Record<string, T>)[key] = value;
  return record;
}

function drop<T>(record: Readonly<Record<string, T>>, key: string): Readonly<Record<string, T>> {
  const rest = ownRecords.has(record) ? (record as Record<string, T>) : { ...record };
  delete rest[key];
  return rest;
}

function apply(state: BotState, event: BotEvent): BotState {
  if (isHousekeeping(event)) return keepHouse(state, event);
  switch (event.type) {
    case "run.dispatched":
    case "run.adopted":
      return { ...withoutNext(state, event.run), runs: put(state.runs, event.run.id, event.run) };
    case "run.archived":
      return archive(state, event.run, event.at);
    case "slack.root-attempted":
    case "slack.root-shown":
    case "slack.reply-attempted":
    case "slack.reply-shown":
      return withThread(state, event.issue, (thread) => applyToThread(thread, event));
    case "bot.press-taken":
      return { ...state, presses: { ...recent(state.presses, event.at), [event.press]: event.at } };
    case "bot.next-chosen": {
      const { issue, by, at } = event;
      return { ...state, next: { ...state.next, [event.repo]: { issue, by, at } } };
    }
    case "repo.assigned": {
      const { executor, at } = event;
      return { ...state, assigned: { ...state.assigned, [event.repo]: { executor, at } } };
    }
    case "bot.reminded": {
      const { step, at } = event;
      return withReminder(state, event.escalation, (before) => ({ ...before, step, at }));
    }
    case "bot.rang": {
      const { step: rang, at } = event;
      return withReminder(state, event.escalation, (before) => ({ ...(before ?? { step: 0, at }), rang }));
    }
    case "bot.token-refused": {
      const { service, at, why } = event;
      if (state.tokens[service] !== undefined) return state;
      return { ...state, tokens: { ...state.tokens, [service]: { since: at, why, rang: false } } };
    }
    case "bot.token-rang": {
      const refused = state.tokens[event.service];
      if (refused === undefined) return state;
      return { ...state, tokens: { ...state.tokens, [event.service]: { ...refused, rang: true } } };
    }
    case "bot.token-taken":
      return { ...state, tokens: Object.fromEntries(without(state.tokens, event.service)) };
    case "bot.paused":
      return { ...state, pause: { by: event.by, reason: event.reason, at: event.at } };
    case "bot.prune-asked":
      return { ...state, housekeeping: { ...state.housekeeping, asked: { by: event.by, at: event.at } } };
    case "bot.resumed":
      return { ...state, pause: null };
    case "run.tree-released":
      return noteSlot(
        withRun(state, event.run, (run) => reduceRun(run, event)),
        event.run,
        event.at,
      );
    default:
      return withRun(state, event.run, (run) => {
        const reminded = (id: string): number => state.reminders[id]?.step ?? 0;
        return withEscalated(run, reduceRun(run, event), event, reminded);
      });
  }
}

/** Slack sends a press again within the hour; what is older may be forgotten. */
const PRESS_MS = 24 * 3_600_000;

function recent(presses: BotState["presses"], now: number): BotState["presses"] {
  return Object.fromEntries(Object.entries(presses).filter(([, at]) => now - at < PRESS_MS));
}

function withoutNext(state: BotState, { repo, issue }: Run): BotState {
  if (state.next[repo]?.issue !== issue.number) return state;
  const { [repo]: _, ...next } = state.next;
  return { ...state, next };
}

function without<T>(record: Readonly<Record<string, T>>, key: string): readonly (readonly [string, T])[] {
  return Object.entries(record).filter(([other]) => other !== key);
}

/** Those of escalations that are over go. */
function withReminder(
  state: BotState,
  escalation: string,
  change: (before: BotState["reminders"][string] | undefined) => BotState["reminders"][string],
): BotState {
  const open = Object.fromEntries(Object.entries(state.reminders).filter(([id]) => isAsked(state, id)));
  return { ...state, reminders: { ...open, [escalation]: change(open[escalation]) } };
}

function isAsked(state: BotState, escalation: string): boolean {
  const run = state.runs[runOfEscalation(escalation)];
  return run !== undefined && escalationsOf(run).some(({ id }) => id === escalation);
}

function isHousekeeping(event: BotEvent): event is HousekeepingEvent {
  return event.type.startsWith("housekeeping.");
}

/** Its messages are threads too, told from issues' by a key without `#`: those of days ago are forgotten. */
function keepHouse(state: BotState, event: HousekeepingEvent): BotState {
  const housekeeping = reduceHousekeeping(state.housekeeping, event);
  if (event.type !== "housekeeping.report-due" && event.type !== "housekeeping.pass-begun") {
    return { ...state, housekeeping };
  }
  const old = Object.entries(state.threads).filter(
    ([key, { attemptedAt }]) => !key.includes("#") && event.at - (attemptedAt ?? 0) > KEEP_NOTICES_MS,
  );
  return { ...state, housekeeping, threads: old.reduce((threads, [key]) => drop(threads, key), state.threads) };
}

/** A slot is as old as the last run that left it. */
function noteSlot(state: BotState, id: RunId, at: number): BotState {
  const run = state.runs[id];
  if (run === undefined) return state;
  const slots = { ...state.housekeeping.slots, [slotKey(run.repo, run.slot)]: at };
  return { ...state, housekeeping: { ...state.housekeeping, slots } };
}

type ThreadEvent = Extract<BotEvent, { type: `slack.${string}` }>;

function applyToThread(thread: IssueThread | undefined, event: ThreadEvent): IssueThread | undefined {
  if (event.type === "slack.root-attempted") {
    // A root that was there is posted again only after somebody deleted it, and its replies with it.
    const replies = thread === undefined || thread.ts !== null ? {} : thread.replies;
    return { channel: event.channel, ts: null, digest: null, attemptedAt: event.at, replies };
  }
  if (thread === undefined) return undefined;
  switch (event.type) {
    case "slack.root-shown":
      return { ...thread, ts: event.ts, digest: event.digest };
    case "slack.reply-attempted":
      return {
        ...thread,
        attemptedAt: event.at,
        replies: { ...thread.replies, [event.key]: { ts: null, digest: null } },
      };
    case "slack.reply-shown":
      return { ...thread, replies: { ...thread.replies, [event.key]: { ts: event.ts, digest: event.digest } } };
    default:
      return event satisfies never;
  }
}

function withRun(state: BotState, id: RunId, change: (run: Run) => Run): BotState {
  const run = state.runs[id];
  return run === undefined ? state : { ...state, runs: put(state.runs, id, change(run)) };
}

function withThread(
  state: BotState,
  issue: IssueKey,
  change: (thread: IssueThread | undefined) => IssueThread | undefined,
): BotState {
  const thread = change(state.threads[issue]);
  return thread === undefined ? state : { ...state, threads: put(state.threads, issue, thread) };
}

const KEEP_NOTICES_MS = 7 * 24 * 3_600_000;

/** Nobody's list of released issues is older than that. */
const PAST_MS = 90 * 24 * 3_600_000;

/** The run's own replies go with it; the issue's thread stays, for a later run of the issue. */
function archive(state: BotState, id: RunId, at: number): BotState {
  const run = state.runs[id];
  if (run === undefined || !isEnded(run)) return state;
  const key = issueKey(run.repo, run.issue.number);
  const thread = state.threads[key];
  const replies = Object.fromEntries(
    Object.entries(thread?.replies ?? {}).filter(([reply]) => !reply.startsWith(`${id}/`)),
  );
  return {
    ...state,
    runs: drop(state.runs, id),
    threads: thread === undefined ? state.threads : put(state.threads, key, { ...thread, replies }),
    past: Object.fromEntries([...Object.entries(state.past).filter(([, since]) => at - since < PAST_MS), [id, at]]),
  };
}
