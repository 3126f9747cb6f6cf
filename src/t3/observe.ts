// What a thread's record says of one turn. Pure.
//
// `latestTurn.state` is never used: it is a pointer that goes null when a turn ends, may stay null for good, says
// "completed" of interrupted turns, and on 0.0.27 of running ones. Instead: the message's stored `createdAt` names the
// turn (`latestTurn.requestedAt` equals it), and `session` with the turn's own activities says how it stands.

import type { TurnSeen } from "../domain/evidence.ts";
import type { Turn } from "../domain/run.ts";
import { checkpointPayload, errorPayload, requestPayload, type T3Activity, type T3Thread } from "./schema.ts";

/** `interrupted`: we asked for an interrupt or a stop of this turn, which T3's own record may not show. */
export function observeTurn(thread: T3Thread, turn: Turn, interrupted: boolean): TurnSeen {
  if (thread.deletedAt !== null) return { is: "missing" };
  const { session } = thread;

  const startFailure = thread.activities.find(
    (activity) => activity.kind === "provider.turn.start.failed" && Date.parse(activity.createdAt) >= turn.askedAt,
  );
  if (startFailure !== undefined) return { is: "not-started", why: errorText(startFailure) ?? startFailure.summary };

  const turnId = turn.turnId ?? findTurnId(thread, turn);
  if (turnId === undefined) return { is: "pending" };

  const own = thread.activities.filter((activity) => activity.turnId === turnId);
  if (session?.activeTurnId === turnId && session.status === "running") {
    const requests = liveRequests(thread.activities, own);
    if (requests.length > 0) {
      const kind = requests.some((request) => request.kind === "input") ? "input" : "approval";
      return { is: "asking", turnId, kind, requests: requests.map(({ id, text }) => ({ id, text })) };
    }
    return { is: "running", turnId, activeAt: lastActivity(thread, turnId) };
  }

  const runtimeError = own.find((activity) => activity.kind === "runtime.error");
  const lastError = session?.lastError ?? null;
  const checkpoint = thread.checkpoints.find((candidate) => candidate.turnId === turnId);
  const failed =
    session?.status === "error" || runtimeError !== undefined || checkpoint?.status === "error" || lastError !== null;
  const error = (runtimeError === undefined ? undefined : errorText(runtimeError)) ?? lastError;
  const lastWords = lastWordsOf(thread, turnId);
  if (failed && !interrupted) return { is: "ended", turnId, how: "failed", lastWords, error };
  if (interrupted || own.some(isMissingCheckpoint))
    return { is: "ended", turnId, how: "interrupted", lastWords, error };
  return { is: "ended", turnId, how: "completed", lastWords, error: null };
}

/** Ids of the turns whose traces are older than `askedAt` (milliseconds): none of them can be the turn asked for then. */
export function turnIdsBefore(thread: T3Thread, askedAt: number): readonly string[] {
  return [...new Set(traces(thread).flatMap(({ turnId, at }) => (at < askedAt ? [turnId] : [])))];
}

function findTurnId(thread: T3Thread, turn: Turn): string | undefined {
  const { latestTurn, session } = thread;
  const fresh = (id: string | null | undefined): id is string =>
    typeof id === "string" && !turn.turnIdsBefore.includes(id);
  if (latestTurn !== null && Date.parse(latestTurn.requestedAt) === turn.askedAt) return latestTurn.turnId;
  if (fresh(session?.activeTurnId)) return session?.activeTurnId ?? undefined;
  return traces(thread).find(({ turnId, at }) => at >= turn.askedAt && fresh(turnId))?.turnId;
}

/** Everything in the record that names a turn, oldest first. T3 does not keep activities in the order of time. */
function traces(thread: T3Thread): readonly { readonly turnId: string; readonly at: number }[] {
  const all = [
    ...thread.messages.map((message) => ({ turnId: message.turnId, at: message.createdAt })),
    ...thread.activities.map((activity) => ({ turnId: activity.turnId, at: activity.createdAt })),
    ...thread.checkpoints.map((checkpoint) => ({ turnId: checkpoint.turnId, at: checkpoint.completedAt })),
  ];
  return all
    .flatMap(({ turnId, at }) => (turnId === null ? [] : [{ turnId, at: Date.parse(at) }]))
    .sort((a, b) => a.at - b.at);
}

function lastActivity(thread: T3Thread, turnId: string): number {
  const session = thread.session === null ? 0 : Date.parse(thread.session.updatedAt);
  return traces(thread).reduce(
    (latest, trace) => (trace.turnId === turnId ? Math.max(latest, trace.at) : latest),
    session,
  );
}

type Request = { readonly id: string; readonly kind: "approval" | "input"; readonly text: string };

/** Requests of the running turn that were neither resolved nor found dead by a failed answer. */
function liveRequests(all: readonly T3Activity[], own: readonly T3Activity[]): readonly Request[] {
  const closed = new Set(
    all.flatMap((activity) =>
      /^(approval|user-input)\.resolved$|^provider\.(approval|user-input)\.respond\.failed$/.test(activity.kind)
        ? requestIdOf(activity)
        : [],
    ),
  );
  return own.flatMap((activity) => {
    if (activity.kind !== "approval.requested" && activity.kind !== "user-input.requested") return [];
    const payload = requestPayload.safeParse(activity.payload);
    if (!payload.success || closed.has(payload.data.requestId)) return [];
    const { requestId, detail, questions } = payload.data;
    const text = questions?.map(({ question }) => question).join("\n") ?? detail ?? activity.summary;
    return [{ id: requestId, kind: activity.kind === "approval.requested" ? "approval" : "input", text } as const];
  });
}

function requestIdOf(activity: T3Activity): readonly string[] {
  const payload = requestPayload.safeParse(activity.payload);
  return payload.success ? [payload.data.requestId] : [];
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
