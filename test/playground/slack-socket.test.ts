import { expect, test } from "vitest";
import { WebSocket } from "ws";
import type { Slack } from "../../playground/slack/slack.ts";
import { bolt, client, eventually, MAINTAINER, ROOM, workspace } from "./slack-support.ts";

type Frame = Readonly<Record<string, unknown>>;

/** A bare socket that keeps what it hears and acks only when told to. */
async function socket(slack: Slack) {
  const { url } = await client(slack, slack.appToken).apps.connections.open();
  const ws = new WebSocket(String(url));
  const heard: Frame[] = [];
  const closed = new Promise<void>((resolve) => ws.on("close", () => resolve()));
  ws.on("message", (data) => heard.push(JSON.parse(String(data)) as Frame));
  const first = await eventually(() => heard[0]);
  return { ws, url: String(url), heard, closed, first, [Symbol.dispose]: () => ws.terminate() };
}

test("a socket is greeted with how many there are and how long it will live", async () => {
  await using slack = await workspace();
  using one = await socket(slack);
  expect(one.first).toMatchObject({ type: "hello", num_connections: 1, connection_info: { app_id: slack.bot.appId } });
  expect(one.first["debug_info"]).toMatchObject({ approximate_connection_time: expect.any(Number) });
  using two = await socket(slack);
  expect(two.first).toMatchObject({ num_connections: 2 });
});

test("a ticket opens one socket, and an eleventh socket is turned away", async () => {
  await using slack = await workspace();
  const open = [];
  for (let n = 0; n < 10; n += 1) open.push(await socket(slack));
  const eleventh = await socket(slack);
  expect(eleventh.first).toMatchObject({ type: "disconnect", reason: "too_many_websockets" });
  const again = new WebSocket(String(open[0]?.url));
  await expect(new Promise((_, reject) => again.on("error", reject))).rejects.toThrow("403");
  for (const one of [...open, eleventh]) one.ws.terminate();
});

test("a command that nobody acks in time fails for the person, and the late ack changes nothing", async () => {
  await using slack = await workspace({ ackMs: 50 });
  const person = slack.as(MAINTAINER);
  expect(await person.command("/do", "it", ROOM)).toMatchObject({ error: "dispatch_failed" });
  using one = await socket(slack);
  expect(await person.command("/do", "it", ROOM)).toEqual({
    ok: false,
    error: "operation_timeout",
    shown: '/do failed with the error "operation_timeout"',
  });
  const envelope = await eventually(() => one.heard[1]);
  expect(envelope).toMatchObject({
    type: "slash_commands",
    accepts_response_payload: true,
    payload: { command: "/do", text: "it" },
  });
  one.ws.send(JSON.stringify({ envelope_id: envelope["envelope_id"], payload: { text: "late" } }));
  await eventually(() => slack.stats().strayAcks === 1);
  expect(person.messages(ROOM)).toEqual([]);
});

test("the answer in an ack is shown to the person alone, or to all", async () => {
  await using slack = await workspace();
  await using _app = await bolt(slack, (app) => {
    app.command("/do", async ({ ack, command }) => {
      if (command.text === "loudly") await ack({ response_type: "in_channel", text: "all" });
      else await ack("you");
    });
  });
  const person = slack.as(MAINTAINER);
  expect(await person.command("/do", "", ROOM)).toMatchObject({ ok: true, reply: { text: "you", onlyYou: true } });
  expect(await person.command("/do", "loudly", ROOM)).toMatchObject({
    ok: true,
    reply: { text: "all", onlyYou: false },
  });
  expect(await person.command("/do", "", "C0OLD")).toMatchObject({ error: "not_allowed" });
});

test("each envelope goes to one of several sockets", async () => {
  await using slack = await workspace();
  using one = await socket(slack);
  using two = await socket(slack);
  for (const { ws } of [one, two]) {
    ws.on("message", (data) =>
      ws.send(JSON.stringify({ envelope_id: (JSON.parse(String(data)) as Frame)["envelope_id"] })),
    );
  }
  const person = slack.as(MAINTAINER);
  for (let n = 0; n < 4; n += 1) expect(await person.command("/do", `${n}`, ROOM)).toMatchObject({ ok: true });
  expect([one.heard.length, two.heard.length]).toEqual([3, 3]);
});

test("an event that is not acked is sent again in a new envelope with the same event id", async () => {
  await using slack = await workspace({ ackMs: 30, eventRetryMs: [0, 0] });
  using one = await socket(slack);
  const ts = slack.as(MAINTAINER).post(ROOM, "hello");
  await eventually(() => one.heard.length === 4);
  const tries = one.heard.slice(1);
  expect(tries.map((frame) => [frame["retry_attempt"], frame["retry_reason"]])).toEqual([
    [0, ""],
    [1, "timeout"],
    [2, "timeout"],
  ]);
  expect(new Set(tries.map((frame) => frame["envelope_id"])).size).toBe(3);
  expect(new Set(tries.map((frame) => (frame["payload"] as Frame)["event_id"])).size).toBe(1);
  expect(tries[0]).toMatchObject({
    payload: {
      event: { type: "message", channel: ROOM, channel_type: "channel", user: MAINTAINER, text: "hello", ts },
    },
  });
});

test("events come from channels the app is in, with the scope for them, and for its own posts too", async () => {
  await using slack = await workspace();
  using one = await socket(slack);
  const person = slack.as(MAINTAINER);
  person.post("C0ELSEWHERE", "unheard");
  const root = person.post(ROOM, `<@${slack.bot.userId}> hello`);
  person.reply(ROOM, root, "a reply");
  await client(slack).chat.postMessage({ channel: ROOM, text: "own" });
  person.openHome();
  const events = await eventually(
    () => one.heard.length === 6 && one.heard.slice(1).map((frame) => (frame["payload"] as Frame)["event"]),
  );
  expect(events).toMatchObject([
    { type: "message", ts: root },
    { type: "app_mention", ts: root },
    { type: "message", thread_ts: root, parent_user_id: MAINTAINER, text: "a reply" },
    { type: "message", text: "own", bot_id: slack.bot.botId },
    { type: "app_home_opened", user: MAINTAINER, tab: "home" },
  ]);
});

test("a refresh warns first, then asks the socket to go and closes it", async () => {
  await using slack = await workspace();
  using one = await socket(slack);
  await slack.refreshSockets({ warningMs: 20 });
  await one.closed;
  expect(one.heard.slice(1)).toMatchObject([
    { type: "disconnect", reason: "warning" },
    { type: "disconnect", reason: "refresh_requested" },
  ]);
});

test("a Bolt app comes back after its sockets were cut", async () => {
  await using slack = await workspace();
  await using _app = await bolt(slack, (app) => app.command("/do", async ({ ack }) => ack("done")), {
    clientOptions: { slackApiUrl: slack.apiUrl, retryConfig: { retries: 100, minTimeout: 20, maxTimeout: 50 } },
  });
  slack.cutSockets();
  await eventually(() => slack.stats().sockets === 0);
  await eventually(() => slack.stats().sockets === 1, 20_000);
  expect(await slack.as(MAINTAINER).command("/do", "", ROOM)).toMatchObject({ ok: true, reply: { text: "done" } });
});

test("an envelope can come twice, or again later", async () => {
  await using slack = await workspace();
  const seen: string[] = [];
  await using _app = await bolt(slack, (app) => {
    app.command("/do", async ({ ack, command }) => {
      seen.push(command.text);
      await ack();
    });
  });
  slack.duplicateNext(1);
  await slack.as(MAINTAINER).command("/do", "twice", ROOM);
  await eventually(() => seen.length === 2);
  await slack.as(MAINTAINER).command("/do", "once", ROOM);
  const first = slack.envelopes().find((envelope) => envelope.payload["text"] === "twice");
  expect(slack.replay(String(first?.id))).toBe(true);
  await eventually(() => seen.length === 4);
  expect(seen).toEqual(["twice", "twice", "once", "twice"]);
});

test("switched off, Slack answers nobody; switched on again, it has all that it had", async () => {
  await using slack = await workspace();
  using one = await socket(slack);
  const person = slack.as(MAINTAINER);
  const ts = person.post(ROOM, "before");
  await slack.listener.off();
  await one.closed;
  await expect(client(slack).auth.test()).rejects.toThrow();
  expect(await person.command("/do", "", ROOM)).toMatchObject({ error: "dispatch_failed" });
  await slack.listener.on();
  expect(await client(slack).conversations.history({ channel: ROOM })).toMatchObject({ messages: [{ ts }] });
  using two = await socket(slack);
  expect(two.first).toMatchObject({ num_connections: 1 });
});
