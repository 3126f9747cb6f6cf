// A token that a service refuses is put before people, once, and its message says when it is taken again.

import { pino } from "pino";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type NtfyServer, startNtfy } from "../../playground/ntfy/ntfy.ts";
import { type Slack, startSlack } from "../../playground/slack/slack.ts";
import { channel } from "../../playground/world/team.ts";
import type { BotEvent } from "../../src/domain/event.ts";
import { type BotState, emptyState, reduce } from "../../src/domain/state.ts";
import { AfkError } from "../../src/errors.ts";
import { always } from "../../src/leader/fence.ts";
import { createNtfy } from "../../src/ntfy/ntfy.ts";
import { createDependencies, type Dependencies } from "../../src/ops/dependencies.ts";
import type { Dependency, Store } from "../../src/ports.ts";
import { createSlackClient } from "../../src/slack/client.ts";
import { createPace } from "../../src/slack/pace.ts";
import { createChat } from "../../src/slack/publish.ts";
import { timersOf } from "../../src/timers.ts";
import { startTokens } from "../../src/tokens.ts";
import { until } from "../support/stage.ts";

const log = pino({ level: "silent" });
const clock = { now: () => Date.now() };
let slack: Slack;
let ntfy: NtfyServer;
let state: BotState;
let dependencies: Dependencies;
let tokens: ReturnType<typeof startTokens>;

const store: Store = {
  get state() {
    return state;
  },
  async commit(event: BotEvent) {
    state = reduce(state, event);
  },
  async close() {},
};

beforeEach(async () => {
  slack = await startSlack({ limits: "off" });
  slack.addUser({ id: "U0VIEWER", name: "viewer" });
  slack.addChannel({ ...channel, members: ["U0VIEWER", slack.bot.userId] });
  ntfy = await startNtfy();
  state = emptyState;
  dependencies = createDependencies(["github", "t3", "slack"], clock, log);
  start();
});
afterEach(async () => {
  await tokens.stop(1_000);
  await slack.close();
  await ntfy[Symbol.asyncDispose]();
});

function start(): void {
  const client = createSlackClient(slack.apiUrl.replace(/\/$/, ""), slack.botToken, log);
  tokens = startTokens({
    store,
    chat: createChat(client, channel.id, createPace(clock), timersOf(clock), log),
    dependencies,
    operators: ["U0OPERATOR", "S0ONCALL"],
    ntfy: createNtfy({ topic: ntfy.topicUrl("afk"), token: undefined }, always),
    lastsMs: 1_000,
    clock,
    log,
  });
}

const shown = () => slack.as("U0VIEWER").messages(channel.id);
const says = (words: string) => () => shown().some(({ blocks }) => JSON.stringify(blocks).includes(words));

async function refuse(service: Dependency, why: string): Promise<void> {
  const error = new AfkError("unauthorised", why);
  await dependencies.watch(service, () => Promise.reject(error)).catch(() => {});
}

test("GitHub's refusal is one message that mentions the operators, on phones too, and is redrawn when it is over", async () => {
  await refuse("github", "GitHub: Bad credentials <!channel>");
  await until("the message", says("GitHub refuses the bot's token"));
  expect(shown()[0]?.text).toContain("<@U0OPERATOR> <!subteam^S0ONCALL>");
  expect(JSON.stringify(shown()[0]?.blocks)).toContain("&lt;!channel&gt;");
  await until("the phones ring", () => ntfy.rung("afk").length === 1);
  expect(ntfy.rung("afk")[0]).toMatchObject({
    title: "AFK: GitHub",
    message: expect.not.stringContaining("credentials"),
  });

  // A restart in between says nothing twice.
  await tokens.stop(1_000);
  start();
  await refuse("github", "GitHub: Bad credentials");
  await dependencies.watch("github", async () => "taken");
  await until("that it is over", says("takes the bot's token again"));
  expect(shown()).toHaveLength(1);
  expect(ntfy.rung("afk")).toHaveLength(1);
  expect(state.tokens).toEqual({});
});

test("Slack's own is told on phones while it lasts, and in Slack once that takes it again", async () => {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ ok: false, error: "token_revoked" });
  slack.listener.intercept({ before: async () => ({ do: "answer", status: 200, headers, body }) });
  await refuse("slack", "Slack: token_revoked");
  await until("the phones ring", () => ntfy.rung("afk")[0]?.title === "AFK: Slack");
  expect(shown()).toEqual([]);
  slack.listener.intercept(undefined);
  await dependencies.watch("slack", async () => "taken");
  await until("what was is said", says("Slack takes the bot's token again"));
  expect(shown()).toHaveLength(1);
});

test("a service that is away, or refuses for a moment, is nobody's token", async () => {
  await dependencies.watch("t3", () => Promise.reject(new AfkError("unreachable", "no answer"))).catch(() => {});
  await refuse("github", "renewed in a moment");
  await dependencies.watch("github", async () => "taken");
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  expect(shown()).toEqual([]);
  expect(state.tokens).toEqual({});
});
