// What a run leaves that is nowhere else, in each place where git can have it. The fuzz plays them at random.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { listKept, restoreKept } from "../../src/git/kept.ts";
import { type Fresh, localGit as git, type Prepared, REPO, setTreeStage, type TreeStage } from "./support.ts";

let stage: TreeStage;
let here: Fresh;
let run: Prepared;
let tree: string;
let kept: string;
beforeAll(async () => {
  stage = await setTreeStage({ "README.md": "# Shop\n", "a.txt": "1\n2\n3\n", ".gitignore": "node_modules/\n" });
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(async () => {
  here = stage.fresh();
  run = await here.prepared();
  tree = run.tree.slotPath;
  kept = `refs/afk/kept/${run.id}`;
});

const put = (path: string, text: string): void => writeFileSync(join(tree, path), text);

function commit(message: string): string {
  git(tree, "add", "--all");
  git(tree, "commit", "--quiet", "--allow-empty", "-m", message);
  return git(tree, "rev-parse", "HEAD");
}

function holds(ref: string, sha: string): boolean {
  return git(here.checkout, "rev-list", ref).split("\n").includes(sha);
}

function refused(...args: readonly string[]): void {
  expect(() => git(tree, ...args)).toThrow();
}

describe("kept before a tree is given back", () => {
  test("stashes, a detached commit, other branches and tags, and none of them is left over", async () => {
    put("a.txt", "first stash\n");
    git(tree, "stash", "push", "--quiet");
    put("a.txt", "second stash\n");
    git(tree, "stash", "push", "--quiet");
    const stashes = ["refs/stash", "stash@{1}"].map((ref) => git(tree, "rev-parse", ref));
    git(tree, "switch", "--quiet", "-c", "idea");
    const branch = commit("On a branch of its own");
    git(tree, "checkout", "--quiet", "--detach", "origin/main");
    const detached = commit("Detached");
    await here.trees.release(run);
    for (const sha of [...stashes, branch, detached]) expect(holds(kept, sha)).toBe(true);
    expect(git(here.checkout, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/stash")).toBe(
      "refs/heads/main",
    );
    expect(git(here.checkout, "log", "-1", "--format=%B", kept)).toMatch(/stash@\{1\}.*\n.*branch idea/);
  });

  test("a rebase in progress: its commits, its files, and that it was one", async () => {
    put("a.txt", "mine\n");
    const mine = commit("Mine");
    git(tree, "switch", "--quiet", "-c", "theirs", "HEAD~1");
    put("a.txt", "theirs\n");
    commit("Theirs");
    refused("rebase", "--quiet", run.branch);
    await here.trees.release(run);
    expect(holds(kept, mine)).toBe(true);
    expect(git(here.checkout, "show", `${kept}:a.txt`)).toContain("<<<<<<<");
    expect(git(here.checkout, "log", "-1", "--format=%B", kept)).toContain("A rebase was in progress.");
    expect(git(tree, "status")).not.toContain("rebase");
    expect((await here.prepared()).tree.slotPath).toBe(tree);
  });

  test("what is staged, and what the file was then changed to", async () => {
    put("new.txt", "staged\n");
    git(tree, "add", "new.txt");
    put("new.txt", "changed since\n");
    await here.trees.release(run);
    expect(git(here.checkout, "show", `${kept}:new.txt`)).toBe("changed since");
    expect(git(here.checkout, "show", `${kept}^2:new.txt`)).toBe("staged");
  });

  test("what git was told not to look at", async () => {
    put("a.txt", "assumed unchanged\n");
    put("README.md", "skipped\n");
    git(tree, "update-index", "--assume-unchanged", "a.txt");
    git(tree, "update-index", "--skip-worktree", "README.md");
    await here.trees.release(run);
    expect(git(here.checkout, "show", `${kept}:a.txt`)).toBe("assumed unchanged");
    expect(git(here.checkout, "show", `${kept}:README.md`)).toBe("skipped");
    expect(readFileSync(join(tree, "a.txt"), "utf8")).toBe("1\n2\n3\n");
  });

  test("a change that git was told not to look at, of the same length and in the same second", async () => {
    const second = (): number => Math.floor(Date.now() / 1_000);
    let began: number;
    do {
      // Git tells files by the second: all of this has to be within one.
      await setTimeout(1_000 - (Date.now() % 1_000));
      began = second();
      git(tree, "update-index", "--no-assume-unchanged", "a.txt");
      put("a.txt", "before\n");
      git(tree, "add", "a.txt");
      git(tree, "update-index", "--assume-unchanged", "a.txt");
      put("a.txt", "behind\n");
    } while (second() !== began);
    await setTimeout(1_100);
    git(tree, "status");
    await here.trees.release(run);
    expect(git(here.checkout, "show", `${kept}:a.txt`)).toBe("behind");
  });

  test("what only the run's own .gitignore ignored, once that is gone", async () => {
    put(".gitignore", "node_modules/\n*.secret\n");
    put("a.secret", "kept too\n");
    await here.trees.release(run);
    await here.prepared();
    const refs = git(here.checkout, "for-each-ref", "--format=%(refname)", "refs/afk/kept").split("\n");
    const found = refs.some((ref) => git(here.checkout, "ls-tree", "--name-only", ref).includes("a.secret"));
    expect(found || existsSync(join(tree, "a.secret"))).toBe(true);
  });

  test("amended commits, apart, as their agent left them behind", async () => {
    const first = commit("First");
    git(tree, "commit", "--quiet", "--amend", "--allow-empty", "-m", "Better");
    git(tree, "push", "--quiet", "origin", "HEAD:main");
    expect(await here.trees.release(run)).toEqual([`${kept}.dropped`]);
    expect(holds(`${kept}.dropped`, first)).toBe(true);
  });

  test("a repository inside, committed or not, and a worktree that the agent made", async () => {
    const inner = join(tree, "inner");
    mkdirSync(inner);
    git(inner, "init", "--quiet");
    writeFileSync(join(inner, "x.txt"), "inner\n");
    git(inner, "add", "x.txt");
    git(inner, "commit", "--quiet", "-m", "Inner");
    const sha = git(inner, "rev-parse", "HEAD");
    writeFileSync(join(inner, "x.txt"), "inner, changed\n");
    git(tree, "worktree", "add", "--quiet", "--detach", join(tree, "second"));
    writeFileSync(join(tree, "second", "y.txt"), "second\n");
    const refs = await here.trees.release(run);
    expect(refs.every((ref) => ref.startsWith(`${kept}.inner-`))).toBe(true);
    const [one = ""] = refs.filter((ref) => git(here.checkout, "ls-tree", "--name-only", ref).includes("x.txt"));
    expect(holds(one, sha)).toBe(true);
    expect(git(here.checkout, "show", `${one}:x.txt`)).toBe("inner, changed");
    const [other = ""] = refs.filter((ref) => git(here.checkout, "ls-tree", "--name-only", ref).includes("y.txt"));
    expect(git(here.checkout, "show", `${other}:y.txt`)).toBe("second");
    expect(git(tree, "status", "--porcelain")).toBe("");
    expect(git(here.checkout, "worktree", "list", "--porcelain").match(/^worktree /gm)).toHaveLength(2);
  });

  test("the commits of a slot that was deleted by hand", async () => {
    const sha = commit("Only here");
    git(tree, "checkout", "--quiet", "--detach");
    const detached = commit("Detached");
    rmSync(tree, { recursive: true });
    await here.trees.release(run);
    expect(holds(kept, sha)).toBe(true);
    expect(holds(kept, detached)).toBe(true);
    expect(await here.trees.findSlots(REPO)).toEqual([]);
  });
});

describe("nothing is kept", () => {
  test("of a run that pushed all it made, whatever it claimed of the remote", async () => {
    commit("Landed");
    git(tree, "push", "--quiet", "origin", "HEAD:main");
    expect(await here.trees.release(run)).toEqual([]);
    const liar = await here.prepared();
    const sha = commit("Not pushed");
    git(tree, "update-ref", "refs/remotes/origin/main", "HEAD");
    git(tree, "update-ref", "refs/remotes/fork/main", "HEAD");
    await here.trees.release(liar);
    expect(holds(`refs/afk/kept/${liar.id}`, sha)).toBe(true);
  });

  test("by running what a repo's config names as a command", async () => {
    const sprung = join(stage.dir, `sprung-${run.id}`);
    git(tree, "config", "filter.trap.clean", `touch '${sprung}'; cat`);
    git(tree, "config", "filter.trap.smudge", `touch '${sprung}'; cat`);
    git(tree, "config", "filter.trap.process", `touch '${sprung}'`);
    git(tree, "config", "core.fsmonitor", `touch '${sprung}'; true`);
    git(tree, "config", "diff.trap.textconv", `touch '${sprung}'; cat`);
    put(".gitattributes", "* filter=trap diff=trap\n");
    put("a.txt", "changed\n");
    await here.trees.diffOf(run, run.tree.base);
    await here.trees.release(run);
    await here.prepared();
    expect(existsSync(sprung)).toBe(false);
    expect(git(here.checkout, "show", `${kept}:a.txt`)).toBe("changed");
  });
});

describe("what was kept is got back", () => {
  test("as a repository of its own, with the files as they were and further commits on branches", async () => {
    const base = commit("Only here");
    put("a.txt", "not committed\n");
    put("b.txt", "new\n");
    rmSync(join(tree, "README.md"));
    git(tree, "stash", "push", "--quiet", "--", "a.txt");
    put("a.txt", "not committed\n");
    await here.trees.release(run);
    expect((await listKept(here.checkout)).map(({ name }) => name)).toEqual([run.id]);
    const into = join(stage.dir, `restored-${run.id}`);
    const restored = await restoreKept(here.checkout, run.id, into);
    expect(restored).toMatchObject({
      uncommitted: 3,
      branches: [{ from: "HEAD" }, { from: expect.stringMatching(/stash/) }],
    });
    expect(git(into, "rev-parse", "HEAD")).toBe(base);
    expect(readFileSync(join(into, "a.txt"), "utf8")).toBe("not committed\n");
    expect(readFileSync(join(into, "b.txt"), "utf8")).toBe("new\n");
    expect(existsSync(join(into, "README.md"))).toBe(false);
    await expect(restoreKept(here.checkout, run.id, into)).rejects.toThrow(/is not empty/);
    await expect(restoreKept(here.checkout, "nobody", `${into}-2`)).rejects.toThrow(/nothing is kept/);
  });
});
