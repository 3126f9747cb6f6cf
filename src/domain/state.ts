// The bot's whole memory, and the one function that changes it. `reduce` never fails on an event that was accepted
// when it was written: an event about something no longer there leaves the state as it is.

import { z } from "zod";
import type { BotEvent } from "./event.ts";
import { type IssueKey, issueKey, type RepoKey } from "./repo.ts";
import { isEnded, type Run, type RunId, type RunState, runSchema } from "./run.ts";

/** One Slack thread per issue. A reply's `ts` is null between the try and the proof that it was posted. */
const threadSchema = z
  .object({
    channel: z.string(),
    ts: z.string().nullable(),
    digest: z.string().nullable(),
    attemptedAt: z.number().int().nullable().default(null).describe("the last try to post, whatever came of it"),
    replies: z.record(z.string(), z.string().nullable()).readonly(),
  })
  .readonly();
export type IssueThread = z.infer<typeof threadSchema>;

/** Raised with a step in src/store/migrations.ts. */
export const STATE_VERSION = 2;

export const stateSchema = z
  .object({
    version: z.literal(STATE_VERSION),
    sequence: z.number().int().nonnegative().describe("events applied so far"),
    pause: z.object({ by: z.string(), reason: z.string(), at: z.number().int() }).readonly().nullable(),
    runs: z.record(z.string(), runSchema).readonly(),
    threads: z.record(z.string(), threadSchema).readonly(),
    past: z.record(z.string(), z.number().int()).readonly().describe("runs that moved to the history, and when"),
  })
  .readonly();
export type BotState = z.infer<typeof stateSchema>;

export const emptyState: BotState = { version: 2, sequence: 0, pause: null, runs: {}, threads: {}, past: {} };

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
  switch (event.type) {
    case "run.dispatched":
    case "run.adopted":
      return { ...state, runs: put(state.runs, event.run.id, event.run) };
    case "run.archived":
      return archive(state, event.run, event.at);
    case "slack.root-attempted":
    case "slack.root-shown":
    case "slack.reply-attempted":
    case "slack.reply-shown":
      return withThread(state, event.issue, (thread) => applyToThread(thread, event));
    case "bot.paused":
      return { ...state, pause: { by: event.by, reason: event.reason, at: event.at } };
    case "bot.resumed":
      return { ...state, pause: null };
    default:
      return withRun(state, event.run, (run) => applyToRun(run, event));
  }
}

type ThreadEvent = Extract<BotEvent, { type: `slack.${string}` }>;
type OneRunEvent = Exclude<
  BotEvent,
  ThreadEvent | { type: `bot.${string}` } | { type: "run.dispatched" | "run.adopted" | "run.archived" }
>;

function applyToRun(run: Run, event: OneRunEvent): Run {
  const { at } = event;
  switch (event.type) {
    case "run.step-failed":
      if (run.state.name === "working" && event.refused) {
        return moved(run, { ...run.state, refusals: (run.state.refusals ?? 0) + 1 });
      }
      if (run.state.name !== "preparing") return run;
      return moved(run, {
        ...run.state,
        failure: { step: event.step, text: event.text, at },
        refusals: run.state.refusals + (event.refused ? 1 : 0),
      });
    case "run.tree-ready":
      return { ...reaching(run, "tree", at), tree: event.tree };
    case "run.session-opened":
      return { ...run, session: event.session };
    case "run.turn-started":
      return moved(reaching(run, "turn", at), { name: "working", since: at, turn: event.turn, stop: null });
    case "run.turn-identified":
      if (run.state.name !== "working") return run;
      return moved(run, { ...run.state, turn: { ...run.state.turn, turnId: event.turnId } });
    case "run.stop-ordered":
      if (run.state.name !== "working" || run.state.stop !== null) return run;
      return moved(run, { ...run.state, stop: { since: at, reason: event.reason } });
    case "run.resume-ordered":
      if (run.state.name !== "working" || run.state.stop !== null) return run;
      return moved(run, { ...run.state, resume: { since: at, why: event.why } });
    case "run.spend-seen":
      return { ...run, spend: event.spend };
    case "run.landed":
      return moved(reaching(run, "landed", at), { name: "verifying", since: at, landed: event.landed });
    case "run.blocked": {
      const { reason, landed, agentMayLive } = event;
      const turn = run.state.name === "working" ? run.state.turn : null;
      return moved(run, { name: "blocked", since: at, reason, landed, turn, agentMayLive });
    }
    case "run.agent-settled":
      return run.state.name === "blocked" ? moved(run, { ...run.state, agentMayLive: false }) : run;
    case "run.deployed":
      if (run.state.name !== "verifying") return run;
      return moved(run, { name: "deployed", since: at, landed: run.state.landed, evidence: event.evidence });
    case "run.abandoned":
      return moved(run, { name: "abandoned", since: at, why: event.why });
    case "run.tree-released":
      return { ...run, tree: null };
    case "github.comment-shown":
      return { ...run, shown: { ...run.shown, commentId: event.commentId, comment: event.digest } };
    case "github.issue-shown":
      return { ...run, shown: { ...run.shown, issue: event.digest } };
    default:
      return event satisfies never;
  }
}

function applyToThread(thread: IssueThread | undefined, event: ThreadEvent): IssueThread | undefined {
  if (event.type === "slack.root-attempted") {
    return { channel: event.channel, ts: null, digest: null, attemptedAt: event.at, replies: thread?.replies ?? {} };
  }
  if (thread === undefined) return undefined;
  switch (event.type) {
    case "slack.root-shown":
      return { ...thread, ts: event.ts, digest: event.digest };
    case "slack.reply-attempted":
      return { ...thread, attemptedAt: event.at, replies: { ...thread.replies, [event.key]: null } };
    case "slack.reply-shown":
      return { ...thread, replies: { ...thread.replies, [event.key]: event.ts } };
    default:
      return event satisfies never;
  }
}

/** The first time counts. */
function reaching(run: Run, phase: keyof Run["reached"], at: number): Run {
  return run.reached[phase] === undefined ? { ...run, reached: { ...run.reached, [phase]: at } } : run;
}

function moved(run: Run, state: RunState): Run {
  return { ...run, state };
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

/** The repo's runs, newest last. */
export function runsOf(state: BotState, repo: RepoKey): readonly Run[] {
  return Object.values(state.runs)
    .filter((run) => run.repo === repo)
    .sort((a, b) => a.startedAt - b.startedAt);
}

/** The issue's runs, newest last; the last one is what the issue's Slack thread shows. */
export function runsOfIssue(state: BotState, repo: RepoKey, issue: number): readonly Run[] {
  return runsOf(state, repo).filter((run) => run.issue.number === issue);
}
