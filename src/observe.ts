// The evidence each state decides by. Only what a decision needs is read; what cannot be read is unknown.

import type { MessageSent, StoppedEvidence, TurnSeen, WorkingEvidence } from "./domain/evidence.ts";
import { known, unknown } from "./domain/observed.ts";
import type { Redact } from "./domain/redact.ts";
import { holdsRepo, nextOrdinal, type Run, type Turn, type Turning } from "./domain/run.ts";
import { runsOf } from "./domain/runs.ts";
import type { Parts } from "./parts.ts";

export async function observeTurning(run: Run, state: Turning, parts: Parts): Promise<WorkingEvidence> {
  const turn = await readTurn(run, state.turn, state.stop !== null, parts);
  const over = turn.known && turn.value.is === "ended";
  const landed = over ? await parts.trees.findLanded(run) : unknown("the turn has not ended");
  if (over) parts.dependencies.noteObserved("github", landed);
  const elsewhere = landed.known && landed.value === null ? await parts.trees.findElsewhere(run) : undefined;
  const spend = run.session === null || !turn.known ? undefined : await parts.executor.observeSpend(run.session);
  return { turn, landed, elsewhere: elsewhere?.known ? elsewhere.value : null, spend };
}

/** Whether the message that a preparing run is to send has been sent. Asked only where something hangs on it. */
export async function observeSent(run: Run, parts: Parts): Promise<MessageSent> {
  const { state, session } = run;
  if (state.name !== "preparing" || session === null) return known(false);
  const matters = state.failure !== null || state.landed !== undefined || run.orders.length > 0;
  if (!matters) return unknown("not asked");
  const found = await parts.executor.findTurn(run, session, state.message?.ordinal ?? 1);
  return found.known ? known(found.value !== null) : found;
}

export async function observeStopped(run: Run, parts: Parts): Promise<StoppedEvidence> {
  const others = runsOf(parts.store.state, run.repo).filter((other) => other.id !== run.id);
  const [turn, landed] = await Promise.all([observeLastTurn(run, parts), observeLate(run, parts)]);
  return { turn, landed, free: others.every((other) => holdsRepo(other) === undefined) };
}

/** Costs a conditional request a look; the branch is fetched where it has moved. */
async function observeLate(run: Run, { github, trees, dependencies }: Parts): Promise<StoppedEvidence["landed"]> {
  const { state } = run;
  if (state.name !== "blocked" || state.agentMayLive || run.tree === null) return unknown("not asked");
  const head = await github.fetchHead(run.repo, run.defaultBranch);
  dependencies.noteObserved("github", head);
  if (!head.known) return head;
  return head.value === null ? unknown("the branch is gone") : await trees.findLanded(run, head.value);
}

/** A stopped run's last turn, which may still be going on. */
async function observeLastTurn(run: Run, parts: Parts): Promise<WorkingEvidence["turn"]> {
  const { state } = run;
  if ((state.name !== "blocked" && state.name !== "frozen") || !state.agentMayLive) return unknown("not asked");
  if (state.turn !== null) return await readTurn(run, state.turn, true, parts);
  // It stopped when nobody could tell whether its next message had been sent.
  if (run.session === null) return known({ is: "not-started", why: "It has no session." });
  const found = await parts.executor.findTurn(run, run.session, nextOrdinal(run));
  if (!found.known) return found;
  if (found.value === null) return known({ is: "not-started", why: "It was never sent." });
  return await readTurn(run, found.value, true, parts);
}

/** What is quoted of it later. Names and labels stay as they are: answers are given by them. */
function redacted(seen: TurnSeen, redact: Redact): TurnSeen {
  switch (seen.is) {
    case "not-started":
      return { ...seen, why: redact(seen.why) };
    case "asking":
      return { ...seen, requests: seen.requests.map((request) => ({ ...request, text: redact(request.text) })) };
    case "ended":
      return { ...seen, lastWords: seen.lastWords && redact(seen.lastWords), error: seen.error && redact(seen.error) };
    default:
      return seen;
  }
}

async function readTurn(run: Run, turn: Turn, stopped: boolean, parts: Parts): Promise<WorkingEvidence["turn"]> {
  if (run.session === null) return unknown("the run has no session");
  const seen = await parts.executor.observeTurn(run.session, turn, stopped);
  return seen.known ? known(redacted(seen.value, parts.redact)) : unknown(parts.redact(seen.why));
}
