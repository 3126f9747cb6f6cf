// What happens next to what landed: green ends the run, red is fixed forward, and without a budget for that it freezes.

import { judgeChecks } from "./checks.ts";
import { type Decision, halt, minutes, unknownText } from "./decision.ts";
import type { VerifyingEvidence } from "./evidence.ts";
import type { Policy } from "./policy.ts";
import { judgeRollouts } from "./rollout.ts";
import { type BlockReason, nextOrdinal, type Run, type RunStateOf } from "./run.ts";

export function decideVerifying(
  run: Run,
  state: RunStateOf<"verifying">,
  { checks, rollouts }: VerifyingEvidence,
  policy: Policy,
  now: number,
  paused = false,
): Decision {
  const red = (reason: BlockReason): Decision => answerRed(run, state, reason, policy, paused, now);
  const age = now - state.landed.seenAt;
  const ci = checks.known ? judgeChecks(checks.value) : undefined;
  if (ci?.is === "red") {
    return red({ kind: "ci-red", text: "CI failed on the landed commit.", details: ci.reasons.join("\n") });
  }
  if (ci?.is !== "green") {
    const none = checks.known && checks.value.length === 0;
    if (none && age > policy.ciStartMs) {
      const text = `No CI run appeared for the landed commit in ${minutes(policy.ciStartMs)}.`;
      return red({ kind: "ci-silent", text, details: null });
    }
    if (age <= policy.ciMs) return { do: "wait", forMs: policy.watchMs };
    const details = ci === undefined ? unknownText(checks) : `Waiting for ${ci.waitingFor}.`;
    return red({ kind: "ci-silent", text: `CI did not finish in ${minutes(policy.ciMs)}.`, details });
  }

  const rollout = rollouts.known ? judgeRollouts(rollouts.value) : undefined;
  if (rollout?.is === "red") {
    const details = rollout.reasons.join("\n");
    return red({ kind: "rollout-red", text: "The rollout of the landed commit failed.", details });
  }
  if (rollout?.is !== "green") {
    if (age <= policy.rolloutMs) return { do: "wait", forMs: policy.watchMs };
    const details = rollout === undefined ? unknownText(rollouts) : `Waiting for ${rollout.waitingFor}.`;
    const text = `The landed commit was not healthy after ${minutes(policy.rolloutMs)}.`;
    return red({ kind: "rollout-silent", text, details });
  }
  const evidence = [`CI green: ${ci.evidence.join(", ")}`, ...rollout.evidence];
  if (state.reverts) {
    const why = `Its commits were taken back, and that is healthy: ${evidence.join("; ")}`;
    return { do: "record", event: { type: "run.handed-over", at: now, run: run.id, why } };
  }
  return { do: "record", event: { type: "run.deployed", at: now, run: run.id, evidence } };
}

/** Fix forward while there is a budget for it, counted from the first red verdict; then freeze. */
function answerRed(
  run: Run,
  state: RunStateOf<"verifying">,
  reason: BlockReason,
  policy: Policy,
  paused: boolean,
  now: number,
): Decision {
  const { since = now, attempts = 0 } = run.fixes ?? {};
  if (state.onRed === "freeze") return halt(run, now, reason);
  if (attempts >= policy.maxFixes) {
    const tried = attempts === 0 ? "" : ` after ${attempts} ${attempts === 1 ? "fix" : "fixes"}`;
    return halt(run, now, { ...reason, text: `${reason.text.replace(/\.$/, "")}${tried}.` });
  }
  if (now - since > policy.fixMs) {
    const text = `${reason.text} The time for fixes, ${minutes(policy.fixMs)} from the first red verdict, is over.`;
    return halt(run, now, { ...reason, text });
  }
  if (paused) return { do: "wait", forMs: policy.watchMs };
  const text = [reason.text, reason.details ?? "", state.guidance ?? ""].filter(Boolean).join("\n\n");
  const message = { ordinal: nextOrdinal(run), kind: "fix" as const, text };
  const event = { type: "run.fix-ordered" as const, at: now, run: run.id, message, landed: state.landed, counts: true };
  return { do: "record", event };
}
