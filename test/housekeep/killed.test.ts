// `afk housekeep` as a process of its own, on a volume that is full, or that takes nothing: killed in the middle it is gone on
// with, and what it says of itself is what is there.

import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, statfsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { BotState } from "../../src/domain/state.ts";
import { peekState } from "../../src/store/peek.ts";
import { canMount, type MountedVolume, mountVolume } from "./mounted.ts";

const HASH = "8e9d274e029928eece7c09492de951e5a677f1f47df4e59175e0c198be7aad54";
const ENTRIES = 4_500;
const blob = (n: number): string =>
  `caches/npm/_cacache/content-v2/sha512/aa/${(n % 256).toString(16).padStart(2, "0")}/${HASH}${n}`;

function fill(stage: MountedVolume, count: number): void {
  for (let n = 0; n < count; n += 1) stage.put(blob(n), 1);
}

const FOLDER = "caches/npm/_cacache/content-v2/sha512/aa";
function entries({ volume }: MountedVolume): number {
  return readdirSync(join(volume, FOLDER)).reduce(
    (sum, name) => sum + readdirSync(join(volume, FOLDER, name)).length,
    0,
  );
}

/** What the state says that was removed, by all its passes. */
function removedBy({ housekeeping }: BotState): number {
  return housekeeping.passes.flatMap(({ removed }) => removed).reduce((sum, { units }) => sum + units, 0);
}

function usedShare({ volume }: MountedVolume): number {
  const { blocks, bfree } = statfsSync(volume);
  return 1 - bfree / blocks;
}

describe.runIf(canMount)("a pass that is killed", () => {
  test("again and again is finished by the next starts: nothing goes twice, and nothing outside its folders", {
    timeout: 180_000,
  }, async () => {
    // Each entry takes a page of memory: nine tenths are in use.
    await using stage = await mountVolume("20m");
    const outside = join(stage.dir, "outside");
    mkdirSync(join(outside, "deep"), { recursive: true });
    writeFileSync(join(outside, "deep/precious"), "mine");
    fill(stage, ENTRIES);
    mkdirSync(join(stage.volume, "trash/old"), { recursive: true });
    symlinkSync(outside, join(stage.volume, "trash/old/out"));
    symlinkSync(outside, join(stage.volume, "caches/npm/_cacache/content-v2/sha512/ab"));
    stage.put("repos/acme/shop/notes", 1);
    const before = usedShare(stage);
    expect(before).toBeGreaterThan(0.85);

    const passFile = join(stage.stateDir, "housekeeping/pass.jsonl");
    const seen = (): string => (existsSync(passFile) ? readFileSync(passFile, "utf8") : "");
    const moments = [
      // Before its plan stands.
      () => seen() !== "",
      () => seen().includes('"items"'),
      () => entries(stage) < ENTRIES - 100,
      () => (seen().match(/"done"/g) ?? []).length > 1,
    ];
    let cut = 0;
    for (const isNow of moments) {
      const child = stage.start("--json");
      const over = once(child, "exit");
      let ended = false;
      void over.then(() => (ended = true));
      while (!ended && !isNow()) await pause(1);
      child.kill("SIGKILL");
      await over;
      if (seen() !== "") cut += 1;
    }
    expect(cut).toBeGreaterThanOrEqual(1);

    const { code, err } = await stage.run("--json");
    expect([code, err]).toEqual([0, ""]);
    const state = await peekState(stage.stateDir);
    expect(state.housekeeping.pass).toBeNull();
    expect(existsSync(passFile)).toBe(false);
    expect(readdirSync(join(stage.volume, "trash"))).toEqual([]);
    expect(usedShare(stage)).toBeLessThanOrEqual(0.71);
    const passes = state.housekeeping.passes.map(({ pass }) => pass);
    expect(new Set(passes).size).toBe(passes.length);
    // One of them is the trash that was there.
    expect(removedBy(state) - 1).toBe(ENTRIES - entries(stage));
    expect(readFileSync(join(outside, "deep/precious"), "utf8")).toBe("mine");
    expect(existsSync(join(stage.volume, "repos/acme/shop/notes"))).toBe(true);
  });
});

describe.runIf(canMount)("a volume", () => {
  test("that is full to the last byte, and the bot's state is on it, gets room", { timeout: 120_000 }, async () => {
    await using stage = await mountVolume("16m");
    fill(stage, 1_000);
    expect((await stage.run()).code).toBe(0);
    let more = true;
    for (let n = 1_000; more; n += 1) {
      try {
        stage.put(blob(n), 4_096);
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
        more = false;
      }
    }
    const { code, err } = await stage.run();
    expect([code, err]).toEqual([0, ""]);
    // What was reserved for this is there again.
    expect(usedShare(stage)).toBeLessThan(0.8);
  });

  test("that is mounted read-only loses nothing, and the reason is said", { timeout: 120_000 }, async () => {
    await using stage = await mountVolume("8m");
    fill(stage, 1_500);
    expect((await stage.run()).code).toBe(0);
    for (let n = 1_500; usedShare(stage) < 0.9; n += 1) stage.put(blob(n), 1);
    const there = entries(stage);
    stage.remount("ro");
    const dry = await stage.run("--dry-run");
    expect([dry.code, dry.err]).toEqual([0, ""]);
    expect(dry.out).toMatch(/Would be removed/);
    const { code, err } = await stage.run();
    expect(code).toBe(1);
    expect(err).toMatch(/read-only/);
    expect(entries(stage)).toBe(there);
  });
});
