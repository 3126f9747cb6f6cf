// A running bot whose config file is changed under it.

import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import type { Bot } from "../../playground/demo/bot.ts";
import { channel, repo, slackUsers } from "../../playground/world/team.ts";
import { eventually, linesOf, type OpsStage, type Pages, pagesOf, setOpsStage } from "./support.ts";

type File = { slack: { operators: string[] }; http: object; repos: { repo: string; workloads: unknown[] }[] };

const [first, second] = slackUsers;
let stage: OpsStage;
let bot: Bot;
let pages: Pages;

beforeAll(async () => {
  stage = await setOpsStage();
  bot = stage.startBot();
  pages = await pagesOf(bot);
  await eventually("ready", async () => (await pages.get("/readyz")).status === 200);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

function change(edit: (config: File) => void): void {
  const config = parse(readFileSync(stage.world.configFile, "utf8")) as File;
  edit(config);
  writeFileSync(stage.world.configFile, stringify(config));
}

/** What only they are shown in answer. */
async function says(user: string, text: string): Promise<string> {
  const person = stage.world.slack.as(user);
  const own = () => person.messages(channel.id).filter(({ onlyYou }) => onlyYou);
  const before = own().length;
  return await eventually(`an answer to ${text}`, async () => {
    // A command that comes while a connection is made anew reaches nobody, and Slack says so.
    if (own().length === before) await person.command("/afk", text, channel.id);
    return own().length > before ? JSON.stringify(own().at(-1)) : undefined;
  });
}

const reloads = (result: string): Promise<number | undefined> => pages.metric("afk_config_reloads_total", { result });
const deployed = async (count: number): Promise<boolean> =>
  ((await pages.metric("afk_runs_ended_total", { repo, outcome: "deployed" })) ?? 0) >= count;

test("a wrong config leaves the last good one in force, and is told in the log, in Slack and in the metrics", async () => {
  change((config) => config.slack.operators.push("nobody"));
  await eventually("refused", async () => (await reloads("refused")) === 1);
  expect(await pages.metric("afk_config_good")).toBe(0);
  const told = linesOf(stage.logFile).find(({ msg }) => msg === "config not taken, the last good one stays in force");
  expect(told).toMatchObject({
    level: "error",
    why: expect.stringContaining("slack.operators[1]: expected a user id"),
  });
  expect(await says(second.id, "status")).toMatch(/config file is not in force as it is.*slack\.operators\[1\]/);
  stage.release();
  await eventually("work goes on", () => deployed(1));
});

test("a good one is taken while a run is under way, which goes on as if nothing had been", async () => {
  expect(await says(second.id, "pause")).toContain("Only operators");
  stage.release();
  await eventually("under way", async () => (await pages.metric("afk_runs_started_total", { repo })) === 2);
  change((config) => {
    config.slack.operators = [second.id];
  });
  await eventually("taken", async () => (await reloads("taken")) === 1);
  expect(await pages.metric("afk_config_good")).toBe(1);
  await eventually("deployed", () => deployed(2));
  expect(stage.world.t3.threads()).toHaveLength(2);
  expect(await says(second.id, "pause for a moment")).toContain("Paused");
  expect(await says(first.id, "resume")).toContain("Only operators");
  await says(second.id, "resume");
});

test("what the process was started with waits for a restart, and is named", async () => {
  change((config) => {
    config.http = { port: 1 };
  });
  await eventually("refused", async () => (await reloads("refused")) === 2);
  expect(await says(second.id, "status")).toContain("http: cannot change while the bot runs");
  change((config) => {
    config.http = { port: 0 };
  });
  await eventually("reverted", async () => (await reloads("reverted")) === 1);
  expect(await says(second.id, "status")).not.toContain("not in force");
});

test("a SIGTERM right after a change still ends it in order", async () => {
  change((config) => {
    config.slack.operators = [first.id];
  });
  bot.process.kill("SIGHUP");
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const ended = once(bot.process, "exit");
  bot.process.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
});
