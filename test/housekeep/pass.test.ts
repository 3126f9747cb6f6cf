// A pass over a real volume, in its real thread: planned, carried out item by item, told of once.

import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { unknown } from "../../src/domain/observed.ts";
import { planOnly } from "../../src/housekeep/pass.ts";
import { loadEvictionMark } from "../../src/volume/evicted.ts";
import { run } from "../support/build.ts";
import { DAY, HASH, setVolumeStage, type VolumeStage } from "./stage.ts";

let stage: VolumeStage;
beforeEach(async () => {
  stage = await setVolumeStage();
});
afterEach(() => stage[Symbol.asyncDispose]());

const KB = 1_000;
const blob = (n: number): string => `caches/npm/_cacache/content-v2/sha512/aa/bb/${HASH}${n}`;
const build = (n: number): string => `caches/go-build/${(16 + n).toString(16)}/${HASH}${n.toString(16)}-d`;
const here = (path: string): boolean => existsSync(join(stage.volume, path));
const trash = (): readonly string[] => (here("trash") ? readdirSync(join(stage.volume, "trash")) : []);
const passes = () => stage.store.state.housekeeping.passes;

describe("a pass over a volume that is too full", () => {
  test("removes what was used least recently, builds first, down to the low watermark, and tells of it", async () => {
    for (let n = 0; n < 10; n += 1) stage.put(build(n), 40 * KB);
    for (let n = 0; n < 20; n += 1) stage.put(blob(n), 100 * KB);
    stage.put("repos/acme/shop/checkout/file", 300 * KB);
    stage.setCapacity(0.9);
    await stage.pass();
    expect(stage.used()).toBeLessThanOrEqual(0.7);
    expect(stage.used()).toBeGreaterThan(0.6);
    expect(Array.from({ length: 10 }, (_, n) => here(build(n)))).not.toContain(true);
    expect(here(blob(0))).toBe(false);
    expect(here(blob(19))).toBe(true);
    expect(here("repos/acme/shop/checkout/file")).toBe(true);
    expect(trash()).toEqual([]);
    const [pass] = passes();
    expect(pass?.removed.map(({ kind, of }) => [kind, of])).toEqual([
      ["build cache", "go-build"],
      ["package cache", "npm"],
    ]);
    expect(pass?.removed[0]).toMatchObject({ units: 10, why: expect.stringMatching(/least recently used/) });
    expect(pass?.after?.bytes.free).toBeGreaterThan(pass?.before?.bytes.free ?? 0);
    expect(stage.store.state.housekeeping.pass).toBeNull();
  });

  test("leaves one that has room as it is, but for its trash", async () => {
    stage.put(blob(1), 100 * KB);
    stage.put("trash/old/a/b", 100 * KB);
    stage.setCapacity(0.84);
    await stage.pass();
    expect(here(blob(1))).toBe(true);
    expect(trash()).toEqual([]);
    expect(passes()[0]?.removed).toMatchObject([{ kind: "trash", units: 1 }]);
  });

  test("with nothing to do is no news", async () => {
    stage.put(blob(1), 100 * KB);
    await stage.pass();
    expect(passes()).toEqual([]);
  });

  test("a dry run changes nothing at all", async () => {
    for (let n = 0; n < 10; n += 1) stage.put(blob(n), 100 * KB);
    stage.put("trash/old", 1);
    stage.setCapacity(0.9);
    const before = stage.used();
    const seen = await planOnly(stage.parts, 60_000);
    expect(seen.removals).toMatchObject([
      { kind: "trash", units: 1 },
      { kind: "package cache", of: "npm" },
    ]);
    expect(seen.kept).toMatchObject([{ why: "enough was freed without it" }]);
    expect(stage.used()).toBe(before);
    expect(stage.store.state.sequence).toBe(0);
  });

  test("whose size nobody can tell loses nothing", async () => {
    stage.put(blob(1), 100 * KB);
    await stage.pass({ readSpace: async () => unknown("EIO") });
    expect(here(blob(1))).toBe(true);
  });

  test("files that no unit of the table is stay, and so do tools that are not in it", async () => {
    stage.put("caches/npm/_cacache/tmp/x", 500 * KB);
    stage.put("caches/unheard-of/data", 500 * KB);
    stage.setCapacity(0.95);
    const done = await stage.pass();
    expect(here("caches/npm/_cacache/tmp/x") && here("caches/unheard-of/data")).toBe(true);
    expect(done?.pass.removed).toEqual([]);
  });
});

describe("what caches hold", () => {
  test("is listed once: a plan reads the list, and a pass that needs more than it says lists anew", async () => {
    stage.put(blob(1), 100 * KB);
    await stage.parts.thread.call("measure", Date.now(), 60_000, 0);
    stage.put(blob(2), 900 * KB);
    stage.put("other/file", 2_000 * KB);
    stage.setCapacity(0.9);
    const seen = await planOnly(stage.parts, 60_000);
    expect(seen.removals).toMatchObject([{ of: "npm", units: 1 }]);
    expect(seen.short?.bytes).toBeGreaterThan(0);
    await stage.pass();
    expect(here(blob(1)) || here(blob(2))).toBe(false);
    expect(stage.used()).toBeLessThanOrEqual(0.7);
  });

  test("is told of without what a pass removed, before it is measured again", async () => {
    for (let n = 0; n < 10; n += 1) stage.put(blob(n), 100 * KB);
    stage.setCapacity(0.9);
    await stage.pass();
    const removed = passes()[0]?.removed[0];
    const [npm] = await stage.parts.thread.call("holdings");
    expect(npm?.units?.all).toBe(10 - (removed?.units ?? 0));
    expect(npm?.files).toBe(npm?.units?.all);
    expect(npm?.bytes).toBeLessThan(1_000 * KB - (removed?.bytes ?? 0) + 100 * KB);
  });

  test("that was never listed is named in a plan that has no time for it", async () => {
    stage.put(blob(1), 100 * KB);
    stage.setCapacity(0.9);
    const seen = await planOnly(stage.parts, 0);
    expect(seen.notes).toEqual([expect.stringMatching(/caches\/npm .*not measured yet/)]);
  });

  test("is kept over a restart, less what went; a list that is damaged is made anew", async () => {
    for (let n = 0; n < 10; n += 1) stage.put(blob(n), 100 * KB);
    stage.setCapacity(0.9);
    await stage.pass();
    await stage.parts.thread.close();
    const kept = readdirSync(join(stage.dir, "state/housekeeping")).filter((name) => name.startsWith("units-npm-"));
    expect(kept).toHaveLength(1);
    stage.setCapacity(0.9);
    const left = (await planOnly({ ...stage.parts, thread: stage.newThread() }, 0)).removals[0]?.units ?? 0;
    expect(left).toBeGreaterThan(0);
    const there = readdirSync(join(stage.volume, blob(0), "..")).length;
    expect(left).toBeLessThanOrEqual(there);

    writeFileSync(join(stage.dir, "state/housekeeping", kept[0] ?? ""), "{");
    const done = await stage.pass({ thread: stage.newThread() }, { id: "pass2" });
    expect(done?.pass.removed).toMatchObject([{ of: "npm" }]);
    expect(stage.used()).toBeLessThanOrEqual(0.7);
  });
});

describe("while a run is at work", () => {
  test("what it may use stays: folders that a tool could trip over, and what was used since it began", async () => {
    await stage.store.commit({ type: "run.dispatched", at: 1, run: run({ startedAt: Date.now() - DAY }) });
    stage.put("caches/go/example.com/mod@v1.0.0/a.go", 500 * KB);
    stage.put(blob(1), 500 * KB);
    stage.put(blob(2), 500 * KB);
    stage.setCapacity(0.95);
    const seen = await planOnly(stage.parts, 60_000);
    expect(seen.waits).toBe(true);
    expect(seen.kept.map(({ of, why }) => [of, why])).toEqual([
      ["npm", expect.stringMatching(/used since then: a run is at work/)],
      ["go", expect.stringMatching(/may be in use: a run is at work/)],
    ]);
    await stage.pass();
    expect(here("caches/go/example.com/mod@v1.0.0/a.go")).toBe(true);
    expect(here(blob(2))).toBe(true);
  });

  test("that begins once the plan is made, what it may use stays all the same", async () => {
    for (let n = 0; n < 40; n += 1) stage.put(`caches/go/example.com/mod@v1.0.${n}/a.go`, 100 * KB);
    stage.setCapacity(0.95);
    const done = await stage.pass({
      thread: {
        ...stage.parts.thread,
        call: async (name, ...args) => {
          const answer = await stage.parts.thread.call(name, ...args);
          if (name === "planPass") await stage.store.commit({ type: "run.dispatched", at: 1, run: run() });
          return answer;
        },
      },
    });
    expect(readdirSync(join(stage.volume, "caches/go/example.com"))).toHaveLength(40);
    expect(done?.pass.removed).toEqual([]);
    expect(done?.pass.stayed[0]?.why).toMatch(/may be in use: a run is at work/);
  });
});

describe("whatever stands on the volume", () => {
  test("a cache that is a symlink out of it is not touched", async () => {
    stage.put("../outside/_cacache/content-v2/sha512/aa/bb/1", 500 * KB);
    mkdirSync(join(stage.volume, "caches"));
    symlinkSync(join(stage.dir, "outside"), join(stage.volume, "caches/npm"));
    stage.put("other/file", 500 * KB);
    stage.setCapacity(0.95);
    await stage.pass();
    expect(existsSync(join(stage.dir, "outside/_cacache/content-v2/sha512/aa/bb/1"))).toBe(true);
  });

  test("what was used since the plan stays, and what vanished is no failure", async () => {
    for (let n = 0; n < 6; n += 1) {
      stage.put(build(n), 100 * KB);
      await pause(20);
    }
    stage.put("other/file", 900 * KB);
    stage.setCapacity(0.9);
    let planned = false;
    const done = await stage.pass({
      thread: {
        ...stage.parts.thread,
        call: async (name, ...args) => {
          const answer = await stage.parts.thread.call(name, ...args);
          if (name === "planPass" && !planned) {
            planned = true;
            utimesSync(join(stage.volume, build(0)), new Date(), new Date());
            renameSync(join(stage.volume, build(1)), join(stage.dir, "elsewhere"));
          }
          return answer;
        },
      },
    });
    expect(planned).toBe(true);
    expect(done?.pass.stayed.map(({ why, units }) => [why, units]).toSorted()).toEqual([
      ["it was gone already", 1],
      ["used since it was planned", 1],
    ]);
    expect(here(build(0))).toBe(true);
    expect(done?.pass.notes).toEqual([]);
  });

  test.runIf(process.getuid?.() !== 0)("a folder without rights is named and holds up nothing", async () => {
    stage.put(build(0), 100 * KB);
    stage.put(build(1), 100 * KB);
    chmodSync(join(stage.volume, "caches/go-build/10"), 0o500);
    stage.put("other/file", 200 * KB);
    stage.setCapacity(0.95);
    const done = await stage.pass();
    expect(here(build(1))).toBe(false);
    expect(done?.pass.stayed[0]?.why).toMatch(/no right/);
  });

  test("a folder that a tool made beside its place and renamed may go, and not if something came into it since", async () => {
    for (const name of ["used", "old", "other"]) {
      stage.put(`caches/uv/tmp/${name}/module.py`, 300 * KB);
      await pause(20);
      mkdirSync(join(stage.volume, "caches/uv/archive-v0"), { recursive: true });
      renameSync(join(stage.volume, "caches/uv/tmp", name), join(stage.volume, "caches/uv/archive-v0", name));
    }
    stage.put("other/file", 900 * KB);
    stage.setCapacity(0.95);
    await planOnly(stage.parts, 60_000);
    await pause(20);
    stage.put("caches/uv/archive-v0/used/more.py", 1);
    await stage.pass();
    expect(here("caches/uv/archive-v0/old") || here("caches/uv/archive-v0/other")).toBe(false);
    expect(here("caches/uv/archive-v0/used/module.py")).toBe(true);
  });

  test("a file that a tree has linked since it was listed stays: it frees nothing any more", async () => {
    stage.put(blob(1), 300 * KB);
    stage.put(blob(2), 300 * KB);
    stage.put("other/file", 900 * KB);
    stage.setCapacity(0.95);
    await planOnly(stage.parts, 60_000);
    linkSync(join(stage.volume, blob(1)), join(stage.volume, "other/linked"));
    const done = await stage.pass();
    expect(here(blob(1))).toBe(true);
    expect(here(blob(2))).toBe(false);
    expect(done?.pass.stayed[0]?.why).toMatch(/used since/);
  });

  test("trees that read a cache are told before anything of it goes", async () => {
    stage.put("caches/yarn/cache/ms-npm-2.1.3-1-2.zip", 500 * KB);
    stage.put("other/file", 500 * KB);
    stage.setCapacity(0.9);
    await stage.pass();
    expect(here("caches/yarn/cache/ms-npm-2.1.3-1-2.zip")).toBe(false);
    expect(await loadEvictionMark(join(stage.volume, "caches/yarn"))).not.toBe("");
    expect(await loadEvictionMark(join(stage.volume, "caches/npm"))).toBe("");
  });

  test("where they cannot be told, nothing of it goes", async () => {
    stage.put("caches/yarn/cache/ms-npm-2.1.3-1-2.zip", 500 * KB);
    mkdirSync(join(stage.volume, "caches/yarn/.afk-evicted.next"));
    stage.put("other/file", 500 * KB);
    stage.setCapacity(0.9);
    const done = await stage.pass();
    expect(here("caches/yarn/cache/ms-npm-2.1.3-1-2.zip")).toBe(true);
    expect(done?.pass.stayed[0]?.why).toMatch(/could not be told/);
  });
});

describe("a pass that is cut off", () => {
  const file = () => join(stage.dir, "state/housekeeping/pass.jsonl");
  const isPlanned = () => existsSync(file()) && readFileSync(file(), "utf8").includes('{"items"');

  test("is gone on with by the next start, and told of once, whole", async () => {
    for (let n = 0; n < 30; n += 1) stage.put(build(n), 100 * KB);
    stage.put("trash/left", 10);
    stage.setCapacity(0.95);
    const stopped = await stage.pass({ stopping: isPlanned });
    expect(stopped).toBeUndefined();
    expect(existsSync(file())).toBe(true);
    await stage.parts.thread.close();

    const thread = stage.newThread();
    expect(await thread.call("resumePass")).toBe("pass1");
    await stage.pass({ thread }, { resumed: true });
    expect(stage.used()).toBeLessThanOrEqual(0.7);
    expect(passes()).toHaveLength(1);
    expect(passes()[0]?.removed.find(({ kind }) => kind === "build cache")?.units).toBeGreaterThan(5);
    expect(existsSync(file())).toBe(false);
  });

  test("with a torn end of its file goes on with what is whole", async () => {
    for (let n = 0; n < 30; n += 1) stage.put(build(n), 100 * KB);
    stage.setCapacity(0.95);
    await stage.pass({ stopping: isPlanned });
    await stage.parts.thread.close();
    appendFileSync(file(), '{"done":[[0,nu');
    const thread = stage.newThread();
    expect(await thread.call("resumePass")).toBe("pass1");
    await stage.pass({ thread }, { resumed: true });
    expect(stage.used()).toBeLessThanOrEqual(0.7);
  });

  test("of whose plan only a part was written goes on to the low watermark, as one that is done in parts does", async () => {
    for (let n = 0; n < 30; n += 1) stage.put(build(n), 100 * KB);
    stage.setCapacity(0.86);
    await stage.pass({ stopping: isPlanned });
    await stage.parts.thread.close();
    const lines = readFileSync(file(), "utf8").trim().split("\n");
    const { items } = JSON.parse(lines.find((line) => line.startsWith('{"items"')) ?? "");
    writeFileSync(file(), `${lines[0]}\n${JSON.stringify({ items: items.slice(0, 2) })}\n`);
    const thread = stage.newThread();
    await thread.call("resumePass");
    await stage.pass({ thread }, { resumed: true });
    expect(stage.used()).toBeLessThanOrEqual(0.7);
  });
});
