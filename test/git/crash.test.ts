// What a git that was killed leaves behind, made as git makes it, and what the next try does with it.

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type GitHub, startGitHub } from "../../playground/github/server.ts";
import type { Run } from "../../src/domain/run.ts";
import { createTrees } from "../../src/git/trees.ts";
import type { Trees } from "../../src/ports.ts";
import { layoutOf } from "../../src/volume/layout.ts";
import { run } from "../support/build.ts";

const REPO = "acme/shop";
let dir: string;
let github: GitHub;
let count = 0;
let volume: string;
let trees: Trees;
let checkout: string;
let slot: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "afk-crash-"));
  github = await startGitHub({ dataDir: join(dir, "github") });
  github.addUser({ login: "afk-bot", type: "User", token: "token" });
  const files = { "README.md": "# Shop\n", "src/a.js": "1\n" };
  await github.createRepo({ owner: "acme", name: "shop", files, collaborators: { "afk-bot": "write" } });
});
afterAll(async () => {
  await github.close();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  count += 1;
  volume = join(dir, `volume-${count}`);
  const layout = layoutOf(volume);
  checkout = layout.checkout(REPO);
  slot = layout.slot(REPO, 1);
  trees = createTrees({
    layout,
    token: async () => "token",
    fetchDefaultBranch: async () => ({ name: "main", cloneUrl: github.cloneUrl(REPO) }),
  });
});

const made = (): Run => run({ id: `run${count}`, branch: `afk/12-run${count}`, tree: null, repo: REPO });

function git(cwd: string, ...args: readonly string[]): string {
  const who = ["-c", "user.name=a", "-c", "user.email=a@b.c"];
  return execFileSync("git", [...who, ...args], { cwd, encoding: "utf8" }).trim();
}

const hourAgo = new Date(Date.now() - 3_600_000);
function lock(path: string, at = hourAgo): void {
  writeFileSync(path, "");
  utimesSync(path, at, at);
}

/** As `git worktree add` leaves it when it dies while it fills the tree. */
async function killedInMidAdd(): Promise<string> {
  await trees.prepare(made());
  const admin = join(checkout, ".git", "worktrees", "1");
  unlinkSync(join(volume, "repos/acme/shop/runs", made().id));
  unlinkSync(join(admin, "afk-run"));
  rmSync(join(admin, "index"));
  rmSync(join(slot, "src"), { recursive: true });
  writeFileSync(join(admin, "locked"), "initializing");
  lock(join(admin, "index.lock"), new Date());
  return admin;
}

async function expectWholeTree(): Promise<void> {
  const tree = await trees.prepare(made());
  expect(git(tree.path, "status", "--porcelain")).toBe("");
  expect(git(tree.path, "rev-parse", "--abbrev-ref", "HEAD")).toBe(made().branch);
  expect(existsSync(join(tree.path, "src", "a.js"))).toBe(true);
}

describe("a tree whose making was killed", () => {
  test("while its files were written is made anew, whole", async () => {
    await killedInMidAdd();
    await expectWholeTree();
  });

  test("before its folder stood is made anew, though git has it registered and locked", async () => {
    await killedInMidAdd();
    rmSync(slot, { recursive: true });
    await expectWholeTree();
  });

  test("with an empty folder is made anew", async () => {
    mkdirSync(slot, { recursive: true });
    await expectWholeTree();
  });

  test("before its symlink stood is adopted", async () => {
    const { path, base } = await trees.prepare(made());
    writeFileSync(join(slot, "note"), "x");
    unlinkSync(path);
    expect((await trees.prepare(made())).base).toBe(base);
    expect(existsSync(join(path, "note"))).toBe(true);
  });

  test("starts from the commit of the first try, though the branch has moved since", async () => {
    const { base } = await trees.prepare(made());
    rmSync(slot, { recursive: true });
    await github.commit(REPO, { message: "Move on", files: { [`moved-${count}`]: "x" }, by: "acme" });
    expect((await trees.prepare(made())).base).toBe(base);
    expect(git(slot, "rev-parse", "HEAD")).toBe(base);
  });

  test("and is still under way in a git that outlived the bot is left to it", async () => {
    await killedInMidAdd();
    const outliving = execOutliving(slot);
    await expect(trees.prepare(made())).rejects.toThrow(/still being made by process/);
    outliving();
    await expectWholeTree();
  });
});

/** A process that stands in the folder until told to end. */
function execOutliving(cwd: string): () => void {
  const pid = Number(execFileSync("sh", ["-c", "sleep 60 >/dev/null 2>&1 & echo $!"], { cwd, encoding: "utf8" }));
  return () => process.kill(pid, "SIGKILL");
}

describe("a slot that holds something else", () => {
  test("of another run is left alone and named", async () => {
    await trees.prepare({ ...made(), id: "other", branch: "afk/9-other" });
    await expect(trees.prepare(made())).rejects.toThrow(/in use by run other/);
    expect(await trees.findSlots(REPO)).toEqual(new Map([["other", 1]]));
  });

  test("that is no worktree is left alone", async () => {
    mkdirSync(slot, { recursive: true });
    writeFileSync(join(slot, "precious"), "x");
    await expect(trees.prepare(made())).rejects.toThrow(/is no worktree of the checkout/);
    expect(existsSync(join(slot, "precious"))).toBe(true);
  });
});

describe("a checkout whose git was killed", () => {
  test("in mid-clone is cloned anew", async () => {
    mkdirSync(`${checkout}.next-dead/.git/objects`, { recursive: true });
    await expectWholeTree();
    expect(readdirSync(join(checkout, "..")).filter((name) => name.includes("next"))).toEqual([]);
  });

  test("in mid-fetch goes on once its lock files are old, and not before", async () => {
    await trees.prepare(made());
    await github.commit(REPO, { message: "Move on", files: { [`moved-${count}`]: "x" }, by: "acme" });
    const held = join(checkout, ".git/refs/remotes/origin/main.lock");
    lock(held, new Date());
    await expect(trees.prepare(made())).rejects.toThrow(/main.lock/);
    lock(held);
    await trees.prepare(made());
    expect(existsSync(held)).toBe(false);
  });

  test("is found through a symlink to the volume as well", async () => {
    await trees.prepare(made());
    const other = `${volume}-link`;
    symlinkSync(volume, other);
    const again = createTrees({
      layout: layoutOf(other),
      token: async () => "token",
      fetchDefaultBranch: () => Promise.reject(),
    });
    expect((await again.prepare(made())).slotPath).toBe(layoutOf(other).slot(REPO, 1));
  });
});

describe("a release that was killed", () => {
  test("after the tree was moved to the trash leaves nothing behind when it is done again", async () => {
    const run = { ...made(), tree: await trees.prepare(made()) };
    mkdirSync(join(volume, "trash"));
    execFileSync("mv", [slot, join(volume, "trash", "x")]);
    await trees.release(run);
    expect(git(checkout, "worktree", "list", "--porcelain").match(/^worktree /gm)).toHaveLength(1);
    expect(git(checkout, "for-each-ref", "refs/heads/afk", "refs/afk/base")).toBe("");
    expect(existsSync(run.tree.path)).toBe(false);
  });

  test("while it saved unpushed work goes on once the lock it left is old, and loses nothing", async () => {
    const run = { ...made(), tree: await trees.prepare(made()) };
    writeFileSync(join(slot, "unsaved"), "x");
    const held = join(checkout, ".git/worktrees/1/index.lock");
    lock(held, new Date());
    await expect(trees.release(run)).rejects.toThrow(/index.lock/);
    lock(held);
    await trees.release(run);
    expect(git(checkout, "show", `refs/afk/kept/${run.id}:unsaved`)).toBe("x");
  });

  test("takes the run's tree down though the agent switched it to a branch of its own", async () => {
    const run = { ...made(), tree: await trees.prepare(made()) };
    git(slot, "switch", "--quiet", "-c", "elsewhere");
    await trees.release(run);
    expect(existsSync(slot)).toBe(false);
  });
});
