// Slack's requests over HTTP: what is signed is handled, and nothing else.

import { createHmac } from "node:crypto";
import express from "express";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Listener, listen } from "../../playground/listener.ts";
import { type Slack, startSlack } from "../../playground/slack/slack.ts";
import { createPeopleClient } from "../../src/slack/client.ts";
import type { People } from "../../src/slack/listen.ts";
import { startReceiving } from "../../src/slack/receive.ts";
import { until } from "../support/stage.ts";

const SECRET = "8f742231b10e8888abcd99yyyzzz85a5";
const lines: Record<string, unknown>[] = [];
const log = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line)) });

let heard: string[];
/** What the bot answered to a `response_url`. */
let answered: unknown[];
let responses: Listener;
let slack: Slack;
let receiving: ReturnType<typeof startReceiving>;
let url: string;

beforeEach(async () => {
  lines.length = 0;
  heard = [];
  answered = [];
  responses = await listen({
    service: "responses",
    routes(app) {
      app.post("/response", express.json(), (request, response) => {
        answered.push(request.body);
        response.send("ok");
      });
    },
  });
  slack = await startSlack();
  const people: People = {
    async onCommand({ user, text }) {
      heard.push(`${user} typed ${text}`);
      return { text: `You typed ${text}`, blocks: [] };
    },
    async onButton({ action, value }) {
      heard.push(`pressed ${action} ${value}`);
      return undefined;
    },
    checkForm: () => ({ reason: "Say why." }),
    onForm: async () => undefined,
    async onMention({ text }) {
      heard.push(`mentioned ${text}`);
      return undefined;
    },
    homeFor: async () => ({ type: "home", blocks: [] }),
  };
  const apiUrl = slack.apiUrl.replace(/\/$/, "");
  const { botToken } = slack;
  const receive = { mode: "http", signingSecret: SECRET, host: "127.0.0.1", port: 0 } as const;
  const client = createPeopleClient(apiUrl, botToken, log);
  receiving = startReceiving({ apiUrl, botToken, receive }, { client, log, people });
  const served = await until("that it listens", () => lines.find(({ msg }) => msg === "slack requests served"));
  url = `http://127.0.0.1:${served["port"]}/slack/events`;
});
afterEach(async () => {
  await receiving.stop();
  await responses.close();
  await slack.close();
});

type Sent = { readonly secret?: string; readonly ageS?: number; readonly tamper?: (body: string) => string };

/** As Slack signs: docs.slack.dev/authentication/verifying-requests-from-slack. */
async function send(body: string, type: string, { secret = SECRET, ageS = 0, tamper = (same) => same }: Sent = {}) {
  const time = Math.floor(Date.now() / 1000) - ageS;
  const signature = `v0=${createHmac("sha256", secret).update(`v0:${time}:${body}`).digest("hex")}`;
  const headers = { "content-type": type, "x-slack-request-timestamp": String(time), "x-slack-signature": signature };
  return await fetch(url, { method: "POST", headers, body: tamper(body) });
}

const form = (fields: Record<string, string>): string => new URLSearchParams(fields).toString();
const FORM = "application/x-www-form-urlencoded";
const command = (text: string): string =>
  form({
    command: "/afk",
    text,
    user_id: "U0OPERATOR",
    channel_id: "C0AFK",
    team_id: "T0",
    api_app_id: "A0",
    trigger_id: `trigger-${text}`,
    response_url: `${responses.url}/response`,
  });

test("a signed command is acknowledged, handled and answered", async () => {
  const answer = await send(command("status"), FORM);
  expect(answer.status).toBe(200);
  expect(await answer.text()).toBe("");
  await until("the answer", () => answered.length > 0);
  expect(heard).toEqual(["U0OPERATOR typed status"]);
  expect(answered).toEqual([{ response_type: "ephemeral", text: "You typed status" }]);
});

test("a press, a form's complaint and a mention come through too, an event that Slack sends again once", async () => {
  const action = { type: "button", action_id: "approve.v1", block_id: "b", value: "run/asked/1", action_ts: "1" };
  const press = {
    type: "block_actions",
    user: { id: "U0OPERATOR" },
    team: { id: "T0" },
    channel: { id: "C0AFK" },
    trigger_id: "trigger-press",
    response_url: `${responses.url}/response`,
    actions: [action],
  };
  expect((await send(form({ payload: JSON.stringify(press) }), FORM)).status).toBe(200);

  const metadata = { run: "r", escalation: null, channel: "C0AFK", thread: null };
  const view = {
    id: "V0",
    callback_id: "abandon.v1",
    private_metadata: JSON.stringify(metadata),
    state: { values: {} },
  };
  const submission = { type: "view_submission", user: { id: "U0OPERATOR" }, team: { id: "T0" }, view };
  const complained = await send(form({ payload: JSON.stringify(submission) }), FORM);
  expect(await complained.json()).toEqual({ response_action: "errors", errors: { reason: "Say why." } });

  const event = { type: "app_mention", user: "U0OPERATOR", text: "<@U0BOT> go on", channel: "C0AFK", ts: "1.1" };
  const mention = JSON.stringify({ type: "event_callback", team_id: "T0", event_id: "Ev1", event, authorizations: [] });
  expect((await send(mention, "application/json")).status).toBe(200);
  expect((await send(mention, "application/json")).status).toBe(200);
  await until("all", () => heard.length >= 2);
  expect(heard.toSorted()).toEqual(["mentioned <@U0BOT> go on", "pressed approve.v1 run/asked/1"]);
});

test("Slack's question whether this is the right address is answered", async () => {
  const challenge = JSON.stringify({ type: "url_verification", challenge: "say-this" });
  expect(await (await send(challenge, "application/json")).json()).toEqual({ challenge: "say-this" });
});

describe("refused, and never handled:", () => {
  const attacks: readonly (readonly [string, Sent])[] = [
    ["signed with another secret", { secret: "another-secret-of-some-length-000" }],
    ["signed well, and caught six minutes ago", { ageS: 6 * 60 }],
    ["changed on the way", { tamper: (body) => body.replace("pause", "resume") }],
  ];
  test.each(attacks)("%s", async (_name, how) => {
    const answer = await send(command("pause"), FORM, how);
    expect(answer.status).toBe(401);
    await send(command("help"), FORM);
    await until("the good one", () => answered.length > 0);
    expect(heard).toEqual(["U0OPERATOR typed help"]);
  });

  test("not signed at all", async () => {
    const answer = await fetch(url, { method: "POST", headers: { "content-type": FORM }, body: command("pause") });
    expect(answer.status).toBe(401);
    expect(heard).toEqual([]);
  });

  test("another path, or another method", async () => {
    expect((await fetch(url.replace("/slack/events", "/"), { method: "POST", body: "x" })).status).toBe(404);
    expect((await fetch(url)).status).toBe(404);
  });
});
