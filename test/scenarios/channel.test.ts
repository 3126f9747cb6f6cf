// A channel that cannot be used is said wherever people look, and made good once it can.

import { expect, test } from "vitest";
import { channel } from "../../playground/world/team.ts";
import { operator, type Stage, setStage, until } from "../support/stage.ts";

type Ready = {
  readonly ready: boolean;
  readonly dependencies: readonly { readonly name: string; readonly state: string }[];
};

async function statusSaid(stage: Stage): Promise<string> {
  const person = stage.world.slack.as(operator.id);
  const before = person.messages(channel.id).length;
  await person.command("/afk", "status", channel.id);
  const shown = await until("the answer", () => {
    const all = person.messages(channel.id).filter(({ onlyYou }) => onlyYou);
    return person.messages(channel.id).length > before ? all.at(-1) : undefined;
  });
  return JSON.stringify(shown.blocks);
}

test("not invited, then archived: readiness, status and log say so, and what was to be shown is shown afterwards", async () => {
  await using stage = await setStage();
  const { slack } = stage.world;
  slack.kick(channel.id);
  const bot = stage.startBot();
  const { port } = await bot.said("health pages served");
  const ready = async (): Promise<Ready> => (await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as Ready;
  const channelIs = async () => (await ready()).dependencies.find(({ name }) => name === "channel");
  const untilChannel = async (state: string): Promise<void> => {
    const deadline = Date.now() + 60_000;
    while ((await channelIs())?.state !== state) {
      if (Date.now() > deadline) throw new Error(`the channel is not seen ${state}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };

  await bot.said("slack socket connected");
  const issue = stage.release("good");
  await untilChannel("down");
  expect((await ready()).ready).toBe(false);
  expect(await channelIs()).toMatchObject({ why: expect.stringContaining("invite it") });
  expect(await statusSaid(stage)).toContain(
    "The Slack channel* cannot be used: Slack, the channel C0AFK: the bot is not",
  );
  slack.invite(channel.id);
  await until("its thread", () => stage.thread(issue).root);

  slack.archive(channel.id, true);
  await untilChannel("down");
  expect(await channelIs()).toMatchObject({ why: expect.stringContaining("archived") });
  slack.archive(channel.id, false);
  await until("the card says deployed", () => stage.thread(issue).root?.text.startsWith("Deployed"));
  await untilChannel("up");
  expect(stage.thread(issue).roots).toBe(1);
}, 180_000);
