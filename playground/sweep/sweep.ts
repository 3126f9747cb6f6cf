// Goes through the points of the paths, several worlds at once.

import { paths } from "./paths.ts";
import type { Played } from "./play.ts";
import { exchangePoints, nameOf, pointsOf } from "./points.ts";
import { type Asked, openPool } from "./pool.ts";

export type SweepOptions = {
  readonly paths: readonly string[];
  /** Every n-th point only. */
  readonly every: number;
  /** This part of so many. */
  readonly shard: { readonly part: number; readonly of: number };
  /** Worlds at once. */
  readonly worlds: number;
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
  readonly stuck: number;
};

/** Points that were never reached (the way was shorter that time) are told of and not counted. */
export async function sweep(options: SweepOptions): Promise<Total> {
  const { tell, keep, shard, every, worlds } = options;
  using pool = await openPool(worlds);
  const played: Played[] = [];
  const isWhole = every === 1 && shard.of === 1;
  const requests = new Map<string, number>();

  async function undisturbed(path: string): Promise<readonly Asked[]> {
    const dry = await pool.play({ path, point: undefined, keep });
    if (!dry.finished || wrongsOf(dry) > 0) {
      throw new Error(`${path} does not even work when nothing is killed: ${JSON.stringify(dry)}`);
    }
    const { exchange, git, journal } = dry.counts;
    requests.set(path, exchange);
    tell(`${path}: ${exchange} requests, ${git.length} git commands, ${journal} journal writes in ${dry.ms} ms`);
    return pointsOf(dry.counts, paths[path]?.kills ?? []).map((point) => ({ path, point, keep }));
  }

  async function disturbed(asked: Asked): Promise<void> {
    const result = await pool.play(asked);
    played.push(result);
    report(result, played.length, tell);
    const { path, point } = asked;
    if (!isWhole || result.sprung === undefined || point?.kind !== "exchange" || point.n !== requests.get(path)) return;
    // The way was longer this time than the first time: there may be more.
    requests.set(path, point.n + 1);
    await Promise.all(exchangePoints(point.n + 1).map((more) => disturbed({ path, point: more, keep })));
  }

  const all = (await Promise.all(options.paths.map(undisturbed))).flat();
  const mine = all.filter((_, index) => index % every === 0).filter((_, index) => index % shard.of === shard.part - 1);
  tell(`${mine.length} points`);
  await Promise.all(mine.map(disturbed));
  return totalOf(played);
}

function report(result: Played, count: number, tell: (line: string) => void): void {
  const { task, sprung, trouble } = result;
  const name = `${task.path}, ${task.point === undefined ? "" : nameOf(task.point)}`;
  if (sprung === undefined) tell(`${count}  ${name}: not reached`);
  if (trouble !== undefined || wrongsOf(result) > 0) tell(`${count}  ${name} (${sprung}): ${JSON.stringify(result)}`);
  else if (count % 25 === 0) tell(`${count}  …`);
}

/** How much was there twice or not at all. */
export function wrongsOf(result: Played): number {
  const { duplicateSessions, duplicateTurns, duplicateRoots, duplicateComments, lostRuns } = result;
  return duplicateSessions + duplicateTurns + duplicateRoots + duplicateComments + lostRuns;
}

function totalOf(played: readonly Played[]): Total {
  const reached = played.filter(({ sprung }) => sprung !== undefined);
  const sum = (count: (result: Played) => number): number => played.reduce((total, each) => total + count(each), 0);
  return {
    points: reached.length,
    finished: reached.filter(({ finished }) => finished).length,
    duplicateSessions: sum((result) => result.duplicateSessions),
    duplicateTurns: sum((result) => result.duplicateTurns),
    duplicateRoots: sum((result) => result.duplicateRoots),
    duplicateComments: sum((result) => result.duplicateComments),
    lostRuns: sum((result) => result.lostRuns),
    stuck: played.filter(({ finished }) => !finished).length,
  };
}
