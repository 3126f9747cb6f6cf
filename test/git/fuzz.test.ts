import { expect, test } from "vitest";
import { fuzzTrees } from "../../fuzz/trees.ts";

test("whatever state trees are in and whenever the bot is killed, every commit and file is found", async () => {
  const seed = 2;
  const told: string[] = [];
  const outcome = await fuzzTrees({
    cases: 6,
    withinMs: Number.POSITIVE_INFINITY,
    seed,
    from: 1,
    keep: false,
    tell: (line) => told.push(line),
  });
  const { deeds: _, kills: __, passes: ___, ...rest } = outcome;
  const nothing = { lostCommits: 0, lostFiles: 0, stuck: 0, dirty: 0, leaked: 0, trapped: 0 };
  expect(rest, told.join("\n")).toEqual({ cases: 6, seed, ...nothing });
}, 300_000);
