// Replicas as processes, one after the other: one leads, and the next takes over whatever becomes of it.

import { once } from "node:events";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Bot } from "../../playground/demo/bot.ts";
import { look } from "../../playground/sweep/look.ts";
import { paths } from "../../playground/sweep/paths.ts";
import { channel, repo, slackUsers } from "../../playground/world/team.ts";
import { eventually, pagesOf } from "../ops/support.ts";
import { type Replicas, setReplicas, type Times } from "./support.ts";

const SHORT: Times = { leaseDuration: "4s", renewDeadline: "2500ms", retryPeriod: "300ms" };
/** The config's own. */
const DEFAULT: Times = { leaseDuration: "15s", renewDeadline: "10s", retryPeriod: "2s" };

/** All of them: `npm run test:replicas`. Each replica costs a process some seconds of CPU. */
const inFull = test.runIf(process.env["AFK_REPLICAS"] === "full");

// Leases run out in real time, and processes start when the machine lets them.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

let stage: Replicas;
let leader: Bot;
const issues: number[] = [];

beforeAll(async () => {
  stage = await setReplicas();
  leader = stage.start("first", DEFAULT);
  await leader.said("ready");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

async function standby(name: string): Promise<Bot> {
  const bot = stage.start(name, SHORT);
  await bot.said("standing by");
  return bot;
}

/** A new issue, whose session is there: what comes is still to be done. */
async function underWay(): Promise<void> {
  issues.push(stage.release());
  await eventually("its session", async () => stage.world.t3.threads().length === issues.length);
}

/** Everything is done and shown, for every issue so far, and nothing of it twice, whichever replica did it. */
async function allDoneOnce(): Promise<void> {
  const last = issues.at(-1) ?? 0;
  await eventually("done", async () => paths["happy"]?.done(look(stage.world, last)), 90_000);
  const { t3, github, slack } = stage.world;
  expect(t3.threads()).toHaveLength(issues.length);
  for (const { messages } of t3.threads()) expect(messages.filter(({ role }) => role === "user")).toHaveLength(1);
  const landed = (await github.git.run(github.gitDir(repo), ["log", "--format=%B", "main"])).toString();
  const shown = slack.as(slackUsers[1].id).messages(channel.id);
  for (const issue of issues) {
    expect(github.issue(repo, issue).comments).toHaveLength(1);
    expect(landed.match(new RegExp(`^Closes #${issue}$`, "gm"))).toHaveLength(1);
    const roots = shown.filter(({ threadTs, text }) => threadTs === undefined && text.includes(`${repo}#${issue} `));
    expect(roots).toHaveLength(1);
    const replies = shown.filter(({ threadTs }) => threadTs === roots[0]?.ts).map(({ text }) => text);
    expect(new Set(replies).size).toBe(replies.length);
  }
}

inFull(
  "a standby is warm and does nothing; a leader that is killed is replaced within 20 s, with the config's own times",
  async () => {
    const second = await standby("second");
    const pages = await pagesOf(second);
    await eventually("ready", async () => (await pages.get("/readyz")).status === 200);
    expect(JSON.parse((await pages.get("/readyz")).text)).toMatchObject({ role: "standby" });
    await underWay();
    expect(await pages.metric("afk_leader")).toBe(0);
    expect(await pages.metric("afk_commits_total", { result: "ok" })).toBe(0);

    const killed = performance.now();
    leader.process.kill("SIGKILL");
    await second.said("ready");
    const seconds = (performance.now() - killed) / 1000;
    console.log(`taken over after ${seconds.toFixed(1)} s`);
    // The promise is 20 s; the rest is for a machine that does ten other things.
    expect(seconds).toBeLessThan(40);
    expect(await pages.metric("afk_leader")).toBe(1);
    await allDoneOnce();
    leader = second;
  },
);

inFull("a leader that stops in order is replaced at once, also in the middle of a run", async () => {
  const third = await standby("third");
  await underWay();
  await leader.stop();
  expect(leader.process.exitCode).toBe(0);
  await third.said("ready");
  await allDoneOnce();
  leader = third;
});

inFull("a leader that is cut off from the API stops by itself before the other begins", async () => {
  const away = await standby("away");
  await away.stop();
  expect(away.process.exitCode).toBe(0);
  const fourth = await standby("fourth");
  await underWay();
  const ended = once(leader.process, "exit").then(() => "the old one has ended");
  stage.cutOff("third");
  expect(await Promise.race([ended, fourth.said("leading").then(() => "the new one leads")])).toBe(
    "the old one has ended",
  );
  expect(leader.process.exitCode).toBe(1);
  await fourth.said("ready");
  await allDoneOnce();
  leader = fourth;
});

test("a leader that is paused in the middle of a run wakes up deposed, and does nothing any more", async () => {
  const fifth = await standby("fifth");
  await underWay();
  leader.process.kill("SIGSTOP");
  await fifth.said("ready");
  await allDoneOnce();
  // With the new leader held still, whatever happens outside is the old one's doing.
  fifth.process.kill("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 500));
  stage.acts();
  const ended = once(leader.process, "exit");
  leader.process.kill("SIGCONT");
  expect(await ended).toEqual([1, null]);
  expect(stage.acts()).toEqual([]);
  expect(await leader.said("does not lead any more, exiting")).toMatchObject({
    level: "fatal",
    why: expect.any(String),
  });
  fifth.process.kill("SIGCONT");
});
