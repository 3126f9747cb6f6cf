// One play: a fresh world, a bot that is killed at each of its points and started again, and what is to be seen in the end.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Bot, startBot } from "../demo/bot.ts";
import { repo } from "../world/team.ts";
import { countWrong, look, type Wrong } from "./look.ts";
import { type Path, paths } from "./paths.ts";
import type { Moments, Point } from "./points.ts";
import { type Stage, setStage } from "./stage.ts";
import { type Spare, setTraps, type Traps } from "./traps.ts";

export type Task = {
  readonly path: string;
  /** Where the bot is killed, each once, in whatever order they come. None = nothing disturbs it. */
  readonly points: readonly Point[];
  readonly spare: Spare;
  /** The bot's program. */
  readonly main: string;
  readonly keep: boolean;
};

export type Played = Wrong & {
  readonly task: Task;
  /** Names of the points at which it died, in order; the way ended before the others came. */
  readonly sprung: readonly string[];
  /** Keys of the exchanges among them that nobody knew of before. */
  readonly spared: readonly string[];
  readonly finished: boolean;
  /** Why not, for people. */
  readonly trouble: string | undefined;
  readonly seen: Moments;
  readonly ms: number;
};

/** What a way takes by itself, and what each kill adds: a lock file of a killed git counts as dead after 30 s. */
const TIME_LIMIT_MS = 120_000;
const KILL_LIMIT_MS = 8_000;
const GIT_KILL_LIMIT_MS = 40_000;
const LOOK_EVERY_MS = 50;
/** As an impatient person does. */
const PRESS_AGAIN_MS = 3_000;
/** A bot that cannot start again ends at once each time: that is trouble, not bad luck. */
const SPARE_STARTS = 3;

export async function play(task: Task): Promise<Played> {
  const begun = performance.now();
  const dir = mkdtempSync(join(tmpdir(), "afk-sweep-"));
  const path = paths[task.path];
  if (path === undefined) throw new Error(`no path ${task.path}`);
  try {
    await using stage = await setStage(dir, path);
    const mostStarts = task.points.length + task.spare.moments + SPARE_STARTS;
    const bots = keepAlive({ stage, main: task.main, losesState: path.losesState, mostStarts });
    const traps = setTraps(stage, task, () => bots.kill());
    if (path.from === 0) traps.arm();
    bots.start(traps);
    const issue = stage.github.as("maintainer").createIssue(repo, { title: "The issue", body: path.body });
    traps.follow(issue.number);
    const trouble = await follow(stage, path, issue.number, bots, traps, timeFor(task));
    await bots.stop();
    traps.close();
    const wrong = await countWrong(stage, issue.number, path);
    const ms = Math.round(performance.now() - begun);
    return {
      task,
      sprung: traps.sprung(),
      spared: traps.spared(),
      finished: trouble === undefined,
      trouble,
      seen: traps.seen(),
      ms,
      ...wrong,
    };
  } finally {
    if (!task.keep) rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Does people's part until all is done. Returns why it never was. */
async function follow(
  stage: Stage,
  path: Path,
  issue: number,
  bots: Bots,
  traps: Traps,
  withinMs: number,
): Promise<string | undefined> {
  const steps = [...path.steps];
  const deadline = performance.now() + withinMs;
  /** When the step under way was last done. */
  let actedAt: number | undefined;
  for (;;) {
    const sight = look(stage, issue);
    const [next] = steps;
    if (next === undefined) {
      if (path.done(sight)) return undefined;
    } else if (actedAt === undefined ? next.when(sight) : next.until !== undefined && !next.until(sight)) {
      if (actedAt === undefined && path.steps.length - steps.length === path.from) traps.arm();
      if (actedAt === undefined || performance.now() - actedAt > PRESS_AGAIN_MS) {
        actedAt = performance.now();
        await next.act(stage, issue);
      }
    } else if (actedAt !== undefined) {
      actedAt = undefined;
      steps.shift();
    }
    if (bots.trouble() !== undefined) return bots.trouble();
    if (performance.now() > deadline) return `not done in time: ${JSON.stringify(sight)} (${stage.dir})`;
    await pause(LOOK_EVERY_MS);
  }
}

function timeFor({ points, spare }: Task): number {
  const git = points.filter(({ kind }) => kind === "git").length;
  return TIME_LIMIT_MS + git * GIT_KILL_LIMIT_MS + (points.length - git + spare.moments) * KILL_LIMIT_MS;
}

type Bots = {
  start(traps: Traps): void;
  kill(): void;
  trouble(): string | undefined;
  stop(): Promise<void>;
};

/** Starts the bot again whenever it was killed, as a supervisor does. */
function keepAlive({
  stage,
  main,
  losesState,
  mostStarts,
}: {
  readonly stage: Stage;
  readonly main: string;
  readonly losesState: boolean;
  readonly mostStarts: number;
}): Bots {
  let bot: Bot | undefined;
  let starts = 0;
  let stopping = false;
  let trouble: string | undefined;

  function start(traps: Traps): void {
    starts += 1;
    traps.restarted();
    const env = {
      NODE_COMPILE_CACHE: join(dirname(main), "compile-cache"),
      // Its life is short and there are many: threads that collect and compile ahead cost more than they save.
      NODE_OPTIONS: "--v8-pool-size=1",
      ...traps.env,
    };
    bot = startBot(stage.dir, stage.configFile, stage.addresses, { env, main });
    bot.process.once("exit", (code) => {
      if (stopping) return;
      if (code !== null) trouble = `the bot ended by itself with code ${code} (${stage.dir})`;
      else if (starts >= mostStarts) trouble = `the bot was started ${starts} times`;
      else if (losesState) void stage.loseState().then(() => start(traps));
      else start(traps);
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
