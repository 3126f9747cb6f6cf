// A slot stays: what is ignored in it, its path, and what stands in it.

import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { known, unknown } from "../../src/domain/observed.ts";
import { type Fresh, localGit as git, REPO, setTreeStage, type TreeStage } from "./support.ts";

let stage: TreeStage;
let here: Fresh;
beforeAll(async () => {
  stage = await setTreeStage({ "README.md": "# Shop\n", ".gitignore": "node_modules/\n", "src/a.js": "1\n" });
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  here = stage.fresh();
});

function put(tree: string, path: string, text = "x\n"): void {
  mkdirSync(join(tree, path, ".."), { recursive: true });
  writeFileSync(join(tree, path), text);
}

describe("the next run of a repo", () => {
  test("gets the slot of the last one, with what is ignored still in it, on a new branch at the newest head", async () => {
    const first = await here.prepared();
    put(first.tree.path, "node_modules/a/index.js");
    put(first.tree.path, "left.txt");
    const inode = statSync(join(first.tree.path, "node_modules/a/index.js")).ino;
    await here.trees.release(first);
    await stage.github.commit(REPO, { message: "Move on", files: { "moved.txt": "x" }, by: "acme" });
    const run = here.run();
    const { tree, made } = await here.trees.prepare(run);
    expect(made).toEqual({ warm: true, setup: "none" });
    expect(tree.slotPath).toBe(first.tree.slotPath);
    expect(statSync(join(tree.path, "node_modules/a/index.js")).ino).toBe(inode);
    expect(existsSync(join(tree.path, "left.txt"))).toBe(false);
    expect(existsSync(join(tree.path, "moved.txt"))).toBe(true);
    expect(git(tree.path, "rev-parse", "--abbrev-ref", "HEAD")).toBe(run.branch);
    expect(git(tree.path, "status", "--porcelain")).toBe("");
    expect(existsSync(first.tree.path)).toBe(false);
  });

  test("takes a slot of its own while a blocked run keeps its tree, and only one free slot is left in the end", async () => {
    const blocked = await here.prepared();
    put(blocked.tree.path, "unfinished.txt");
    await expect(here.trees.prepare(here.run())).rejects.toThrow(/in use by run/);
    const second = await here.prepared({ slot: 2 });
    await here.trees.release(second);
    expect(existsSync(join(blocked.tree.path, "unfinished.txt"))).toBe(true);
    await here.trees.release(blocked);
    expect(await here.trees.findSlots(REPO)).toEqual([{ slot: 2, is: "free" }]);
  });

  test("works by the checkout's own config, whatever an agent before it wrote there", async () => {
    const first = await here.prepared();
    git(first.tree.path, "config", "core.hooksPath", "/nowhere");
    git(first.tree.path, "config", "filter.evil.smudge", "false");
    await here.trees.release(first);
    const { tree } = await here.prepared();
    expect(git(tree.path, "config", "--list")).not.toMatch(/nowhere|evil/);
  });

  test("has files as they are committed, whatever line ends an agent before it configured", async () => {
    const first = await here.prepared();
    git(first.tree.path, "config", "core.autocrlf", "true");
    await stage.github.commit(REPO, { message: "Add a file", files: { "ends.txt": "one\ntwo\n" }, by: "acme" });
    await here.trees.release(first);
    const { tree } = await here.prepared();
    expect(readFileSync(join(tree.path, "ends.txt"), "utf8")).toBe("one\ntwo\n");
    expect(git(tree.path, "status", "--porcelain")).toBe("");
  });
});

describe("where a run starts", () => {
  test("is a ref of its own, past the lock that a dead bot left there", async () => {
    await here.trees.release(await here.prepared());
    const run = here.run();
    const lock = join(here.checkout, ".git", "refs/afk/base", `${run.id}.lock`);
    put(here.checkout, `.git/refs/afk/base/${run.id}.lock`);
    utimesSync(lock, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
    const { tree } = await here.trees.prepare(run);
    expect(git(here.checkout, "rev-parse", `refs/afk/base/${run.id}`)).toBe(tree.base);
    expect(git(here.checkout, "fsck", "--no-dangling")).toBe("");
    expect(existsSync(lock)).toBe(false);
  });
});

describe("the branch a run starts on, in a slot that is at its commit already", () => {
  test("is one as git makes it: commits go to it and to its log, and nothing else has moved", async () => {
    await here.trees.release(await here.prepared());
    const { tree, branch } = await here.prepared();
    expect(git(tree.path, "symbolic-ref", "HEAD")).toBe(`refs/heads/${branch}`);
    expect(git(tree.path, "status", "--porcelain")).toBe("");
    put(tree.path, "new.txt");
    git(tree.path, "add", "new.txt");
    git(tree.path, "commit", "--quiet", "-m", "Work");
    expect(git(here.checkout, "rev-list", "--count", `${tree.base}..refs/heads/${branch}`)).toBe("1");
    expect(git(tree.path, "reflog", "show", "--format=%gs", branch)).toBe("commit: Work");
    expect(git(here.checkout, "fsck", "--no-dangling")).toBe("");
    git(here.checkout, "pack-refs", "--all");
    expect(git(tree.path, "rev-parse", "HEAD~1")).toBe(tree.base);
  });

  test.each([
    ["the slot's HEAD", (_branch: string) => "worktrees/1/HEAD.lock"],
    ["the branch", (branch: string) => `refs/heads/${branch}.lock`],
  ])("is made past the lock of a dead process on %s", async (_, lockOf) => {
    await here.trees.release(await here.prepared());
    const run = here.run();
    const lock = join(here.checkout, ".git", lockOf(run.branch));
    put(here.checkout, `.git/${lockOf(run.branch)}`);
    utimesSync(lock, new Date(Date.now() - 60_000), new Date(Date.now() - 60_000));
    const { tree } = await here.trees.prepare(run);
    expect(git(tree.path, "symbolic-ref", "HEAD")).toBe(`refs/heads/${run.branch}`);
    expect(git(tree.path, "status", "--porcelain")).toBe("");
    expect(existsSync(lock)).toBe(false);
  });

  test.each([
    ["loose", () => {}],
    ["packed", () => git(here.checkout, "pack-refs", "--all")],
  ])("is not made beside a branch that git has no room for it with, %s", async (_, settle) => {
    await here.trees.release(await here.prepared());
    git(here.checkout, "branch", "afk", "origin/main");
    settle();
    const run = here.run();
    await expect(here.trees.prepare(run)).rejects.toThrow(/refs\/heads\/afk/);
    git(here.checkout, "branch", "--delete", "--force", "afk");
    await expect(here.trees.prepare(run)).resolves.toMatchObject({ tree: { base: await stage.github.head(REPO) } });
  });
});

describe("where GitHub says that the branch has not moved", () => {
  /** The volume of `here`, with a remote that git cannot reach: whatever fetches fails. */
  function away(fetchHead = stage.origin().fetchHead): Fresh {
    const origin = { ...stage.origin("http://127.0.0.1:1/none.git"), fetchHead };
    return stage.fresh({ origin }, here.volume.slice(stage.dir.length + 1));
  }

  test("a free slot is taken without a fetch", async () => {
    await here.trees.release(await here.prepared());
    const { tree } = await away().prepared();
    expect(tree.base).toBe(await stage.github.head(REPO));
    expect(git(tree.path, "rev-parse", "HEAD")).toBe(tree.base);
  });

  test.each([
    ["a slot that somebody worked in", (slot: string) => put(slot, "note.txt", "mine\n")],
    [
      "a slot that was committed in",
      (slot: string) => git(slot, "commit", "--quiet", "--allow-empty", "-m", "By hand"),
    ],
    ["a slot that was deleted", (slot: string) => rmSync(slot, { recursive: true })],
  ])("%s is fetched for, as what is saved is proven by the remote", async (_, happens) => {
    await here.trees.release(await here.prepared());
    happens(here.layout.slot(REPO, 1));
    await expect(away().prepared()).rejects.toThrow(/fetching acme\/shop/);
    await expect(here.prepared()).resolves.toMatchObject({ tree: { base: await stage.github.head(REPO) } });
  });

  test("a run's second try is fetched for", async () => {
    await here.trees.release(await here.prepared());
    const run = here.run();
    git(here.checkout, "branch", run.branch, "origin/main");
    await expect(away().trees.prepare(run)).rejects.toThrow(/fetching acme\/shop/);
  });

  test.each([
    ["does not say", async () => unknown("away")],
    ["says that there is no such branch", async () => known(null)],
    ["says nothing at all", () => new Promise<never>(() => {})],
  ])("and where it %s there is a fetch", async (_, fetchHead) => {
    await here.trees.release(await here.prepared());
    await expect(away(fetchHead).prepared()).rejects.toThrow(/fetching acme\/shop/);
  });
});

describe("a cold retry", () => {
  test("starts the same run in a new slot from the newest head; what it did in the old one is kept", async () => {
    const first = await here.prepared();
    put(first.tree.path, "node_modules/broken.js");
    put(first.tree.path, "half.txt", "half\n");
    await stage.github.commit(REPO, { message: "Move on", files: { "cold.txt": "x" }, by: "acme" });
    const { tree, made } = await here.trees.prepare({ ...first, tree: null, slot: 2 });
    expect(made).toEqual({ warm: false, setup: "none" });
    expect(tree.base).toBe(await stage.github.head(REPO));
    expect(realpathSync(tree.path)).toBe(realpathSync(tree.slotPath));
    expect(existsSync(join(tree.path, "node_modules"))).toBe(false);
    expect(existsSync(first.tree.slotPath)).toBe(false);
    expect(git(here.checkout, "show", `refs/afk/kept/${first.id}:half.txt`)).toBe("half");
  });
});

describe("an idle slot", () => {
  test("follows the default branch", async () => {
    await here.trees.release(await here.prepared());
    await stage.github.commit(REPO, { message: "Move on", files: { "idle.txt": "x" }, by: "acme" });
    await here.trees.refresh(REPO);
    expect(git(here.layout.slot(REPO, 1), "rev-parse", "HEAD")).toBe(await stage.github.head(REPO));
  });

  test("in which somebody worked keeps what they did", async () => {
    await here.trees.release(await here.prepared());
    const slot = here.layout.slot(REPO, 1);
    put(slot, "note.txt", "mine\n");
    git(slot, "add", "note.txt");
    git(slot, "commit", "--quiet", "-m", "By hand");
    put(slot, "README.md", "also mine\n");
    const { tree } = await here.prepared();
    expect(git(tree.path, "status", "--porcelain")).toBe("");
    const [kept = ""] = git(here.checkout, "for-each-ref", "--format=%(refname)", "refs/afk/kept").split("\n");
    expect(git(here.checkout, "show", `${kept}:note.txt`)).toBe("mine");
    expect(git(here.checkout, "show", `${kept}:README.md`)).toBe("also mine");
    expect(git(here.checkout, "log", "--format=%s", kept)).toContain("By hand");
  });

  test("that somebody stands in is switched under them, and stays where it is", async () => {
    await here.trees.release(await here.prepared());
    const slot = here.layout.slot(REPO, 1);
    const shell = spawn("sh", ["-c", "read line; pwd; cat README.md"], {
      cwd: slot,
      stdio: ["pipe", "pipe", "ignore"],
    });
    let said = "";
    shell.stdout.on("data", (chunk: Buffer) => {
      said += chunk;
    });
    await here.prepared();
    shell.stdin.end("\n");
    await new Promise((resolve) => shell.once("close", resolve));
    expect(said).toContain("# Shop");
  });

  test("is taken off the volume when it is asked for, and one that a run holds is not", async () => {
    const made = await here.prepared();
    expect(await here.trees.removeSlot(REPO, 1)).toEqual({ is: "kept", why: `run ${made.id} holds it` });
    await here.trees.release(made);
    put(here.layout.slot(REPO, 1), "stray.txt", "stray\n");
    const removed = await here.trees.removeSlot(REPO, 1);
    expect(removed).toMatchObject({ is: "removed", saved: [expect.stringContaining("refs/afk/kept/slot-")] });
    expect(existsSync(here.layout.slot(REPO, 1))).toBe(false);
    expect(git(here.checkout, "worktree", "list", "--porcelain").match(/^worktree /gm)).toHaveLength(1);
    expect(await here.trees.findSlots(REPO)).toEqual([]);
  });

  test("that was locked or deleted by hand is no obstacle", async () => {
    await here.trees.release(await here.prepared());
    const slot = here.layout.slot(REPO, 1);
    git(here.checkout, "worktree", "lock", slot);
    const second = await here.prepared();
    await here.trees.release(second);
    git(here.checkout, "worktree", "lock", slot);
    rmSync(slot, { recursive: true });
    const { tree } = await here.prepared();
    expect(git(tree.path, "status", "--porcelain")).toBe("");
  });
});

describe("names that are not plain", () => {
  test("in the volume's path, in files, and in twins that differ in case only", async () => {
    const far = stage.fresh({}, `vol ${"x".repeat(150)} ü 日本 "quoted"`);
    const files = { "Twin.txt": "upper\n", "twin.txt": "lower\n", [`docs/${"y".repeat(180)} ü.txt`]: "long\n" };
    await stage.github.commit(REPO, { message: "Strange names", files, by: "acme" });
    const first = await far.prepared();
    put(first.tree.path, "new\nline ü.txt", "kept\n");
    put(first.tree.path, "Twin.txt", "changed\n");
    await far.trees.release(first);
    expect(git(far.checkout, "show", `refs/afk/kept/${first.id}:new\nline ü.txt`)).toBe("kept");
    const { tree } = await far.prepared();
    expect(readFileSync(join(tree.path, "Twin.txt"), "utf8")).toBe("upper\n");
    expect(readFileSync(join(tree.path, "twin.txt"), "utf8")).toBe("lower\n");
  });

  test("of a default branch that was renamed are followed", async () => {
    const far = stage.fresh();
    const renamed = stage.fresh({ origin: stage.origin(undefined, "trunk") });
    const run = far.run();
    execFileSync("git", ["branch", "trunk", "main"], { cwd: stage.github.gitDir(REPO) });
    try {
      expect((await renamed.trees.prepare({ ...run, defaultBranch: "gone" })).tree.base).toBe(
        await stage.github.head(REPO),
      );
    } finally {
      execFileSync("git", ["branch", "-D", "trunk"], { cwd: stage.github.gitDir(REPO) });
    }
  });

  test("of a branch that somebody has already are taken over, and its commits are kept", async () => {
    await here.trees.release(await here.prepared());
    const run = here.run();
    const tree = git(here.checkout, "rev-parse", "origin/main^{tree}");
    const sha = git(here.checkout, "commit-tree", tree, "-m", "Somebody else's");
    git(here.checkout, "branch", run.branch, sha);
    await here.trees.prepare(run);
    expect(git(here.checkout, "log", "--format=%H", `refs/afk/kept/${run.id}.branch`)).toContain(sha);
  });
});
