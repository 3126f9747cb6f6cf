// What people read of housekeeping, in every extreme: Slack takes it, and nothing in it is parsed that somebody else wrote.

import { describe, expect, test } from "vitest";
import { DEFAULT_BLOCKS, NEWER_BLOCKS, problemLine, validateBlocks } from "../../playground/slack/blocks.ts";
import type { Group } from "../../src/domain/housekeeping.ts";
import { noHousekeeping, type Pass } from "../../src/domain/housekeeping-state.ts";
import { known, unknown } from "../../src/domain/observed.ts";
import { type ReportInput, reportOf } from "../../src/domain/report.ts";
import { bytesText, percentText } from "../../views/bytes.ts";
import { passDetails, passOver, passText, passUnderWay, plannedPass, planText, volumeFull } from "../../views/prune.ts";
import { report } from "../../views/report.ts";
import { sparkline } from "../../views/trend.ts";
import { run } from "../support/build.ts";
import { DAY, GB, NOW, pass, reportInput, space } from "../support/report.ts";

const HOSTILE = "<!channel> *bold* `code` <https://evil.example|click> @everyone \u202Egnirts";
const LONG = "🦀".repeat(3_000);
const many = <T>(count: number, make: (n: number) => T): readonly T[] =>
  Array.from({ length: count }, (_, n) => make(n));
const groups = (count: number): readonly Group[] =>
  many(count, (n) => ({
    kind: "package cache",
    of: n % 2 === 0 ? HOSTILE : LONG,
    why: `${n} ${LONG}`,
    units: 1e9,
    bytes: 1e15,
    unmeasured: n % 3,
    usedFrom: 0,
    usedTo: NOW,
  }));

const extreme: Pass = { ...pass, removed: groups(300), stayed: groups(300), notes: many(50, () => LONG) };
const busiest: Partial<ReportInput> = {
  repos: many(400, (n) => `${"o".repeat(39)}/${"n".repeat(90)}${n}`),
  runs: many(400, (n) => run({ id: `r${n}`, repo: `${"o".repeat(39)}/${"n".repeat(90)}${n}`, startedAt: NOW - 1 })),
  housekeeping: {
    ...noHousekeeping,
    passes: many(50, () => extreme),
    samples: many(40, (n) => ({
      at: NOW - n * DAY,
      space: { ...space(0.99), files: { total: 10, free: 1 } },
    })).toReversed(),
    full: { at: NOW, holders: many(10, () => ({ name: LONG, bytes: 1e15, why: HOSTILE })) },
    jobs: { volume: { ranAt: NOW, due: null, failed: LONG } },
  },
  holdings: many(100, (n) => ({
    path: `p${n}`,
    what: "cache",
    of: HOSTILE,
    bytes: 1e15,
    files: 1e9,
    at: NOW - n,
    units: { all: 1e9, used: 1e8, usedBytes: 1e14 },
  })),
  kept: groups(500),
  unread: many(100, () => LONG),
};
const reports: Readonly<Record<string, Partial<ReportInput>>> = {
  "a busy day": {},
  "the busiest of days": busiest,
  "a first day, with nothing known": { runs: [], housekeeping: noHousekeeping, holdings: [], kept: [], unread: ["no"] },
  "a quiet day": { runs: [], housekeeping: noHousekeeping },
  "a volume that cannot be read": { space: unknown(HOSTILE) },
  "a volume without a free file": { space: known({ ...space(0.2), files: { total: 10, free: 0 } }) },
};

const problems = (blocks: readonly unknown[], accepts: readonly string[]) =>
  validateBlocks(blocks, "message", accepts).map(problemLine);

describe.each(Object.entries(reports))("the report of %s", (_name, over) => {
  const drawn = report(reportOf(reportInput(over)), "Europe/Berlin");

  test("is taken by a workspace with the newer blocks, and its classic form by any", () => {
    expect(problems(drawn.blocks, [...DEFAULT_BLOCKS, ...NEWER_BLOCKS])).toEqual([]);
    expect(problems(drawn.classic, DEFAULT_BLOCKS)).toEqual([]);
  });

  test("mentions nobody", () => {
    expect(JSON.stringify([drawn.blocks, drawn.classic, drawn.text])).not.toMatch(/<!|<https:\/\/evil/);
  });
});

describe("the report", () => {
  const textOf = (over: Partial<ReportInput>) => JSON.stringify(report(reportOf(reportInput(over)), "UTC").blocks);

  test("of a quiet day is one line", () => {
    const { blocks } = report(reportOf(reportInput({ runs: [], housekeeping: noHousekeeping })), "UTC");
    expect(blocks).toHaveLength(1);
    expect(JSON.stringify(blocks)).toMatch(/a quiet day: no runs, nothing removed\. 70 % of the volume is in use/);
  });

  test("has the chart where there is more than one day to draw, and its classic form a line of bars", () => {
    const drawn = report(reportOf(reportInput()), "UTC");
    expect(drawn.blocks.map(({ type }) => type as string)).toContain("data_visualization");
    expect(drawn.classic.map(({ type }) => type as string)).not.toContain("data_visualization");
    expect(JSON.stringify(drawn.classic)).toMatch(/▃|▄|▅/);
    expect(textOf({ housekeeping: noHousekeeping })).not.toContain("data_visualization");
  });

  test("says what was removed and kept, and why, how caches are used, who waits, and how old the sizes are", () => {
    const text = textOf({});
    expect(text).toContain("18,221 entries of the build cache of go-build: least recently used");
    expect(text).toContain("1 warm tree of acme/shop: run blocked000 on #31 is blocked");
    expect(text).toContain("go-build: 140 GB in 51,002 entries; used in a day: 43 % of them, 66 GB");
    expect(text).toContain("Waiting for a person for 3 days: <https://github.com/acme/shop/issues/31|acme/shop#31>");
    expect(text).toContain("Sizes were measured 2 h to 2 days ago.");
  });

  test("is dated in the reader's zone", () => {
    const late = { now: Date.parse("2026-01-05T23:30:00Z") };
    expect(JSON.stringify(report(reportOf(reportInput(late)), "Europe/Berlin").blocks)).toContain("Tuesday 6 January");
    expect(JSON.stringify(report(reportOf(reportInput(late)), "UTC").blocks)).toContain("Monday 5 January");
  });
});

describe("a pass", () => {
  const head = { pass: "p", at: NOW - 60_000, by: "U0OPERATOR" };
  const plan = {
    removals: groups(100),
    kept: groups(100),
    need: { bytes: 1e12, files: 9 },
    short: { bytes: 1e9, files: 0 },
  };

  test.each([
    ["planned", plannedPass({ ...plan, notes: many(30, () => LONG), space: known(space(0.9)) }, "UTC")],
    ["planned with nothing known", plannedPass({ ...plan, notes: [], space: unknown("EIO") }, "UTC")],
    ["under way", passUnderWay(head, { done: 1, left: 1e6, space: space(0.9) }, NOW)],
    ["just begun", passUnderWay({ ...head, by: null }, undefined, NOW)],
    ["over", passOver(extreme)],
    ["over, in detail", passDetails(extreme, "UTC")],
    ["that is not enough", volumeFull(busiest.housekeeping?.full ?? { at: 0, holders: [] }, space(0.99))],
  ])("%s is taken by Slack", (_name, view) => {
    expect(problems(view?.blocks ?? [], DEFAULT_BLOCKS)).toEqual([]);
    expect(JSON.stringify(view)).not.toMatch(/<!channel|<https:\/\/evil/);
  });

  test("is told at the shell in plain text, without what moves a cursor", () => {
    const told = [passText(extreme, "UTC"), planText({ ...plan, notes: [HOSTILE], space: known(space(0.9)) }, "UTC")];
    for (const text of told) expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    expect(passText(pass, "UTC")).toContain("The volume was cleared in 30 min: 32,739 things removed, 320 GB freed");
  });
});

test("sizes and shares are told as people say them", () => {
  expect([0, 999, 1_500, 9_949, 9_951_000, 999_600_000, 4.2 * GB, 1.2e15].map(bytesText)).toEqual([
    "0 B",
    "999 B",
    "1.5 kB",
    "9.9 kB",
    "10 MB",
    "1.0 GB",
    "4.2 GB",
    "1.2 PB",
  ]);
  expect([0, 0.001, 0.5, 1].map(percentText)).toEqual(["0 %", "<1 %", "50 %", "100 %"]);
  expect(sparkline([0, 0.5, 1].map((bytes) => ({ at: 0, bytes, files: null })))).toBe("▁▅█");
});
