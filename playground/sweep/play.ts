// One point: a fresh world, a bot that is killed there and started again, and what is to be seen in the end.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bot, startBot } from "../demo/bot.ts";
import { repo } from "../world/team.ts";
import { countWrong, look, type Wrong } from "./look.ts";
import { type Path, paths } from "./paths.ts";
import { type Counts, type Point, setTrap, type Trap } from "./points.ts";
import { type Stage, setStage } from "./stage.ts";

export type Task = {
  readonly path: string;
  readonly point: Point | undefined;
  /** The bot's program. */
  readonly main: string;
  readonly keep: boolean;
};

export type Played = Wrong & {
  readonly task: Task;
  /** What the bot died at; undefined = the way ended before the point came. */
  readonly sprung: string | undefined;
  readonly finished: boolean;
  /** Why not, for people. */
  readonly trouble: string | undefined;
  readonly counts: Counts;
  readonly ms: number;
};

/** Lock files of a killed git count as dead after 30 s: a point may wait for that once, and for Slack's history. */
const TIME_LIMIT_MS = 75_000;
const LOOK_EVERY_MS = 50;
/** A bot that cannot start again ends at once each time: that is trouble, not bad luck. */
const MOST_STARTS = 4;

export async function play(task: Task): Promise<Played> {
  const begun = performance.now();
  const dir = mkdtempSync(join(tmpdir(), "afk-sweep-"));
  const path = paths[task.path];
  if (path === undefined) throw new Error(`no path ${task.path}`);
  try {
    await using stage = await setStage(dir);
    const bots = keepAlive(stage, task.main, path.losesState);
    const trap = setTrap(stage, task.point, () => bots.kill());
    if (path.from === 0) trap.arm();
    bots.start(trap);
    const issue = stage.github.as("maintainer").createIssue(repo, { title: "The issue", body: path.body });
    const trouble = await follow(stage, path, issue.number, bots, trap);
    await bots.stop();
    trap.close();
    const wrong = await countWrong(stage, issue.number, path);
    const ms = Math.round(performance.now() - begun);
    return {
      task,
      sprung: trap.sprung(),
      finished: trouble === undefined,
      trouble,
      counts: trap.counts(),
      ms,
      ...wrong,
    };
  } finally {
    if (!task.keep) rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Does the maintainer's part until all is done. Returns why it never was. */
async function follow(stage: Stage, path: Path, issue: number, bots: Bots, trap: Trap): Promise<string | undefined> {
  const maintainer = stage.github.as("maintainer");
  const steps = [...path.steps];
  const deadline = performance.now() + TIME_LIMIT_MS;
  for (;;) {
    const sight = look(stage, issue);
    const [next] = steps;
    if (next?.when(sight)) {
      if (path.steps.length - steps.length === path.from) trap.arm();
      steps.shift();
      next.act(maintainer, issue);
    } else if (next === undefined && path.done(sight)) return undefined;
    if (bots.trouble() !== undefined) return bots.trouble();
    if (performance.now() > deadline) return `not done in time: ${JSON.stringify(sight)} (${stage.dir})`;
    await pause(LOOK_EVERY_MS);
  }
}

type Bots = {
  start(trap: Trap): void;
  kill(): void;
  trouble(): string | undefined;
  stop(): Promise<void>;
};

/** Starts the bot again whenever it was killed, as a supervisor does. */
function keepAlive(stage: Stage, main: string, losesState: boolean): Bots {
  let bot: Bot | undefined;
  let starts = 0;
  let stopping = false;
  let trouble: string | undefined;

  function start(trap: Trap): void {
    starts += 1;
    const env = { NODE_COMPILE_CACHE: join(dirname(main), "compile-cache"), ...trap.env };
    bot = startBot(stage.dir, stage.configFile, stage.addresses, { env, main });
    bot.process.once("exit", (code) => {
      if (stopping) return;
      if (code !== null) trouble = `the bot ended by itself with code ${code} (${stage.dir})`;
      else if (starts >= MOST_STARTS) trouble = `the bot was started ${starts} times`;
      else if (losesState) void stage.loseState().then(() => start(trap));
      else start(trap);
    });
  }

  return {
    start,
    kill() {
      const pid = bot?.process.pid;
      if (pid === undefined) return;
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // It is gone already: its own doing, which is seen by its exit code.
      }
    },
    trouble: () => trouble,
    async stop() {
      stopping = true;
      await bot?.stop();
    },
  };
}
