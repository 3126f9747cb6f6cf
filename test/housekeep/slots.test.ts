// Warm trees go only with proof, in their repo's turn: real git, real trees, a real loop.

import { execFileSync } from "node:child_process";
import { existsSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { threadIdOf } from "../../src/domain/ids.ts";
import { createUpkeep } from "../../src/git/upkeep.ts";
import type { Slots } from "../../src/housekeep/pass.ts";
import { createSlots } from "../../src/housekeep/slots.ts";
import { createLoop, type Loop } from "../../src/loop.ts";
import type { Store } from "../../src/ports.ts";
import { openStore } from "../../src/store/store.ts";
import { type Fresh, type Prepared, REPO, setTreeStage, type TreeStage } from "../git/support.ts";

let stage: TreeStage;
let here: Fresh;
let store: Store;
let loop: Loop<string>;
let slots: Slots;
let worked = 0;
const quiet = pino({ level: "silent" });
let count = 0;

beforeAll(async () => {
  stage = await setTreeStage({ "README.md": "# Shop\n", ".gitignore": "node_modules/\n" });
});
afterAll(() => stage[Symbol.asyncDispose]());
beforeEach(async () => {
  here = stage.fresh();
  count += 1;
  store = await openStore(join(stage.dir, `state${count}`), quiet);
  worked = 0;
  loop = createLoop<string>({
    name: "repo",
    concurrency: 2,
    backoff: { firstMs: 10, ceilingMs: 10 },
    log: quiet,
    work: async () => {
      worked += 1;
      return null;
    },
  });
  slots = createSlots({ repos: [REPO], layout: here.layout, trees: here.trees, store, loop });
  return () => store.close();
});

const item = (slot: number) => ({ number: 0, path: `repos/${REPO}/slots/${slot}`, repo: REPO, forSpace: true });

/** A run that the state knows, with its tree. */
async function atWork(): Promise<Prepared> {
  const made = await here.prepared();
  await store.commit({ type: "run.dispatched", at: 1, run: made });
  return made;
}

async function ended(made: Prepared): Promise<void> {
  await here.trees.release(made);
  await store.commit({ type: "run.abandoned", at: 2, run: made.id, why: "" });
  await store.commit({ type: "run.tree-released", at: Date.parse("2026-01-01"), run: made.id });
}

describe("a slot", () => {
  test("of a run that goes on, or waits for people, is held, and cannot be removed", async () => {
    const made = await atWork();
    writeFileSync(join(made.tree.path, "work.txt"), "mine");
    expect((await slots.find()).slots).toMatchObject([{ repo: REPO, held: expect.stringMatching(/is working/) }]);
    expect(await slots.remove(item(1))).toMatch(/a run is at work/);
    expect(existsSync(join(made.tree.path, "work.txt"))).toBe(true);
  });

  test("of a run that the bot does not know is held", async () => {
    await here.prepared();
    expect((await slots.find()).slots).toMatchObject([{ held: expect.stringMatching(/does not know/) }]);
    expect(await slots.remove(item(1))).toMatch(/holds it/);
    expect(existsSync(here.layout.slot(REPO, 1))).toBe(true);
  });

  test("that no run holds was last used when its run left it, and goes", async () => {
    const made = await atWork();
    await ended(made);
    expect((await slots.find()).slots).toEqual([
      { path: `repos/${REPO}/slots/1`, repo: REPO, usedAt: Date.parse("2026-01-01"), held: null },
    ]);
    expect(await slots.remove(item(1))).toBeNull();
    expect(existsSync(here.layout.slot(REPO, 1))).toBe(false);
    expect(await slots.remove(item(1))).toBeNull();
    expect((await slots.find()).slots).toEqual([]);
  });

  test("in which somebody left work goes only after that was kept", async () => {
    const made = await atWork();
    await ended(made);
    const slot = here.layout.slot(REPO, 1);
    writeFileSync(join(slot, "late.txt"), "late words\n");
    expect(await slots.remove(item(1))).toBeNull();
    const kept = (await stage.git(here.checkout, "for-each-ref", "--format=%(refname)", "refs/afk/kept")).split("\n");
    const texts = await Promise.all(
      kept.map((ref) => stage.git(here.checkout, "show", `${ref}:late.txt`).catch(() => "")),
    );
    expect(texts).toContain("late words");
  });

  test("is removed in the repo's turn, and what the repo is nudged for meanwhile is done after it", async () => {
    const made = await atWork();
    await ended(made);
    const removing = slots.remove(item(1));
    loop.nudge(REPO);
    expect(worked).toBe(0);
    await removing;
    await expect.poll(() => worked).toBe(1);
  });

  test("that cannot be removed now says so, and holds up nothing", async () => {
    here = stage.fresh(stage.overHttp);
    slots = createSlots({ repos: [REPO], layout: here.layout, trees: here.trees, store, loop });
    const made = await atWork();
    await ended(made);
    await stage.github.listener.off();
    try {
      expect(await slots.remove(item(1))).toMatch(/^Cannot remove slot 1 of acme\/shop: /);
    } finally {
      await stage.github.listener.on();
    }
    expect(existsSync(here.layout.slot(REPO, 1))).toBe(true);
  });
});

describe("the upkeep of a checkout", () => {
  const tidy = (old: readonly string[] = []) => createUpkeep(here.layout).tidy(REPO, new Set(old.map(threadIdOf)));
  const refs = async () => (await stage.git(here.checkout, "for-each-ref", "--format=%(refname)")).split("\n");
  const checkpoint = (run: string, turn: number): string =>
    `refs/t3/checkpoints/${Buffer.from(threadIdOf(run)).toString("base64url")}/turn/${turn}`;

  test("of a repo that was never cloned does nothing", async () => {
    expect(await tidy()).toEqual({ did: [], failed: [] });
  });

  test("prunes T3's checkpoints of old runs, and leaves those of others and of people's own threads", async () => {
    const made = await here.prepared();
    for (const ref of [
      checkpoint("old", 0),
      checkpoint("old", 1),
      checkpoint("new", 0),
      "refs/t3/checkpoints/%/turn/0",
    ]) {
      await stage.git(here.checkout, "update-ref", ref, made.tree.base);
    }
    expect(await tidy(["old"])).toEqual({ did: ["pruned 2 of T3's checkpoints"], failed: [] });
    const left = (await refs()).filter((ref) => ref.startsWith("refs/t3/"));
    expect(left.sort()).toEqual([checkpoint("new", 0), "refs/t3/checkpoints/%/turn/0"].sort());
  });

  test("forgets a worktree whose folder is long gone, and keeps the commits that only it knew", async () => {
    const made = await here.prepared();
    const elsewhere = join(stage.dir, `elsewhere${count}`);
    await stage.git(made.tree.path, "worktree", "add", "--quiet", "--detach", elsewhere);
    const lost = await stage.commit(elsewhere, "lost.txt", "Only here");
    rmSync(elsewhere, { recursive: true });
    expect((await tidy()).did).toEqual([]);
    const own = join(here.checkout, ".git/worktrees", `elsewhere${count}`);
    execFileSync("find", [own, "-exec", "touch", "-d", "10 days ago", "{}", "+"]);
    const { did, failed } = await tidy();
    expect(failed).toEqual([]);
    expect(did).toEqual([
      expect.stringMatching(/^forgot 1 worktree that is gone, and kept their commits in refs\/afk\/kept/),
    ]);
    expect(existsSync(own)).toBe(false);
    const kept = await stage.git(
      here.checkout,
      "for-each-ref",
      "--contains",
      lost,
      "--format=%(refname)",
      "refs/afk/kept",
    );
    expect(kept).not.toBe("");
    // The slot's own worktree is as it was.
    expect(await stage.git(made.tree.path, "status", "--porcelain")).toBe("");
  });

  test("removes a lock that lies there for hours, and leaves a fresh one", async () => {
    await here.prepared();
    const lock = join(here.checkout, ".git/index.lock");
    writeFileSync(lock, "");
    expect((await tidy()).did).toEqual([]);
    const past = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(lock, past, past);
    expect((await tidy()).did).toEqual(["removed 1 stale lock"]);
    expect(existsSync(lock)).toBe(false);
  });

  test("packs what is loose, and never runs a program that the checkout's config names", async () => {
    const made = await here.prepared();
    execFileSync(
      "sh",
      ["-c", 'mkdir l && cd l && seq 1100 | split -l 1 -a 3 - && ls -d "$PWD"/* | git hash-object -w --stdin-paths'],
      {
        cwd: here.checkout,
        stdio: "ignore",
      },
    );
    await stage.git(here.checkout, "config", "gc.recentObjectsHook", "touch /tmp/never");
    expect((await tidy()).failed).toEqual([expect.stringMatching(/gc\.recentObjectsHook/)]);
    await stage.git(here.checkout, "config", "--unset", "gc.recentObjectsHook");
    const unpushed = await stage.commit(made.tree.path, "a.txt", "Unpushed");
    expect((await tidy()).did).toEqual([expect.stringMatching(/^packed 11\d\d loose objects/)]);
    expect(await stage.git(made.tree.path, "cat-file", "-t", unpushed)).toBe("commit");
  });
});
