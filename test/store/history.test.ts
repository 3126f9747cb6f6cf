import { appendFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Run } from "../../src/domain/run.ts";
import { emptyState, reduce } from "../../src/domain/state.ts";
import { openHistory } from "../../src/store/history.ts";
import { run, SHA, T0 } from "../support/build.ts";
import { temporaryFolder } from "./support.ts";

const JANUARY = Date.parse("2026-01-31T23:59:59.000Z");
const FEBRUARY = Date.parse("2026-02-01T00:00:01.000Z");

function ended(id: string, at: number, repo = "acme/shop"): Run {
  const landed = { sha: SHA, commits: 1, seenAt: at };
  return run({ id, repo, tree: null, state: { name: "deployed", since: at, landed, evidence: [] } });
}

test("ended runs are found by time and repo, across months, oldest first", async () => {
  const dir = temporaryFolder();
  const history = openHistory(dir);
  for (const each of [ended("b", FEBRUARY), ended("a", JANUARY), ended("c", FEBRUARY + 1, "acme/other")]) {
    await history.add(each);
  }
  expect(readdirSync(join(dir, "history")).sort()).toEqual(["2026-01.jsonl", "2026-02.jsonl"]);
  const idsOf = async (query: Parameters<typeof history.find>[0]): Promise<readonly string[]> =>
    (await history.find(query)).runs.map(({ id }) => id);
  expect(await idsOf({ since: 0, until: FEBRUARY + 1 })).toEqual(["a", "b", "c"]);
  expect(await idsOf({ since: 0, until: FEBRUARY + 1, repo: "acme/shop" })).toEqual(["a", "b"]);
  expect(await idsOf({ since: FEBRUARY, until: FEBRUARY })).toEqual(["b"]);
});

test("a run that a crash wrote twice is there once, and a line that it cut off costs no other", async () => {
  const dir = temporaryFolder();
  const history = openHistory(dir);
  await history.add(ended("a", JANUARY));
  await history.add(ended("a", JANUARY));
  appendFileSync(join(dir, "history", "2026-01.jsonl"), `{"v":1,"run":{"id":"b"`);
  await history.add(ended("c", JANUARY));
  const { runs, unreadable } = await history.find({ since: 0, until: FEBRUARY });
  expect(runs.map(({ id }) => id)).toEqual(["a", "c"]);
  expect(unreadable).toBe(1);
});

test("without a history there are no runs, not an error", async () => {
  expect(await openHistory(temporaryFolder()).find({ since: 0, until: FEBRUARY })).toEqual({ runs: [], unreadable: 0 });
});

test("an archived run leaves the state but not the memory that its release was used; a live one stays", () => {
  const done = ended("a", T0);
  const thread = {
    channel: "C1",
    ts: "1.0",
    digest: "d",
    attemptedAt: T0,
    replies: { "a/deployed": { ts: "1.1", digest: null }, "b/blocked": { ts: "1.2", digest: null } },
  };
  const state = { ...emptyState, runs: { a: done, b: run({ id: "b" }) }, threads: { "acme/shop#12": thread } };
  const after = ["a", "b"].map((id) => ({ type: "run.archived", at: T0 + 9, run: id }) as const).reduce(reduce, state);
  expect(Object.keys(after.runs)).toEqual(["b"]);
  expect(after.past).toEqual({ a: T0 + 9 });
  expect(after.threads["acme/shop#12"]).toEqual({ ...thread, replies: { "b/blocked": { ts: "1.2", digest: null } } });
});
