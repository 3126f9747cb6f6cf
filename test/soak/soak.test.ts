// The soak at its smallest; `npm run soak` is the whole.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { drawOf } from "../../playground/soak/draw.ts";
import { countStrikes, planLarge } from "../../playground/soak/faults.ts";
import { createMachine } from "../../playground/soak/machine.ts";
import { livesOf, slopeOf } from "../../playground/soak/memory.ts";
import { soak } from "../../playground/soak/soak.ts";

test("a few issues in two repos, with faults and a kill: all end, and nothing is lost, doubled, leaked or broken", async () => {
  const told: string[] = [];
  const tell = (line: string): void => void told.push(line);
  const outcome = await soak({ minutes: 0.2, seed: 3, repos: 2, issues: 3, keep: false, mounts: false, tell });
  const { ended, lost, duplicates, invariantsBroken, leakedTrees } = outcome;
  expect({ ended, lost, duplicates, invariantsBroken, leakedTrees }, told.join("\n")).toEqual({
    ended: 3,
    lost: 0,
    duplicates: 0,
    invariantsBroken: 0,
    leakedTrees: 0,
  });
  expect(outcome.kills + outcome.faults, told.join("\n")).toBeGreaterThan(0);
}, 300_000);

test("the same seed draws the same faults, and another one others", () => {
  expect(planLarge(5, 600_000)).toEqual(planLarge(5, 600_000));
  expect(planLarge(5, 600_000)).not.toEqual(planLarge(6, 600_000));
  expect(planLarge(5, 600_000).filter(({ what }) => what === "kill the bot").length).toBeGreaterThan(5);
  const long = planLarge(5, 600_000);
  const played = new Set<string>(long.map(({ what }) => what));
  const small = ["answer", "cut before", "cut after", "half an", "no answer"];
  const large = Object.keys(countStrikes().of).filter((what) => !small.some((one) => what.startsWith(one)));
  expect(large.filter((what) => !played.has(what))).toEqual([]);
  expect(long.filter(({ what, atMs }) => what === "kill the bot" && atMs > 360_000)).toEqual([]);
  const shares = Array.from({ length: 1_000 }, (_, n) => drawOf(9, `github ${n} before`).share());
  expect(shares.filter((share) => share < 0.5).length).toBeGreaterThan(400);
  expect(shares.filter((share) => share < 0.5).length).toBeLessThan(600);
});

test("memory's slope is that of the longest life, and none where no life was long", () => {
  const life = (life: number, ms: number, mbPerMs: number) =>
    Array.from({ length: 50 }, (_, n) => ({ life, ageMs: (n * ms) / 50, mb: 100 + ((n * ms) / 50) * mbPerMs }));
  expect(slopeOf([...life(0, 40_000, 1), ...life(1, 300_000, 2 / 60_000)])).toBe(2);
  expect(slopeOf(life(0, 40_000, 1))).toBeNull();
  expect(livesOf([...life(0, 40_000, 1), ...life(1, 300_000, 2 / 60_000)])).toEqual([
    { minutes: 4.5, fromMb: 101, toMb: 110, mbPerMinute: 2 },
  ]);
});

test("a process whose clock is off, or goes to summer time, sees it at once, and its timers do not", async () => {
  const dir = mkdtempSync(join(tmpdir(), "soak-machine-"));
  try {
    using machine = createMachine(dir, join(dir, "volume"), undefined);
    const script = `console.log(JSON.stringify([Date.now(), new Date().getTime(), new Date(0).getTime(), new Date(0).getHours()]));
      const begun = performance.now();
      setTimeout(() => console.log(JSON.stringify(performance.now() - begun)), 300);`;
    const look = () => {
      const env = { ...process.env, ...machine.env };
      const lines = execFileSync(process.execPath, ["-e", script], { env, encoding: "utf8" }).trim().split("\n");
      return lines.map((line) => JSON.parse(line));
    };
    const [before] = look();
    machine.setClock(-3_600_000);
    machine.setSummerTime(true);
    const [after, waitedMs] = look();
    expect(before.slice(2)).toEqual([0, 1]);
    expect(after.slice(2)).toEqual([0, 2]);
    expect(after[0] - before[0]).toBeLessThan(-3_000_000);
    expect(after[1] - before[1]).toBeLessThan(-3_000_000);
    expect(waitedMs).toBeGreaterThan(250);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}, 60_000);
