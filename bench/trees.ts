// Trees: how fast a run gets a warm one, against the git commands that cannot be avoided and against what it replaced: a
// throwaway clone with a fresh install and a build. How long a release holds up the next pick-up. Then twenty issues in a
// row, and what they leave on the disk.
//
// All sides are taken on the same commits, one after the other, so that a busy machine is busy for each.

import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { pino } from "pino";
import type { Run, Tree } from "../src/domain/run.ts";
import { createTrees } from "../src/git/trees.ts";
import { connectGitHub } from "../src/github/connect.ts";
import type { GitHub as BotsGitHub, Trees } from "../src/ports.ts";
import { type Layout, layoutOf } from "../src/volume/layout.ts";
import { measure } from "../src/volume/measure.ts";
import { policy } from "../test/support/build.ts";
import { median } from "./median.ts";
import { activeRun } from "./runs.ts";
import { asNobody, bareGit, type GaveBack, type Took, timed, useSlowDisk } from "./trees-measure.ts";
import { type Remote, startRemote } from "./trees-remote.ts";
import { SETUP, type Setup, servePackages, someChanged, sources, tenThousandFiles } from "./trees-sample.ts";

const exec = promisify(execFile);

const ROUNDS = 9;
const ISSUES = 20;
const TOKEN = "token-bot";

type Sample = {
  readonly repo: string;
  readonly github: Remote;
  readonly trees: Trees;
  readonly layout: Layout;
  readonly setup: Setup | undefined;
  readonly dir: string;
  next(): Run;
};

export async function run({ json }: { readonly json: boolean }): Promise<Record<string, unknown>> {
  const dir = mkdtempSync(join(tmpdir(), "afk-bench-trees-"));
  const tell = (line: string): void => void (json || console.error(line));
  try {
    await using packages = await servePackages(dir);
    await using github = await startRemote(join(dir, "github"), ["acme", "bot"]);
    const collaborators = { bot: "write" } as const;
    tell("making a repo of 10,000 files, and one with 400 packages in node_modules and 1,000 sources to build …");
    await github.createRepo({ owner: "acme", name: "files", files: tenThousandFiles(), collaborators });
    const modules = {
      "package.json": packages.packageJson,
      "package-lock.json": packages.lockFile,
      ".gitignore": "node_modules/\ndist/\n",
      ...sources(),
    };
    await github.createRepo({ owner: "acme", name: "modules", files: modules, collaborators });
    await using connection = await connected(github);
    const around = { github, api: connection.github, dir };
    const parts = {
      files: await measureSample(sampleOf(around, "files", undefined), tell),
      modules: await measureSample(sampleOf(around, "modules", SETUP), tell),
    };
    const slow = await useSlowDisk(dir, () => measureSlow(around, tell), tell);
    const { files, modules: installed } = parts;
    return {
      bench: "trees",
      warmVsBareGit: Math.max(files.warmVsBareGit, installed.warmVsBareGit),
      movedWarmVsBareGit: Math.max(files.movedWarmVsBareGit, installed.movedWarmVsBareGit),
      throwawayVsWarm: installed.throwawayVsWarm,
      throwawayVsMovedWarm: installed.throwawayVsMovedWarm,
      withoutBuildVsWarm: installed.withoutBuildVsWarm,
      diskVsOneTree: Math.max(files.diskVsOneTree, installed.diskVsOneTree),
      releaseDelayVsBareGit: Math.max(files.releaseDelayVsBareGit, installed.releaseDelayVsBareGit),
      leaked: files.leaked + installed.leaked,
      parts: { ...parts, slow },
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The remote, and GitHub's API as the bot asks it. */
type Around = {
  readonly github: Remote;
  readonly api: BotsGitHub;
  readonly dir: string;
};

async function connected({ apiUrl }: Remote) {
  const connection = await connectGitHub({
    apiUrl,
    credentials: { kind: "token", token: TOKEN },
    policy,
    keepIn: undefined,
    clock: { now: () => Date.now() },
    log: pino({ level: "silent" }),
  });
  return { ...connection, [Symbol.asyncDispose]: connection.close };
}

let samples = 0;

function sampleOf(around: Around, name: string, setup: Setup | undefined): Sample {
  const { github, api, dir } = around;
  samples += 1;
  const repo = `acme/${name}`;
  const home = join(dir, `volume-${samples}`);
  const layout = layoutOf(home);
  let runs = samples * 1_000;
  const trees = createTrees({
    layout,
    token: async () => TOKEN,
    origin: api,
    rulesOf: () => ({
      setup:
        setup === undefined
          ? undefined
          : {
              command: `${setup.install} && ${setup.build}`,
              withinMs: 600_000,
              env: {},
              inputs: [],
              caches: ["npm"],
            },
      submodules: false,
      lfs: false,
    }),
    identity: { name: "AFK agent", email: "afk-agent@example.com" },
    env: { PATH: process.env["PATH"] ?? "" },
    paused: () => false,
    log: pino({ level: "silent" }),
  });
  return {
    repo,
    github,
    trees,
    layout,
    setup,
    dir: home,
    next() {
      runs += 1;
      return activeRun(runs, repo);
    },
  };
}

async function taken(sample: Sample): Promise<Run & { readonly tree: Tree }> {
  const run = sample.next();
  return { ...run, tree: (await sample.trees.prepare(run)).tree };
}

async function measureSample(sample: Sample, tell: (line: string) => void) {
  const { repo, github, trees, layout, setup } = sample;
  const bare = await bareGit(github.cloneUrl(repo), TOKEN, join(sample.dir, "bare"));
  // The first tree is a new one, and pays for the clone and the install.
  const cold = await timed(() => taken(sample));
  await trees.release(cold.value);
  const rounds: Round[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    tell(`${repo}: round ${round} of ${ROUNDS} …`);
    await github.commit(repo, { message: `Round ${round}`, files: changesFor(repo, round), by: "acme" });
    // Whoever comes second finds the remote's files in memory: each is first in turn.
    const warmFirst = round % 2 === 0;
    const early = warmFirst ? await timed(() => taken(sample)) : undefined;
    const bareTook = await bare.take(`round-${round}`);
    const warm = early ?? (await timed(() => taken(sample)));
    const throwaway = await throwAway(sample, round);
    await github.commit(repo, { message: `After ${round}`, files: changesFor(repo, round + 100), by: "acme" });
    const bareRelease = await bare.giveBack(`round-${round}`);
    const bareNext = await bare.take(`next-${round}`);
    // An issue waits for the repo to be free: it is picked up as soon as the one before has given its tree back.
    const release = await timed(() => trees.release(warm.value));
    const next = await timed(() => taken(sample));
    await trees.release(next.value);
    await bare.giveBack(`next-${round}`);
    rounds.push({
      moved: { bare: bareTook, warm: warm.ms },
      still: { bare: bareNext, warm: next.ms },
      release: release.ms,
      bareRelease,
      delay: release.ms + next.ms - warm.ms,
      bareDelay: bareRelease.all + bareNext.all - bareTook.all,
      throwaway,
    });
  }
  rmSync(join(sample.dir, "throwaway"), { recursive: true, force: true });
  // With the history as it is by now: what the issues add is measured, not what the rounds before them did.
  const oneTree = (await measure(layout.home(repo)))?.all.bytes ?? 0;
  const disk = await twentyIssues(sample);
  const ms = {
    cold: Math.round(cold.ms),
    still: sideOf(rounds.map((round) => round.still)),
    moved: sideOf(rounds.map((round) => round.moved)),
    clone: medianMs(rounds.map((round) => round.throwaway.clone)),
    install: medianMs(rounds.map((round) => round.throwaway.install)),
    build: medianMs(rounds.map((round) => round.throwaway.build)),
    throwaway: medianMs(rounds.map(({ throwaway: { clone, install, build } }) => clone + install + build)),
    release: medianMs(rounds.map((round) => round.release)),
    bareRelease: medianMs(rounds.map((round) => round.bareRelease.all)),
    bareReleaseProof: medianMs(rounds.map((round) => round.bareRelease.proof)),
    releaseDelay: medianMs(rounds.map((round) => round.delay)),
    bareReleaseDelay: medianMs(rounds.map((round) => round.bareDelay)),
  };
  const result = {
    warmVsBareGit: ratio(ms.still.warm, ms.still.bare),
    movedWarmVsBareGit: ratio(ms.moved.warm, ms.moved.bare),
    throwawayVsWarm: ratio(ms.throwaway, ms.still.warm),
    throwawayVsMovedWarm: ratio(ms.throwaway, ms.moved.warm),
    withoutBuildVsWarm: ratio(ms.clone + ms.install, ms.still.warm),
    releaseDelayVsBareGit: ratio(ms.releaseDelay, ms.bareReleaseDelay),
    diskVsOneTree: ratio(disk.bytes, oneTree),
    leaked: disk.leaked,
    ms,
    mb: { oneTree: Math.round(oneTree / 1e6), after: Math.round(disk.bytes / 1e6) },
    installs: setup === undefined ? 0 : disk.installs,
  };
  const side = ({ warm, bare, fetch, switch: switched, clean }: Side): string =>
    `${warm} ms, bare git ${bare} ms (fetch ${fetch}, switch ${switched}, clean ${clean})`;
  tell(
    `${repo}: warm, the branch where the release left it: ${side(ms.still)}: ${result.warmVsBareGit}×\n` +
      `${repo}: warm, the branch moved since: ${side(ms.moved)}: ${result.movedWarmVsBareGit}×\n` +
      `${repo}: throwaway tree ${ms.throwaway} ms (clone ${ms.clone}, install ${ms.install}, build ${ms.build}): ` +
      `${result.throwawayVsWarm}× the warm one, ${result.throwawayVsMovedWarm}× that of a branch that moved, ` +
      `${result.withoutBuildVsWarm}× without the build\n` +
      `${repo}: a release takes ${ms.release} ms and puts the next pick-up off by ${ms.releaseDelay} ms, ` +
      `bare git takes ${ms.bareRelease} (${ms.bareReleaseProof} of it the proof) and puts it off by ${ms.bareReleaseDelay} ms: ` +
      `${result.releaseDelayVsBareGit}×\n` +
      `${repo}: ${result.mb.after} MB after ${ISSUES} issues, ${result.mb.oneTree} MB for one tree: ${result.diskVsOneTree}×, ` +
      `${result.leaked} left over`,
  );
  return result;
}

type Side = { readonly warm: number; readonly bare: number } & Omit<Took, "all">;

function sideOf(rounds: readonly Round["still"][]): Side {
  return {
    warm: medianMs(rounds.map(({ warm }) => warm)),
    bare: medianMs(rounds.map(({ bare }) => bare.all)),
    fetch: medianMs(rounds.map(({ bare }) => bare.fetch)),
    switch: medianMs(rounds.map(({ bare }) => bare.switch)),
    clean: medianMs(rounds.map(({ bare }) => bare.clean)),
  };
}

function changesFor(repo: string, round: number): Record<string, string> {
  return repo.endsWith("/files") ? someChanged(round) : { "src/index.ts": `export const round = ${round};\n` };
}

type Throwaway = { readonly clone: number; readonly install: number; readonly build: number };

type Round = {
  /** The default branch is where the release before left the slot: as where one issue follows another. */
  readonly still: { readonly bare: Took; readonly warm: number };
  /** Somebody pushed since, and no idle time was there to follow. */
  readonly moved: { readonly bare: Took; readonly warm: number };
  readonly release: number;
  readonly bareRelease: GaveBack;
  /** By how much later a waiting issue has its tree than it would have without a release before it. */
  readonly delay: number;
  readonly bareDelay: number;
  readonly throwaway: Throwaway;
};

/** What warm trees replaced: a clone of the checkout for each issue, and an install from a cache that has all. */
async function throwAway({ repo, layout, setup, dir, github }: Sample, round: number): Promise<Throwaway> {
  const path = join(dir, "throwaway", String(round));
  await mkdir(join(dir, "throwaway"), { recursive: true });
  const env = asNobody(github.cloneUrl(repo), TOKEN);
  const git = async (cwd: string, ...args: string[]): Promise<string> => (await exec("git", args, { cwd, env })).stdout;
  const clone = await timed(async () => {
    await git(layout.checkout(repo), "fetch", "--quiet", "--prune", "origin");
    await git(dir, "clone", "--quiet", "--local", "--no-checkout", layout.checkout(repo), path);
    const head = await git(layout.checkout(repo), "rev-parse", "origin/main");
    await git(path, "checkout", "--quiet", "-B", `issue-${round}`, head.trim());
  });
  const cache = { npm_config_cache: layout.cache("npm"), HOME: join(layout.home(repo), "home") };
  const run = async (command: string | undefined): Promise<number> => {
    if (command === undefined) return 0;
    const options = { cwd: path, env: { ...env, ...cache }, maxBuffer: 64 * 1024 * 1024 };
    return (await timed(() => exec("sh", ["-c", command], options))).ms;
  };
  return { clone: clone.ms, install: await run(setup?.install), build: await run(setup?.build) };
}

/** Each lands a commit; what is then on the volume besides caches, and what is left of runs that are over. */
async function twentyIssues(sample: Sample) {
  const { repo, trees, layout, github } = sample;
  const env = asNobody(github.cloneUrl(repo), TOKEN);
  let installs = 0;
  for (let issue = 1; issue <= ISSUES; issue += 1) {
    const run = sample.next();
    const { tree, made } = await trees.prepare(run);
    if (made.setup === "ran") installs += 1;
    writeFileSync(join(tree.path, `issue-${issue}.txt`), `run ${run.id}\n`);
    for (const args of [
      ["add", `issue-${issue}.txt`],
      ["commit", "--quiet", "-m", `Issue ${issue}\n\nAFK-Run: ${run.id}`],
      ["push", "--quiet", "origin", "HEAD:main"],
    ]) {
      await exec("git", args, { cwd: tree.path, env });
    }
    await trees.release({ ...run, tree });
  }
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: layout.checkout(repo), env, encoding: "utf8" }).trim();
  const refs = git("for-each-ref", "--format=%(refname)", "refs/heads", "refs/afk").split("\n");
  const worktrees = readdirSync(join(layout.checkout(repo), ".git", "worktrees")).length;
  const slots = readdirSync(join(layout.home(repo), "slots")).length;
  const leaked = refs.filter((ref) => ref !== "" && ref !== "refs/heads/main").length + (worktrees - 1) + (slots - 1);
  return { bytes: (await measure(layout.home(repo)))?.all.bytes ?? 0, leaked, installs };
}

async function measureSlow(around: Around, tell: (line: string) => void) {
  const result = await measureSample(sampleOf(around, "modules", SETUP), (line) => tell(`slow disk, ${line}`));
  const { warmVsBareGit, movedWarmVsBareGit, throwawayVsWarm, releaseDelayVsBareGit, ms } = result;
  return { warmVsBareGit, movedWarmVsBareGit, throwawayVsWarm, releaseDelayVsBareGit, ms };
}

function medianMs(values: readonly number[]): number {
  return Math.round(median(values));
}

function ratio(a: number, b: number): number {
  return Number((a / b).toFixed(2));
}
