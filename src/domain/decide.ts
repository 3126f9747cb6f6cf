// What happens next to a run. Pure: run, evidence, policy and the time in; one decision out. First match wins.
// Unknown evidence means wait; the deadlines of each state see to it that no wait is endless and no end is silent.

import { isNews, overBudget } from "./budget.ts";
import { judgeChecks } from "./checks.ts";
import type { RunEvent } from "./event.ts";
import type { TurnSeen, VerifyingEvidence, WorkingEvidence } from "./evidence.ts";
import type { Policy } from "./policy.ts";
import { isZombie, type Recovery, recover } from "./recover.ts";
import { judgeRollouts } from "./rollout.ts";
import type { BlockReason, Run, RunStateOf } from "./run.ts";

/** Side effects a run can ask for. Each is safe to repeat: its identity follows from the run (ids.ts). */
export type Action =
  | "prepare-tree"
  | "open-session"
  | "start-turn"
  | "interrupt"
  | "stop-session"
  | "resume-turn"
  | "release-tree";

export type Decision =
  | { readonly do: "act"; readonly action: Action }
  | { readonly do: "record"; readonly event: RunEvent }
  | { readonly do: "wait"; readonly forMs: number };

/** T3 refuses without a reason and for ever: after this many refusals under fresh ids, another would not help. */
const REFUSALS = 3;

export function decidePreparing(
  run: Run,
  state: RunStateOf<"preparing">,
  policy: Policy,
  paused: boolean,
  now: number,
): Decision {
  const { failure } = state;
  if (failure !== null && (failure.at - state.since > policy.prepareMs || state.refusals >= REFUSALS)) {
    const text = `Could not ${failure.step.replaceAll("-", " ")}.`;
    return block(run, now, { kind: "cannot-prepare", text, details: failure.text });
  }
  if (paused) return { do: "wait", forMs: policy.watchMs };
  if (run.tree === null) return { do: "act", action: "prepare-tree" };
  if (run.session === null) return { do: "act", action: "open-session" };
  return { do: "act", action: "start-turn" };
}

export function decideWorking(
  run: Run,
  state: RunStateOf<"working">,
  { turn, landed, spend }: WorkingEvidence,
  policy: Policy,
  now: number,
  paused = false,
): Decision {
  const age = now - state.turn.askedAt;
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
  switch (seen.is) {
    case "missing":
      return block(run, now, { kind: "session-lost", text: "T3 no longer has this run's session.", details: null });
    case "not-started":
      return block(run, now, { kind: "never-started", text: "The agent could not be started.", details: seen.why });
    case "pending":
      if (state.stop !== null) return stopping(run, state, policy, now);
      return age > policy.turnStartMs
        ? stop(run, now, { kind: "never-started", text: "The agent never started on its task.", details: null })
        : { do: "wait", forMs: policy.watchMs };
    case "asking":
      if (state.stop !== null) return stopping(run, state, policy, now);
      return stop(run, now, {
        kind: "asked",
        text: seen.kind === "input" ? "The agent asks a question." : "The agent asks for an approval.",
        details: seen.requests.map((request) => request.text).join("\n") || null,
      });
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

function turnEnded(
  run: Run,
  state: RunStateOf<"working">,
  seen: Extract<TurnSeen, { is: "ended" }>,
  landed: WorkingEvidence["landed"],
  policy: Policy,
  now: number,
): Decision {
  if (!landed.known) return tooLate(run, state, policy, now, `the default branch could not be read: ${landed.why}`);
  if (landed.value !== null) {
    return {
      do: "record",
      event: { type: "run.landed", at: now, run: run.id, landed: { ...landed.value, seenAt: now } },
    };
  }
  if (state.stop !== null) return block(run, now, state.stop.reason);
  const details = seen.error ?? seen.lastWords;
  switch (seen.how) {
    case "completed":
      return block(run, now, { kind: "nothing-landed", text: "The agent ended without landing a commit.", details });
    case "failed":
      return block(run, now, { kind: "turn-failed", text: "The agent's turn failed.", details });
    case "interrupted":
      return block(run, now, { kind: "interrupted", text: "The agent was interrupted in T3.", details });
    default:
      return seen.how satisfies never;
  }
}

export function decideVerifying(
  run: Run,
  state: RunStateOf<"verifying">,
  { checks, rollouts }: VerifyingEvidence,
  policy: Policy,
  now: number,
): Decision {
  const age = now - state.landed.seenAt;
  const ci = checks.known ? judgeChecks(checks.value) : undefined;
  if (ci?.is === "red") {
    return block(run, now, { kind: "ci-red", text: "CI failed on the landed commit.", details: ci.reasons.join("\n") });
  }
  if (ci?.is !== "green") {
    const none = checks.known && checks.value.length === 0;
    if (none && age > policy.ciStartMs) {
      const text = `No CI run appeared for the landed commit in ${minutes(policy.ciStartMs)}.`;
      return block(run, now, { kind: "ci-silent", text, details: null });
    }
    if (age <= policy.ciMs) return { do: "wait", forMs: policy.watchMs };
    const details = ci === undefined ? unknownText(checks) : `Waiting for ${ci.waitingFor}.`;
    return block(run, now, { kind: "ci-silent", text: `CI did not finish in ${minutes(policy.ciMs)}.`, details });
  }

  const rollout = rollouts.known ? judgeRollouts(rollouts.value) : undefined;
  if (rollout?.is === "red") {
    const details = rollout.reasons.join("\n");
    return block(run, now, { kind: "rollout-red", text: "The rollout of the landed commit failed.", details });
  }
  if (rollout?.is !== "green") {
    if (age <= policy.rolloutMs) return { do: "wait", forMs: policy.watchMs };
    const details = rollout === undefined ? unknownText(rollouts) : `Waiting for ${rollout.waitingFor}.`;
    const text = `The landed commit was not healthy after ${minutes(policy.rolloutMs)}.`;
    return block(run, now, { kind: "rollout-silent", text, details });
  }
  const evidence = [`CI green: ${ci.evidence.join(", ")}`, ...rollout.evidence];
  return { do: "record", event: { type: "run.deployed", at: now, run: run.id, evidence } };
}

/** A blocked run's agent that did not settle is watched until it has: only then may the repo go on. */
export function decideBlocked(
  run: Run,
  state: RunStateOf<"blocked">,
  turn: WorkingEvidence["turn"],
  policy: Policy,
  now: number,
): Decision | undefined {
  if (!state.agentMayLive) return undefined;
  if (turn.known && isZombie(turn.value, policy, now)) return { do: "act", action: "stop-session" };
  const settled = turn.known && (turn.value.is === "ended" || turn.value.is === "not-started");
  return settled
    ? { do: "record", event: { type: "run.agent-settled", at: now, run: run.id } }
    : { do: "wait", forMs: policy.watchMs };
}

/** Evidence that stays unknown ends in a stop like any other: after the turn's time plus the time to settle. */
function tooLate(run: Run, state: RunStateOf<"working">, policy: Policy, now: number, why: string): Decision {
  const limit = policy.turnMs + policy.settleMs;
  if (now - state.turn.askedAt <= limit) return { do: "wait", forMs: policy.watchMs };
  const reason: BlockReason = { kind: "too-long", text: `No word of the agent for ${minutes(limit)}.`, details: why };
  return block(run, now, reason, true);
}

function stopping(run: Run, state: RunStateOf<"working">, policy: Policy, now: number): Decision {
  if (state.stop === null || now - state.stop.since <= policy.settleMs) return { do: "act", action: "interrupt" };
  return block(run, now, state.stop.reason, true);
}

function stop(run: Run, now: number, reason: BlockReason): Decision {
  return { do: "record", event: { type: "run.stop-ordered", at: now, run: run.id, reason } };
}

function block(run: Run, now: number, reason: BlockReason, agentMayLive = false): Decision {
  const landed = run.state.name === "verifying" ? run.state.landed : null;
  return { do: "record", event: { type: "run.blocked", at: now, run: run.id, reason, landed, agentMayLive } };
}

function unknownText(observed: { readonly known: boolean; readonly why?: string }): string | null {
  return observed.why ?? null;
}

function minutes(ms: number): string {
  return ms < 90_000 ? `${Math.round(ms / 1000)} seconds` : `${Math.round(ms / 60_000)} minutes`;
}
