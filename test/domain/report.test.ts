import { describe, expect, test } from "vitest";
import { noHousekeeping } from "../../src/domain/housekeeping-state.ts";
import { known, unknown } from "../../src/domain/observed.ts";
import { reportOf } from "../../src/domain/report.ts";
import { forecastOf, trendOf } from "../../src/domain/trend.ts";
import { run } from "../support/build.ts";
import { DAY, GB, HOUR, NOW, pass, reportInput, space } from "../support/report.ts";

describe("the daily report", () => {
  const seen = reportOf(reportInput());

  test("counts each repo's runs by how they stand, with the median from dispatch to deploy", () => {
    const [shop, billing, search] = ["acme/shop", "acme/billing", "acme/search"].map((repo) =>
      seen.repos.find((row) => row.repo === repo),
    );
    expect(shop).toMatchObject({ deployed: 2, stuck: 0, active: 0, medianMs: 41 * 60_000, bytes: 8.5 * GB });
    expect(billing).toMatchObject({ deployed: 1, active: 1, medianMs: 25 * 60_000, bytes: 3.3 * GB });
    expect(search).toMatchObject({ deployed: 0, medianMs: null, bytes: 0.6 * GB });
    expect(seen.totals).toMatchObject({ deployed: 3, active: 1, medianMs: 41 * 60_000 });
  });

  test("a run that both the state and the history know counts once", () => {
    const { runs } = reportInput();
    expect(reportOf(reportInput({ runs: [...runs, ...runs] })).totals).toEqual(seen.totals);
  });

  test("a run that ended two days ago is no news, and one that waits for a person since then is the oldest open", () => {
    expect(seen.totals.stuck).toBe(0);
    expect(seen.oldestOpen?.id).toBe("blocked000");
    expect(seen.open).toBe(1);
  });

  test("tells what passes of the day removed, and leaves out those of the day before", () => {
    const old = { ...pass, pass: "p0", endedAt: NOW - 2 * DAY };
    const twice = { ...noHousekeeping, passes: [old, pass, { ...pass, pass: "p2" }] };
    const { removed } = reportOf(reportInput({ housekeeping: twice }));
    expect(removed.find(({ of }) => of === "npm")).toMatchObject({ units: 2 * 14_203, bytes: 176 * GB });
  });

  test("names what failed: jobs, repos, what could not be removed or read", () => {
    const { failures } = reportOf(
      reportInput({
        housekeeping: {
          ...noHousekeeping,
          jobs: { repos: { ranAt: NOW, due: null, failed: "the disk is full" } },
          repos: {
            "acme/shop": { at: NOW - HOUR, did: [], failed: ["git gc: bad object"] },
            "acme/docs": { at: NOW - 3 * DAY, did: [], failed: ["long ago"] },
          },
          passes: [pass],
        },
        unread: ["The history cannot be read."],
      }),
    );
    expect(failures).toEqual([
      'The job "repos": the disk is full',
      "acme/shop: git gc: bad object",
      expect.stringMatching(/^Cannot remove caches\/go/),
      "The history cannot be read.",
    ]);
  });

  test("a day on which nothing happened is quiet, and one with a failure is not", () => {
    const nothing = reportInput({ runs: [], housekeeping: noHousekeeping });
    expect(reportOf(nothing).quiet).toBe(true);
    expect(reportOf({ ...nothing, unread: ["no"] }).quiet).toBe(false);
    const full = { ...noHousekeeping, full: { at: NOW, holders: [] } };
    expect(reportOf({ ...nothing, housekeeping: full }).quiet).toBe(false);
    expect(reportOf({ ...nothing, runs: [run({ startedAt: NOW - HOUR })] }).quiet).toBe(false);
  });

  test("an unknown volume makes no forecast", () => {
    expect(reportOf(reportInput({ space: unknown("EIO") })).forecast).toMatchObject({ known: false });
  });
});

describe("the forecast", () => {
  const days = (shares: readonly number[]) =>
    shares.map((share, index) => ({ at: NOW - (shares.length - index) * DAY, space: space(share) }));
  const after = (shares: readonly number[]) => forecastOf(days(shares), NOW, space(shares.at(-1) ?? 0));

  test("follows from what comes a day", () => {
    expect(after([0.4, 0.45, 0.5, 0.55, 0.6])).toEqual({ known: true, value: { days: 8 } });
  });

  test("is not misled by the day of an eviction, nor by one on which much came", () => {
    expect(after([0.7, 0.74, 0.78, 0.6, 0.64, 0.68])).toEqual({ known: true, value: { days: 8 } });
    expect(after([0.4, 0.41, 0.42, 0.7, 0.71, 0.72])).toEqual({ known: true, value: { days: 28 } });
  });

  test("says when the volume does not fill up, and when too few days were seen", () => {
    expect(after([0.5, 0.5, 0.49, 0.48])).toEqual({ known: true, value: { days: null } });
    expect(after([0.5, 0.6])).toMatchObject({ known: false });
  });

  test("is of the files where they are scarcer", () => {
    const inodes = [0.5, 0.6, 0.7, 0.8].map((used, index) => ({
      at: NOW - (4 - index) * DAY,
      space: { ...space(0.1), files: { total: 1_000, free: 1_000 * (1 - used) } },
    }));
    const now = { ...space(0.1), files: { total: 1_000, free: 200 } };
    expect(forecastOf(inodes, NOW, now)).toEqual({ known: true, value: { days: 2 } });
  });
});

describe("the trend", () => {
  test("has no more points than asked for, each the fullest of its days", () => {
    const samples = Array.from({ length: 30 }, (_, index) => ({
      at: NOW - (29 - index) * DAY,
      space: space(index % 2 === 0 ? 0.3 : 0.5),
    }));
    const points = trendOf(samples, NOW, 30, 15);
    expect(points).toHaveLength(15);
    expect(points.every(({ bytes }) => Math.abs(bytes - 0.5) < 1e-9)).toBe(true);
  });

  test("leaves out days on which nobody looked", () => {
    expect(trendOf([{ at: NOW - 20 * DAY, space: space(0.3) }], NOW, 30, 15)).toHaveLength(1);
  });
});

test("what is known of the volume is told as it is", () => {
  expect(reportOf(reportInput({ space: known(space(0.5)) })).space).toMatchObject({ known: true });
});
