import { existsSync, lstatSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Fresh, REPO, setTreeStage, type TreeStage } from "./support.ts";

let stage: TreeStage;
let here: Fresh;
beforeAll(async () => {
  stage = await setTreeStage({ "README.md": "# Shop\n", ".gitignore": "node_modules/\n" });
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(() => {
  here = stage.fresh();
});

describe("a run's tree", () => {
  test("is a worktree at its slot, reached by the run's own symlink, on the run's branch at the newest head", async () => {
    const { tree, branch } = await here.prepared();
    expect(lstatSync(tree.path).isSymbolicLink()).toBe(true);
    expect(realpathSync(tree.path)).toBe(realpathSync(tree.slotPath));
    expect(await stage.git(tree.path, "rev-parse", "--abbrev-ref", "HEAD")).toBe(branch);
    expect(tree.base).toBe(await stage.github.head(REPO));
  });

  test("made twice is made once: work in it stays", async () => {
    const run = here.run();
    const { tree } = await here.trees.prepare(run);
    await stage.commit(tree.path, "a.txt", "Work");
    expect((await here.trees.prepare(run)).tree).toEqual(tree);
    expect(existsSync(join(tree.path, "a.txt"))).toBe(true);
  });

  test("never carries the token into the checkout's config", async () => {
    const far = stage.fresh(stage.overHttp);
    await far.prepared();
    expect(readFileSync(join(far.checkout, ".git", "config"), "utf8")).not.toContain("token-coding-agent");
  });

  test("has a git identity of its own, that an agent before cannot have changed", async () => {
    const first = await here.prepared();
    await stage.git(first.tree.path, "config", "--worktree", "user.email", "other@example.com");
    await here.trees.release(first);
    const { tree } = await here.prepared();
    const config = readFileSync(join(here.checkout, ".git/worktrees/1/config.worktree"), "utf8");
    expect(config).toContain('email = "afk-agent@example.com"');
    expect(realpathSync(tree.path)).toBe(realpathSync(tree.slotPath));
  });
});

describe("what landed", () => {
  test("is found by the run's trailer on the default branch, the newest of its commits", async () => {
    const made = await here.prepared();
    await stage.commit(made.tree.path, "a.txt", `First\n\nCloses #12\nAFK-Run: ${made.id}`);
    const message = `Second\n\nAFK-Run: ${made.id}\n\nCo-authored-by: x <x@y.z>`;
    const newest = await stage.commit(made.tree.path, "b.txt", message);
    expect(await here.trees.findLanded(made)).toEqual({ known: true, value: null });
    await stage.git(made.tree.path, "push", "--quiet", "origin", "HEAD:main");
    expect(await here.trees.findLanded(made)).toEqual({ known: true, value: { sha: newest, commits: 2 } });
  });

  test("is not what others landed, nor what only looks like the trailer", async () => {
    const made = await here.prepared();
    await stage.commit(made.tree.path, "c.txt", `Other\n\nAFK-Run: ${made.id}0\nSee AFK-Run: ${made.id}`);
    await stage.git(made.tree.path, "push", "--quiet", "origin", "HEAD:main");
    expect(await here.trees.findLanded(made)).toEqual({ known: true, value: null });
  });

  test("is unknown while the remote does not answer, never nothing", async () => {
    const far = stage.fresh(stage.overHttp);
    const made = await far.prepared();
    await stage.github.listener.off();
    try {
      expect(await far.trees.findLanded(made)).toMatchObject({ known: false });
    } finally {
      await stage.github.listener.on();
    }
  });

  test("is contained in its descendants, and in nothing else", async () => {
    const made = await here.prepared();
    const first = await stage.commit(made.tree.path, "d.txt", `One\n\nAFK-Run: ${made.id}`);
    const second = await stage.commit(made.tree.path, "e.txt", "Two");
    await stage.git(made.tree.path, "push", "--quiet", "origin", "HEAD:main");
    expect(await here.trees.contains(REPO, first, second)).toBe(true);
    expect(await here.trees.contains(REPO, second, first)).toBe(false);
    expect(await here.trees.contains(REPO, first, "f".repeat(40))).toBe(false);
  });
});

describe("releasing a tree", () => {
  test("takes branch and symlink away when everything is pushed, and leaves the slot free at the newest head", async () => {
    const made = await here.prepared();
    await stage.commit(made.tree.path, "f.txt", "Done");
    await stage.git(made.tree.path, "push", "--quiet", "origin", "HEAD:main");
    expect(await here.trees.release(made)).toEqual([]);
    expect(() => lstatSync(made.tree.path)).toThrow();
    expect(await stage.git(made.tree.slotPath, "rev-parse", "HEAD")).toBe(await stage.github.head(REPO));
    expect(await stage.git(here.checkout, "for-each-ref", "refs/heads/afk", "refs/afk")).toBe("");
    expect(await here.trees.findSlots(REPO)).toEqual([{ slot: 1, is: "free" }]);
  });

  test("keeps commits, changes and new files that are not on the remote", async () => {
    const made = await here.prepared();
    await stage.commit(made.tree.path, "g.txt", "Unpushed");
    writeFileSync(join(made.tree.path, "README.md"), "changed\n");
    writeFileSync(join(made.tree.path, "new file ü.txt"), "untracked\n");
    const kept = `refs/afk/kept/${made.id}`;
    expect(await here.trees.release(made)).toEqual([kept]);
    expect(await stage.git(here.checkout, "show", `${kept}:README.md`)).toBe("changed");
    expect(await stage.git(here.checkout, "show", `${kept}:new file ü.txt`)).toBe("untracked");
    expect(await stage.git(here.checkout, "log", "--format=%s", kept)).toContain("Unpushed");
    expect(await stage.git(made.tree.slotPath, "status", "--porcelain")).toBe("");
  });

  test("done twice is done once", async () => {
    const made = await here.prepared();
    await here.trees.release(made);
    expect(await here.trees.release(made)).toEqual([]);
    expect(await here.trees.findSlots(REPO)).toEqual([{ slot: 1, is: "free" }]);
  });
});
