import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { startNtfy } from "../../playground/ntfy/ntfy.ts";
import { channel, repo } from "../../playground/world/team.ts";
import { operator, setStage, until } from "../support/stage.ts";

test("a blocked run that nobody looks at is raised in its thread, by name, on phones; and no more once somebody acts", async () => {
  await using ntfy = await startNtfy({ token: "tk_playground" });
  const topic = ntfy.topicUrl("afk-team");
  await using stage = await setStage({
    reminders: { thread: "1s", mention: "3s", page: "6s", every: "1h" },
    ntfy: { topic, token: { env: "AFK_NTFY_TOKEN" } },
  });
  ntfy.failNext(1, 503);
  const bot = stage.startBot({ AFK_NTFY_TOKEN: "tk_playground" });
  await bot.said("slack socket connected");

  const issue = stage.release("no-commit");
  const reminders = () => stage.thread(issue).replies.filter(({ text }) => text.includes("Nobody has settled this"));
  await until("the last reminder", () => reminders().some(({ broadcast }) => broadcast));
  const [inThread, byName, page] = reminders();
  expect(inThread).toMatchObject({ broadcast: false, text: expect.not.stringContaining("<@") });
  expect(byName).toMatchObject({ broadcast: false, text: expect.stringContaining(`<@${operator.id}>`) });
  expect(page).toMatchObject({ broadcast: true, text: expect.stringContaining(`<@${operator.id}>`) });

  await until("the phones ring, at the second try", () => ntfy.rung("afk-team").length > 0);
  expect(ntfy.rung("afk-team")).toEqual([
    expect.objectContaining({
      title: `${repo}#${issue}`,
      message: `${repo}#${issue} is blocked and waits for people. Nobody has settled it yet. See its thread in Slack.`,
      priority: 4,
      authorization: "Bearer tk_playground",
    }),
  ]);

  // A reminder's buttons are the question's.
  const person = stage.world.slack.as(operator.id);
  await person.press(channel.id, page?.ts ?? "", "abandon.v1");
  const form = await until("the form", () => person.modals().at(-1));
  await person.submitModal(form.id, { reason: "Not worth it." });
  await until("the reminder says how it ended", () =>
    stage.thread(issue).replies.some(({ ts, text }) => ts === page?.ts && text.includes("Abandoned")),
  );
  expect(reminders()).toHaveLength(2);
  expect(ntfy.rung("afk-team")).toHaveLength(1);
  const log = readFileSync(bot.logFile, "utf8");
  expect(log).not.toContain("tk_playground");
  expect(log).not.toContain(topic);
});
