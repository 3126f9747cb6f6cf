import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Slack, startSlack } from "../../playground/slack/slack.ts";
import { createPeopleClient } from "../../src/slack/client.ts";
import { type SlackSocket, startSocket } from "../../src/slack/socket.ts";
import { until } from "../support/stage.ts";

let slack: Slack;
let socket: SlackSocket;
let handled: string[];

beforeEach(async () => {
  handled = [];
  slack = await startSlack({ limits: "off" });
  slack.addUser({ id: "U0VIEWER", name: "viewer" });
  slack.addChannel({ id: "C0AFK", name: "afk", members: ["U0VIEWER", slack.bot.userId] });
  const apiUrl = slack.apiUrl.replace(/\/$/, "");
  const log = pino({ level: "silent" });
  socket = startSocket({
    apiUrl,
    botToken: slack.botToken,
    appToken: slack.appToken,
    client: createPeopleClient(apiUrl, slack.botToken, log),
    log,
    people: {
      async onCommand({ text }) {
        handled.push(text);
        return {
          text: `heard ${text}`,
          blocks: [{ type: "section", text: { type: "mrkdwn", text: `heard ${text}` } }],
        };
      },
      onButton: async () => undefined,
      checkForm: () => undefined,
      onForm: async () => undefined,
      onMention: async () => undefined,
      homeFor: async () => ({ type: "home", blocks: [] }),
    },
  });
  await until("two connections", () => slack.stats().sockets === 2);
});
afterEach(async () => {
  await socket.stop();
  await slack.close();
});

describe("the connection to Slack", () => {
  test("a command finds an ear before, while and after Slack recycles a connection", async () => {
    const viewer = slack.as("U0VIEWER");
    let sent = 0;
    async function ask(): Promise<void> {
      sent += 1;
      expect(await viewer.command("/afk", `number ${sent}`, "C0AFK")).toMatchObject({ ok: true });
    }
    const recycled = slack.refreshSockets({ warningMs: 2_000, which: "oldest" });
    // Between the warning and the end, the connection that was warned is used like the other one.
    for (let turn = 0; turn < 4; turn += 1) await ask();
    await recycled;
    await ask();
    await until("both are there again", () => slack.stats().sockets === 2);
    await ask();
    await until("each is answered", () => viewer.messages("C0AFK").filter(({ onlyYou }) => onlyYou).length === sent);
    expect(new Set(handled).size).toBe(sent);
  });

  test("a token that is refused for a while costs no more than that while", async () => {
    slack.failNext(2, { error: "invalid_auth" }, "apps.connections.open");
    slack.cutSockets();
    await until("both are gone", () => slack.stats().sockets === 0);
    await until("both are there again", () => slack.stats().sockets === 2);
    expect(slack.stats().calls["apps.connections.open"]).toBeGreaterThanOrEqual(6);
    expect(await slack.as("U0VIEWER").command("/afk", "status", "C0AFK")).toMatchObject({ ok: true });
  });

  test("Slack being away does not end the process, and its return is noticed", async () => {
    await slack.listener.off();
    await until("the connections are gone", () => slack.stats().sockets === 0);
    await slack.listener.on();
    await until("both are there again", () => slack.stats().sockets === 2);
  });
});
