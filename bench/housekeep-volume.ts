// The volume that the bench of housekeeping clears: warm trees in many repos, as git itself made them, and cache entries of
// npm and of Go's builds. It is a file system of its own in memory, whose size is set once all is there; where none may be
// mounted it is on the disk of the temporary folder, and in use is what that disk has less of since the volume was begun.

import { execFileSync } from "node:child_process";
import { cpSync, linkSync, mkdirSync, readFileSync, statfsSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { known, type Observed } from "../src/domain/observed.ts";
import type { Space } from "../src/domain/space.ts";
import { type Layout, layoutOf } from "../src/volume/layout.ts";
import { readSpace } from "../src/volume/space.ts";

export type Made = Disposable & {
  readonly layout: Layout;
  readonly repos: readonly string[];
  /** Those of them in which runs may start: a run at work would hold an idle tree of its repo. */
  readonly busyRepos: readonly string[];
  readonly cloneUrl: string;
  /** Those that nobody has used for longer than the policy keeps them. */
  readonly idleTrees: number;
  readonly on: "memory" | "disk";
  /** So much of it is in use from now on, 0 to 1. */
  setUsed(share: number): void;
  readSpace(): Promise<Observed<Space>>;
};

const TREES_PER_REPO = 10;
/** One tree in so many is as large as a repo with its dependencies, and one in so many is idle for long. */
const EVERY = { large: 100, idle: 50 };
const FILES = { small: 20, large: 10_000 };
const IDLE_DAYS = 40;

export function makeVolume(dir: string, trees: number, entries: number): Made {
  const layout = layoutOf(join(dir, "volume"));
  mkdirSync(layout.volume, { recursive: true });
  const on = mountMemory(layout.volume, "size=16g,nr_inodes=0") ? "memory" : "disk";
  const before = usedOn(layout.volume);
  const remote = makeRemote(dir);
  const repos = Array.from({ length: Math.ceil(trees / TREES_PER_REPO) }, (_, n) => `acme/repo-${n + 1}`);
  const made = { trees: 0, idle: 0 };
  const busyRepos: string[] = [];
  const [template = ""] = repos;
  for (const repo of repos) {
    if (repo === template) makeRepo(layout, repo, remote);
    else copyRepo(layout, template, repo);
    const idleBefore = made.idle;
    for (let slot = 1; slot <= TREES_PER_REPO; slot += 1) {
      made.trees += 1;
      // Of the template as it was cloned: a copy has what the first has.
      if (made.trees % EVERY.large === 0) fill(layout.slot(repo, slot), FILES.large);
      const isIdle = made.trees % EVERY.idle === 0;
      made.idle += Number(isIdle);
      const used = Date.now() / 1_000 - (isIdle ? IDLE_DAYS * 86_400 : 86_400);
      utimesSync(layout.slot(repo, slot), used, used);
    }
    if (made.idle === idleBefore) busyRepos.push(repo);
  }
  makeEntries(layout, entries);
  let total = 1e15;
  const used = (): number => Math.max(0, usedOn(layout.volume) - before);
  return {
    layout,
    repos,
    busyRepos,
    cloneUrl: pathToFileURL(remote).href,
    idleTrees: made.idle,
    on,
    setUsed(share) {
      total = Math.ceil(used() / share);
      if (on === "memory") mountMemory(layout.volume, `remount,size=${total}`);
    },
    [Symbol.dispose]: () => void (on === "memory" && execFileSync("umount", ["--lazy", layout.volume])),
    readSpace: async () =>
      on === "memory"
        ? await readSpace(layout.volume)
        : known({ bytes: { total, free: Math.max(0, total - used()) }, files: null }),
  };
}

/** In a mount namespace of the bench's own (see housekeep.ts): nobody else sees it, and it ends with it. */
function mountMemory(path: string, options: string): boolean {
  if (process.env[SANDBOXED] === undefined) return false;
  execFileSync("mount", ["-t", "tmpfs", "-o", options, "none", path]);
  return true;
}

/** Set where this process may mount and nobody else sees what. */
export const SANDBOXED = "AFK_BENCH_SANDBOXED";

function usedOn(path: string): number {
  const { blocks, bfree, bsize } = statfsSync(path);
  return (blocks - bfree) * bsize;
}

function git(cwd: string, ...args: readonly string[]): void {
  const env = { PATH: process.env["PATH"], HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" };
  const who = ["-c", "user.name=bench", "-c", "user.email=bench@example.com"];
  execFileSync("git", [...who, ...args], { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
}

function makeRemote(dir: string): string {
  const remote = join(dir, "remote.git");
  const work = join(dir, "work");
  git(dir, "init", "--quiet", "--bare", "--initial-branch=main", remote);
  git(dir, "init", "--quiet", "--initial-branch=main", work);
  for (let n = 0; n < FILES.small; n += 1) writeFileSync(join(work, `file-${n}.txt`), `file ${n}\n`.repeat(50));
  writeFileSync(join(work, ".gitignore"), "node_modules/\n");
  git(work, "add", "--all");
  git(work, "commit", "--quiet", "-m", "Begin");
  git(work, "push", "--quiet", remote, "main");
  return remote;
}

function makeRepo(layout: Layout, repo: string, remote: string): void {
  const checkout = layout.checkout(repo);
  mkdirSync(layout.home(repo), { recursive: true });
  git(layout.volume, "clone", "--quiet", "--no-checkout", pathToFileURL(remote).href, checkout);
  for (let slot = 1; slot <= TREES_PER_REPO; slot += 1) {
    git(checkout, "worktree", "add", "--quiet", "--detach", layout.slot(repo, slot), "origin/main");
  }
}

/** Git's worktrees know their places by absolute paths. */
function copyRepo(layout: Layout, from: string, to: string): void {
  cpSync(layout.home(from), layout.home(to), { recursive: true });
  const there = `${layout.home(from)}/`;
  const here = `${layout.home(to)}/`;
  for (let slot = 1; slot <= TREES_PER_REPO; slot += 1) {
    for (const file of [
      join(layout.slot(to, slot), ".git"),
      join(layout.checkout(to), ".git", "worktrees", String(slot), "gitdir"),
    ]) {
      writeFileSync(file, readFileSync(file, "utf8").replace(there, here));
    }
  }
}

/** Names of one file, so that they are made quickly. */
function fill(tree: string, files: number): void {
  const first = join(tree, "node_modules", "first");
  mkdirSync(join(tree, "node_modules"));
  writeFileSync(first, "module.exports = 1;\n");
  for (let n = 0; n < files; n += 1) {
    const folder = join(tree, "node_modules", `package-${Math.floor(n / 100)}`);
    if (n % 100 === 0) mkdirSync(folder);
    linkSync(first, join(folder, `file-${n % 100}.js`));
  }
}

/** Six in ten are npm's, in as many folders as it makes; the others Go's. Each takes a block of the disk. */
function makeEntries({ cache }: Layout, entries: number): void {
  const folders = new Set<string>();
  for (let n = 0; n < entries; n += 1) {
    // Spread as hashes are.
    const hash = (Math.imul(n + 1, 2_654_435_761) >>> 0).toString(16).padStart(8, "0").repeat(8);
    const [a, b] = [hash.slice(0, 2), hash.slice(2, 4)];
    const isNpm = n % 10 < 6;
    const folder = isNpm ? join(cache("npm"), "_cacache/content-v2/sha512", a, b) : join(cache("go-build"), a);
    if (!folders.has(folder)) mkdirSync(folder, { recursive: true });
    folders.add(folder);
    writeFileSync(join(folder, isNpm ? hash.slice(4) : `${hash}-d`), "x");
  }
}
