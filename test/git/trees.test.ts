import { execFile } from "node:child_process";
import { existsSync, lstatSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type GitHub, startGitHub } from "../../playground/github/server.ts";
import type { Run } from "../../src/domain/run.ts";
import { createTrees } from "../../src/git/trees.ts";
import type { Trees } from "../../src/ports.ts";
import { layoutOf } from "../../src/volume/layout.ts";
import { run } from "../support/build.ts";

const exec = promisify(execFile);
const REPO = "acme/shop";
let dir: string;
let volume: string;
let github: GitHub;
let trees: Trees;
let count = 0;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "afk-trees-"));
  github = await startGitHub({ dataDir: join(dir, "github") });
  for (const login of ["acme", "coding-agent"]) github.addUser({ login, type: "User", token: `token-${login}` });
  await github.createRepo({
    owner: "acme",
    name: "shop",
    private: true,
    files: { "README.md": "# Shop\n", ".gitignore": "node_modules/\n" },
    collaborators: { "coding-agent": "write" },
  });
});
afterAll(async () => {
  await github.close();
  rmSync(dir, { recursive: true, force: true });
});
beforeEach(() => {
  count += 1;
  volume = join(dir, `volume ${count} ü`);
  trees = createTrees({
    layout: layoutOf(volume),
    token: async () => "token-coding-agent",
    fetchDefaultBranch: async () => ({ name: "main", cloneUrl: github.cloneUrl(REPO) }),
  });
});

function fresh(): Run {
  return run({ id: `run${count}`, branch: `afk/12-run${count}`, tree: null, repo: REPO });
}

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const origin = new URL(github.cloneUrl(REPO)).origin;
  const basic = Buffer.from("x-access-token:token-coding-agent").toString("base64");
  const who = [
    "-c",
    "user.name=a",
    "-c",
    "user.email=a@b.c",
    "-c",
    `http.${origin}/.extraHeader=Authorization: Basic ${basic}`,
  ];
  const { stdout } = await exec("git", [...who, ...args], { cwd });
  return stdout.trim();
}

async function prepared(): Promise<Run & { tree: NonNullable<Run["tree"]> }> {
  const made = fresh();
  return { ...made, tree: await trees.prepare(made) };
}

async function commit(tree: string, file: string, message: string): Promise<string> {
  writeFileSync(join(tree, file), `${message}\n`);
  await git(tree, "add", file);
  await git(tree, "commit", "--quiet", "--message", message);
  return await git(tree, "rev-parse", "HEAD");
}

describe("a run's tree", () => {
  test("is a worktree at its slot, reached by the run's own symlink, on the run's branch at the newest head", async () => {
    const { tree, branch } = await prepared();
    expect(lstatSync(tree.path).isSymbolicLink()).toBe(true);
    expect(realpathSync(tree.path)).toBe(realpathSync(tree.slotPath));
    expect(await git(tree.path, "rev-parse", "--abbrev-ref", "HEAD")).toBe(branch);
    expect(tree.base).toBe(await github.head(REPO));
  });

  test("made twice is made once: work in it stays", async () => {
    const made = await prepared();
    await commit(made.tree.path, "a.txt", "Work");
    expect(await trees.prepare(made)).toEqual(made.tree);
    expect(existsSync(join(made.tree.path, "a.txt"))).toBe(true);
  });

  test("never carries the token into the checkout's config", async () => {
    await prepared();
    expect(readFileSync(join(trees.checkoutPath(REPO), ".git", "config"), "utf8")).not.toContain("token-coding-agent");
  });
});

describe("what landed", () => {
  test("is found by the run's trailer on the default branch, the newest of its commits", async () => {
    const made = await prepared();
    await commit(made.tree.path, "a.txt", `First\n\nCloses #12\nAFK-Run: ${made.id}`);
    const newest = await commit(made.tree.path, "b.txt", `Second\n\nAFK-Run: ${made.id}\n\nCo-authored-by: x <x@y.z>`);
    expect(await trees.findLanded(made)).toEqual({ known: true, value: null });
    await git(made.tree.path, "push", "--quiet", "origin", "HEAD:main");
    expect(await trees.findLanded(made)).toEqual({ known: true, value: { sha: newest, commits: 2 } });
  });

  test("is not what others landed, nor what only looks like the trailer", async () => {
    const made = await prepared();
    await commit(made.tree.path, "c.txt", `Other\n\nAFK-Run: ${made.id}0\nSee AFK-Run: ${made.id}`);
    await git(made.tree.path, "push", "--quiet", "origin", "HEAD:main");
    expect(await trees.findLanded(made)).toEqual({ known: true, value: null });
  });

  test("is unknown while the remote does not answer, never nothing", async () => {
    const made = await prepared();
    await github.listener.off();
    try {
      expect(await trees.findLanded(made)).toMatchObject({ known: false });
    } finally {
      await github.listener.on();
    }
  });

  test("is contained in its descendants, and in nothing else", async () => {
    const made = await prepared();
    const first = await commit(made.tree.path, "d.txt", `One\n\nAFK-Run: ${made.id}`);
    const second = await commit(made.tree.path, "e.txt", "Two");
    await git(made.tree.path, "push", "--quiet", "origin", "HEAD:main");
    expect(await trees.contains(REPO, first, second)).toBe(true);
    expect(await trees.contains(REPO, second, first)).toBe(false);
    expect(await trees.contains(REPO, first, "f".repeat(40))).toBe(false);
  });
});

describe("releasing a tree", () => {
  test("takes worktree, branch and symlink away when everything is pushed", async () => {
    const made = await prepared();
    await commit(made.tree.path, "f.txt", "Done");
    await git(made.tree.path, "push", "--quiet", "origin", "HEAD:main");
    await trees.release(made);
    expect(existsSync(made.tree.slotPath)).toBe(false);
    expect(() => lstatSync(made.tree.path)).toThrow();
    expect(await git(trees.checkoutPath(REPO), "branch", "--list", made.branch)).toBe("");
    expect(await git(trees.checkoutPath(REPO), "for-each-ref", "refs/afk/kept")).toBe("");
  });

  test("keeps commits, changes and new files that are not on the remote", async () => {
    const made = await prepared();
    await commit(made.tree.path, "g.txt", "Unpushed");
    writeFileSync(join(made.tree.path, "README.md"), "changed\n");
    writeFileSync(join(made.tree.path, "new file ü.txt"), "untracked\n");
    await trees.release(made);
    const checkout = trees.checkoutPath(REPO);
    const kept = `refs/afk/kept/${made.id}`;
    expect(await git(checkout, "show", `${kept}:README.md`)).toBe("changed");
    expect(await git(checkout, "show", `${kept}:new file ü.txt`)).toBe("untracked");
    expect(await git(checkout, "log", "--format=%s", `${kept}`)).toContain("Unpushed");
    expect(existsSync(made.tree.slotPath)).toBe(false);
  });

  test("done twice is done once", async () => {
    const made = await prepared();
    await trees.release(made);
    await trees.release(made);
    expect(existsSync(made.tree.slotPath)).toBe(false);
  });
});
