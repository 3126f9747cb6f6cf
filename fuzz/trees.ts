// Runs take trees, do what agents do in them, and give them back, while the bot clears its volume and is killed in between. Then every commit and
// every file that was there has to be found; the slot has to be clean and still warm, and nothing may be left over.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { activeRun } from "../bench/runs.ts";
import { buildProgram } from "../scripts/build.ts";
import type { Run } from "../src/domain/run.ts";
import { type Chance, createChance } from "./chance.ts";
import { actions, outsideOf, setTrap, type Tree, takeTrapAway } from "./trees/actions.ts";
import { type FuzzBot, startBot, WORKER } from "./trees/bot.ts";
import { emptyLedger, type Ledger, lost, noteCommits, noteFiles } from "./trees/ledger.ts";
import { attempt, makeWorld, REPO, type World } from "./trees/world.ts";

export type FuzzOptions = {
  readonly cases: number;
  /** After this time no other volume is begun. */
  readonly withinMs: number;
  readonly seed: number;
  readonly from: number;
  readonly keep: boolean;
  tell(line: string): void;
};

export type Outcome = {
  cases: number;
  deeds: number;
  kills: number;
  /** Passes of housekeeping. */
  passes: number;
  lostCommits: number;
  lostFiles: number;
  /** Orders that could not be carried out. */
  stuck: number;
  /** Slots that were given back with changes in them. */
  dirty: number;
  /** Branches, worktrees and refs of runs that are over. */
  leaked: number;
  /** Commands of a repo's config that the bot ran. */
  trapped: number;
  readonly seed: number;
};

/** Cases that share a volume, one run after the other. */
const CASES_PER_WORLD = 25;

export async function fuzzTrees({ cases, withinMs, seed, from, keep, tell }: FuzzOptions): Promise<Outcome> {
  const outcome: Outcome = {
    cases: 0,
    deeds: 0,
    kills: 0,
    passes: 0,
    lostCommits: 0,
    lostFiles: 0,
    stuck: 0,
    dirty: 0,
    leaked: 0,
    trapped: 0,
    seed,
  };
  const first = Math.floor((from - 1) / CASES_PER_WORLD);
  const dir = mkdtempSync(join(tmpdir(), "afk-built-"));
  const main = await buildProgram(dir, WORKER);
  process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
  const until = performance.now() + withinMs;
  for (let n = first; n * CASES_PER_WORLD < cases && performance.now() < until; n += 1) {
    const before = wrongs(outcome);
    const world = makeWorld();
    const chance = createChance(seed * 10_007 + n);
    const bot = startBot(world, main, chance);
    const count = Math.min(CASES_PER_WORLD, cases - n * CASES_PER_WORLD);
    try {
      const play = { world, bot, chance, outcome, count, all: emptyLedger(), parked: [], trapIsSet: false, tell };
      await playWorld({ ...play, first: n * CASES_PER_WORLD + 1 });
    } finally {
      bot.stop();
      outcome.kills += bot.kills();
      const wrong = wrongs(outcome) > before;
      if (wrong && keep) tell(`left: ${world.dir}`);
      else rmSync(world.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
    tell(`${outcome.cases} cases, ${outcome.kills} kills, ${wrongs(outcome)} things wrong`);
  }
  return outcome;
}

function wrongs({ lostCommits, lostFiles, stuck, dirty, leaked, trapped }: Outcome): number {
  return lostCommits + lostFiles + stuck + dirty + leaked + trapped;
}

type Play = {
  readonly world: World;
  readonly bot: FuzzBot;
  readonly chance: Chance;
  readonly outcome: Outcome;
  readonly first: number;
  readonly count: number;
  /** What all runs of the world made that are over. */
  readonly all: Ledger;
  /** Blocked runs, which keep their trees. */
  readonly parked: Held[];
  /** All worktrees share the config that it is in. */
  trapIsSet: boolean;
  tell(line: string): void;
};

type Held = { readonly run: Run; readonly ledger: Ledger; readonly done: string[]; readonly case: number };

async function playWorld(play: Play): Promise<void> {
  const { world, chance, outcome, first, count, tell, parked } = play;
  for (let n = first; n < first + count; n += 1) {
    outcome.cases += 1;
    if (chance.is(0.4)) world.landElsewhere(n);
    const slot = freeSlotBut(parked);
    let held: Held = { run: runOf(n, slot), ledger: emptyLedger(), done: [], case: n };
    if (!(await carryOut(play, held, "prepare"))) return;
    work(play, held);
    if (chance.is(0.05)) {
      // A person asks for a cold retry: the same run in another slot.
      const other = Math.max(slot, ...parked.map(({ run }) => run.slot)) + 1;
      held = { ...held, run: { ...held.run, slot: other } };
      if (!(await carryOut(play, held, "prepare"))) return;
      work(play, held);
    }
    if (chance.is(0.15) && parked.length < 2) parked.push(held);
    else if (!(await giveBack(play, held, parked))) return;
    if (parked.length > 0 && chance.is(0.3)) {
      const old = parked.shift();
      if (old !== undefined && !(await giveBack(play, old, parked))) return;
    }
    if (chance.is(0.1)) await play.bot.order({ do: "refresh" }, 0.2);
    if (chance.is(0.03)) await play.bot.order({ do: "removeSlot", slot: 1 }, 0.3);
    if (chance.is(0.15) && !(await clearVolume(play, n))) return;
  }
  for (let old = parked.shift(); old !== undefined; old = parked.shift()) {
    if (!(await giveBack(play, old, parked))) return;
  }
  // Nobody goes on now: what they shared has to be kept like all else.
  const missing = lost(play.all, world.checkout, world.remote, false).commits;
  outcome.lostCommits += missing.length;
  if (missing.length > 0) tell(`cases ${first} to ${first + count - 1}: lost ${missing}`);
  const damage = damageIn(world.checkout);
  if (damage !== undefined) {
    outcome.stuck += 1;
    tell(`case ${first + count - 1}: the checkout is damaged: ${damage} (${world.checkout})`);
  }
}

/** Git knows the tree without files though it is not there; its `fsck` does not. */
const EMPTY_TREE = "missing tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904";

function damageIn(checkout: string): string | undefined {
  const args = ["fsck", "--connectivity-only", "--no-dangling", "--no-progress"];
  const { stdout, stderr } = spawnSync("git", args, { cwd: checkout, encoding: "utf8" });
  const wrong = /^(missing|broken|error|fatal)/;
  return `${stdout}\n${stderr}`.split("\n").find((line) => wrong.test(line) && line !== EMPTY_TREE);
}

/** All slots that no run holds go with it, and all else that may. */
async function clearVolume({ bot, outcome, tell }: Play, n: number): Promise<boolean> {
  const answer = await bot.order({ do: "housekeep" }, 0.4);
  outcome.passes += 1;
  if ("value" in answer) return true;
  outcome.stuck += 1;
  tell(`case ${n}: housekeeping is stuck: ${answer.why}`);
  return false;
}

function freeSlotBut(parked: readonly Held[]): number {
  const taken = new Set(parked.map(({ run }) => run.slot));
  let slot = 1;
  while (taken.has(slot)) slot += 1;
  return slot;
}

function runOf(n: number, slot: number): Run {
  const run = activeRun(n, REPO);
  return { ...run, slot };
}

async function carryOut({ bot, outcome, tell }: Play, held: Held, what: "prepare" | "release"): Promise<boolean> {
  const answer = await bot.order({ do: what, run: held.run }, 0.25);
  if ("value" in answer) return true;
  outcome.stuck += 1;
  tell(`case ${held.case}: ${what} is stuck after ${held.done.join(", ")}: ${answer.why}`);
  return false;
}

/** What the agent does. All it made is written down before the bot comes back. */
function work(play: Play, { run, ledger, done, case: n }: Held): void {
  const { world, chance, outcome } = play;
  const path = world.layout.slot(REPO, run.slot);
  const { checkout, dir } = world;
  const madeCommit = (sha: string | undefined): void => void (sha && ledger.commits.add(sha));
  const madeInside = (sha: string | undefined): void => void (sha && ledger.inside.add(sha));
  // The stash is everybody's: what one run pops may be what another put there.
  const gaveUp = (sha: string): void => {
    for (const { commits } of [ledger, play.all, ...play.parked.map((other) => other.ledger)]) commits.delete(sha);
  };
  const tree: Tree = { path, checkout, dir, n, chance, madeCommit, madeInside, gaveUp };
  noteCommits(ledger, path);
  for (let deeds = chance.below(9); deeds > 0; deeds -= 1) {
    const name = chance.pick(Object.keys(actions));
    try {
      actions[name]?.(tree);
    } catch (error) {
      // What the file system refuses is not done either.
      done.push(`(${(error as NodeJS.ErrnoException).code ?? "refused"})`);
    }
    done.push(name);
    outcome.deeds += 1;
    noteCommits(ledger, path);
  }
  noteFiles(ledger, path);
  if (chance.is(0.1)) {
    setTrap(tree);
    play.trapIsSet = true;
  }
  if (chance.is(0.02)) {
    // A person deletes the slot by hand: its files are their own loss, its commits are not.
    rmSync(path, { recursive: true, force: true });
    ledger.files.clear();
    ledger.inside.clear();
    done.push("slot deleted");
  } else if (chance.is(0.03)) {
    rmSync(world.layout.tree(REPO, run.id), { force: true });
    done.push("symlink deleted");
  }
}

async function giveBack(play: Play, held: Held, parked: readonly Held[]): Promise<boolean> {
  const { world, outcome, tell } = play;
  const { run, ledger, done } = held;
  const outside = outsideOf(world);
  const wasOutside = existsSync(outside);
  if (!(await carryOut(play, held, "release"))) return false;
  const sprung = existsSync(join(world.dir, "sprung"));
  if (play.trapIsSet) takeTrapAway({ path: world.layout.slot(REPO, run.slot) }, world.checkout);
  play.trapIsSet = false;
  const say = (what: string): void => tell(`case ${held.case}: ${what} after ${done.join(", ")}`);
  const missing = lost(ledger, world.checkout, world.remote, parked.length > 0);
  for (const sha of [...ledger.commits, ...ledger.inside]) play.all.commits.add(sha);
  outcome.lostCommits += missing.commits.length;
  outcome.lostFiles += missing.files.length;
  if (wasOutside && !existsSync(outside)) {
    outcome.lostFiles += 1;
    say("lost what a link led to");
  }
  if (missing.commits.length > 0) say(`lost ${missing.commits}`);
  if (missing.files.length > 0) say(`lost ${missing.files}`);
  if (sprung) {
    outcome.trapped += 1;
    say("the bot ran a command of the config");
  }
  const slot = world.layout.slot(REPO, run.slot);
  const left = existsSync(slot) ? attempt(slot, "-c", "core.fsmonitor=false", "status", "--porcelain") : "";
  const unexpected = (left ?? "").split("\n").filter((line) => line !== "" && !line.endsWith(".secret"));
  if (left === undefined || unexpected.length > 0) {
    outcome.dirty += 1;
    say(`the slot is dirty: ${left === undefined ? "no worktree" : unexpected.slice(0, 5)}`);
  }
  const leaks = leaksOf(world, run, parked);
  outcome.leaked += leaks.length;
  if (leaks.length > 0) say(`left over: ${leaks}`);
  rmSync(join(world.dir, "sprung"), { force: true });
  return true;
}

function leaksOf(world: World, run: Run, parked: readonly Held[]): readonly string[] {
  const mine = [`refs/heads/${run.branch}`, `refs/afk/base/${run.id}`, "refs/afk/incoming"];
  // With the last run goes what they shared.
  const shared = parked.length > 0 ? [] : ["refs/heads/afk", "refs/stash"];
  const refs = (attempt(world.checkout, "for-each-ref", "--format=%(refname)", ...mine, ...shared) ?? "").split("\n");
  const link = world.layout.tree(REPO, run.id);
  return [...refs, ...(existsSync(link) || isLink(link) ? [link] : [])].filter(Boolean);
}

function isLink(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ENOENT";
  }
}
