// A checkout that is damaged is cloned anew, and what only the old one had comes along.

import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unknown } from "../../src/domain/observed.ts";
import { type Fresh, localGit as git, type Prepared, REPO, setTreeStage, type TreeStage } from "./support.ts";

let stage: TreeStage;
beforeAll(async () => {
  stage = await setTreeStage({ "README.md": "# Shop\n", "a.txt": "1\n", ".gitignore": "node_modules/\n" });
});
afterAll(() => stage[Symbol.asyncDispose]());

/** A run that was given back with a commit on no remote, so that the checkout holds something of its own. */
async function withKept(): Promise<{ readonly here: Fresh; readonly first: Prepared; readonly idea: string }> {
  const here = stage.fresh();
  const first = await here.prepared();
  const idea = await stage.commit(first.tree.slotPath, "idea.txt", "An idea that was not pushed");
  await here.trees.release(first);
  return { here, first, idea };
}

/** A folder for each: checkouts moved away, by where they went. */
function replaced({ layout, checkout }: Fresh, where: "trash" | "kept"): readonly string[] {
  const folder = where === "trash" ? layout.trash : layout.kept(REPO);
  try {
    return readdirSync(folder).filter((name) => name.startsWith("checkout"));
  } catch {
    return [];
  } finally {
    expect(readdirSync(dirname(checkout)).filter((name) => name.startsWith("checkout"))).toEqual(["checkout"]);
  }
}

test.each([
  ["without its HEAD", (gitDir: string) => rmSync(join(gitDir, "HEAD"))],
  ["whose config was cut off", (gitDir: string) => writeFileSync(join(gitDir, "config"), "[core\n\trepos")],
  ["whose branch is empty after a full disk", (gitDir: string) => truncateSync(refFile(gitDir))],
])("a checkout %s is cloned anew, with what was kept, and warm slots stay", async (_, damage) => {
  const { here, first, idea } = await withKept();
  writeFileSync(join(first.tree.slotPath, "node_modules"), "warm\n");
  damage(join(here.checkout, ".git"));
  const next = await here.prepared();
  expect(git(next.tree.slotPath, "status", "--porcelain")).toBe("");
  expect(git(here.checkout, "rev-list", `refs/afk/kept/${first.id}`).split("\n")).toContain(idea);
  expect(next.tree.slotPath).toBe(first.tree.slotPath);
});

test("a checkout that is damaged while a run works is cloned anew when that gives its tree back, and loses none of it", async () => {
  const { here, idea } = await withKept();
  const run = await here.prepared();
  const work = await stage.commit(run.tree.slotPath, "work.txt", "Work that was not pushed");
  writeFileSync(join(run.tree.slotPath, "draft.txt"), "draft\n");
  rmSync(join(here.checkout, ".git", "HEAD"));
  const kept = await here.trees.release(run);
  expect(kept).toEqual([`refs/afk/kept/${run.id}`]);
  expect(git(here.checkout, "rev-list", "--all").split("\n")).toEqual(expect.arrayContaining([idea, work]));
  expect(git(here.checkout, "show", `${kept[0]}^{/Keep}:draft.txt`)).toBe("draft");
  expect(git(run.tree.slotPath, "status", "--porcelain")).toBe("");
  expect(await here.trees.findSlots(REPO)).toEqual([{ slot: 1, is: "free" }]);
});

test("a checkout that is damaged while two runs have trees is left as it is by the release of one", async () => {
  const { here } = await withKept();
  const [first, other] = [await here.prepared(), await here.prepared({ slot: 2 })];
  rmSync(join(here.checkout, ".git", "HEAD"));
  await expect(here.trees.release(first)).rejects.toThrow();
  expect([...replaced(here, "trash"), ...replaced(here, "kept")]).toEqual([]);
  expect((await here.trees.findSlots(REPO)).map((seen) => "run" in seen && seen.run)).toEqual([first.id, other.id]);
});

test("what a new clone does not mend is not cloned again and again", async () => {
  const { here } = await withKept();
  const run = await here.prepared();
  git(run.tree.slotPath, "checkout", "--quiet", "--detach");
  const work = await stage.commit(run.tree.slotPath, "work.txt", "Work that is lost");
  rmSync(join(here.checkout, ".git/objects", work.slice(0, 2), work.slice(2)));
  for (let times = 0; times < 3; times += 1) await expect(here.trees.release(run)).rejects.toThrow();
  expect([...replaced(here, "trash"), ...replaced(here, "kept")]).toHaveLength(1);
});

test("objects that are lost with the old checkout leave it for a person to look at, out of the way", async () => {
  const { here, first, idea } = await withKept();
  const object = join(here.checkout, ".git/objects", idea.slice(0, 2), idea.slice(2));
  rmSync(object);
  rmSync(join(here.checkout, ".git", "HEAD"));
  const next = await here.prepared();
  expect(git(next.tree.slotPath, "status", "--porcelain")).toBe("");
  const [old = ""] = replaced(here, "kept");
  expect(readFileSync(join(here.layout.kept(REPO), old, ".git/refs/afk/kept", first.id), "utf8")).toMatch(
    /^[0-9a-f]{40}$/m,
  );
});

test("a commit without files is no damage", async () => {
  const { here, first } = await withKept();
  const empty = git(here.checkout, "commit-tree", "4b825dc642cb6eb9a060e54bf8d69288fbee4904", "-m", "Nothing");
  git(here.checkout, "update-ref", "refs/heads/nothing", empty);
  await here.trees.prepare(here.run());
  await expect(here.trees.prepare(here.run())).rejects.toThrow(/in use by run/);
  expect([...replaced(here, "trash"), ...replaced(here, "kept")]).toEqual([]);
  expect(git(here.checkout, "rev-parse", `refs/afk/kept/${first.id}`)).toMatch(/^[0-9a-f]{40}$/);
});

test("a remote that does not answer is no damage: nothing is cloned or moved", async () => {
  const { here } = await withKept();
  const before = readFileSync(join(here.checkout, ".git/HEAD"), "utf8");
  const away = stage.fresh(
    { origin: { ...stage.origin("http://127.0.0.1:1/none.git"), fetchHead: async () => unknown("away") } },
    here.volume.slice(stage.dir.length + 1),
  );
  await expect(away.prepared()).rejects.toThrow();
  expect(readFileSync(join(here.checkout, ".git/HEAD"), "utf8")).toBe(before);
  expect([...replaced(here, "trash"), ...replaced(here, "kept")]).toEqual([]);
});

function refFile(gitDir: string): string {
  return join(gitDir, "refs/heads/main");
}
