// Why something on the volume stays, however full that is. Pure.

import { threadIdOf } from "./ids.ts";
import { isActive, isEnded, type Run } from "./run.ts";
import type { BotState } from "./state.ts";
import type { SlotSeen } from "./tree-slots.ts";

/** What is at work on the volume now: the oldest run or setup that may use any cache. */
export type AtWork = { readonly since: number; readonly who: string };

/**
 * Undefined = nothing is at work. `setupsSince` is when the oldest setup under way began. A blocked run's agent is gone,
 * unless it was never seen to be.
 */
export function atWork(runs: readonly Run[], setupsSince: number | undefined): AtWork | undefined {
  const working = runs.filter(mayWork).toSorted((a, b) => a.startedAt - b.startedAt);
  const [oldest] = working;
  if (oldest === undefined) {
    return setupsSince === undefined ? undefined : { since: setupsSince, who: "a tree is being set up" };
  }
  const name = `${oldest.repo}#${oldest.issue.number}`;
  return {
    since: Math.min(oldest.startedAt, setupsSince ?? Number.POSITIVE_INFINITY),
    who: working.length === 1 ? `a run is at work (${name})` : `${working.length} runs are at work (${name} …)`,
  };
}

/** Null = the unit may go. `anyTime`: a tool at work does not mind when one that it does not use vanishes. */
export function cacheHold(anyTime: boolean, usedAt: number, work: AtWork | undefined): string | null {
  if (work === undefined) return null;
  if (!anyTime) return `may be in use: ${work.who}`;
  return usedAt >= work.since ? `used since then: ${work.who}` : null;
}

/** Null = the slot may go, once it is proven to hold nothing of its own. `runs` are the repo's, of the state. */
export function slotHold(seen: SlotSeen, runs: readonly Run[]): string | null {
  if (seen.is === "strange") return `nothing that the bot made: ${seen.why}`;
  // A run that was only just dispatched has its slot by the state alone.
  const run = runs.find((each) =>
    seen.is === "held" ? each.id === seen.run : each.slot === seen.slot && !isEnded(each),
  );
  if (run === undefined) return seen.is === "held" ? `of run ${seen.run}, which the bot does not know` : null;
  if (!isEnded(run)) return `run ${run.id} on #${run.issue.number} is ${run.state.name}`;
  return `the tree of run ${run.id} is being released`;
}

/** T3's threads of runs that ended before then: what it keeps of them in the checkout may go. */
export function oldThreads(state: Pick<BotState, "runs" | "past">, before: number): ReadonlySet<string> {
  const ended = Object.values(state.runs).filter((run) => isEnded(run) && run.state.since < before);
  const past = Object.entries(state.past).filter(([, since]) => since < before);
  return new Set([...ended.map(({ id }) => id), ...past.map(([id]) => id)].map(threadIdOf));
}

/** Whether an agent of the run may be at work now. */
export function mayWork(run: Run): boolean {
  return isActive(run) || ("agentMayLive" in run.state && run.state.agentMayLive);
}
