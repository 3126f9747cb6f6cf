import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { startSchedule } from "../../src/schedule.ts";

const NOW = Date.parse("2026-03-28T12:00:00Z");
const HOUR = 3_600_000;
const quiet = pino({ level: "silent" });

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

function start(cron: string, dueOf: number | null | undefined = null, timeZone = "Europe/Berlin") {
  const due: number[] = [];
  const schedule = startSchedule<"job">({
    timetable: { job: cron },
    timeZone,
    dueOf: () => dueOf,
    atOnce: [],
    onDue: () => due.push(Date.now()),
    clock: { now: () => Date.now() },
    log: quiet,
  });
  return { due, schedule };
}

describe("a job", () => {
  test("is due at its hour in the operator's zone, on the day the clocks change too", async () => {
    const { due, schedule } = start("0 8 * * *");
    expect(schedule.nextOf("job")).toBe(Date.parse("2026-03-29T06:00:00Z"));
    await vi.advanceTimersByTimeAsync(48 * HOUR);
    expect(due.map((at) => new Date(at).toISOString().slice(0, 16))).toEqual(["2026-03-29T06:00", "2026-03-30T06:00"]);
    await schedule.stop();
  });

  test("that came due while the bot was down is due at the start, once; one that did not is not", async () => {
    for (const [was, expected] of [
      [NOW - 50 * HOUR, 1],
      [NOW + HOUR, 0],
      [null, 0],
      [undefined, 0],
    ] as const) {
      const { due, schedule } = start("0 8 * * *", was);
      expect(due).toHaveLength(expected);
      await schedule.stop();
    }
  });

  test("is due no more after a stop", async () => {
    const { due, schedule } = start("* * * * *");
    await vi.advanceTimersByTimeAsync(2 * 60_000);
    await schedule.stop();
    await vi.advanceTimersByTimeAsync(10 * 60_000);
    expect(due).toHaveLength(2);
  });
});

test("a job that must not wait for its hour is due at once when it never ran", async () => {
  const due: string[] = [];
  const schedule = startSchedule<"early" | "late">({
    timetable: { early: "0 0 29 2 *", late: "0 0 29 2 *" },
    timeZone: "UTC",
    dueOf: () => undefined,
    atOnce: ["early"],
    onDue: (job) => due.push(job),
    clock: { now: () => Date.now() },
    log: quiet,
  });
  expect(due).toEqual(["early"]);
  await schedule.stop();
});
