// A report of a busy day, for tests that draw it.

import type { Group } from "../../src/domain/housekeeping.ts";
import { noHousekeeping, type Pass } from "../../src/domain/housekeeping-state.ts";
import { known } from "../../src/domain/observed.ts";
import type { Holding, ReportInput } from "../../src/domain/report.ts";
import { run, SHA, T0 } from "./build.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const GB = 1e9;
export const NOW = T0 + 23 * HOUR;

export function space(used: number, total = 2_000 * GB) {
  return { bytes: { total, free: total * (1 - used) }, files: { total: 1e8, free: 0.7e8 } };
}

function group(over: Partial<Group>): Group {
  return {
    kind: "package cache",
    of: "npm",
    why: "least recently used, and the volume is too full",
    units: 1,
    bytes: 0,
    unmeasured: 0,
    usedFrom: NOW - 40 * DAY,
    usedTo: NOW - 9 * DAY,
    ...over,
  };
}

export const pass: Pass = {
  pass: "p1",
  at: NOW - 5 * HOUR,
  endedAt: NOW - 4.5 * HOUR,
  by: null,
  removed: [
    group({ kind: "trash", of: "trash", why: "thrown away", units: 3, bytes: 0, unmeasured: 3 }),
    group({ kind: "build cache", of: "go-build", units: 18_221, bytes: 61 * GB }),
    group({ of: "npm", units: 14_203, bytes: 88 * GB }),
    group({ of: "cargo", units: 311, bytes: 19 * GB }),
    group({ kind: "slot", of: "acme/docs", why: "unused for more than 30 days", bytes: 4.2 * GB }),
  ],
  stayed: [group({ of: "go", why: "Cannot remove caches/go/mod: the bot has no right to: check its owner and mode" })],
  before: space(0.86),
  after: space(0.7),
  notes: [],
};

const caches: readonly Holding[] = [
  ["npm", 212, 90_211, 7_212, 31],
  ["go-build", 140, 51_002, 22_100, 66],
  ["cargo", 66, 2_210, 340, 12],
  ["playwright", 2.1, 6, 3, 1.4],
].map(([tool, gb, all, used, usedGb]) => ({
  path: `caches/${tool}`,
  what: "cache",
  of: String(tool),
  bytes: Number(gb) * GB,
  files: Number(all) * 2,
  at: NOW - 6 * HOUR,
  units: { all: Number(all), used: Number(used), usedBytes: Number(usedGb) * GB },
}));

function holding(of: string, what: "checkout" | "slot", gb: number, at = NOW - 2 * HOUR): Holding {
  return { path: `repos/${of}/${what}`, what, of, bytes: gb * GB, files: 1_000, at };
}

const landed = { sha: SHA, commits: 2, seenAt: T0 + HOUR };
const issue = (number: number, title = "Add a discount") => ({
  number,
  title,
  url: `https://github.com/acme/shop/issues/${number}`,
});
const deployed = (id: string, repo: string, minutes: number) =>
  run({
    id,
    repo,
    issue: issue(Number(id)),
    tree: null,
    startedAt: T0,
    state: { name: "deployed", since: T0 + minutes * 60_000, landed, evidence: [] },
  });

export function reportInput(over: Partial<ReportInput> = {}): ReportInput {
  const blocked = run({
    id: "blocked000",
    issue: issue(31),
    startedAt: NOW - 3 * DAY,
    state: {
      name: "blocked",
      since: NOW - 3 * DAY,
      reason: { kind: "nothing-landed", text: "The agent ended without landing a commit.", details: null },
      turn: null,
      agentMayLive: false,
    },
  });
  return {
    now: NOW,
    repos: ["acme/shop", "acme/billing", "acme/search", "acme/docs"],
    runs: [
      deployed("12", "acme/shop", 41),
      deployed("13", "acme/shop", 66),
      deployed("14", "acme/billing", 25),
      run({ id: "15", repo: "acme/billing", issue: issue(15) }),
      blocked,
    ],
    housekeeping: {
      ...noHousekeeping,
      passes: [pass],
      samples: Array.from({ length: 30 }, (_, index) => ({
        at: NOW - (30 - index) * DAY,
        space: space(0.41 + 0.015 * index - (index > 24 ? 0.12 : 0)),
      })),
    },
    space: known(space(0.702)),
    holdings: [
      ...caches,
      holding("acme/shop", "checkout", 1.1),
      holding("acme/shop", "slot", 7.4),
      holding("acme/billing", "slot", 3.3),
      holding("acme/search", "checkout", 0.6, NOW - 2 * DAY),
    ],
    kept: [
      group({ why: "there is room", bytes: 212 * GB }),
      group({ of: "cargo", why: "there is room", bytes: 66 * GB }),
      group({ kind: "slot", of: "acme/shop", why: "run blocked000 on #31 is blocked", bytes: 7.4 * GB }),
    ],
    unread: [],
    ...over,
  };
}
