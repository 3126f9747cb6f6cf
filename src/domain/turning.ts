// What happens next while a turn is in flight: the task's own, or a corrective one. First match wins.

import { isNews, overBudget } from "./budget.ts";
import { type Decision, fixTimeOver, halt, minutes } from "./decision.ts";
import type { TurnSeen, WorkingEvidence } from "./evidence.ts";
import type { Policy } from "./policy.ts";
import { type Recovery, recover } from "./recover.ts";
import { type BlockReason, type Landed, nextOrdinal, type Run, type Turning } from "./run.ts";

export function decideTurning(
  run: Run,
  state: Turning,
  { turn, landed, elsewhere, spend }: WorkingEvidence,
  policy: Policy,
  now: number,
  paused = false,
): Decision {
  const age = now - state.turn.askedAt - (state.waitedMs ?? 0);
  if (!turn.known) return tooLate(run, state, policy, now, `T3 could not be read: ${turn.why}`);
  const seen = turn.value;
  if ((seen.is === "running" || seen.is === "asking" || seen.is === "ended") && seen.turnId !== null) {
    if (state.turn.turnId !== seen.turnId && state.resume === undefined) {
      return { do: "record", event: { type: "run.turn-identified", at: now, run: run.id, turnId: seen.turnId } };
    }
  }
  const recovery = recover(state, seen, landed, policy, now);
  if (recovery !== undefined) return recovering(run, recovery, policy, now, paused);
  if (spend !== undefined) {
    const news = isNews(run.spend, spend, seen.is === "ended");
    if (news) return { do: "record", event: { type: "run.spend-seen", at: now, run: run.id, spend } };
    const over = seen.is === "ended" || state.stop !== null ? undefined : overBudget(spend, policy);
    if (over !== undefined) return stop(run, now, over);
  }
  if (state.asked !== undefined && seen.is !== "asking") {
    return { do: "record", event: { type: "run.ask-over", at: now, run: run.id } };
  }
  const late = seen.is === "ended" || state.stop !== null ? undefined : fixesOver(run, state, policy, now);
  if (late !== undefined) return stop(run, now, late);
  switch (seen.is) {
    case "missing":
      return halt(run, now, { kind: "session-lost", text: "T3 no longer has this run's session.", details: null });
    case "not-started":
      return onceMore(run, state, paused, policy, now, {
        kind: "never-started",
        text: "The agent could not be started.",
        details: seen.why,
      });
    case "pending":
      if (state.stop !== null) return stopping(run, state, policy, now);
      return age > policy.turnStartMs
        ? stop(run, now, { kind: "never-started", text: "The agent never started on its task.", details: null })
        : { do: "wait", forMs: policy.watchMs };
    case "asking":
      if (state.stop !== null) return stopping(run, state, policy, now);
      return asking(run, state, seen, policy, now);
    case "running":
      if (state.stop !== null) return stopping(run, state, policy, now);
      if (age > policy.turnMs) {
        return stop(run, now, { kind: "too-long", text: `The agent worked for ${minutes(age)}.`, details: null });
      }
      if (now - Math.max(seen.activeAt, state.turn.askedAt) > policy.stallMs) {
        const text = `The agent showed no activity for ${minutes(policy.stallMs)}.`;
        return stop(run, now, { kind: "stalled", text, details: null });
      }
      return { do: "wait", forMs: policy.watchMs };
    case "ended":
      if (mayBeTakenUp(state, seen, now)) return { do: "wait", forMs: policy.watchMs };
      return turnEnded(run, state, seen, { landed, elsewhere }, paused, policy, now);
    default:
      return seen satisfies never;
  }
}

function recovering(run: Run, recovery: Recovery, policy: Policy, now: number, paused: boolean): Decision {
  switch (recovery.do) {
    case "order":
      return { do: "record", event: { type: "run.resume-ordered", at: now, run: run.id, why: recovery.why } };
    case "end-session":
      return { do: "act", action: "stop-session" };
    case "resume":
      return paused ? { do: "wait", forMs: policy.watchMs } : { do: "act", action: "resume-turn" };
    case "give-up":
      return stop(run, now, recovery.reason);
    default:
      return recovery satisfies never;
  }
}

/** The question goes to people; the stall clock and the turn's time stand still until it is answered or too old. */
function asking(
  run: Run,
  state: Turning,
  { kind, requests }: Extract<TurnSeen, { is: "asking" }>,
  policy: Policy,
  now: number,
): Decision {
  const { asked } = state;
  const ids = requests.map(({ id }) => id).join();
  if (asked === undefined || asked.requests.map(({ id }) => id).join() !== ids) {
    return { do: "record", event: { type: "run.asked", at: now, run: run.id, asked: { since: now, kind, requests } } };
  }
  if (now - asked.since <= policy.askTimeoutMs) return { do: "wait", forMs: policy.watchMs };
  const text = `Nobody answered the agent for ${minutes(policy.askTimeoutMs)}.`;
  return stop(run, now, { kind: "asked", text, details: requests.map((request) => request.text).join("\n") || null });
}

/** A person's revert is not on the clock. */
function fixesOver(run: Run, state: Turning, policy: Policy, now: number): BlockReason | undefined {
  return state.name === "fixing" && state.kind === "fix" ? fixTimeOver(run, policy, now) : undefined;
}

/** A person's word that came too late for the turn begins one of its own within moments of its end. */
function mayBeTakenUp(state: Turning, { at }: Extract<TurnSeen, { is: "ended" }>, now: number): boolean {
  const { steered } = state.turn;
  if (steered === undefined || state.stop !== null) return false;
  return now - Math.max(steered.askedAt, at ?? 0) < STEER_MS;
}

const STEER_MS = 15_000;

/** What failed may have been a moment's trouble: one more try, a little later, then a person. */
function onceMore(
  run: Run,
  state: Turning,
  paused: boolean,
  policy: Policy,
  now: number,
  reason: BlockReason,
): Decision {
  if (state.again !== undefined || state.stop !== null) return halt(run, now, state.stop?.reason ?? reason);
  if (paused) return { do: "wait", forMs: policy.watchMs };
  const { kind, text } = state.message ?? { kind: "task", text: "" };
  const message = { ordinal: nextOrdinal(run), kind, text };
  const why = [reason.text, reason.details ?? ""].filter(Boolean).join(" ");
  const notBefore = now + policy.retryMs;
  return { do: "record", event: { type: "run.again-ordered", at: now, run: run.id, message, notBefore, why } };
}

function turnEnded(
  run: Run,
  state: Turning,
  seen: Extract<TurnSeen, { is: "ended" }>,
  { landed, elsewhere }: Pick<WorkingEvidence, "landed" | "elsewhere">,
  paused: boolean,
  policy: Policy,
  now: number,
): Decision {
  if (!landed.known) return tooLate(run, state, policy, now, `the default branch could not be read: ${landed.why}`);
  const newest = landed.value === null ? undefined : { ...landed.value, seenAt: now };
  // After a correction the older commits are still there, so what counts is a newer one; a fix that landed nothing is
  // judged by the same commit again, and the budget ends that.
  const isNew = state.name === "working" || newest?.sha !== state.landed.sha;
  if (state.name === "fixing") {
    // What lands after the clock is no fix any more: it is kept as it is, for a person to judge.
    const over = state.stop?.reason ?? fixesOver(run, state, policy, now);
    if (over !== undefined && (!isNew || over.kind === "fix-budget")) {
      return halt(newest === undefined ? run : withLanded(run, state, newest), now, over);
    }
  }
  const details = seen.error ?? seen.lastWords;
  const failed: BlockReason = { kind: "turn-failed", text: "The agent's turn failed.", details };
  if (state.name === "fixing" && !isNew && seen.how === "failed" && state.again === undefined) {
    return onceMore(run, state, paused, policy, now, failed);
  }
  const judged = newest ?? (state.name === "fixing" ? { ...state.landed, seenAt: now } : undefined);
  if (judged !== undefined)
    return { do: "record", event: { type: "run.landed", at: now, run: run.id, landed: judged } };
  if (state.stop !== null) return halt(run, now, state.stop.reason);
  if (elsewhere) {
    const text = `The agent pushed its commits to ${elsewhere}, not to ${run.defaultBranch}.`;
    return halt(run, now, { kind: "wrong-branch", text, details });
  }
  switch (seen.how) {
    case "completed":
      return halt(run, now, { kind: "nothing-landed", text: "The agent ended without landing a commit.", details });
    case "failed":
      return onceMore(run, state, paused, policy, now, failed);
    case "interrupted":
      return halt(run, now, { kind: "interrupted", text: "The agent was interrupted in T3.", details });
    default:
      return seen.how satisfies never;
  }
}

/** Evidence that stays unknown ends in a stop like any other: after the turn's time plus the time to settle. */
function tooLate(run: Run, state: Turning, policy: Policy, now: number, why: string): Decision {
  const limit = policy.turnMs + policy.settleMs;
  if (now - state.turn.askedAt <= limit) return { do: "wait", forMs: policy.watchMs };
  const reason: BlockReason = { kind: "too-long", text: `No word of the agent for ${minutes(limit)}.`, details: why };
  return halt(run, now, reason, true);
}

function stopping(run: Run, state: Turning, policy: Policy, now: number): Decision {
  if (state.stop === null || now - state.stop.since <= policy.settleMs) return { do: "act", action: "interrupt" };
  return halt(run, now, state.stop.reason, true);
}

function stop(run: Run, now: number, reason: BlockReason): Decision {
  return { do: "record", event: { type: "run.stop-ordered", at: now, run: run.id, reason } };
}

function withLanded(run: Run, state: Extract<Turning, { name: "fixing" }>, landed: Landed): Run {
  return { ...run, state: { ...state, landed } };
}
