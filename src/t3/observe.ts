// What a thread's record says of one turn. Pure.
//
// `latestTurn.state` is never used: it is a pointer that goes null when a turn ends, may stay null for good, says
// "completed" of interrupted turns, and on 0.0.27 of running ones. Instead: the message's stored `createdAt` names the
// turn (`latestTurn.requestedAt` equals it), and `session` with the turn's own activities says how it stands.

import type { TurnSeen } from "../domain/evidence.ts";
import type { Turn } from "../domain/run.ts";
import { openRequests } from "./requests.ts";
import { checkpointPayload, errorPayload, type T3Activity, type T3Thread } from "./schema.ts";

/** `interrupted`: we asked for an interrupt or a stop of this turn, which T3's own record may not show. */
export function observeTurn(thread: T3Thread, asked: Turn, interrupted: boolean): TurnSeen {
  if (thread.deletedAt !== null) return { is: "missing" };
  const turn = steeredOn(thread, asked);
  const { session } = thread;

  // The failure carries the time of the message that could not be started; with later versions it may be a bit later.
  const failures = thread.activities.filter(({ kind }) => kind === "provider.turn.start.failed");
  const exact = failures.find((activity) => Date.parse(activity.createdAt) === turn.askedAt);
  if (exact !== undefined) return notStarted(exact);
  const turnId = turn.turnId ?? findTurnId(thread, turn);
  if (turnId === undefined) {
    const later = failures.find((activity) => Date.parse(activity.createdAt) >= turn.askedAt);
    if (later !== undefined) return notStarted(later);
    const stopped = session?.status === "stopped" && Date.parse(session.updatedAt) >= turn.askedAt;
    return stopped ? { is: "not-started", why: "The session was stopped before the turn began." } : { is: "pending" };
  }

  const own = thread.activities.filter((activity) => activity.turnId === turnId);
  if (session?.activeTurnId === turnId && session.status === "running") {
    const requests = openRequests(thread.activities, own);
    if (requests.length === 0) return { is: "running", turnId, activeAt: lastActivity(thread, own) };
    const kind = requests.some((request) => request.kind === "input") ? "input" : "approval";
    return { is: "asking", turnId, kind, requests: requests.map(({ kind: _, ...request }) => request) };
  }

  const runtimeError = own.find((activity) => activity.kind === "runtime.error");
  const lastError = session?.lastError ?? null;
  const checkpoint = thread.checkpoints.find((candidate) => candidate.turnId === turnId);
  const failed =
    session?.status === "error" || runtimeError !== undefined || checkpoint?.status === "error" || lastError !== null;
  const error = (runtimeError === undefined ? undefined : errorText(runtimeError)) ?? lastError;
  const at = session === null ? undefined : Date.parse(session.updatedAt) || undefined;
  const ended = { is: "ended", turnId, lastWords: lastWordsOf(thread, turnId), at } as const;
  if (failed && !interrupted) return { ...ended, how: "failed", error };
  if (interrupted || own.some(isMissingCheckpoint)) return { ...ended, how: "interrupted", error };
  return { ...ended, how: "completed", error: null };
}

/**
 * A message to an agent at work is read within its turn, or begins a turn of its own when that ends: then that one is
 * what we wait for. Both are seen in the record, and neither can be told beforehand.
 */
function steeredOn(thread: T3Thread, turn: Turn): Turn {
  const { steered, turnId } = turn;
  if (steered === undefined || turnId === null) return turn;
  const earlier = [...turn.turnIdsBefore, turnId, ...turnIdsBefore(thread, steered.askedAt)];
  const asked: Turn = { ...turn, ...steered, turnIdsBefore: earlier, turnId: null };
  const next = findTurnId(thread, asked);
  return next === undefined || next === turnId ? turn : { ...asked, turnId: next };
}

/** Ids of the turns whose traces are older than `askedAt` (milliseconds): none of them can be the turn asked for then. */
export function turnIdsBefore(thread: T3Thread, askedAt: number): readonly string[] {
  const before = isBefore(askedAt);
  const ids = new Set<string>();
  for (const { turnId, at } of traces(thread)) if (!ids.has(turnId) && before(at)) ids.add(turnId);
  return [...ids];
}

function notStarted(activity: T3Activity): TurnSeen {
  return { is: "not-started", why: errorText(activity) ?? activity.summary };
}

function findTurnId(thread: T3Thread, turn: Turn): string | undefined {
  const { latestTurn, session } = thread;
  if (latestTurn !== null && Date.parse(latestTurn.requestedAt) === turn.askedAt) return latestTurn.turnId;
  // The first new turn that left a trace, even while another runs by now: that one was begun by something else.
  const earlier = new Set(turn.turnIdsBefore);
  const before = isBefore(turn.askedAt);
  let first: { readonly turnId: string; readonly at: string } | undefined;
  for (const trace of traces(thread)) {
    if (earlier.has(trace.turnId) || before(trace.at)) continue;
    if (first === undefined || isEarlier(trace.at, first.at)) first = trace;
  }
  if (first !== undefined) return first.turnId;
  const active = session?.activeTurnId ?? null;
  return active === null || earlier.has(active) ? undefined : active;
}

/** Everything in the record that names a turn, in no order: T3 does not keep activities in the order of time. */
function* traces(thread: T3Thread): Generator<{ readonly turnId: string; readonly at: string }> {
  for (const { turnId, createdAt } of thread.messages) if (turnId !== null) yield { turnId, at: createdAt };
  for (const { turnId, createdAt } of thread.activities) if (turnId !== null) yield { turnId, at: createdAt };
  for (const { turnId, completedAt } of thread.checkpoints) yield { turnId, at: completedAt };
}

/** Whether a time on record is before `limit`. T3's own times compare as text; clients' may be any string. */
function isBefore(limit: number): (at: string) => boolean {
  const iso = Number.isFinite(limit) ? new Date(limit).toISOString() : "";
  return (at) => (isIso(at) ? at < iso : Date.parse(at) < limit);
}

function isEarlier(a: string, b: string): boolean {
  return isIso(a) && isIso(b) ? a < b : Date.parse(a) < Date.parse(b);
}

/** `2026-01-05T09:00:00.000Z`: such times are in the order of their text, and need no parsing by the thousand. */
function isIso(at: string): boolean {
  return at.length === 24 && at[23] === "Z" && at[10] === "T" && at[4] === "-";
}

/** The turn's last sign of life, in milliseconds: the latest of its traces, the session's and the thread's own time. */
function lastActivity(thread: T3Thread, own: readonly T3Activity[]): number {
  const turnId = thread.session?.activeTurnId;
  const said = thread.messages.flatMap((message) => (message.turnId === turnId ? message.createdAt : []));
  const times = [...own.map(({ createdAt }) => createdAt), ...said, thread.updatedAt, thread.session?.updatedAt ?? ""];
  const latest = times.reduce((a, b) => (isIso(b) && b > a ? b : a), "");
  const odd = times.filter((at) => at !== "" && !isIso(at)).map((at) => Date.parse(at));
  return Math.max(latest === "" ? 0 : Date.parse(latest), ...odd.filter(Number.isFinite).slice(0, 1_000));
}

function isMissingCheckpoint(activity: T3Activity): boolean {
  return (
    activity.kind === "checkpoint.captured" && checkpointPayload.safeParse(activity.payload).data?.status === "missing"
  );
}

function errorText(activity: T3Activity): string | undefined {
  const payload = errorPayload.safeParse(activity.payload).data;
  return payload?.message ?? payload?.detail;
}

function lastWordsOf(thread: T3Thread, turnId: string): string | null {
  const own = thread.messages
    .filter((message) => message.role === "assistant" && message.turnId === turnId && message.text.trim() !== "")
    .sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
  return own.at(-1)?.text ?? null;
}
