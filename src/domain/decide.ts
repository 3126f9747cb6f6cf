// What happens next to a run before anything lands and after it has stopped; turning.ts and verifying.ts decide in between,
// orders.ts what people ask for. Pure: run, evidence, policy and the time in; one decision out. First match wins.
// Unknown evidence means wait; the deadlines of each state see to it that no wait is endless and no end is silent.

import { type Decision, fixTimeOver, halt, REFUSALS } from "./decision.ts";
import type { MessageSent, StoppedEvidence, TurnSeen } from "./evidence.ts";
import type { Policy } from "./policy.ts";
import { isZombie } from "./recover.ts";
import type { BlockReason, Run, RunStateOf } from "./run.ts";

/** Nothing works any more. A session that is gone from T3 ends its agent with its next word. */
const SETTLED: ReadonlySet<TurnSeen["is"]> = new Set(["ended", "not-started", "missing"]);

export function decidePreparing(
  run: Run,
  state: RunStateOf<"preparing">,
  sent: MessageSent,
  policy: Policy,
  paused: boolean,
  now: number,
): Decision {
  const over = givesUp(run, state, policy, now);
  if (over !== undefined) return haltUnsent(run, sent, now, over);
  if (paused) return { do: "wait", forMs: policy.watchMs };
  const early = (state.again?.notBefore ?? 0) - now;
  if (early > 0) return { do: "wait", forMs: Math.min(early, policy.watchMs) };
  if (run.tree === null) return { do: "act", action: "prepare-tree" };
  if (run.session === null) return { do: "act", action: "open-session" };
  return { do: "act", action: "start-turn" };
}

function givesUp(run: Run, state: RunStateOf<"preparing">, policy: Policy, now: number): BlockReason | undefined {
  const { failure } = state;
  if (failure !== null && (failure.at - state.since > policy.prepareMs || state.refusals >= REFUSALS)) {
    const text = `Could not ${failure.step.replaceAll("-", " ")}.`;
    return { kind: "cannot-prepare", text, details: failure.text };
  }
  return state.landed !== undefined && state.message?.kind === "fix" ? fixTimeOver(run, policy, now) : undefined;
}

/**
 * Stops a run whose next message may have reached the agent just before the bot was cut off. Where it has, the turn is
 * taken on first, and stopped like any other; where that cannot be told, the agent may live.
 */
export function haltUnsent(run: Run, sent: MessageSent, now: number, reason: BlockReason): Decision {
  if (run.session === null || (sent.known && !sent.value)) return halt(run, now, reason);
  return sent.known ? { do: "act", action: "start-turn" } : halt(run, now, reason, true);
}

/**
 * A stopped run's agent that did not settle is watched until it has: only then may the repo go on. A blocked run whose
 * commits arrive all the same is judged by them.
 */
export function decideStopped(
  run: Run,
  state: RunStateOf<"blocked"> | RunStateOf<"frozen">,
  { turn, landed, free }: StoppedEvidence,
  policy: Policy,
  now: number,
): Decision | undefined {
  if (state.name === "frozen" && state.forensics === undefined) return { do: "act", action: "gather-forensics" };
  if (!state.agentMayLive)
    return state.name === "blocked" ? landedLate(run, state, landed, free, policy, now) : undefined;
  if (turn.known && isZombie(turn.value, policy, now)) return { do: "act", action: "stop-session" };
  // What never began does not end by itself either; without its session it can begin no more.
  if (turn.known && turn.value.is === "pending") return { do: "act", action: "end-idle-session" };
  const settled = turn.known && SETTLED.has(turn.value.is);
  return settled
    ? { do: "record", event: { type: "run.agent-settled", at: now, run: run.id } }
    : { do: "wait", forMs: policy.watchMs };
}

/** What was pushed after the end is landed like anything else; only the repo has to be free for what may follow. */
function landedLate(
  run: Run,
  state: RunStateOf<"blocked">,
  landed: StoppedEvidence["landed"],
  free: boolean,
  policy: Policy,
  now: number,
): Decision | undefined {
  const newest = landed.known ? landed.value : null;
  if (state.landed === undefined) {
    if (newest === null) return undefined;
    const note = [newest.note, "It was pushed after the run had been blocked."].filter(Boolean).join(" ");
    const late = { ...newest, seenAt: now, note };
    return { do: "record", event: { type: "run.landed-late", at: now, run: run.id, landed: late } };
  }
  if (!free) return { do: "wait", forMs: policy.watchMs };
  const judged = { ...state.landed, ...(newest && { sha: newest.sha, commits: newest.commits }), seenAt: now };
  return { do: "record", event: { type: "run.landed", at: now, run: run.id, landed: judged } };
}
