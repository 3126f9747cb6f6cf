// Goes through the points of the ways, many to a play, several worlds at once.

import { paths } from "./paths.ts";
import type { Played } from "./play.ts";
import { exchangePoints, nameOf, type Point, pointsOf } from "./points.ts";
import { openPool, type Pool } from "./pool.ts";

export type SweepOptions = {
  readonly paths: readonly string[];
  /** Every n-th point only. */
  readonly every: number;
  /** This part of so many. */
  readonly shard: { readonly part: number; readonly of: number };
  /** Worlds at once. */
  readonly worlds: number;
  /** How many points a play has at most. */
  readonly kills: number;
  readonly keep: boolean;
  tell(line: string): void;
};

export type Total = {
  readonly points: number;
  readonly finished: number;
  readonly duplicateSessions: number;
  readonly duplicateTurns: number;
  readonly duplicateRoots: number;
  readonly duplicateComments: number;
  readonly lostRuns: number;
  readonly wrongRemovals: number;
  readonly stuck: number;
};

type Asked = { readonly path: string; readonly points: readonly Point[] };

/** A point that does not come on a way that other points made longer is tried once more, with other ones. */
const ROUNDS = 2;

/** `finished` counts points; `stuck` counts plays that did not end. Points that never came are told of, not counted. */
export async function sweep(options: SweepOptions): Promise<Total> {
  const { tell, worlds } = options;
  using pool = await openPool(worlds);
  const played: Played[] = [];
  const play = async (asked: Asked): Promise<Played> => {
    const result = await pool.play({ ...asked, keep: options.keep });
    played.push(result);
    report(result, played.length, tell);
    return result;
  };
  const surveyed = await Promise.all(options.paths.map((path) => survey(path, pool, options)));
  // What two ways have in common is swept on the first of them: the moment is the same.
  const known = new Set<string>();
  const own = surveyed.map(({ path, points }) => ({
    path,
    points: points.filter((point) => isNew(path, point, known)),
  }));
  tell(`${own.reduce((sum, { points }) => sum + points.length, 0)} points`);
  await Promise.all(own.map((one) => sweepWay(one, play, known, options)));
  return totalOf(played);
}

/** Goes a way undisturbed and says what can be swept on it. */
async function survey(path: string, pool: Pool, { every, shard, keep, tell }: SweepOptions): Promise<Asked> {
  const dry = await pool.play({ path, points: [], keep });
  if (!dry.finished || wrongsOf(dry) > 0) {
    throw new Error(`${path} does not even work when nothing is killed: ${JSON.stringify(dry)}`);
  }
  const { exchange, git, journal } = dry.seen;
  tell(`${path}: ${exchange.length} requests, ${git.length} git commands, ${journal.length} events in ${dry.ms} ms`);
  const points = pointsOf(dry.seen, paths[path]?.kills ?? [])
    .filter((_, index) => index % every === 0)
    .filter((_, index) => index % shard.of === shard.part - 1);
  return { path, points };
}

async function sweepWay(
  { path, points }: Asked,
  play: (asked: Asked) => Promise<Played>,
  known: Set<string>,
  { kills, every, shard, tell }: SweepOptions,
): Promise<void> {
  const isWhole = every === 1 && shard.of === 1;
  let due = points;
  for (let round = 1; round <= ROUNDS && due.length > 0; round += 1) {
    const results = await Promise.all(dealt(due, kills).map((hand) => play({ path, points: hand })));
    const came = new Set(results.flatMap(({ sprung }) => sprung));
    // A killed bot asks what an undisturbed one does not: those moments are points as well.
    const more = isWhole ? newPoints(path, results, known) : [];
    due = [...due.filter((point) => !came.has(nameOf(point))), ...(round < ROUNDS ? more : [])];
  }
  for (const point of due) tell(`${path}: never came: ${nameOf(point)}`);
}

function newPoints(path: string, results: readonly Played[], known: Set<string>): readonly Point[] {
  if (!paths[path]?.kills.includes("exchange")) return [];
  const keys = new Set(results.flatMap(({ seen }) => seen.exchange));
  return [...keys].flatMap(exchangePoints).filter((point) => isNew(path, point, known));
}

/** A way that loses the state with each kill is another matter, and so is each snapshot of a way's own event. */
function isNew(path: string, point: Point, known: Set<string>): boolean {
  const name = `${paths[path]?.losesState === true ? "without state, " : ""}${nameOf(point)}`;
  if (known.has(name)) return false;
  known.add(name);
  return true;
}

/** So many events' snapshots a play tries: the next one is made due once the one before has come to its rename. */
const SNAPSHOTS = 2;

/** So many points to each play, spread over the whole way; the snapshots of one event go together. */
function dealt(points: readonly Point[], perPlay: number): readonly (readonly Point[])[] {
  const snapshots = new Map<string, Point[]>();
  const others: Point[] = [];
  for (const point of points) {
    if (point.kind !== "snapshot") others.push(point);
    else snapshots.set(point.key, [...(snapshots.get(point.key) ?? []), point]);
  }
  const count = Math.max(Math.ceil(snapshots.size / SNAPSHOTS), Math.ceil(others.length / perPlay));
  const hands: Point[][] = Array.from({ length: count }, () => []);
  for (const [index, group] of [...snapshots.values()].entries()) hands[index % count]?.push(...group);
  for (const [index, point] of others.entries()) hands[index % count]?.push(point);
  return hands;
}

function report(result: Played, count: number, tell: (line: string) => void): void {
  const { task, sprung, trouble, ms } = result;
  if (trouble === undefined && wrongsOf(result) === 0) {
    tell(`${count}  ${task.path}: killed ${sprung.length} of ${task.points.length} times, ${Math.round(ms / 1000)} s`);
    return;
  }
  const { seen: _, task: __, ...rest } = result;
  tell(`${count}  ${task.path}: ${JSON.stringify(rest, null, 1)}`);
}

/** How much was there twice or not at all. */
function wrongsOf(result: Played): number {
  const { duplicateSessions, duplicateTurns, duplicateRoots, duplicateComments, lostRuns, wrongRemovals } = result;
  return duplicateSessions + duplicateTurns + duplicateRoots + duplicateComments + lostRuns + wrongRemovals;
}

function totalOf(played: readonly Played[]): Total {
  const sum = (count: (result: Played) => number): number => played.reduce((total, each) => total + count(each), 0);
  return {
    points: sum(({ sprung }) => sprung.length),
    finished: sum(({ sprung, finished }) => (finished ? sprung.length : 0)),
    duplicateSessions: sum((result) => result.duplicateSessions),
    duplicateTurns: sum((result) => result.duplicateTurns),
    duplicateRoots: sum((result) => result.duplicateRoots),
    duplicateComments: sum((result) => result.duplicateComments),
    lostRuns: sum((result) => result.lostRuns),
    wrongRemovals: sum((result) => result.wrongRemovals),
    stuck: played.filter(({ finished }) => !finished).length,
  };
}
