// What housekeeping does by the clock and on demand, and what Slack shows of it: each thing once, whatever is killed.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { DEFAULT_BLOCKS, NEWER_BLOCKS } from "../../playground/slack/blocks.ts";
import { type Slack, startSlack } from "../../playground/slack/slack.ts";
import { channel } from "../../playground/world/team.ts";
import type { HousekeepingSettings } from "../../src/config.ts";
import type { JobName } from "../../src/domain/housekeeping-state.ts";
import { createUpkeep } from "../../src/git/upkeep.ts";
import { type Housekeeper, startHousekeeper } from "../../src/housekeep/housekeeper.ts";
import { always } from "../../src/leader/fence.ts";
import { createLoop } from "../../src/loop.ts";
import { createDependencies } from "../../src/ops/dependencies.ts";
import type { Store } from "../../src/ports.ts";
import { createSlackClient } from "../../src/slack/client.ts";
import { createPace } from "../../src/slack/pace.ts";
import { createChat } from "../../src/slack/publish.ts";
import { openHistory } from "../../src/store/history.ts";
import { openStore } from "../../src/store/store.ts";
import { timersOf } from "../../src/timers.ts";
import { layoutOf } from "../../src/volume/layout.ts";
import { setTreeStage, type TreeStage } from "../git/support.ts";
import { run } from "../support/build.ts";

const quiet = pino({ level: "silent" });
const clock = { now: () => Date.now() };
const NEVER = "0 0 29 2 *";
const settings: HousekeepingSettings = {
  policy: { high: 0.999, low: 0.998, keepIdleSlotsMs: 1e12 },
  timeZone: "UTC",
  timetable: { volume: NEVER, repos: NEVER, tools: NEVER, measure: NEVER, report: NEVER },
  measureForMs: 2_000,
  keepCheckpointsMs: 1e9,
};
/** Whatever this disk holds is too much. */
const tooFull = { ...settings, policy: { ...settings.policy, high: 1e-9, low: 1e-10 } };

let trees: TreeStage;
let slack: Slack;
let dir: string;
let accepts: string[];
let bots: { readonly housekeeper: Housekeeper; readonly store: Store }[];

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "afk-keeper-"));
  bots = [];
  accepts = [...DEFAULT_BLOCKS];
  slack = await startSlack({ limits: "off", accepts });
  slack.addUser({ id: "U0VIEWER", name: "viewer" });
  slack.addChannel({ ...channel, members: ["U0VIEWER", slack.bot.userId] });
  return () => slack.close();
});
beforeAll(async () => {
  trees = await setTreeStage({ "README.md": "# Shop\n" });
});
afterAll(() => trees[Symbol.asyncDispose]());
afterEach(async () => {
  for (const bot of bots) await stop(bot);
  rmSync(dir, { recursive: true, force: true });
});

async function stop({ housekeeper, store }: (typeof bots)[number]): Promise<void> {
  await housekeeper.stop(5_000);
  await store.close();
}

/** A bot's housekeeping; of those that ran before everything but the disk is gone. `due` jobs were missed. */
async function start(over: HousekeepingSettings = settings, due: readonly JobName[] = []) {
  for (const bot of bots) await stop(bot);
  const store = await openStore(join(dir, "state"), quiet);
  const jobs: readonly JobName[] = ["volume", "repos", "tools", "measure", "report"];
  for (const job of jobs) {
    const known = store.state.housekeeping.jobs[job] !== undefined;
    if (known && !due.includes(job)) continue;
    await store.commit({ type: "housekeeping.job-ran", at: 1, job, due: due.includes(job) ? 2 : null, failed: null });
  }
  const layout = layoutOf(join(dir, "volume"));
  mkdirSync(layout.volume, { recursive: true });
  const loop = createLoop<string>({
    name: "repo",
    concurrency: 1,
    backoff: { firstMs: 10, ceilingMs: 10 },
    log: quiet,
    work: async () => null,
  });
  const housekeeper = startHousekeeper({
    settings: over,
    minFree: 0,
    stateDir: join(dir, "state"),
    layout,
    repos: ["acme/shop"],
    trees: trees.fresh({}, "unused").trees,
    upkeep: createUpkeep(layout),
    store,
    history: openHistory(join(dir, "state")),
    loop,
    chat: createChat(
      createSlackClient(slack.apiUrl.replace(/\/$/, ""), slack.botToken, quiet),
      channel.id,
      createPace(clock),
      timersOf(clock),
      quiet,
    ),
    dependencies: createDependencies(["slack"], clock, quiet),
    mayAct: always,
    clock,
    log: quiet,
  });
  const bot = { housekeeper, store };
  bots.push(bot);
  return bot;
}

function put(path: string, bytes = 10_000): void {
  const full = join(dir, "volume", path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, Buffer.alloc(bytes, 1));
}

const shown = () => slack.as("U0VIEWER").messages(channel.id);
const texts = (): readonly string[] => shown().map(({ text }) => text);
const WAIT = { timeout: 30_000 };

describe("the daily report", () => {
  test("that was due while the bot was down is posted with its start, once", async () => {
    const { store } = await start(settings, ["report"]);
    await expect.poll(() => store.state.housekeeping.report?.shown, WAIT).toBe(true);
    expect(texts()).toEqual([expect.stringMatching(/^Daily report – /)]);
    expect(store.state.housekeeping.jobs["report"]?.due).toBeGreaterThan(Date.now());
    await start();
    await start(settings, ["report"]);
    await expect.poll(() => bots.at(-1)?.store.state.housekeeping.report?.shown, WAIT).toBe(true);
    expect(texts()).toHaveLength(1);
  });

  test.each(["before", "after"] as const)("whose post is cut %s it takes effect is there once", async (when) => {
    let cuts = 0;
    const cut = async ({ path }: { readonly path: string }) => {
      if (!path.endsWith("/chat.postMessage")) return undefined;
      cuts += 1;
      return cuts === 1 ? ({ do: "cut" } as const) : undefined;
    };
    slack.listener.intercept(when === "before" ? { before: cut } : { after: cut });
    await start(settings, ["report"]);
    await expect.poll(() => cuts, WAIT).toBeGreaterThan(0);
    const { store } = await start();
    await expect.poll(() => store.state.housekeeping.report?.shown, WAIT).toBe(true);
    expect(texts()).toHaveLength(1);
  });

  test("comes when Slack is back, if that was away", async () => {
    await slack.listener.off();
    const { store } = await start(settings, ["report"]);
    await expect.poll(() => store.state.housekeeping.jobs["report"]?.ranAt, WAIT).toBeGreaterThan(1);
    await slack.listener.on();
    await expect.poll(() => store.state.housekeeping.report?.shown, WAIT).toBe(true);
    expect(texts()).toHaveLength(1);
  });

  test.each([
    ["the chart where the workspace takes one", true, 1],
    ["a line of bars where it does not, asked once", false, 2],
  ])("has %s", async (_what, hasChart, posts) => {
    if (hasChart) accepts.push(...NEWER_BLOCKS);
    let tried = 0;
    slack.listener.intercept({
      before: async ({ path }) => {
        if (path.endsWith("/chat.postMessage")) tried += 1;
        return undefined;
      },
    });
    const { store } = await start();
    await store.commit({ type: "run.dispatched", at: 1, run: run({ startedAt: Date.now() }) });
    const space = { bytes: { total: 100, free: 40 }, files: null };
    for (const days of [9, 6, 3]) {
      await store.commit({ type: "housekeeping.sampled", at: Date.now() - days * 86_400_000, space });
    }
    await start(settings, ["report"]);
    await expect.poll(() => bots.at(-1)?.store.state.housekeeping.report?.shown, WAIT).toBe(true);
    const blocks = JSON.stringify(shown()[0]?.blocks);
    expect(blocks.includes("data_visualization")).toBe(hasChart);
    expect(blocks.includes("▅")).toBe(!hasChart);
    expect(tried).toBe(posts);
  });
});

describe("a pass that a person asks for", () => {
  test("is followed in a thread of its own, ends there, and is not asked for twice", async () => {
    put("trash/old/a");
    const { housekeeper, store } = await start();
    const answers = await Promise.all([housekeeper.prune("U0VIEWER"), housekeeper.prune("U0VIEWER")]);
    expect(answers).toContain("begun");
    await expect.poll(() => texts().at(-1), WAIT).toMatch(/What was removed/);
    expect(texts()[0]).toMatch(/<@U0VIEWER> had the volume cleared in .*: 1 thing removed/);
    expect(store.state.housekeeping).toMatchObject({ pass: null, asked: null });
    expect(existsSync(join(dir, "volume/trash/old"))).toBe(false);
  });

  test("says so too where nothing had to go, and after a restart in between", async () => {
    const { store } = await start();
    await store.commit({ type: "bot.prune-asked", at: Date.now(), by: "U0VIEWER" });
    await start();
    await expect.poll(texts, WAIT).toEqual([expect.stringMatching(/nothing had to go/)]);
  });
});

describe("a volume that stays too full", () => {
  test("is put before people once, with what holds the most and why, and again when there is room", async () => {
    put("caches/npm/_cacache/content-v2/sha512/aa/bb/1");
    put("others/large", 3_000_000);
    put("state-of-something/small", 10);
    await start(tooFull, ["volume"]);
    await expect.poll(() => texts().at(-1), WAIT).toMatch(/too full, and nothing that may go is left/);
    expect(JSON.stringify(shown()[0]?.blocks)).toMatch(/3\.0 MB – others: nothing that housekeeping may remove/);
    expect(existsSync(join(dir, "volume/caches/npm/_cacache/content-v2/sha512/aa/bb/1"))).toBe(false);
    await start(tooFull, ["volume"]);
    await expect.poll(() => bots.at(-1)?.store.state.housekeeping.jobs["volume"]?.ranAt, WAIT).toBeGreaterThan(1);
    expect(texts().filter((text) => /too full/.test(text))).toHaveLength(1);
    const { store } = await start(settings, ["volume"]);
    await expect.poll(() => store.state.housekeeping.full, WAIT).toBeNull();
    await expect.poll(texts, WAIT).toEqual([expect.stringMatching(/has room again/)]);
  });
});

describe("a job", () => {
  test("over a volume that is not there removes nothing, and the report says so", async () => {
    const { housekeeper, store } = await start();
    rmSync(join(dir, "volume"), { recursive: true });
    await housekeeper.prune("U0VIEWER");
    await expect.poll(() => store.state.housekeeping.passes.length, WAIT).toBe(1);
    expect((await housekeeper.report()).failures).toEqual([
      expect.stringMatching(/^How full the volume is cannot be read: .*ENOENT/),
    ]);
  });

  test("measures what is on the volume, and takes a sample for the trend", async () => {
    put("repos/acme/shop/checkout/a", 50_000);
    put("repos/acme/shop/slots/1/b", 70_000);
    put("caches/npm/_cacache/content-v2/sha512/aa/bb/1");
    const { housekeeper, store } = await start(settings, ["measure"]);
    await expect.poll(() => store.state.housekeeping.samples.length, WAIT).toBe(1);
    const seen = await housekeeper.report();
    expect(seen.repos[0]).toMatchObject({ repo: "acme/shop", bytes: expect.any(Number) });
    expect(seen.repos[0]?.bytes).toBeGreaterThan(120_000);
    expect(seen.caches).toMatchObject([{ of: "npm", units: { all: 1, used: 1 } }]);
  });
});
