// Which T3 server a repo's next run goes to. A repo stays where it is while something of it is warm there; else it goes
// where there is most room. A run that is under way is never moved: its session is at its own server.

import type { RepoKey } from "./repo.ts";
import { isActive, isEnded, type Run } from "./run.ts";
import { runsOf } from "./runs.ts";
import type { BotState } from "./state.ts";

/** One of the servers of the config, and how it stands. */
export type ExecutorSeen = {
  readonly name: string;
  /** Runs at once; null = the policy's limit alone. */
  readonly capacity: number | null;
  /** Takes no new run. */
  readonly drain: boolean;
  /** Why the pilot lets nothing start there; undefined = armed. */
  readonly disarmed: string | undefined;
  /** Why it does not answer; undefined = it does, or nobody has asked yet. */
  readonly down: string | undefined;
};

/** Where the repo's next run goes, and why it cannot start there now. */
export type Place =
  | { readonly executor: string; readonly trouble: undefined }
  | { readonly executor: string | undefined; readonly trouble: string };

/**
 * `executors` in the config's order; what has no name is the first one's. `warm`: the repo has slots on the volume, so
 * its agents' caches and sessions are warm where it was last.
 */
export function assign(
  repo: RepoKey,
  state: BotState,
  executors: readonly ExecutorSeen[],
  warm: boolean,
  mostRuns: number,
): Place {
  const open = executors.filter(({ drain }) => !drain);
  const here = executors.find(({ name }) => name === assignedTo(repo, state, executors, warm));
  const stays = here !== undefined && !here.drain && (warm || runsOf(state, repo).some((run) => !isEnded(run)));
  const load = (name: string): number => activeAt(name, state, executors);
  const trouble = (one: ExecutorSeen): string | undefined => troubleOf(one, load(one.name));
  if (stays) return { executor: here.name, trouble: trouble(here) };

  const free = ({ name, capacity }: ExecutorSeen): number => Math.min(capacity ?? mostRuns, mostRuns) - load(name);
  const repos = ({ name }: ExecutorSeen): number =>
    Object.entries(state.assigned).filter(([other, { executor }]) => other !== repo && executor === name).length;
  const able = open
    .filter((one) => trouble(one) === undefined)
    // Stable: with all else equal the repo stays, and else the config's order decides.
    .sort((a, b) => free(b) - free(a) || repos(a) - repos(b) || Number(b === here) - Number(a === here));
  const best = able[0];
  if (best !== undefined) return { executor: best.name, trouble: undefined };
  const why = executors.map((one) => (one.drain ? `${one.name} is drained` : (trouble(one) ?? "")));
  return { executor: undefined, trouble: why.length === 0 ? "the config names no T3 server" : why.join("; ") };
}

/** Why nothing may start at any of them; undefined = at one of them it may. */
export function disarmedEverywhere(executors: readonly ExecutorSeen[]): string | undefined {
  if (executors.length === 1) return executors[0]?.disarmed;
  const all = executors.flatMap(({ name, disarmed }) => (disarmed === undefined ? [] : [`${name}: ${disarmed}`]));
  return all.length === executors.length ? all.join("; ") : undefined;
}

/** Where the run's session is: what an older version started is at the first one. */
export function executorOf(run: Pick<Run, "executor">, executors: readonly Pick<ExecutorSeen, "name">[]): string {
  return run.executor ?? executors[0]?.name ?? "";
}

/** How many runs are active there. */
export function activeAt(name: string, state: BotState, executors: readonly Pick<ExecutorSeen, "name">[]): number {
  return Object.values(state.runs).filter((run) => isActive(run) && executorOf(run, executors) === name).length;
}

/** Whether one more run may be active there. */
export function roomAt(name: string, state: BotState, executors: readonly ExecutorSeen[]): boolean {
  const capacity = executors.find((one) => one.name === name)?.capacity ?? null;
  return capacity === null || activeAt(name, state, executors) < capacity;
}

/** What the state says, and of a repo that was at work before there was more than one: the first. */
export function assignedTo(
  repo: RepoKey,
  state: BotState,
  executors: readonly Pick<ExecutorSeen, "name">[],
  warm: boolean,
): string | undefined {
  const said = state.assigned[repo]?.executor;
  if (said !== undefined) return said;
  const last = runsOf(state, repo).at(-1);
  return last === undefined && !warm ? undefined : executorOf(last ?? {}, executors);
}

function troubleOf({ name, capacity, disarmed, down }: ExecutorSeen, active: number): string | undefined {
  if (down !== undefined) return `${name} does not answer: ${down}`;
  if (disarmed !== undefined) return `${name} is not armed: ${disarmed}`;
  return capacity === null || active < capacity ? undefined : `${name} is full: ${active} of ${capacity} runs`;
}
