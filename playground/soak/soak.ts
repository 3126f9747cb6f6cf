// One soak: issues of every kind into many repos, while everything around the bot goes wrong; then quiet, until all has
// come to an end; then the books are read.

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { buildProgram } from "../../scripts/build.ts";
import { countAll, createChecker, type Final } from "./checker.ts";
import { costOf } from "./cost.ts";
import { drawOf } from "./draw.ts";
import { commit, countStrikes, planLarge, startSmallFaults } from "./faults.ts";
import { type Keeper, keepBot } from "./keeper.ts";
import { floorsOf, type Life, livesOf, type Sample, slopeOf } from "./memory.ts";
import { createPeople } from "./people.ts";
import { ENDED, type Issue, issueTitle, lookAtAll, type Sight } from "./sight.ts";
import { type Stage, setStage } from "./stage.ts";

export type SoakOptions = {
  readonly minutes: number;
  readonly seed: number;
  readonly repos: number;
  readonly issues: number;
  readonly keep: boolean;
  /** Whether this process may mount file systems: only then the volume can be filled. */
  readonly mounts: boolean;
  /** Ends it early: the books are read as they are then. */
  readonly signal?: AbortSignal;
  tell(line: string): void;
};

export type Outcome = Final & {
  readonly issues: number;
  readonly invariantsBroken: number;
  readonly maxRssMb: number;
  /** Null = no bot lived long enough to tell. */
  readonly rssMbPerMinute: number | null;
  /** Each that was long enough to tell. */
  readonly rssByLife: readonly Life[];
  /** The least its heap held in each minute of its longest life. */
  readonly heapFloorsMb: readonly number[];
  readonly kills: number;
  readonly faults: number;
  /** How often each of them. */
  readonly struck: Readonly<Record<string, number>>;
  readonly presses: number;
  /** Processor seconds, of the bot and of the world, with and without what each started. */
  readonly cpuS: {
    readonly bot: number;
    readonly botsPrograms: number;
    readonly world: number;
    readonly worldsPrograms: number;
  };
  readonly seed: number;
};

/** Three of four are good in the end; the others are what the bot is for. */
const KINDS = [
  ...["good", "good", "good", "good", "slow", "slow", "red", "red-twice", "unpushed"],
  ...["no-commit", "silent", "fails", "crashes", "rubbish", "asks", "deaf"],
] as [string, ...string[]];

const LOOK_MS = 250;
const TELL_MS = 5_000;
const HEAP_MS = 2_000;
/** Once nothing goes wrong any more all has to come to an end; it is given up when for so long nothing has moved. */
const STILL_MS = 90_000;
const SETTLE_MS = 5 * 60_000;
const SETTLE_LOOK_MS = 2_000;
/** And when it moves for ever. */
const LONGEST_MS = (ms: number): number => Math.max(10 * 60_000, 2 * ms);
/** The paused bot must do nothing in this time; what it was at may end before. */
const PAUSE_MS = { grace: 2_500, still: 4_000 };

export async function soak(options: SoakOptions): Promise<Outcome> {
  const { minutes, seed, tell } = options;
  const dir = mkdtempSync(join(tmpdir(), "afk-soak-"));
  let isGood = false;
  try {
    tell(`seed ${seed}: ${options.repos} repos, ${options.issues} issues, ${minutes} min of faults`);
    const main = await buildProgram(join(dir, "bot"));
    await using stage = await setStage(dir, options.repos, options.mounts);
    const outcome = await play(stage, main, options);
    isGood = isAsItMustBe(outcome);
    // The volume may be a file system of its own, which goes with the stage.
    if (!isGood || options.keep) cpSync(join(stage.volume, "state"), join(dir, "state"), { recursive: true });
    return outcome;
  } finally {
    if (options.keep || !isGood) tell(`kept: ${dir}`);
    else rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

export function isAsItMustBe({ issues, ended, duplicates, lost, invariantsBroken, leakedTrees }: Outcome): boolean {
  return ended === issues && duplicates + lost + invariantsBroken + leakedTrees === 0;
}

async function play(
  stage: Stage,
  main: string,
  { minutes, seed, issues: wanted, signal, tell }: SoakOptions,
): Promise<Outcome> {
  const ms = minutes * 60_000;
  const issues: Issue[] = [];
  const checker = createChecker();
  const people = createPeople(stage, seed);
  const keeper = keepBot(stage, main);
  const strikes = countStrikes();
  const small = startSmallFaults(stage, seed, strikes);
  const large = [...planLarge(seed, ms)];
  const planned = planIssues(stage.repos, wanted, seed, ms * 0.7);
  const rss: Sample[] = [];
  const heap: Sample[] = [];
  const begun = performance.now();
  const elapsed = (): number => performance.now() - begun;
  const underWay = new Set<Promise<void>>();
  let [pausedUntil, told, asked] = [0, 0, 0];
  const pauseAt = ms / 2;
  let pausing: Promise<void> | undefined;
  let all: readonly Sight[] = [];
  let moved = { as: "", at: 0 };

  async function tryPause(): Promise<void> {
    pausedUntil = Number.POSITIVE_INFINITY;
    try {
      if (!(await people.pause())) return;
      await pause(PAUSE_MS.grace);
      const before = messagesOf(stage);
      await pause(PAUSE_MS.still);
      if (messagesOf(stage) > before)
        checker.note(`the bot acted ${messagesOf(stage) - before} times while it was paused`);
    } finally {
      for (let tries = 0; tries < 20 && !(await people.resume()); tries += 1) await pause(1_000);
      pausedUntil = 0;
    }
  }

  try {
    for (;;) {
      while ((planned[0]?.atMs ?? Number.POSITIVE_INFINITY) <= elapsed()) release(stage, planned.shift(), issues);
      const due = large[0];
      if (due !== undefined && due.atMs <= elapsed() && pausedUntil === 0) {
        large.shift();
        tell(`FAULT  ${due.what}`);
        const fault = commit(due, stage, keeper, strikes).catch((error: unknown) =>
          tell(`the fault itself failed: ${String(error)}`),
        );
        underWay.add(fault);
        void fault.finally(() => underWay.delete(fault));
      }
      all = lookAtAll(stage, issues);
      checker.look(all, people.resolved);
      if (pausing === undefined && elapsed() > pauseAt) {
        await Promise.all(underWay);
        pausing = tryPause();
      }
      if (pausedUntil === 0) people.act(all);
      const mb = keeper.rssMb();
      const of = { life: keeper.kills(), ageMs: keeper.ageMs() };
      if (mb !== undefined) rss.push({ ...of, mb });
      if (elapsed() - asked > HEAP_MS) {
        asked = elapsed();
        void keeper.heapMb().then((held) => held !== undefined && heap.push({ ...of, mb: held }));
      }
      if (elapsed() > ms) small.stop();
      if (elapsed() - told > TELL_MS) {
        told = elapsed();
        tell(progress(all, wanted, mb));
      }
      const over = issues.length === wanted && all.every(({ word }) => ENDED.has(word ?? ""));
      if (over && elapsed() > Math.min(ms, pauseAt + 1_000) && pausedUntil === 0) break;
      if (signal?.aborted === true) break;
      const now = all.map(({ word, sessions }) => `${word} ${sessions[0]?.messages.length}`).join();
      if (now !== moved.as || elapsed() < ms) moved = { as: now, at: elapsed() };
      if (elapsed() - moved.at > STILL_MS) {
        tell(`given up: nothing has moved for ${STILL_MS / 1_000} s`);
        break;
      }
      if (elapsed() > ms + LONGEST_MS(ms)) {
        tell("given up: it moves still, but has had its time");
        break;
      }
      await pause(LOOK_MS);
    }
    await Promise.all(underWay);
    small.stop();
    if (signal?.aborted !== true) await settled(stage, issues, tell);
  } finally {
    await keeper.stop();
  }
  for (const trouble of keeper.troubles()) checker.note(trouble);
  all = lookAtAll(stage, issues);
  for (const sight of all.filter(({ word }) => !ENDED.has(word ?? ""))) {
    tell(`OPEN    ${waitsFor(sight, all)}`);
    for (const answer of people.answers(sight.issue)) tell(`        told: ${answer.split("\n")[0]}`);
  }
  const final = await countAll(stage, all, tell);
  for (const broken of checker.broken()) tell(`BROKEN  ${broken}`);
  return {
    issues: wanted,
    ...final,
    invariantsBroken: checker.broken().length,
    maxRssMb: Math.round(Math.max(0, ...rss.map(({ mb }) => mb))),
    rssMbPerMinute: slopeOf(rss),
    rssByLife: livesOf(rss),
    heapFloorsMb: floorsOf(heap),
    kills: keeper.kills(),
    faults: strikes.total(),
    struck: strikes.of,
    presses: people.presses(),
    cpuS: costsOf(keeper),
    seed,
  };
}

function planIssues(repos: readonly string[], count: number, seed: number, withinMs: number) {
  const draw = drawOf(seed, "issues");
  const planned = Array.from({ length: count }, (_, n) => ({
    repo: repos[n % repos.length] ?? "",
    // Each kind comes, then chance decides.
    kind: n < KINDS.length ? (KINDS[n] ?? "good") : draw.pick(KINDS),
    atMs: draw.between(0, withinMs),
  }));
  return planned.sort((a, b) => a.atMs - b.atMs);
}

function release(
  stage: Stage,
  next: { readonly repo: string; readonly kind: string } | undefined,
  issues: Issue[],
): void {
  if (next === undefined) return;
  const { repo, kind } = next;
  const maintainer = stage.github.as("maintainer");
  const { number } = maintainer.createIssue(repo, {
    title: issueTitle(repo, kind),
    body: `Please.\n\nScripted agent: ${kind}`,
  });
  maintainer.label({ repo, number }, "ready-for-agent");
  issues.push({ repo, number, kind });
}

/**
 * Until the trees are given back and the issues look as they should, or long enough to call them leaked and lost. The bot
 * writes to GitHub once a second, as GitHub asks for, and is behind by minutes when a week of work ends.
 */
async function settled(stage: Stage, issues: readonly Issue[], tell: (line: string) => void): Promise<void> {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const { leakedTrees, lost } = await countAll(stage, lookAtAll(stage, issues), () => {});
    if (leakedTrees + lost === 0) return;
    if (performance.now() > until) break;
    tell(`all have ended: waiting for ${leakedTrees} trees and ${lost} issues on GitHub`);
    await pause(SETTLE_LOOK_MS);
  }
  tell("it does not settle");
}

/** The bot is one of the world's programs, once it has ended. */
function costsOf(keeper: Keeper): Outcome["cpuS"] {
  const [bot, world = { own: 0, programs: 0 }] = [keeper.cost(), costOf(process.pid)];
  return {
    bot: Math.round(bot.own),
    botsPrograms: Math.round(bot.programs),
    world: Math.round(world.own),
    worldsPrograms: Math.round(Math.max(0, world.programs - bot.own - bot.programs)),
  };
}

/** Of an issue that has not ended: what it, or its repo, is at. */
function waitsFor({ issue, word, roots, replies, sessions }: Sight, all: readonly Sight[]): string {
  const name = `${issue.repo}#${issue.number} (${issue.kind})`;
  const before = all.find(
    (other) => other.issue.repo === issue.repo && other.word !== undefined && !ENDED.has(other.word),
  );
  if (word === undefined) {
    return `${name}: no card yet; ${before === undefined ? "its repo is idle" : `#${before.issue.number} of its repo is ${before.word}`}`;
  }
  const session = sessions[0];
  const turn = session?.latestTurn?.state ?? "none";
  const said = (replies.at(-1)?.text ?? roots[0]?.text ?? "").split("\n")[0]?.slice(0, 120);
  return `${name}: ${word}; session ${session?.session?.status ?? "none"}, turn ${turn}; said last: ${said}`;
}

function messagesOf({ t3 }: Stage): number {
  return t3.threads().reduce((count, { messages }) => count + messages.filter(({ role }) => role === "user").length, 0);
}

function progress(all: readonly Sight[], wanted: number, mb: number | undefined): string {
  const words = Map.groupBy(all, ({ word }) => word ?? "not seen yet");
  const counts = [...words].map(([word, sights]) => `${sights.length} ${word.toLowerCase()}`).toSorted();
  return `${all.length} of ${wanted} issues: ${counts.join(", ")} · ${mb === undefined ? "no bot" : `${Math.round(mb)} MB`}`;
}
