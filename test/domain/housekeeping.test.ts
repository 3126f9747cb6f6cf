import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { atWork, cacheHold, oldThreads, slotHold } from "../../src/domain/holds.ts";
import { type Inventory, kinds, type Plan, plan, type Unit } from "../../src/domain/housekeeping.ts";
import { threadIdOf } from "../../src/domain/ids.ts";
import { known, unknown } from "../../src/domain/observed.ts";
import { type Amount, usedShare } from "../../src/domain/space.ts";
import { run, SHA, T0, turn } from "../support/build.ts";
import { DAY, GB } from "../support/report.ts";

const policy = { high: 0.85, low: 0.7, keepIdleSlotsMs: 30 * DAY };
const NOW = T0;

function unit(over: Partial<Unit>): Unit {
  const base = { kind: "package cache", of: "npm", path: "caches/npm/a", bytes: GB, files: 1 } as const;
  return { ...base, usedAt: NOW - DAY, anyTime: true, held: null, forNow: false, ...over };
}

function inventory(used: number, units: readonly Unit[], files = 0.1): Inventory {
  const amount = (share: number, total: number) => ({ total, free: Math.round(total * (1 - share)) });
  return { space: known({ bytes: amount(used, 100 * GB), files: amount(files, 1_000) }), units, unread: [] };
}

const paths = ({ removals }: Plan): readonly string[] => removals.map(({ unit: { path } }) => path);

describe("below the high watermark", () => {
  test("nothing goes but trash and slots that nobody used for long, each with its reason", () => {
    const made = plan(
      inventory(0.84, [
        unit({ path: "old cache", usedAt: NOW - 300 * DAY }),
        unit({ kind: "trash", path: "trash/1" }),
        unit({ kind: "slot", path: "slots/1", usedAt: NOW - 31 * DAY }),
        unit({ kind: "slot", path: "slots/2", usedAt: NOW - 29 * DAY }),
      ]),
      policy,
      NOW,
    );
    expect(made.removals.map(({ unit: { path }, why }) => [path, why])).toEqual([
      ["trash/1", "thrown away"],
      ["slots/1", "unused for more than 30 days"],
    ]);
    expect(made).toMatchObject({ need: null, short: null });
    expect(made.kept.map(({ kind, why }) => [kind, why])).toEqual([
      ["package cache", "there is room"],
      ["slot", "there is room"],
    ]);
  });
});

describe("above the high watermark", () => {
  const stale = (kind: Unit["kind"], path: string, days: number, over: Partial<Unit> = {}) =>
    unit({ kind, path, usedAt: NOW - days * DAY, bytes: 6 * GB, ...over });

  test("builds go before packages, packages before slots, the least recently used of each first, until it is enough", () => {
    const units = [
      stale("slot", "slot", 9),
      stale("package cache", "young package", 1),
      stale("package cache", "old package", 8),
      stale("build cache", "young build", 0.5),
      stale("build cache", "old build", 2),
    ];
    const made = plan(inventory(0.86, units), policy, NOW);
    expect(made.need).toEqual({ bytes: 16 * GB, files: 0 });
    expect(paths(made)).toEqual(["old build", "young build", "old package"]);
    expect(made.kept.map(({ why }) => why)).toEqual(["enough was freed without it", "enough was freed without it"]);
  });

  test("of slots those of the repo that was idle the longest go first", () => {
    const units = [
      stale("slot", "busy/old", 20, { of: "acme/busy" }),
      stale("slot", "busy/new", 1, { of: "acme/busy" }),
      stale("slot", "idle/new", 9, { of: "acme/idle" }),
      stale("slot", "idle/old", 12, { of: "acme/idle" }),
    ];
    expect(paths(plan(inventory(0.95, units), policy, NOW))).toEqual(["idle/old", "idle/new", "busy/old", "busy/new"]);
  });

  test("many small files are as much a reason as many bytes", () => {
    const units = [1, 2, 3, 4].map((n) => stale("build cache", `b${n}`, n, { bytes: 0, files: 100 }));
    const made = plan(inventory(0.2, units, 0.9), policy, NOW);
    expect(made.need).toEqual({ bytes: 0, files: 200 });
    expect(paths(made)).toEqual(["b4", "b3"]);
  });

  test("a size that is not known counts as nothing, so the plan is rather too long", () => {
    const units = [
      stale("build cache", "unknown", 9, { bytes: null }),
      stale("build cache", "known", 3, { bytes: 16 * GB }),
    ];
    expect(paths(plan(inventory(0.86, units), policy, NOW))).toEqual(["unknown", "known"]);
  });

  test("what is held stays with its reason, and what is missing is said", () => {
    const units = [
      stale("build cache", "held", 9, { held: "a run is at work", forNow: true, bytes: 30 * GB }),
      stale("build cache", "free", 3),
    ];
    const made = plan(inventory(0.86, units), policy, NOW);
    expect(paths(made)).toEqual(["free"]);
    expect(made.short).toEqual({ bytes: 10 * GB, files: 0 });
    expect(made.waits).toBe(true);
    expect(made.kept).toMatchObject([{ why: "a run is at work", units: 1, bytes: 30 * GB }]);
  });

  test("a volume that cannot be read, or a folder in it, loses nothing", () => {
    const units = [stale("build cache", "old", 300)];
    const made = plan({ space: unknown("EIO"), units, unread: [{ path: "caches/go", why: "EACCES" }] }, policy, NOW);
    expect(made.removals).toEqual([]);
    expect(made.kept[0]?.why).toBe("how full the volume is, is not known");
    expect(made.notes).toEqual([expect.stringMatching(/EIO/), expect.stringMatching(/caches\/go .*EACCES/)]);
  });

  test("a plan of more than twenty thousand things is carried out in parts", () => {
    const units = Array.from({ length: 25_000 }, (_, n) => stale("build cache", `b${n}`, n / 100, { bytes: 1 }));
    const made = plan(inventory(0.86, units), policy, NOW);
    expect(made.removals).toHaveLength(20_000);
    expect(made.short).toBeNull();
    expect(made.kept).toMatchObject([{ why: "its turn is in the next part", units: 5_000 }]);
  });
});

const anyUnit: fc.Arbitrary<Unit> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    of: fc.constantFrom("npm", "go", "acme/shop", "acme/docs"),
    bytes: fc.option(fc.integer({ min: 0, max: 20e9 }), { nil: null }),
    files: fc.option(fc.integer({ min: 0, max: 400 }), { nil: null }),
    usedAt: fc.integer({ min: NOW - 90 * DAY, max: NOW }),
    held: fc.option(fc.constantFrom("held", "in use"), { nil: null }),
  })
  .map((fields) => unit(fields));

const shareOf = (amount: Amount | null): number => (amount === null ? 0 : usedShare(amount));

test("whatever is on the volume: nothing held goes, all is accounted for, and no more goes than is needed", () => {
  fc.assert(
    fc.property(
      fc.array(anyUnit, { maxLength: 40 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (drawn, used, files) => {
        const units = drawn.map((each, n) => ({ ...each, path: `u${n}` }));
        const made = plan(inventory(used, units, files), policy, NOW);
        const kept = made.kept.reduce((all, each) => all + each.units, 0);
        expect(made.removals.length + kept).toBe(units.length);
        expect(new Set(paths(made)).size).toBe(made.removals.length);
        expect(made.removals.every(({ unit: { held } }) => held === null)).toBe(true);
        const shares = made.space.known ? [made.space.value.bytes, made.space.value.files].map(shareOf) : [];
        expect(made.need === null).toBe(shares.every((share) => share < policy.high));
        const forSpace = made.removals.filter((removal) => removal.forSpace);
        if (made.need === null) expect(forSpace).toEqual([]);
        const last = forSpace.at(-1);
        if (made.need !== null && last !== undefined) {
          const before = made.removals.filter((removal) => removal !== last).map((removal) => removal.unit);
          const sum = (of: "bytes" | "files") => before.reduce((all, each) => all + (each[of] ?? 0), 0);
          expect(sum("bytes") < made.need.bytes || sum("files") < made.need.files).toBe(true);
        }
      },
    ),
  );
});

describe("what an active run may use", () => {
  const working = run({ startedAt: NOW - 3_600_000 });
  const work = atWork([working], undefined);

  test("stays: of what may go at any time what was used since it began, of the rest everything", () => {
    expect(cacheHold(true, NOW - 2 * 3_600_000, work)).toBeNull();
    expect(cacheHold(true, NOW - 60_000, work)).toMatch(/used since then: a run is at work \(acme\/shop#12\)/);
    expect(cacheHold(false, NOW - 300 * DAY, work)).toMatch(/may be in use/);
    expect(cacheHold(false, NOW - 300 * DAY, undefined)).toBeNull();
  });

  test("counts from the oldest run or setup, and a blocked run's agent counts until it has settled", () => {
    const blocked = (agentMayLive: boolean) =>
      run({
        id: "b",
        startedAt: NOW - 5 * DAY,
        state: {
          name: "blocked",
          since: NOW,
          reason: { kind: "stalled", text: "", details: null },
          turn,
          agentMayLive,
        },
      });
    expect(atWork([working, blocked(true)], undefined)?.since).toBe(NOW - 5 * DAY);
    expect(atWork([working, blocked(false)], undefined)?.since).toBe(NOW - 3_600_000);
    expect(atWork([blocked(false)], undefined)).toBeUndefined();
    expect(atWork([], NOW - 5)).toEqual({ since: NOW - 5, who: "a tree is being set up" });
  });
});

describe("a slot", () => {
  const held = { slot: 1, is: "held", run: run().id } as const;
  const deployed = {
    name: "deployed",
    since: NOW,
    landed: { sha: SHA, commits: 1, seenAt: NOW },
    evidence: [],
  } as const;

  test("may go when it is free and no run has it by the state", () => {
    expect(slotHold({ slot: 2, is: "free" }, [run()])).toBeNull();
    expect(slotHold({ slot: 1, is: "free" }, [run()])).toMatch(/is working/);
    expect(slotHold({ slot: 1, is: "free" }, [run({ state: deployed })])).toBeNull();
  });

  test("stays while a run has it, known or not, and when the bot did not make it", () => {
    expect(slotHold(held, [run()])).toMatch(/run .* on #12 is working/);
    expect(slotHold(held, [run({ state: deployed })])).toMatch(/being released/);
    expect(slotHold(held, [])).toMatch(/does not know/);
    expect(slotHold({ slot: 3, is: "strange", why: "it has no .git" }, [])).toMatch(/it has no \.git/);
  });
});

test("T3's threads are old when their run ended long enough ago, and nobody else's ever are", () => {
  const ended = (id: string, days: number) =>
    run({ id, state: { name: "abandoned", since: NOW - days * DAY, why: "" } });
  const runs = { a: ended("a", 20), b: ended("b", 3), c: run({ id: "c" }) };
  const old = oldThreads({ runs, past: { d: NOW - 40 * DAY, e: NOW - DAY } }, NOW - 14 * DAY);
  expect([...old].sort()).toEqual(["a", "d"].map(threadIdOf).sort());
});
