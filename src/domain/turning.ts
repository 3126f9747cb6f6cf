// What happens next while a turn is in flight: the task's own, or a corrective one. First match wins.

import { isNews, overBudget } from "./budget.ts";
import { type Decision, halt, minutes } from "./decision.ts";
import type { TurnSeen, WorkingEvidence } from "./evidence.ts";
import type { Policy } from "./policy.ts";
import { type Recovery, recover } from "./recover.ts";
import type { BlockReason, Landed, Run, Turning } from "./run.ts";

export function decideTurning(
  run: Run,
  state: Turning,
  { turn, landed, spend }: WorkingEvidence,
  policy: Policy,
  now: number,
  paused = false,
): Decision {
  const age = now - state.turn.askedAt - (state.waitedMs ?? 0);
  if (!turn.known) return tooLate(run, state, policy, now, `T3 could not be read: ${turn.why}`);
  const seen = turn.value;
  if ((seen.is === "running" || seen.is === "asking" || seen.is === "ended") && seen.turnId !== null) {
    if (state.turn.turnId === null && state.resume === undefined) {
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
  if (state.asked !== undefined && state.stop === null && seen.is !== "asking") {
    return { do: "record", event: { type: "run.ask-over", at: now, run: run.id } };
  }
  const late = seen.is === "ended" || state.stop !== null ? undefined : fixesOver(run, state, policy, now);
  if (late !== undefined) return stop(run, now, late);
  switch (seen.is) {
    case "missing":
      return halt(run, now, { kind: "session-lost", text: "T3 no longer has this run's session.", details: null });
    case "not-started":
      return halt(run, now, { kind: "never-started", text: "The agent could not be started.", details: seen.why });
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
      return turnEnded(run, state, seen, landed, policy, now);
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

/** The clock runs from the first red verdict, whatever is in flight. A person's revert is not on it. */
function fixesOver(run: Run, state: Turning, policy: Policy, now: number): BlockReason | undefined {
  if (state.name !== "fixing" || state.kind !== "fix" || run.fixes === undefined) return undefined;
  if (now - run.fixes.since <= policy.fixMs) return undefined;
  const text = `It was not fixed within ${minutes(policy.fixMs)} of the first red verdict.`;
  return { kind: "fix-budget", text, details: null };
}

function turnEnded(
  run: Run,
  state: Turning,
  seen: Extract<TurnSeen, { is: "ended" }>,
  landed: WorkingEvidence["landed"],
  policy: Policy,
  now: number,
): Decision {
  if (!landed.known) return tooLate(run, state, policy, now, `the default branch could not be read: ${landed.why}`);
  const newest = landed.value === null ? undefined : { ...landed.value, seenAt: now };
  // After a correction the older commits are still there, so what counts is a newer one; a fix that landed nothing is
  // judged by the same commit again, and the budget ends that.
  const isNew = state.name === "working" || newest?.sha !== state.landed.sha;
  if (state.name === "fixing" && state.stop !== null && (!isNew || state.stop.reason.kind === "fix-budget")) {
    return halt(newest === undefined ? run : withLanded(run, state, newest), now, state.stop.reason);
  }
  const judged = newest ?? (state.name === "fixing" ? { ...state.landed, seenAt: now } : undefined);
  if (judged !== undefined)
    return { do: "record", event: { type: "run.landed", at: now, run: run.id, landed: judged } };
  if (state.stop !== null) return halt(run, now, state.stop.reason);
  const details = seen.error ?? seen.lastWords;
  switch (seen.how) {
    case "completed":
      return halt(run, now, { kind: "nothing-landed", text: "The agent ended without landing a commit.", details });
    case "failed":
      return halt(run, now, { kind: "turn-failed", text: "The agent's turn failed.", details });
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
