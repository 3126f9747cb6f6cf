// observe → decide → act → commit → publish, for one repo: the bot's table of contents.
//
// Level-triggered: it reads the world anew each time and does not care what woke it. A repo has one worker (loop.ts),
// so nothing here runs twice at once for the same repo.

import { act } from "./act.ts";
import { adoptStranded } from "./adopt.ts";
import { archiveEnded } from "./archive.ts";
import { dispatch, findNewSlot, findNext, placeOf, stillPasses } from "./dispatch.ts";
import { executorOf, roomAt } from "./domain/assign.ts";
import { decidePreparing, decideStopped } from "./domain/decide.ts";
import type { Decision } from "./domain/decision.ts";
import type { BotEvent } from "./domain/event.ts";
import { hasRoom, supersededBy } from "./domain/gates.ts";
import { decideOrder, wantsNewSlot } from "./domain/orders.ts";
import type { RepoKey } from "./domain/repo.ts";
import { isActive, isEnded, type Run } from "./domain/run.ts";
import { runsOf } from "./domain/runs.ts";
import { decideTurning } from "./domain/turning.ts";
import { decideVerifying } from "./domain/verifying.ts";
import { messageOf } from "./errors.ts";
import { fieldsOf } from "./log.ts";
import { observeSent, observeStopped, observeTurning } from "./observe.ts";
import { observeVerifying } from "./observe-landed.ts";
import type { Parts } from "./parts.ts";
import { refreshIdle } from "./refresh.ts";
import { startInTurn, startWithinCap } from "./starts.ts";

/** Looks at one repo until there is nothing left to do now. Resolves to when it wants to be looked at again, in ms. */
export async function reconcile(repo: RepoKey, parts: Parts): Promise<number> {
  const waits: number[] = [];
  for (const run of runsOf(parts.store.state, repo)) {
    waits.push(isEnded(run) ? await clearAway(run, parts) : await moveRun(run.id, parts));
  }
  await archiveEnded(repo, parts, record);
  waits.push(await startNext(repo, parts));
  return Math.min(...waits);
}

/** What an ended run left. A tree that cannot be released now keeps its slot, and holds up nothing else. */
async function clearAway(run: Run, parts: Parts): Promise<number> {
  try {
    return await moveRun(run.id, parts);
  } catch (error) {
    const why = messageOf(error);
    parts.log.warn({ ...fieldsOf(run), why }, "tree not released, trying on");
    return parts.policy.pollMs;
  }
}

/** Takes one run as far as it goes now. */
async function moveRun(id: string, parts: Parts): Promise<number> {
  for (;;) {
    const run = parts.store.state.runs[id];
    if (run === undefined) return parts.policy.pollMs;
    const decision = await decide(run, parts);
    if (decision === undefined) return parts.policy.pollMs;
    if (decision.do === "wait") return decision.forMs;
    if (decision.do === "record" && decision.starts) {
      const started = await startWithinCap(decision.event, parts, (event) => record(event, parts));
      if (!started) return parts.policy.watchMs;
      continue;
    }
    const events = decision.do === "record" ? [decision.event] : await act(decision.action, run, parts);
    for (const event of events) await record(event, parts);
    const failed = events.some((event) => event.type === "run.step-failed");
    if (events.length === 0 || failed) return parts.policy.watchMs;
  }
}

/** What people asked for goes first. While it waits the run goes on by itself: it may be its own agent that it waits for. */
async function decide(run: Run, parts: Parts): Promise<Decision | undefined> {
  const asked = await decideAsked(run, parts);
  if (asked !== undefined && asked.do !== "wait") return asked;
  return (await decideByItself(run, parts)) ?? asked;
}

async function decideByItself(run: Run, parts: Parts): Promise<Decision | undefined> {
  const { policy, clock, store } = parts;
  const { state } = run;
  const paused = (): boolean => store.state.pause !== null;
  switch (state.name) {
    case "preparing":
      return decidePreparing(run, state, await observeSent(run, parts), policy, paused(), clock.now());
    case "working":
    case "fixing": {
      const evidence = await observeTurning(run, state, parts);
      return decideTurning(run, state, evidence, policy, clock.now(), paused());
    }
    case "verifying": {
      const rules = parts.ciRules(run.repo);
      const evidence = await observeVerifying(run, state, rules, parts);
      return decideVerifying(run, state, evidence, rules, policy, clock.now(), paused());
    }
    case "blocked":
    case "frozen":
      return decideStopped(run, state, await observeStopped(run, parts), policy, clock.now());
    case "deployed":
    case "abandoned":
    case "handed-over":
      return run.tree === null ? undefined : { do: "act", action: "release-tree" };
    default:
      return state satisfies never;
  }
}

async function decideAsked(run: Run, parts: Parts): Promise<Decision | undefined> {
  const { policy, clock, store, trees } = parts;
  if (run.orders.length === 0) return undefined;
  const around = {
    paused: store.state.pause !== null,
    others: runsOf(store.state, run.repo).filter((other) => other.id !== run.id),
    room: hasRoom(store.state, policy) && roomAt(executorOf(run, parts.executors()), store.state, parts.executors()),
    sent: await observeSent(run, parts),
    freeSlot: wantsNewSlot(run) ? await findNewSlot(run.repo, store.state, trees) : undefined,
    policy,
  };
  return decideOrder(run, around, clock.now());
}

/** Dispatches the repo's next released issue, where every gate passes. */
async function startNext(repo: RepoKey, parts: Parts): Promise<number> {
  const { store, policy } = parts;
  const isBusy = (): boolean => runsOf(store.state, repo).some(isActive);
  if (isBusy()) return policy.pollMs;
  if (!(await adoptStranded(repo, parts, record)) || isBusy()) return policy.watchMs;
  const next = await findNext(repo, parts);
  const event = next && (await dispatch(repo, next, parts));
  if (next === undefined || event === undefined) {
    await refreshIdle(repo, parts);
    return policy.pollMs;
  }
  // The cap on runs is over all repos: of those that got here together only as many start as there is room for.
  const started = await startInTurn(store, async () => {
    if (!stillPasses(repo, next, store.state)) return false;
    const { executor, chosen } = placeOf(repo, next, store.state);
    if (executor === undefined) return false;
    if (chosen) await record({ type: "repo.assigned", at: parts.clock.now(), repo, executor }, parts);
    for (const earlier of runsOf(store.state, repo)) {
      if (isEnded(earlier) || !supersededBy(earlier, next.candidate)) continue;
      const why = `#${next.candidate.number} was released again by ${next.release.actor}`;
      await record({ type: "run.abandoned", at: parts.clock.now(), run: earlier.id, why }, parts);
    }
    await record({ ...event, run: { ...event.run, executor } }, parts);
    return true;
  });
  return started ? await moveRun(event.run.id, parts) : policy.pollMs;
}

async function record(event: BotEvent, { store, publisher, log }: Parts): Promise<void> {
  await store.commit(event);
  const id = "run" in event ? (typeof event.run === "string" ? event.run : event.run.id) : undefined;
  const run = id === undefined ? undefined : store.state.runs[id];
  if (run === undefined) return;
  log.info({ ...fieldsOf(run), event: event.type, state: run.state.name }, "run moved");
  publisher.nudge(run);
}
