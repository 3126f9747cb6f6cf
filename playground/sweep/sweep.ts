// Goes through the points of the paths, several worlds at once.

import { type ChildProcess, fork } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bundleBot } from "./bundle.ts";
import type { Played, Task } from "./play.ts";
import { exchangePoints, nameOf, pointsOf } from "./points.ts";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

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
  const { tell, keep, shard, every } = options;
  const bundle = await bundleBot();
  const { main } = bundle;
  const workers = Array.from({ length: options.worlds }, startWorker);
  const played: Played[] = [];
  const queue: Task[] = [];
  const requests = new Map<string, number>();
  const isWhole = every === 1 && shard.of === 1;
  try {
    for (const path of options.paths) {
      const [first] = workers;
      const dry = await first?.play({ path, point: undefined, main, keep });
      if (dry === undefined || !dry.finished || wrongsOf(dry) > 0) {
        throw new Error(`${path} does not even work when nothing is killed: ${JSON.stringify(dry)}`);
      }
      const { exchange, git, journal } = dry.counts;
      tell(`${path}: ${exchange} requests, ${git.length} git commands, ${journal} journal writes in ${dry.ms} ms`);
      requests.set(path, exchange);
      queue.push(...pointsOf(dry.counts).map((point): Task => ({ path, point, main, keep })));
    }
    const mine = queue
      .filter((_, index) => index % every === 0)
      .filter((_, index) => index % shard.of === shard.part - 1);
    queue.splice(0, queue.length, ...mine);
    tell(`${queue.length} points`);
    await Promise.all(
      workers.map(async (worker) => {
        for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
          const result = await worker.play(task);
          played.push(result);
          report(result, played.length, tell);
          const { path, point } = task;
          const last = requests.get(path);
          // The way was longer this time than the first time: there may be more.
          if (isWhole && result.sprung !== undefined && point?.kind === "exchange" && point.n === last) {
            requests.set(path, last + 1);
            queue.push(...exchangePoints(last + 1).map((more) => ({ path, point: more, main, keep })));
          }
        }
      }),
    );
  } finally {
    for (const worker of workers) worker.end();
    rmSync(bundle.dir, { recursive: true, force: true });
  }
  return totalOf(played);
}

function report(result: Played, count: number, tell: (line: string) => void): void {
  const { task, sprung, trouble } = result;
  const name = `${task.path}, ${task.point === undefined ? "" : nameOf(task.point)}`;
  if (sprung === undefined) tell(`${count}  ${name}: not reached`);
  if (trouble !== undefined || wrongsOf(result) > 0) tell(`${count}  ${name} (${sprung}): ${JSON.stringify(result)}`);
  else if (count % 25 === 0) tell(`${count}  …`);
}

function wrongsOf(result: Played): number {
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

type Worker = { play(task: Task): Promise<Played>; end(): void };

function startWorker(): Worker {
  const process: ChildProcess = fork(WORKER, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  return {
    play(task) {
      return new Promise((resolve, reject) => {
        const ended = (code: number | null): void => reject(new Error(`a world ended with code ${code}`));
        process.once("exit", ended);
        process.once("message", (message: { played?: Played; failed?: string }) => {
          process.off("exit", ended);
          if (message.played === undefined) reject(new Error(message.failed ?? "no answer"));
          else resolve(message.played);
        });
        process.send(task);
      });
    },
    end: () => process.disconnect(),
  };
}
