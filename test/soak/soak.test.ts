// The soak at its smallest; `npm run soak` is the whole.

import { expect, test } from "vitest";
import { drawOf } from "../../playground/soak/draw.ts";
import { planLarge } from "../../playground/soak/faults.ts";
import { slopeOf } from "../../playground/soak/memory.ts";
import { soak } from "../../playground/soak/soak.ts";

test("a few issues in two repos, with faults and a kill: all end, and nothing is lost, doubled, leaked or broken", async () => {
  const told: string[] = [];
  const tell = (line: string): void => void told.push(line);
  const outcome = await soak({ minutes: 0.2, seed: 3, repos: 2, issues: 4, keep: false, tell });
  const { ended, lost, duplicates, invariantsBroken, leakedTrees } = outcome;
  expect({ ended, lost, duplicates, invariantsBroken, leakedTrees }, told.join("\n")).toEqual({
    ended: 4,
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
  expect(planLarge(5, 600_000).filter(({ what }) => what === "kill the bot").length).toBeGreaterThan(10);
  const shares = Array.from({ length: 1_000 }, (_, n) => drawOf(9, `github ${n} before`).share());
  expect(shares.filter((share) => share < 0.5).length).toBeGreaterThan(400);
  expect(shares.filter((share) => share < 0.5).length).toBeLessThan(600);
});

test("memory's slope is that of the longest life, and none where no life was long", () => {
  const life = (life: number, ms: number, mbPerMs: number) =>
    Array.from({ length: 50 }, (_, n) => ({ life, ageMs: (n * ms) / 50, mb: 100 + ((n * ms) / 50) * mbPerMs }));
  expect(slopeOf([...life(0, 40_000, 1), ...life(1, 300_000, 2 / 60_000)])).toBe(2);
  expect(slopeOf(life(0, 40_000, 1))).toBeNull();
});
