// The evidence each state decides by. Only what a decision needs is read; what cannot be read is unknown.

import type { VerifyingEvidence, WorkingEvidence } from "./domain/evidence.ts";
import { unknown } from "./domain/observed.ts";
import type { Run, RunStateOf, Turn, Turning } from "./domain/run.ts";
import type { Parts } from "./parts.ts";

export async function observeTurning(run: Run, state: Turning, parts: Parts): Promise<WorkingEvidence> {
  const turn = await readTurn(run, state.turn, state.stop !== null, parts);
  const over = turn.known && turn.value.is === "ended";
  const landed = over ? await parts.trees.findLanded(run) : unknown("the turn has not ended");
  if (over) parts.dependencies.noteObserved("github", landed);
  const spend = run.session === null || !turn.known ? undefined : await parts.executor.observeSpend(run.session);
  return { turn, landed, spend };
}

export async function observeVerifying(
  run: Run,
  state: RunStateOf<"verifying">,
  { github, cluster, dependencies }: Parts,
): Promise<VerifyingEvidence> {
  const { sha } = state.landed;
  const [checks, rollouts] = await Promise.all([
    github.fetchChecks(run.repo, sha),
    cluster.observeRollouts(run.repo, sha),
  ]);
  dependencies.noteObserved("github", checks);
  dependencies.noteObserved("cluster", rollouts);
  return { checks, rollouts };
}

/** A stopped run's last turn, which may still be going on. */
export async function observeTurn(run: Run, parts: Parts): Promise<WorkingEvidence["turn"]> {
  const { state } = run;
  if ((state.name !== "blocked" && state.name !== "frozen") || !state.agentMayLive) return unknown("not asked");
  if (state.turn === null) return unknown("the run has no turn");
  return await readTurn(run, state.turn, true, parts);
}

async function readTurn(run: Run, turn: Turn, stopped: boolean, parts: Parts): Promise<WorkingEvidence["turn"]> {
  if (run.session === null) return unknown("the run has no session");
  const seen = await parts.executor.observeTurn(run.session, turn, stopped);
  parts.dependencies.noteObserved("t3", seen);
  return seen;
}
