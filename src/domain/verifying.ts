// What happens next to what landed: green ends the run, red is fixed forward, and without a budget for that it freezes.
// Judged is the run's newest own commit, and where that is not green, the later ones that contain it: a green one is
// green for ours too, a red one proves nothing of ours.

import { type CiRules, type CiVerdict, judgeChecks } from "./checks.ts";
import { type Decision, halt, minutes, unknownText } from "./decision.ts";
import type { VerifyingEvidence } from "./evidence.ts";
import type { Policy } from "./policy.ts";
import { shortSha } from "./repo.ts";
import { judgeRollouts } from "./rollout.ts";
import { type BlockReason, nextOrdinal, type Run, type RunStateOf } from "./run.ts";

type Ci =
  | { readonly is: "green"; readonly evidence: string }
  | { readonly is: "red"; readonly reason: BlockReason; readonly final?: boolean }
  | { readonly is: "waits" };

export function decideVerifying(
  run: Run,
  state: RunStateOf<"verifying">,
  evidence: VerifyingEvidence,
  rules: CiRules,
  policy: Policy,
  now: number,
  paused = false,
): Decision {
  const moved = branchMoved(run, state, evidence, now);
  if (moved !== undefined) return moved;
  const age = now - state.landed.seenAt;
  const ci = judgeCi(state, evidence, rules, policy, age);
  if (ci.is === "waits") return { do: "wait", forMs: policy.watchMs };
  if (ci.is === "red") {
    const again = ci.reason.kind === "ci-red" ? runAgain(run, state, evidence, policy, paused, now) : undefined;
    return again ?? answerRed(run, state, ci.reason, ci.final === true, policy, paused, now);
  }

  const { rollouts } = evidence;
  const rollout = rollouts.known ? judgeRollouts(rollouts.value) : undefined;
  if (rollout?.is === "red") {
    const reason = { kind: "rollout-red" as const, text: "The rollout of the landed commit failed." };
    return answerRed(run, state, { ...reason, details: rollout.reasons.join("\n") }, false, policy, paused, now);
  }
  if (rollout?.is !== "green") {
    if (age <= policy.rolloutMs) return { do: "wait", forMs: policy.watchMs };
    if (rollout === undefined) {
      const reason = unread("rollout-silent", "The cluster", policy.rolloutMs, rollouts);
      return answerRed(run, state, reason, true, policy, paused, now);
    }
    const details = `Waiting for ${rollout.waitingFor}.`;
    const text = `The landed commit was not healthy after ${minutes(policy.rolloutMs)}.`;
    // A person paused the rollout: nothing that the agent could land would change that.
    const held = rollouts.known && rollouts.value.some((seen) => seen.paused);
    return answerRed(run, state, { kind: "rollout-silent", text, details }, held, policy, paused, now);
  }
  const seen = [ci.evidence, ...rollout.evidence];
  if (state.reverts) {
    const why = `Its commits were taken back, and that is healthy: ${seen.join("; ")}`;
    return { do: "record", event: { type: "run.handed-over", at: now, run: run.id, why } };
  }
  return { do: "record", event: { type: "run.deployed", at: now, run: run.id, evidence: seen } };
}

/** The branch is another than the verdict is about: a later push of ours is judged instead, a lost one is not judged. */
function branchMoved(
  run: Run,
  state: RunStateOf<"verifying">,
  { branch }: VerifyingEvidence,
  now: number,
): Decision | undefined {
  if (!branch.known) return undefined;
  const { own, there } = branch.value;
  if (own !== null && own.sha !== state.landed.sha) {
    return { do: "record", event: { type: "run.landed", at: now, run: run.id, landed: { ...own, seenAt: now } } };
  }
  if (there) return undefined;
  const text = `Our commit vanished: ${run.defaultBranch} was rewritten without it.`;
  return halt(run, now, { kind: "vanished", text, details: `${state.landed.sha} is not on ${run.defaultBranch}.` });
}

function judgeCi(
  state: RunStateOf<"verifying">,
  { checks, later, runnable }: VerifyingEvidence,
  rules: CiRules,
  policy: Policy,
  age: number,
): Ci {
  const ours = checks.known ? judgeChecks(checks.value, rules) : undefined;
  if (ours?.is === "green") return { is: "green", evidence: `CI green: ${ours.evidence.join(", ")}` };
  const theirs = later?.checks.known ? judgeChecks(later.checks.value, rules) : undefined;
  if (later !== undefined && theirs?.is === "green") {
    return {
      is: "green",
      evidence: `CI green on ${shortSha(later.sha)}, which contains it: ${theirs.evidence.join(", ")}`,
    };
  }
  if (ours?.is === "red") {
    // Where a person says that it is fixed, a later commit is what they mean.
    const awaited = state.onRed === "freeze" && later !== undefined && theirs?.is !== "red" && age <= policy.ciMs;
    if (awaited) return { is: "waits" };
    return redCi("ci-red", "CI failed on the landed commit.", ours.reasons.join("\n"));
  }
  if (ours?.none === true && age > policy.ciStartMs) return nothingRan(runnable, rules, policy, age);
  if (age <= policy.ciMs) return { is: "waits" };
  if (ours === undefined) return { is: "red", reason: unread("ci-silent", "CI", policy.ciMs, checks), final: true };
  return redCi("ci-silent", `CI did not finish in ${minutes(policy.ciMs)}.`, `Waiting for ${waitingFor(ours)}.`);
}

/** Nobody knows whether the commit is healthy: a person has to look, and no agent can mend it. */
function unread(
  kind: "ci-silent" | "rollout-silent",
  what: string,
  limitMs: number,
  seen: { readonly known: boolean; readonly why?: string },
): BlockReason {
  const text = `${what} could not be read, and the time for that, ${minutes(limitMs)}, is over.`;
  return { kind, text, details: unknownText(seen) };
}

function nothingRan(runnable: VerifyingEvidence["runnable"], rules: CiRules, policy: Policy, age: number): Ci {
  const text = `No CI run appeared for the landed commit in ${minutes(policy.ciStartMs)}.`;
  if (runnable?.known === true && !runnable.value) {
    const why = "No workflow of the repo runs for what was changed";
    if (rules.whenNone === "green") return { is: "green", evidence: `${why}, which the config takes for green` };
    // Nothing that the agent could land would change that.
    return {
      ...redCi("ci-silent", text, `${why}, and the config does not take that for green (ci.whenNone).`),
      final: true,
    };
  }
  if (runnable?.known === true) return redCi("ci-silent", text);
  if (age <= policy.ciMs) return { is: "waits" };
  // Whether one should have come is not known: that is no fault of the commit's.
  return { ...redCi("ci-silent", text, runnable && unknownText(runnable)), final: true };
}

function redCi(kind: "ci-red" | "ci-silent", text: string, details: string | null = null) {
  return { is: "red" as const, reason: { kind, text, details } };
}

function waitingFor(verdict: CiVerdict): string {
  return verdict.is === "pending" ? verdict.waitingFor : "nothing";
}

/** Jobs that failed by the machine's fault alone are run again, once, before anything is asked of the agent. */
function runAgain(
  run: Run,
  state: RunStateOf<"verifying">,
  { failures }: VerifyingEvidence,
  policy: Policy,
  paused: boolean,
  now: number,
): Decision | undefined {
  if (failures === undefined) return undefined;
  if (!failures.known) {
    return now - state.since <= policy.ciMs && state.rerun === undefined
      ? { do: "wait", forMs: policy.watchMs }
      : undefined;
  }
  const jobs = failures.value;
  const { rerun } = state;
  if (rerun === undefined) {
    if (paused || jobs.length === 0 || jobs.some(({ transient, run: of }) => transient === null || of === null))
      return undefined;
    const runs = [...new Map(jobs.flatMap(({ run: of }) => (of === null ? [] : [[of.id, of] as const]))).values()];
    const why = jobs[0]?.transient ?? "";
    return { do: "record", event: { type: "run.rerun-ordered", at: now, run: run.id, why, runs } };
  }
  const untouched = jobs.some(({ run: of }) =>
    rerun.runs.some(({ id, attempt }) => of?.id === id && of.attempt === attempt),
  );
  if (!untouched || now - rerun.at > RERUN_MS) return undefined;
  return { do: "act", action: "rerun-ci" };
}

/** A rerun that has not begun by then does not come. */
const RERUN_MS = 120_000;

/** Fix forward while there is a budget for it, counted from the first red verdict; then freeze. */
function answerRed(
  run: Run,
  state: RunStateOf<"verifying">,
  reason: BlockReason,
  final: boolean,
  policy: Policy,
  paused: boolean,
  now: number,
): Decision {
  const { since = now, attempts = 0 } = run.fixes ?? {};
  if (state.onRed === "freeze" || final) return halt(run, now, reason);
  if (attempts >= policy.maxFixes) {
    const tried = attempts === 0 ? "" : ` after ${attempts} ${attempts === 1 ? "fix" : "fixes"}`;
    return halt(run, now, { ...reason, text: `${reason.text.replace(/\.$/, "")}${tried}.` });
  }
  if (now - since > policy.fixMs) {
    const text = `${reason.text} The time for fixes, ${minutes(policy.fixMs)} from the first red verdict, is over.`;
    return halt(run, now, { ...reason, text });
  }
  if (paused) return { do: "wait", forMs: policy.watchMs };
  const said = state.guidance === undefined ? "" : `A person adds: ${state.guidance}`;
  const text = [reason.text, reason.details ?? "", said].filter(Boolean).join("\n\n");
  const message = { ordinal: nextOrdinal(run), kind: "fix" as const, text };
  const event = { type: "run.fix-ordered" as const, at: now, run: run.id, message, landed: state.landed, counts: true };
  return { do: "record", event };
}
