// What a repo's config adds to its trees: submodules, and large files from LFS.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localGit, REPO, setTreeStage, type TreeStage } from "./support.ts";

let stage: TreeStage;
let clone: string;
beforeAll(async () => {
  stage = await setTreeStage({ "README.md": "# Shop\n" });
  await stage.github.createRepo({
    owner: "acme",
    name: "lib",
    private: true,
    files: { "lib.js": "export const version = 1;\n" },
    collaborators: { "coding-agent": "write" },
  });
  clone = join(stage.dir, "maintainer");
  await stage.git(stage.dir, "clone", "--quiet", stage.github.cloneUrl(REPO), clone);
});
afterAll(() => stage[Symbol.asyncDispose]());

describe("submodules", () => {
  const rulesOf = () => ({ setup: undefined, submodules: true, lfs: false });

  /** The library's next version, and a commit of the shop that takes it. */
  async function takeVersion(version: number): Promise<void> {
    const lib = join(clone, "vendor/lib");
    if (!existsSync(lib)) await stage.git(clone, "submodule", "--quiet", "add", "../lib.git", "vendor/lib");
    writeFileSync(join(lib, "lib.js"), `export const version = ${version};\n`);
    await stage.git(lib, "commit", "--quiet", "--all", "-m", `Version ${version}`);
    await stage.git(lib, "push", "--quiet", "origin", "HEAD:main");
    await stage.git(clone, "add", "--all");
    await stage.git(clone, "commit", "--quiet", "-m", `Take version ${version} of the library`);
    await stage.git(clone, "push", "--quiet", "origin", "HEAD:main");
  }

  test("are in a new tree, in a warm one as the default branch has them since, and nowhere that did not ask", async () => {
    await takeVersion(2);
    const here = stage.fresh({ ...stage.overHttp, rulesOf });
    const first = await here.prepared();
    const lib = (slot: string): string => readFileSync(join(slot, "vendor/lib/lib.js"), "utf8");
    expect(lib(first.tree.slotPath)).toContain("version = 2");
    expect(readFileSync(join(here.checkout, ".git/config"), "utf8")).not.toContain("token-coding-agent");

    await here.trees.release(first);
    await takeVersion(3);
    const second = await here.prepared();
    expect(second.tree.slotPath).toBe(first.tree.slotPath);
    expect(lib(second.tree.slotPath)).toContain("version = 3");

    const plain = await stage.fresh(stage.overHttp).prepared();
    expect(existsSync(join(plain.tree.slotPath, "vendor/lib/lib.js"))).toBe(false);
  });

  test("in which a run left a commit and a change: both are kept", async () => {
    const here = stage.fresh({ ...stage.overHttp, rulesOf });
    const run = await here.prepared();
    const lib = join(run.tree.slotPath, "vendor/lib");
    writeFileSync(join(lib, "idea.js"), "export {};\n");
    await stage.git(lib, "add", "--all");
    await stage.git(lib, "commit", "--quiet", "-m", "An idea");
    const idea = await stage.git(lib, "rev-parse", "HEAD");
    writeFileSync(join(lib, "lib.js"), "changed\n");
    const kept = await here.trees.release(run);
    expect(kept.length).toBeGreaterThan(0);
    const commits = localGit(here.checkout, "rev-list", "--glob=refs/afk/kept").split("\n");
    expect(commits).toContain(idea);
    const changed = kept.filter((ref) => localGit(here.checkout, "ls-tree", "--name-only", ref).includes("idea.js"));
    expect(changed.map((ref) => localGit(here.checkout, "show", `${ref}:lib.js`))).toEqual(["changed"]);
  });
});

describe("large files", () => {
  const rulesOf = () => ({ setup: undefined, submodules: false, lfs: true });
  const hasLfs = spawnSync("git", ["lfs", "version"]).status === 0;

  test.runIf(hasLfs)("are in the tree, whatever config an agent left behind", async () => {
    const made = join(stage.dir, "large");
    await stage.git(stage.dir, "clone", "--quiet", stage.github.gitDir(REPO), made);
    execFileSync("git", ["lfs", "install", "--local"], { cwd: made, stdio: "ignore" });
    writeFileSync(join(made, ".gitattributes"), "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    mkdirSync(join(made, "assets"));
    writeFileSync(join(made, "assets/logo.bin"), "a large file\n".repeat(1_000));
    await stage.git(made, "add", "--all");
    await stage.git(made, "commit", "--quiet", "-m", "Add a logo");
    await stage.git(made, "push", "--quiet", "origin", "HEAD:main");
    const { tree } = await stage.fresh({ rulesOf }).prepared();
    expect(readFileSync(join(tree.slotPath, "assets/logo.bin"), "utf8")).toContain("a large file");
    expect(localGit(tree.slotPath, "status", "--porcelain")).toBe("");
  });

  test.runIf(!hasLfs)("where git-lfs is not installed are said to be missing, and no tree is handed out", async () => {
    await expect(stage.fresh({ rulesOf }).prepared()).rejects.toThrow(/git-lfs is not installed/);
  });
});
