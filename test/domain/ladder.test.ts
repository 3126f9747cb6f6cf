import { describe, expect, test } from "vitest";
import { type Escalation, escalationsOf } from "../../src/domain/escalation.ts";
import { audienceOf, type Ladder, nextBell, ringNow } from "../../src/domain/ladder.ts";
import { afterQuiet, type QuietHours } from "../../src/domain/quiet.ts";
import { emptyState, reduce } from "../../src/domain/state.ts";
import { policy, run, SHA, T0, turn } from "../support/build.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const ladder: Ladder = {
  threadMs: 30 * MINUTE,
  mentionMs: 2 * HOUR,
  pageMs: 8 * HOUR,
  everyMs: 24 * HOUR,
  quiet: null,
};
const night: QuietHours = { from: 22 * 60, to: 7 * 60, weekends: false, timeZone: "UTC" };

const blocked = run({
  state: {
    name: "blocked",
    since: T0,
    reason: { kind: "nothing-landed", text: "Nothing landed.", details: null },
    turn,
    agentMayLive: false,
  },
});
const asking = run({
  state: {
    name: "working",
    since: T0,
    turn,
    stop: null,
    asked: { since: T0, kind: "input", requests: [{ id: "r-1", text: "Which?" }] },
  },
});
const frozen = run({
  state: {
    name: "frozen",
    since: T0,
    reason: { kind: "ci-red", text: "CI failed.", details: null },
    landed: { sha: SHA, commits: 1, seenAt: T0 },
    turn,
    agentMayLive: false,
  },
});
const first = (of: typeof blocked): Escalation => escalationsOf(of)[0] as Escalation;
const bell = (escalation: Escalation, step: number, now: number, by: Ladder = ladder) =>
  nextBell(escalation, { step }, { ladder: by, policy, now });

describe("when people are reminded", () => {
  /** The last step taken, the hours since the question, the step that is next, and the hours in which it comes. */
  const cases: readonly (readonly [string, number, number, number, number, number])[] = [
    ["first in the thread", 0, 0, 1, 0.5, 0.55],
    ["then by mention", 1, 0.6, 2, 2, 2.2],
    ["then by a page", 2, 2.3, 3, 8, 8.8],
    ["and each day after that", 3, 9, 4, 32, 35.2],
    ["for as long as it takes", 9, 24 * 7, 10, 176, 193.6],
    ["once, loudly, after a time in which nobody could ring", 0, 20, 3, 8, 8.8],
  ];
  test.each(cases)("%s", (_name, last, hours, step, from, to) => {
    const next = bell(first(blocked), last, T0 + hours * HOUR);
    expect(next.step).toBe(step);
    expect(next.at).toBeGreaterThanOrEqual(T0 + from * HOUR);
    expect(next.at).toBeLessThanOrEqual(T0 + to * HOUR);
  });

  test("what is asked for four hours is raised all the way before they are over", () => {
    const at = [0, 1, 2].map((last) => (bell(first(asking), last, T0).at - T0) / HOUR);
    expect(at[0]).toBeLessThan(0.25);
    expect(at[1]).toBeLessThan(0.85);
    expect(at[2]).toBeGreaterThanOrEqual(3);
    expect(at[2]).toBeLessThan(3.31);
  });

  test("questions asked at the same moment are not raised at the same moment", () => {
    const at = Array.from({ length: 50 }, (_, n) => bell({ ...first(blocked), id: `run${n}/blocked/${T0}` }, 0, T0).at);
    expect(new Set(at).size).toBe(50);
    expect(Math.max(...at) - Math.min(...at)).toBeGreaterThan(2 * MINUTE);
  });

  test("a bell asked for again is the same bell", () => {
    expect(bell(first(blocked), 1, T0)).toEqual(bell(first(blocked), 1, T0 + HOUR));
  });

  test("in quiet hours nobody is reminded, and after them not everybody at once", () => {
    const since = Date.parse("2026-01-05T21:45:00Z");
    const late = { ...first(blocked), since };
    const quiet = { ...ladder, quiet: night };
    const next = bell(late, 0, since + HOUR, quiet);
    expect(next.step).toBe(1);
    expect(next.at).toBeGreaterThanOrEqual(Date.parse("2026-01-06T07:00:00Z"));
    expect(next.at).toBeLessThan(Date.parse("2026-01-06T07:10:01Z"));
    // In the morning the loudest of those that are due is rung, alone.
    expect(bell(late, 0, next.at, quiet)).toMatchObject({ step: 3, how: "page" });
  });
});

describe("quiet hours", () => {
  const weekend = { ...night, weekends: true };
  const berlin = { ...night, timeZone: "Europe/Berlin" };
  const cases: readonly (readonly [string, QuietHours, string, string])[] = [
    ["by day nothing waits", night, "2026-01-05T12:00:30Z", "2026-01-05T12:00:30Z"],
    ["late it waits for the morning", night, "2026-01-05T23:10:40Z", "2026-01-06T07:00:00Z"],
    ["early it waits for the same morning", night, "2026-01-05T05:00:00Z", "2026-01-05T07:00:00Z"],
    ["at the hour itself it waits no more", night, "2026-01-05T07:00:00Z", "2026-01-05T07:00:00Z"],
    ["from Friday night to Monday morning", weekend, "2026-01-09T22:00:00Z", "2026-01-12T07:00:00Z"],
    ["on a Saturday at noon to Monday morning", weekend, "2026-01-10T12:00:00Z", "2026-01-12T07:00:00Z"],
    ["by the clock of the place", berlin, "2026-01-05T21:30:00Z", "2026-01-06T06:00:00Z"],
    ["in summer too", berlin, "2026-07-06T20:30:00Z", "2026-07-07T05:00:00Z"],
    ["from and to the same are none", { ...night, from: 60, to: 60 }, "2026-01-05T01:00:00Z", "2026-01-05T01:00:00Z"],
    ["by day", { ...night, from: 12 * 60, to: 13 * 60 }, "2026-01-05T12:20:00Z", "2026-01-05T13:00:00Z"],
  ];
  test.each(cases)("%s", (_name, quiet, at, until) => {
    expect(new Date(afterQuiet(Date.parse(at), quiet)).toISOString()).toBe(new Date(until).toISOString());
  });
});

describe("the second bell", () => {
  const by = { rings: "pages", quiet: null, now: T0 } as const;
  const cases: readonly (readonly [string, typeof blocked, Parameters<typeof ringNow>[1], number | undefined])[] = [
    ["rings at once for a frozen repo", frozen, undefined, 0],
    ["and once only", frozen, { step: 0, at: T0, rang: 0 }, undefined],
    ["and again when that is paged", frozen, { step: 3, at: T0, rang: 0 }, 3],
    ["not for a blocked run", blocked, undefined, undefined],
    ["nor for a mention of it", blocked, { step: 2, at: T0 }, undefined],
    ["but when it is paged", blocked, { step: 3, at: T0 }, 3],
    ["and once only for that", blocked, { step: 3, at: T0, rang: 3 }, undefined],
  ];
  test.each(cases)("%s", (_name, of, reminded, step) => {
    expect(ringNow(first(of), reminded, by)).toBe(step);
  });

  test("rings for each question and reminder where all are wanted", () => {
    const all = { ...by, rings: "all" } as const;
    expect(ringNow(first(asking), undefined, all)).toBe(0);
    expect(ringNow(first(asking), { step: 1, at: T0, rang: 0 }, all)).toBe(1);
  });

  test("waits for the end of quiet hours", () => {
    const late = { ...by, quiet: night, now: Date.parse("2026-01-05T23:00:00Z") };
    expect(ringNow(first(frozen), undefined, late)).toBeUndefined();
    expect(ringNow(first(frozen), undefined, { ...late, now: Date.parse("2026-01-06T07:00:00Z") })).toBe(0);
  });
});

test("a mention is for the repo's owners first, and for the operators where it has none; a page is for all", () => {
  const audience = { operators: ["U1", "S1"], ownersOf: (repo: string) => (repo === "acme/shop" ? ["U2", "U1"] : []) };
  expect([1, 2, 3, 4].map((step) => audienceOf(step, audience, "acme/shop"))).toEqual([
    [],
    ["U2", "U1"],
    ["U2", "U1", "S1"],
    ["U2", "U1", "S1"],
  ]);
  expect(audienceOf(2, audience, "acme/web")).toEqual(["U1", "S1"]);
});

test("what was rung is remembered beside how far people were reminded, and forgotten once the question is over", () => {
  const { id } = first(blocked);
  let state = reduce(emptyState, { type: "run.dispatched", at: T0, run: blocked });
  state = reduce(state, { type: "bot.rang", at: T0, escalation: id, step: 0 });
  state = reduce(state, { type: "bot.reminded", at: T0 + 1, escalation: id, step: 1 });
  expect(state.reminders).toEqual({ [id]: { step: 1, at: T0 + 1, rang: 0 } });
  state = reduce(state, { type: "run.abandoned", at: T0 + 2, run: blocked.id, why: "No longer wanted." });
  expect(state.runs[blocked.id]?.escalated?.[0]).toMatchObject({ id, reminded: 1 });
  state = reduce(state, { type: "bot.reminded", at: T0 + 3, escalation: "other/blocked/1", step: 1 });
  expect(Object.keys(state.reminders)).toEqual(["other/blocked/1"]);
});
