// What the team reads each morning, as a value. Pure: the runs, what housekeeping remembers, and what is on the volume in.

import type { Group } from "./housekeeping.ts";
import type { HousekeepingState, Pass } from "./housekeeping-state.ts";
import { type Observed, unknown } from "./observed.ts";
import type { RepoKey } from "./repo.ts";
import { isActive, isEnded, type Run } from "./run.ts";
import type { Space } from "./space.ts";
import { type Forecast, forecastOf, type TrendPoint, trendOf } from "./trend.ts";

/** How large something on the volume was when it was measured. */
export type Holding = {
  /** Below the volume's root. */
  readonly path: string;
  readonly what: "checkout" | "slot" | "cache" | "other";
  /** The repo, the tool, or the folder's own name. */
  readonly of: string;
  readonly bytes: number;
  readonly files: number;
  readonly at: number;
  /** Of a cache: its units, and those used in the 24 hours before the measurement. */
  readonly units?: { readonly all: number; readonly used: number; readonly usedBytes: number } | undefined;
};

export type RepoRow = {
  readonly repo: RepoKey;
  readonly deployed: number;
  readonly stuck: number;
  readonly active: number;
  readonly left: number;
  /** Of those deployed, from dispatch; null = none was. */
  readonly medianMs: number | null;
  /** Checkout and slots; null = not measured yet. */
  readonly bytes: number | null;
};

export type Report = {
  readonly at: number;
  readonly since: number;
  /** Nothing happened that anybody has to read of. */
  readonly quiet: boolean;
  readonly totals: Omit<RepoRow, "repo" | "bytes">;
  readonly repos: readonly RepoRow[];
  readonly idleRepos: number;
  readonly space: Observed<Space>;
  readonly trend: readonly TrendPoint[];
  readonly forecast: Forecast;
  readonly removed: readonly Group[];
  readonly kept: readonly Group[];
  readonly caches: readonly Holding[];
  /** When the oldest and the newest of the figures were measured; null = there are none. */
  readonly measured: { readonly from: number; readonly to: number } | null;
  readonly oldestOpen: Run | null;
  readonly open: number;
  readonly full: HousekeepingState["full"];
  readonly failures: readonly string[];
};

export type ReportInput = {
  readonly now: number;
  readonly repos: readonly RepoKey[];
  /** Of the state and the history; the same run twice counts once. */
  readonly runs: readonly Run[];
  readonly housekeeping: HousekeepingState;
  readonly space: Observed<Space>;
  readonly holdings: readonly Holding[];
  /** What a pass would keep now, and why. */
  readonly kept: readonly Group[];
  /** What could not be read for the report itself. */
  readonly unread: readonly string[];
};

const DAY_MS = 24 * 3_600_000;
const TREND = { days: 30, points: 10 };

export function reportOf(input: ReportInput): Report {
  const { now, housekeeping, space, holdings } = input;
  const since = now - DAY_MS;
  const all = [...new Map(input.runs.map((run) => [run.id, run])).values()];
  const runs = all.filter((run) => run.state.since > since || run.startedAt > since || isActive(run));
  const rows = input.repos.map((repo) => rowOf(repo, runs, holdings));
  const busy = rows.filter(hasRuns);
  const open = all.filter((run) => !isActive(run) && !isEnded(run)).sort((a, b) => a.state.since - b.state.since);
  const passes = housekeeping.passes.filter(({ endedAt }) => endedAt > since);
  const removed = merged(passes.flatMap((pass) => pass.removed));
  const failures = [...new Set([...failuresOf(housekeeping, passes, since), ...input.unread])];
  const times = holdings.map(({ at }) => at);
  return {
    at: now,
    since,
    quiet: busy.length === 0 && removed.length === 0 && failures.length === 0 && housekeeping.full === null,
    totals: countsOf(runs),
    repos: [...busy, ...rows.filter((row) => !hasRuns(row) && row.bytes !== null)].sort(
      (a, b) => Number(hasRuns(b)) - Number(hasRuns(a)) || (b.bytes ?? 0) - (a.bytes ?? 0),
    ),
    idleRepos: rows.length - busy.length,
    space,
    trend: trendOf(housekeeping.samples, now, TREND.days, TREND.points),
    forecast: space.known ? forecastOf(housekeeping.samples, now, space.value) : unknown(space.why),
    removed,
    kept: input.kept,
    caches: holdings.filter(({ what }) => what === "cache").sort((a, b) => b.bytes - a.bytes),
    measured: times.length === 0 ? null : { from: Math.min(...times), to: Math.max(...times) },
    oldestOpen: open[0] ?? null,
    open: open.length,
    full: housekeeping.full,
    failures,
  };
}

function rowOf(repo: RepoKey, runs: readonly Run[], holdings: readonly Holding[]): RepoRow {
  const own = holdings.filter(({ what, of }) => of === repo && (what === "checkout" || what === "slot"));
  return {
    repo,
    ...countsOf(runs.filter((run) => run.repo === repo)),
    bytes: own.length === 0 ? null : own.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

function countsOf(runs: readonly Run[]): Omit<RepoRow, "repo" | "bytes"> {
  const deployed = runs.filter(({ state }) => state.name === "deployed");
  const times = deployed.map(({ state, startedAt }) => state.since - startedAt).sort((a, b) => a - b);
  return {
    deployed: deployed.length,
    stuck: runs.filter((run) => !isActive(run) && !isEnded(run)).length,
    active: runs.filter(isActive).length,
    left: runs.filter((run) => isEnded(run) && run.state.name !== "deployed").length,
    medianMs: times[Math.floor((times.length - 1) / 2)] ?? null,
  };
}

function hasRuns({ deployed, stuck, active, left }: RepoRow): boolean {
  return deployed + stuck + active + left > 0;
}

/** The same of several passes as one. */
function merged(groups: readonly Group[]): readonly Group[] {
  const all = new Map<string, Group>();
  for (const group of groups) {
    const key = `${group.kind}\n${group.of}\n${group.why}`;
    const before = all.get(key);
    all.set(key, before === undefined ? group : added(before, group));
  }
  return [...all.values()].sort((a, b) => b.bytes - a.bytes);
}

function added(a: Group, b: Group): Group {
  return {
    ...a,
    units: a.units + b.units,
    bytes: a.bytes + b.bytes,
    unmeasured: a.unmeasured + b.unmeasured,
    usedFrom: Math.min(a.usedFrom, b.usedFrom),
    usedTo: Math.max(a.usedTo, b.usedTo),
  };
}

function failuresOf(
  { jobs, repos, tools }: HousekeepingState,
  passes: readonly Pass[],
  since: number,
): readonly string[] {
  const recent = ({ at }: { readonly at: number }): boolean => at > since;
  return [
    ...Object.entries(jobs).flatMap(([job, { failed }]) => (failed === null ? [] : [`The job "${job}": ${failed}`])),
    ...Object.entries(repos).flatMap(([repo, care]) =>
      recent(care) ? care.failed.map((why) => `${repo}: ${why}`) : [],
    ),
    ...(tools !== null && recent(tools) ? tools.failed : []),
    ...passes.flatMap(({ notes }) => notes),
    ...passes.flatMap(({ stayed }) => stayed.flatMap(({ why }) => (why.startsWith("Cannot ") ? [why] : []))),
  ];
}
