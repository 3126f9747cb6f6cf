// What is drawn when: people first, the rest in turn and within Slack's limits, on a time that is set.

import { pino } from "pino";
import { expect, test } from "vitest";
import { AfkError } from "../../src/errors.ts";
import { createLane, type Lane } from "../../src/lane.ts";
import { createPace } from "../../src/slack/pace.ts";
import { settableTimers } from "../support/timers.ts";

function stage() {
  const timers = settableTimers(1_000_000);
  const pace = createPace(timers);
  const drawn: { readonly key: string; readonly at: number; readonly urgent: boolean }[] = [];
  let trouble: ((key: string) => Error | undefined) | undefined;
  const lane: Lane<string> = createLane<string>({
    name: "test",
    waitMs: () => pace.waitMs("edit", false),
    async work(key, urgent) {
      const error = trouble?.(key);
      if (error !== undefined) throw error;
      pace.take("edit", urgent);
      drawn.push({ key, at: timers.now() - 1_000_000, urgent });
      return "done";
    },
    timers,
    log: pino({ level: "silent" }),
  });
  return { lane, timers, pace, drawn, fail: (how: typeof trouble) => (trouble = how) };
}

const minutes = (n: number): number => n * 60_000;

test("two hundred cards that change all the time are drawn in turn, some forty a minute, none twice before all once", async () => {
  const { lane, timers, drawn } = stage();
  const keys = Array.from({ length: 200 }, (_, n) => `card ${n}`);
  for (let second = 0; second < 600; second += 1) {
    for (const key of keys) lane.nudge(key, "soon");
    await timers.pass(1_000);
  }
  expect(drawn.length).toBeGreaterThanOrEqual(398);
  expect(drawn.length).toBeLessThanOrEqual(404);
  expect(new Set(drawn.slice(0, 200).map(({ key }) => key)).size).toBe(200);
  expect(drawn[199]?.at).toBeLessThanOrEqual(minutes(5));
  for (let from = 0; from < drawn.length; from += 1) {
    const minute = drawn.slice(from).filter(({ at }) => at < (drawn[from]?.at ?? 0) + minutes(1));
    expect(minute.length).toBeLessThanOrEqual(44);
  }
});

test("what a person did is drawn at once, however many cards wait", async () => {
  const { lane, timers, drawn } = stage();
  for (let n = 0; n < 200; n += 1) lane.nudge(`card ${n}`, "soon");
  await timers.pass(10_000);
  lane.nudge("card 199", "person");
  await timers.pass(0);
  expect(drawn.at(-1)).toEqual({ key: "card 199", at: 10_000, urgent: true });
});

test("changes while it waits are one drawing, and a change while it is drawn is another", async () => {
  const { lane, timers, drawn } = stage();
  for (let n = 0; n < 10; n += 1) lane.nudge("card", "soon");
  await timers.pass(60_000);
  // The first nudge began a drawing; the nine after it are one more.
  expect(drawn).toHaveLength(2);
});

test("one that Slack refuses does not hold up the others", async () => {
  const { lane, timers, drawn, fail } = stage();
  fail((key) => (key === "bad" ? new AfkError("refused", "invalid_blocks") : undefined));
  lane.nudge("bad", "soon");
  lane.nudge("good", "soon");
  await timers.pass(5_000);
  expect(drawn.map(({ key }) => key)).toEqual(["good"]);
  fail(undefined);
  await timers.pass(60_000);
  expect(drawn.map(({ key }) => key)).toEqual(["good", "bad"]);
});

test("while Slack is away nothing storms it, and when it is back all is drawn once", async () => {
  const { lane, timers, drawn, fail } = stage();
  let tries = 0;
  fail(() => {
    tries += 1;
    return new AfkError("unreachable", "no answer");
  });
  for (let second = 0; second < 3_600; second += 1) {
    for (let n = 0; n < 50; n += 1) lane.nudge(`card ${n}`, "soon");
    await timers.pass(1_000);
  }
  expect(tries).toBeLessThan(140);
  fail(undefined);
  await timers.pass(minutes(3));
  expect(drawn.map(({ key }) => key).sort()).toEqual(Array.from({ length: 50 }, (_, n) => `card ${n}`).sort());
});
