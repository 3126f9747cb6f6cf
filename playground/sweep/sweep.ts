// Goes through the points of the ways, many to a play, several worlds at once.

import { createAgenda } from "./agenda.ts";
import { createMet, type Surveyed } from "./met.ts";
import { paths } from "./paths.ts";
import type { Played } from "./play.ts";
import { pointsOf } from "./points.ts";
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
  /** How many moments that only a killed bot comes to it is killed at in a play, besides. */
  readonly spare: number;
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

/** `finished` counts points; `stuck` counts plays that did not end. Points that never came are told of, not counted. */
export async function sweep(options: SweepOptions): Promise<Total> {
  const { tell, worlds, keep } = options;
  using pool = await openPool(worlds);
  // The first bot to end in peace leaves its compiled program to those that follow.
  const [first, ...others] = options.paths;
  const surveyed = first === undefined ? [] : [await survey(first, pool, options)];
  surveyed.push(...(await Promise.all(others.map((path) => survey(path, pool, options)))));
  const moments = createMet(surveyed);
  const agenda = createAgenda(
    // What two ways have in common is swept on the first of them: the moment is the same.
    surveyed.map(({ path, points }) => ({ path, points: points.filter((point) => moments.isNew(path, point)) })),
    options.kills,
  );
  tell(`${agenda.left()} points`);
  const played: Played[] = [];
  await Promise.all(
    Array.from({ length: worlds }, async () => {
      for (let hand = await agenda.next(); hand !== undefined; hand = await agenda.next()) {
        const spare = { moments: options.spare, known: moments.known(hand.path) };
        const result = await pool.play({ ...hand, spare, keep });
        played.push(result);
        report(result, played.length, tell);
        moments.met(hand.path, result.spared);
        agenda.done(hand, result.sprung);
      }
    }),
  );
  for (const name of agenda.neverCame()) tell(`never came: ${name}`);
  return totalOf(played);
}

/** Goes a way undisturbed and says what can be swept on it. */
async function survey(path: string, pool: Pool, { every, shard, keep, tell }: SweepOptions): Promise<Surveyed> {
  const dry = await pool.play({ path, points: [], spare: { moments: 0, known: [] }, keep });
  if (!dry.finished || wrongsOf(dry) > 0) {
    throw new Error(`${path} does not even work when nothing is killed: ${JSON.stringify(dry)}`);
  }
  const { exchange, git, journal } = dry.seen;
  tell(`${path}: ${exchange.length} requests, ${git.length} git commands, ${journal.length} events in ${dry.ms} ms`);
  const points = pointsOf(dry.seen, paths[path]?.kills ?? [])
    .filter((_, index) => index % every === 0)
    .filter((_, index) => index % shard.of === shard.part - 1);
  return { path, points, exchanges: exchange };
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
