// The evidence that a landed commit is judged by. What always costs a request is read at each look; the rest where it could
// change the verdict.

import { type CiRules, type CiVerdict, judgeChecks } from "./domain/checks.ts";
import type { BranchSeen, VerifyingEvidence } from "./domain/evidence.ts";
import { type Observed, unknown } from "./domain/observed.ts";
import { redactAll } from "./domain/redact.ts";
import type { Sha } from "./domain/repo.ts";
import type { Run, RunStateOf } from "./domain/run.ts";
import type { Parts } from "./parts.ts";

/** The branch is fetched anew after so long. A later push shows by its own CI; this finds what has none. */
const BRANCH_AGE_MS = 30_000;

type Verifying = RunStateOf<"verifying">;

export async function observeVerifying(
  run: Run,
  state: Verifying,
  rules: CiRules,
  parts: Parts,
): Promise<VerifyingEvidence> {
  const { github, cluster, trees, dependencies, clock } = parts;
  const { sha } = state.landed;
  const [checks, rollouts, branch] = await Promise.all([
    github.fetchChecks(run.repo, sha),
    cluster.observeRollouts(run.repo, sha),
    // Never by a fetch from before the judging began: a person who says that it is fixed has just pushed.
    trees.observeBranch(run, sha, Math.min(BRANCH_AGE_MS, clock.now() - state.since)),
  ]);
  for (const seen of [checks, branch]) dependencies.noteObserved("github", seen);
  dependencies.noteObserved("cluster", rollouts);
  const ci = checks.known ? judgeChecks(checks.value, rules) : undefined;
  const [later, runnable, failures] = await Promise.all([
    observeLater(run, state, ci, branch, parts),
    observeRunnable(run, state, ci, parts),
    asksForFailures(state, ci, parts) ? github.fetchFailures(run.repo, sha) : undefined,
  ]);
  return redactAll({ branch, checks, later, runnable, failures, rollouts }, parts.redact);
}

/** Only where a fix could be asked for: whether the machine was at fault decides if it is. */
function asksForFailures(state: Verifying, ci: CiVerdict | undefined, { store }: Parts): boolean {
  return ci?.is === "red" && state.onRed === "fix" && store.state.pause === null;
}

/** A later commit that contains ours is asked for where ours is not green, and anew where it has moved on. */
async function observeLater(
  run: Run,
  { landed }: Verifying,
  ci: CiVerdict | undefined,
  branch: Observed<BranchSeen>,
  { github }: Parts,
): Promise<{ readonly sha: Sha; readonly checks: Awaited<ReturnType<Parts["github"]["fetchChecks"]>> } | undefined> {
  if (ci === undefined || ci.is === "green" || !branch.known) return undefined;
  const { head, there } = branch.value;
  return head === landed.sha || !there ? undefined : { sha: head, checks: await github.fetchChecks(run.repo, head) };
}

async function observeRunnable(
  run: Run,
  { landed }: Verifying,
  ci: CiVerdict | undefined,
  { github, trees, policy, clock }: Parts,
): Promise<Observed<boolean> | undefined> {
  if (ci?.none !== true || clock.now() - landed.seenAt <= policy.ciStartMs) return undefined;
  const paths = await trees.changedPaths(run, landed.sha);
  if (!paths.known) return unknown(paths.why);
  return await github.fetchRunnable(run.repo, landed.sha, run.defaultBranch, paths.value);
}
