// A few points of the sweep (`npm run sweep` goes through all): the bot is killed there with SIGKILL and started again.

import { expect, test } from "vitest";
import { sweep } from "../../playground/sweep/sweep.ts";

const clean = {
  duplicateSessions: 0,
  duplicateTurns: 0,
  duplicateRoots: 0,
  duplicateComments: 0,
  lostRuns: 0,
  wrongRemovals: 0,
  stuck: 0,
};

test.each([
  { path: "happy", every: 29, least: 5 },
  { path: "lost", every: 49, least: 1 },
])(
  "killed at points all over the way '$path', the bot finishes it, and nothing is there twice",
  async (way) => {
    const told: string[] = [];
    const { points, finished, ...wrong } = await sweep({
      paths: [way.path],
      every: way.every,
      shard: { part: 1, of: 1 },
      worlds: 2,
      kills: 6,
      spare: 1,
      keep: false,
      tell: (line) => told.push(line),
    });
    expect(wrong, told.join("\n")).toEqual(clean);
    expect(points, told.join("\n")).toBeGreaterThanOrEqual(way.least);
    expect(finished).toBe(points);
  },
  300_000,
);
