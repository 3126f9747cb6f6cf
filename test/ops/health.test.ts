import { pino } from "pino";
import { expect, test } from "vitest";
import { createLoop } from "../../src/loop.ts";
import { createDependencies } from "../../src/ops/dependencies.ts";
import { createHealth } from "../../src/ops/health.ts";

const log = pino({ level: "silent" });
const clock = { now: () => 1_000_000 };

test("a repo that is at work for too long makes the bot dead, and is named", async () => {
  const health = createHealth(createDependencies([], clock, log), clock);
  const { promise, resolve } = Promise.withResolvers<null>();
  const loop = createLoop<string>({
    name: "repo",
    concurrency: 2,
    backoff: { firstMs: 1, ceilingMs: 1 },
    log,
    work: async (key) => (key === "acme/hangs" ? await promise : 1),
  });
  health.watch(loop.load, 50);
  loop.nudge("acme/works");
  loop.nudge("acme/hangs");
  expect(health.dead()).toBeUndefined();
  await new Promise((done) => setTimeout(done, 80));
  expect(health.dead()).toContain("acme/hangs has been at work");
  resolve(null);
  await loop.stop(1_000);
  expect(health.dead()).toBeUndefined();
});

test("a bot that has not its state yet, or is stopping, is not ready though every service answers", () => {
  const health = createHealth(createDependencies([], clock, log), clock);
  const readyAs = (role: "starting" | "standby" | "leader" | "stopping"): boolean => {
    health.become(role);
    return health.ready().ready;
  };
  expect([readyAs("starting"), readyAs("standby"), readyAs("leader"), readyAs("stopping")]).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test("a service that one call finds away is told of at once, so that it is asked again and holds nothing up for long", async () => {
  const clock = { now: () => 0 };
  const dependencies = createDependencies(["t3", "t3:west"], clock, log);
  const told: string[] = [];
  dependencies.onDown((name) => told.push(name));
  const fails = () => Promise.reject(new Error("502"));
  for (let times = 0; times < 3; times += 1) await dependencies.watch("t3:west", fails).catch(() => undefined);
  expect(told).toEqual(["t3:west"]);
  await dependencies.watch("t3:west", async () => {});
  await dependencies.watch("t3:west", fails).catch(() => undefined);
  expect(told).toEqual(["t3:west", "t3:west"]);
});
