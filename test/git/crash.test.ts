// What a git that was killed leaves behind, made as git makes it, and what the next try does with it.

import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Run } from "../../src/domain/run.ts";
import { type Fresh, localGit as git, REPO, setTreeStage, type TreeStage } from "./support.ts";

let stage: TreeStage;
let here: Fresh;
let run: Run;
let checkout: string;
let slot: string;

beforeAll(async () => {
  stage = await setTreeStage({ "README.md": "# Shop\n", "src/a.js": "1\n" });
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  here = stage.fresh();
  run = here.run();
  checkout = here.checkout;
  slot = here.layout.slot(REPO, 1);
});

const prepare = async (): Promise<NonNullable<Run["tree"]>> => (await here.trees.prepare(run)).tree;

const hourAgo = new Date(Date.now() - 3_600_000);
function lock(path: string, at = hourAgo): void {
  writeFileSync(path, "");
  utimesSync(path, at, at);
}

/** As `git worktree add` leaves it when it dies while it fills the tree. */
async function killedInMidAdd(): Promise<string> {
  await prepare();
  const admin = join(checkout, ".git", "worktrees", "1");
  unlinkSync(here.layout.tree(REPO, run.id));
  for (const file of ["afk-run", "afk-ready"]) unlinkSync(join(admin, file));
  rmSync(join(admin, "index"));
  rmSync(join(slot, "src"), { recursive: true });
  writeFileSync(join(admin, "locked"), "initializing");
  lock(join(admin, "index.lock"), new Date());
  return admin;
}

async function expectWholeTree(): Promise<void> {
  const tree = await prepare();
  expect(git(tree.path, "status", "--porcelain")).toBe("");
  expect(git(tree.path, "rev-parse", "--abbrev-ref", "HEAD")).toBe(run.branch);
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

  test.each(["prepare", "release"] as const)("before it had a commit keeps no fetch from its %s", async (what) => {
    const other = await here.prepared({ slot: 2 });
    const admin = join(checkout, ".git", "worktrees", "1");
    mkdirSync(admin);
    mkdirSync(slot);
    writeFileSync(join(slot, ".git"), `gitdir: ${admin}\n`);
    // In git's own order, up to here.
    writeFileSync(join(admin, "locked"), "initializing");
    writeFileSync(join(admin, "gitdir"), `${join(slot, ".git")}\n`);
    writeFileSync(join(admin, "HEAD"), `${"0".repeat(40)}\n`);
    writeFileSync(join(admin, "commondir"), "../..\n");
    expect(() => git(checkout, "fetch", "--quiet", "origin")).toThrow(/bad object worktrees\/1\/HEAD/);
    if (what === "release") await here.trees.release(other);
    else await expectWholeTree();
  });

  test("with an empty folder is made anew", async () => {
    mkdirSync(slot, { recursive: true });
    await expectWholeTree();
  });

  test("before it was written whose it is, is its run's wherever an agent goes with it", async () => {
    const { path } = await prepare();
    unlinkSync(path);
    for (const file of ["afk-run", "afk-ready"]) unlinkSync(join(checkout, ".git", "worktrees", "1", file));
    await prepare();
    git(slot, "checkout", "--quiet", "--detach");
    writeFileSync(join(slot, "note"), "x");
    expect(await here.trees.findSlots(REPO)).toEqual([{ slot: 1, is: "held", run: run.id }]);
    expect(await here.trees.release(run)).toHaveLength(1);
    expect(git(slot, "status", "--porcelain")).toBe("");
  });

  test("before its symlink stood is adopted", async () => {
    const { path, base } = await prepare();
    writeFileSync(join(slot, "note"), "x");
    unlinkSync(path);
    expect((await prepare()).base).toBe(base);
    expect(existsSync(join(path, "note"))).toBe(true);
  });

  test("starts from the commit of the first try, though the branch has moved since", async () => {
    const { base } = await prepare();
    rmSync(slot, { recursive: true });
    await stage.github.commit(REPO, { message: "Move on", files: { [`moved-${run.id}`]: "x" }, by: "acme" });
    expect((await prepare()).base).toBe(base);
    expect(git(slot, "rev-parse", "HEAD")).toBe(base);
  });

  test("and is still under way in a git that outlived the bot is left to it", async () => {
    await killedInMidAdd();
    const outliving = gitAtWorkIn(slot);
    await expect(prepare()).rejects.toThrow(/still being made by process/);
    outliving();
    await expectWholeTree();
  });
});

/** A process that is called git and stands in the folder, until told to end. */
function gitAtWorkIn(cwd: string): () => void {
  const program = join(stage.dir, "git");
  if (!existsSync(program))
    copyFileSync(execFileSync("sh", ["-c", "command -v sleep"], { encoding: "utf8" }).trim(), program);
  const start = ["-c", `${program} 60 >/dev/null 2>&1 & echo $!`];
  const pid = Number(execFileSync("sh", start, { cwd, encoding: "utf8" }));
  return () => process.kill(pid, "SIGKILL");
}

describe("a slot that holds something else", () => {
  test("of another run is left alone and named", async () => {
    await here.trees.prepare({ ...run, id: "other", branch: "afk/9-other" });
    await expect(prepare()).rejects.toThrow(/in use by run other/);
    expect(await here.trees.findSlots(REPO)).toEqual([{ slot: 1, is: "held", run: "other" }]);
  });

  test("that is no worktree is left alone", async () => {
    mkdirSync(slot, { recursive: true });
    writeFileSync(join(slot, "precious"), "x");
    await expect(prepare()).rejects.toThrow(/is no worktree of the checkout/);
    expect(existsSync(join(slot, "precious"))).toBe(true);
    expect(await here.trees.findSlots(REPO)).toMatchObject([{ slot: 1, is: "strange" }]);
  });
});

describe("a checkout whose git was killed", () => {
  test("in mid-clone is cloned anew", async () => {
    mkdirSync(`${checkout}.next-dead/.git/objects`, { recursive: true });
    await expectWholeTree();
    expect(readdirSync(join(checkout, "..")).filter((name) => name.includes("next"))).toEqual([]);
  });

  test("in mid-fetch goes on once its lock files are old, and not before", async () => {
    await prepare();
    await stage.github.commit(REPO, { message: "Move on", files: { [`moved-${run.id}`]: "x" }, by: "acme" });
    const held = join(checkout, ".git/refs/remotes/origin/main.lock");
    lock(held, new Date());
    await expect(prepare()).rejects.toThrow(/main.lock/);
    lock(held);
    await prepare();
    expect(existsSync(held)).toBe(false);
  });

  test("is found through a symlink to the volume as well", async () => {
    await prepare();
    const other = `${here.volume}-link`;
    symlinkSync(here.volume, other);
    const again = stage.fresh({}, basename(other));
    expect((await again.trees.prepare(run)).tree.slotPath).toBe(again.layout.slot(REPO, 1));
  });
});

describe("a release that was killed", () => {
  const prepared = async () => ({ ...run, tree: await prepare() });

  test("after the tree was moved to the trash leaves nothing behind when it is done again", async () => {
    const made = await prepared();
    mkdirSync(here.layout.trash, { recursive: true });
    execFileSync("mv", [slot, join(here.layout.trash, "x")]);
    await here.trees.release(made);
    expect(git(checkout, "worktree", "list", "--porcelain").match(/^worktree /gm)).toHaveLength(1);
    expect(git(checkout, "for-each-ref", "refs/heads/afk", "refs/afk/base")).toBe("");
    expect(existsSync(made.tree.path)).toBe(false);
  });

  test("while it saved unpushed work goes on once the lock it left is old, and loses nothing", async () => {
    const made = await prepared();
    writeFileSync(join(slot, "unsaved"), "x");
    const held = join(checkout, ".git/worktrees/1/index.lock");
    lock(held, new Date());
    await expect(here.trees.release(made)).rejects.toThrow(/index.lock/);
    lock(held);
    await here.trees.release(made);
    expect(git(checkout, "show", `refs/afk/kept/${run.id}:unsaved`)).toBe("x");
  });

  test("in the middle of the switch takes files of either commit for nobody's work", async () => {
    const made = await prepared();
    await stage.github.commit(REPO, { message: "Move on", files: { [`moved-${run.id}`]: "x" }, by: "acme" });
    git(checkout, "fetch", "--quiet", "--no-auto-maintenance", stage.github.gitDir(REPO), "main:refs/afk/incoming");
    writeFileSync(join(slot, `moved-${run.id}`), "x");
    writeFileSync(
      join(checkout, ".git/worktrees/1/afk-switch"),
      `${git(checkout, "rev-parse", "refs/afk/incoming")}\n`,
    );
    expect(await here.trees.release(made)).toEqual([]);
    expect(git(slot, "status", "--porcelain")).toBe("");
    expect(readFileSync(join(slot, `moved-${run.id}`), "utf8")).toBe("x");
  });

  test("in the middle of the switch keeps what is of neither commit", async () => {
    const made = await prepared();
    writeFileSync(join(slot, "README.md"), "mine\n");
    writeFileSync(join(checkout, ".git/worktrees/1/afk-switch"), `${made.tree.base}\n`);
    const kept = `refs/afk/kept/${run.id}`;
    expect(await here.trees.release(made)).toEqual([kept]);
    expect(git(checkout, "show", `${kept}:README.md`)).toBe("mine");
  });

  test("takes the tree back though the agent switched it to a branch of its own", async () => {
    const made = await prepared();
    git(slot, "switch", "--quiet", "-c", "elsewhere");
    await here.trees.release(made);
    expect(await here.trees.findSlots(REPO)).toEqual([{ slot: 1, is: "free" }]);
    expect(git(checkout, "branch", "--list", "elsewhere", run.branch)).toBe("");
  });
});
