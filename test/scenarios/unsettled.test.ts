import { afterAll, beforeAll, expect, test } from "vitest";
import { channel, repo } from "../../playground/world/team.ts";
import { operator, type Stage, setStage, until } from "../support/stage.ts";

let stage: Stage;

beforeAll(async () => {
  stage = await setStage({ policy: { stall: "3s", settle: "1s" } });
  await stage.startBot().said("armed");
});
afterAll(() => stage[Symbol.asyncDispose]());

test("a run that is unblocked before its agent has stopped goes on once it has", async () => {
  const issue = stage.release("deaf ms=12000");
  const messages = () =>
    stage.world.t3
      .threads()
      .filter(({ title }) => title.startsWith(`#${issue} `))
      .flatMap((thread) => thread.messages.filter(({ role }) => role === "user"));
  await until("the card says blocked", () => stage.thread(issue).root?.text.startsWith("Blocked:"));
  await stage.world.slack.as(operator.id).command("/afk", `unblock ${repo}#${issue} Please go on.`, channel.id);
  expect(messages()).toHaveLength(1);
  await until("the card says deployed", () => stage.thread(issue).root?.text.startsWith("Deployed:"));
  expect(messages().map(({ text }) => text)[1]).toContain("Please go on.");
});
