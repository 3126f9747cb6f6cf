import { afterAll, beforeAll, expect, test } from "vitest";
import type { Bot } from "../../playground/demo/bot.ts";
import { type Stage, setStage, until } from "../support/stage.ts";

let stage: Stage;
let bot: Bot;

beforeAll(async () => {
  stage = await setStage();
  bot = stage.startBot();
  await bot.said("armed");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

test("T3 is killed in mid-turn and started again: the same session goes on with the work, and it is deployed once", async () => {
  const { t3 } = stage.world;
  const issue = stage.release("silent times=1");
  const sessions = () => t3.threads().filter(({ title }) => title.startsWith(`#${issue} `));
  await until("the agent at work", () => sessions()[0]?.messages.some(({ role }) => role === "assistant"));
  await t3.restart({ graceful: false });
  await until("the card says deployed", () => stage.thread(issue).root?.text.startsWith("Deployed:"));

  const [session, ...others] = sessions();
  expect(others).toEqual([]);
  const asked = session?.messages.filter(({ role }) => role === "user").map(({ text }) => text) ?? [];
  expect(asked).toHaveLength(2);
  expect(asked[1]).toContain("was restarted while you worked");
  expect(session?.activities.map(({ kind }) => kind)).not.toContain("provider.turn.interrupt.failed");
});
