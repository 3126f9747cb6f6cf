// What happens next to a run before anything lands and after it has stopped; turning.ts and verifying.ts decide in between,
// orders.ts what people ask for. Pure: run, evidence, policy and the time in; one decision out. First match wins.
// Unknown evidence means wait; the deadlines of each state see to it that no wait is endless and no end is silent.

import { type Decision, halt, REFUSALS } from "./decision.ts";
import type { WorkingEvidence } from "./evidence.ts";
import type { Policy } from "./policy.ts";
import { isZombie } from "./recover.ts";
import type { Run, RunStateOf } from "./run.ts";

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
    return halt(run, now, { kind: "cannot-prepare", text, details: failure.text });
  }
  if (paused) return { do: "wait", forMs: policy.watchMs };
  if (run.tree === null) return { do: "act", action: "prepare-tree" };
  if (run.session === null) return { do: "act", action: "open-session" };
  return { do: "act", action: "start-turn" };
}

/** A stopped run's agent that did not settle is watched until it has: only then may the repo go on. */
export function decideStopped(
  run: Run,
  state: RunStateOf<"blocked"> | RunStateOf<"frozen">,
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
