// A few points of the sweep (`npm run sweep` goes through all): the bot is killed there with SIGKILL and started again.

import { afterAll, beforeAll, expect, test } from "vitest";
import { nameOf, type Point } from "../../playground/sweep/points.ts";
import { openPool, type Pool } from "../../playground/sweep/pool.ts";
import { wrongsOf } from "../../playground/sweep/sweep.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await openPool(4);
});
afterAll(() => pool[Symbol.dispose]());

const points: readonly (readonly [string, Point])[] = [
  ["happy", { kind: "exchange", n: 50, when: "after" }],
  ["happy", { kind: "exchange", n: 65, when: "after" }],
  ["happy", { kind: "git", n: 6, when: "during" }],
  ["happy", { kind: "snapshot", n: 9, when: "file" }],
  ["lost", { kind: "exchange", n: 45, when: "after" }],
  ["lost", { kind: "exchange", n: 60, when: "before" }],
];

test.concurrent.each(points.map(([path, point]) => ({ path, point, name: nameOf(point) })))(
  "killed at $name on the way '$path', the bot finishes it, and nothing is there twice",
  async ({ path, point }) => {
    const played = await pool.play({ path, point, keep: false });
    expect(played.trouble).toBeUndefined();
    expect(played.sprung).toBeDefined();
    expect(wrongsOf(played), JSON.stringify(played)).toBe(0);
  },
  120_000,
);
