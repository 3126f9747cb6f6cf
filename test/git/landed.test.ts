// What of a run is on the default branch, over real git: also where it came late, went elsewhere, or was taken away.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Observed } from "../../src/domain/observed.ts";
import { type Fresh, type Prepared, REPO, setTreeStage, type TreeStage } from "./support.ts";

let stage: TreeStage;
let here: Fresh;
let made: Prepared;
beforeAll(async () => {
  stage = await setTreeStage({ "README.md": "# Shop\n" });
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(async () => {
  here = stage.fresh();
  made = await here.prepared();
});

const head = async (): Promise<string> => (await stage.github.head(REPO)) ?? "";
const work = (file: string): Promise<string> =>
  stage.commit(made.tree.path, file, `Work on ${file} for ${made.id}\n\nAFK-Run: ${made.id}`);
const push = (...args: readonly string[]): Promise<string> =>
  stage.git(made.tree.path, "push", "--quiet", ...args, "origin", "HEAD:main");
function told<T>(seen: Observed<T>): T {
  if (!seen.known) throw new Error(seen.why);
  return seen.value;
}

describe("a push that comes late", () => {
  test("is found where the branch has moved", async () => {
    expect(await here.trees.findLanded(made, await head())).toEqual({ known: true, value: null });
    const sha = await work("late.txt");
    await push();
    expect(await here.trees.findLanded(made, await head())).toEqual({ known: true, value: { sha, commits: 1 } });
  });

  test("costs no fetch where the branch has not, also while the remote is away", async () => {
    const far = stage.fresh(stage.overHttp);
    const run = await far.prepared();
    const at = await head();
    await stage.github.listener.off();
    try {
      for (let look = 0; look < 2; look += 1) {
        expect(await far.trees.findLanded(run, at)).toEqual({ known: true, value: null });
      }
      expect(await far.trees.findLanded(run, "f".repeat(40))).toMatchObject({ known: false });
    } finally {
      await stage.github.listener.on();
    }
  });

  test("is looked for again where GitHub names a head that a fetch does not bring yet", async () => {
    expect(await here.trees.findLanded(made, "f".repeat(40))).toEqual({ known: true, value: null });
    const sha = await work("lagging.txt");
    await push();
    expect(told(await here.trees.findLanded(made, "f".repeat(40)))?.sha).toBe(sha);
  });
});

describe("what landed and is looked at again", () => {
  const branch = async (landed: string) => told(await here.trees.observeBranch(made, landed, 0));

  test("is there below what others pushed on top of it", async () => {
    const sha = await work("below.txt");
    await push();
    const theirs = await stage.github.commit(REPO, { files: { "theirs.txt": "x" }, message: "Theirs", by: "acme" });
    expect(await branch(sha)).toEqual({ head: theirs, there: true, own: { sha, commits: 1 } });
  });

  test("has vanished once the branch was force-pushed without it, and another run's work is none of ours", async () => {
    const before = await head();
    const sha = await work("gone.txt");
    await push();
    expect(await branch(sha)).toMatchObject({ there: true });
    const other = stage.fresh();
    const rewriter = await other.prepared();
    await stage.git(rewriter.tree.path, "reset", "--quiet", "--hard", before);
    const rewritten = await stage.commit(rewriter.tree.path, "other.txt", `Other\n\nAFK-Run: ${rewriter.id}`);
    await stage.git(rewriter.tree.path, "push", "--quiet", "--force", "origin", "HEAD:main");
    expect(await branch(sha)).toEqual({ head: rewritten, there: false, own: null });
  });

  test("was rebased by its agent: the commit that is there now is the run's own, the one before has vanished", async () => {
    const first = await work("rebased.txt");
    await push();
    await stage.git(made.tree.path, "commit", "--quiet", "--amend", "--message", `Again\n\nAFK-Run: ${made.id}`);
    const second = await stage.git(made.tree.path, "rev-parse", "HEAD");
    await push("--force");
    expect(await branch(first)).toEqual({ head: second, there: false, own: { sha: second, commits: 1 } });
  });
});

describe("an agent that pushed to another branch", () => {
  test("is told from one that pushed nothing, by the branch's name", async () => {
    await work("elsewhere.txt");
    expect(told(await here.trees.findElsewhere(made))).toBe(null);
    await stage.git(made.tree.path, "push", "--quiet", "origin", "HEAD:feature/elsewhere");
    expect(told(await here.trees.findLanded(made))).toBe(null);
    expect(told(await here.trees.findElsewhere(made))).toBe("feature/elsewhere");
  });

  test("that made nothing has pushed nothing, though other branches stand at its base", async () => {
    await stage.git(made.tree.path, "push", "--quiet", "origin", "HEAD:at-the-base");
    await here.trees.findLanded(made);
    expect(told(await here.trees.findElsewhere(made))).toBe(null);
  });

  test("has landed once somebody merges that branch", async () => {
    const sha = await work("merged.txt");
    await stage.git(made.tree.path, "push", "--quiet", "origin", "HEAD:feature/merged");
    await stage.git(stage.github.gitDir(REPO), "update-ref", "refs/heads/main", sha);
    expect(told(await here.trees.findLanded(made, sha))).toMatchObject({ sha });
  });
});

test("a commit without the run's line, made by its tree, is accepted and noted; pulled ones are not", async () => {
  const theirs = await stage.github.commit(REPO, { files: { "pulled.txt": "x" }, message: "Pulled", by: "acme" });
  await stage.git(made.tree.path, "pull", "--quiet", "--rebase", "origin", "main");
  expect(told(await here.trees.findLanded(made))).toBe(null);
  const sha = await stage.commit(made.tree.path, "plain.txt", "No line at all");
  await push();
  const seen = told(await here.trees.findLanded(made));
  expect(seen).toMatchObject({ sha, commits: 1, note: expect.stringContaining("lacks the run's line") });
  expect(seen?.sha).not.toBe(theirs);
});
