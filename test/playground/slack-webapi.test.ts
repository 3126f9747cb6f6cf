import { expect, test } from "vitest";
import { button, client, MAINTAINER, OUTSIDER, ROOM, section, workspace } from "./slack-support.ts";

function refusal(error: string, more: object = {}) {
  return expect.objectContaining({ data: expect.objectContaining({ ok: false, error, ...more }) });
}

test("a call without a token, with a wrong one, or with the wrong kind is refused by name", async () => {
  await using slack = await workspace();
  await expect(client(slack, "").auth.test()).rejects.toEqual(refusal("not_authed"));
  await expect(client(slack, "xoxb-other").auth.test()).rejects.toEqual(refusal("invalid_auth"));
  await expect(client(slack, slack.appToken).auth.test()).rejects.toEqual(refusal("not_allowed_token_type"));
  await expect(client(slack).apps.connections.open()).rejects.toEqual(refusal("not_allowed_token_type"));
  await expect(client(slack).apiCall("chat.shout")).rejects.toEqual(refusal("unknown_method"));
  expect(await client(slack).auth.test()).toMatchObject({ user_id: slack.bot.userId, bot_id: slack.bot.botId });
});

test("a scope that the token lacks is named, with those it has", async () => {
  await using slack = await workspace({ botScopes: ["chat:write"] });
  const missing = refusal("missing_scope", { needed: "users:read", provided: "chat:write" });
  await expect(client(slack).users.info({ user: MAINTAINER })).rejects.toEqual(missing);
  const answer = await client(slack).chat.postMessage({ channel: ROOM, text: "hello" });
  expect(answer.response_metadata?.scopes).toEqual(["chat:write"]);
});

test("a message is posted, found again by its metadata, changed and deleted", async () => {
  await using slack = await workspace();
  const web = client(slack);
  const metadata = { event_type: "card", event_payload: { nonce: "n1" } };
  const posted = await web.chat.postMessage({ channel: ROOM, text: "one", blocks: [section("one")], metadata });
  const ts = String(posted.ts);
  const plain = await web.conversations.history({ channel: ROOM });
  expect(plain.messages).toMatchObject([{ ts, text: "one", bot_id: slack.bot.botId }]);
  expect(plain.messages?.[0]).not.toHaveProperty("metadata");
  const full = await web.conversations.history({ channel: ROOM, include_all_metadata: true });
  expect(full.messages?.[0]?.metadata).toEqual(metadata);

  await web.chat.update({ channel: ROOM, ts, text: "two", blocks: [section("two")] });
  expect(slack.as(MAINTAINER).messages(ROOM)).toMatchObject([{ text: "two", edited: false, updates: 1 }]);
  await web.chat.update({ channel: ROOM, ts, text: "three" });
  expect(slack.as(MAINTAINER).messages(ROOM)).toMatchObject([{ text: "three", blocks: [], edited: true, updates: 2 }]);
  expect(slack.metadata(ROOM, ts)).toEqual(metadata);

  await web.chat.delete({ channel: ROOM, ts });
  expect(slack.as(MAINTAINER).messages(ROOM)).toEqual([]);
  await expect(web.chat.update({ channel: ROOM, ts, text: "x" })).rejects.toEqual(refusal("message_not_found"));
  expect(slack.stats()).toMatchObject({ posted: 1, updated: 2, deleted: 1, calls: { "chat.update": 3 } });
});

test("replies stay out of the channel's history unless they are broadcast", async () => {
  await using slack = await workspace();
  const web = client(slack);
  const { ts } = await web.chat.postMessage({ channel: ROOM, text: "root" });
  const thread_ts = String(ts);
  await web.chat.postMessage({ channel: ROOM, text: "quiet", thread_ts });
  await web.chat.postMessage({ channel: ROOM, text: "loud", thread_ts, reply_broadcast: true });
  const { messages } = await web.conversations.history({ channel: ROOM });
  expect(messages?.map((message) => message.text)).toEqual(["loud", "root"]);
  expect(messages?.[1]).toMatchObject({ thread_ts, reply_count: 2 });
  const thread = await web.conversations.replies({ channel: ROOM, ts: thread_ts });
  expect(thread.messages?.map((message) => message.text)).toEqual(["root", "quiet", "loud"]);
  await expect(web.conversations.replies({ channel: ROOM, ts: "1.2" })).rejects.toEqual(refusal("thread_not_found"));
  await web.chat.delete({ channel: ROOM, ts: thread_ts });
  expect(slack.as(MAINTAINER).messages(ROOM)[0]).toMatchObject({ deleted: true, text: "This message was deleted." });
});

test("history comes in pages, newest first, and within the times asked for", async () => {
  await using slack = await workspace();
  const web = client(slack);
  const times: string[] = [];
  for (const text of ["a", "b", "c"]) times.push(slack.as(MAINTAINER).post(ROOM, text));
  const seen: string[] = [];
  for await (const page of web.paginate("conversations.history", { channel: ROOM, limit: 2 })) {
    const { messages } = page as { messages?: readonly { text: string }[] };
    seen.push((messages ?? []).map((message) => message.text).join(""));
  }
  expect(seen).toEqual(["cb", "a"]);
  const [a, , c] = times;
  const open = await web.conversations.history({ channel: ROOM, oldest: String(a), latest: String(c) });
  expect(open.messages?.map((message) => message.text)).toEqual(["b"]);
  const closed = await web.conversations.history({ channel: ROOM, oldest: String(a), inclusive: true });
  expect(closed.messages).toHaveLength(3);
  await expect(web.conversations.history({ channel: ROOM, cursor: "?" })).rejects.toEqual(refusal("invalid_cursor"));
});

test("a post to nowhere, to a channel without the app, to an archive, or of nothing is refused", async () => {
  await using slack = await workspace();
  const { chat } = client(slack);
  await expect(chat.postMessage({ channel: "C0NONE", text: "a" })).rejects.toEqual(refusal("channel_not_found"));
  await expect(chat.postMessage({ channel: "C0ELSEWHERE", text: "a" })).rejects.toEqual(refusal("not_in_channel"));
  await expect(chat.postMessage({ channel: "C0OLD", text: "a" })).rejects.toEqual(refusal("is_archived"));
  await expect(chat.postMessage({ channel: ROOM, text: " " })).rejects.toEqual(refusal("no_text"));
  const ts = slack.as(MAINTAINER).post(ROOM, "mine");
  await expect(chat.update({ channel: ROOM, ts, text: "a" })).rejects.toEqual(refusal("cant_update_message"));
  await expect(chat.delete({ channel: ROOM, ts })).rejects.toEqual(refusal("cant_delete_message"));
  const own = await chat.postMessage({ channel: "#room", text: "by name" });
  await expect(chat.update({ channel: ROOM, ts: String(own.ts), text: "x".repeat(4001) })).rejects.toEqual(
    refusal("msg_too_long"),
  );
  const to = { channel: ROOM, user: OUTSIDER, text: "a" };
  await expect(chat.postEphemeral(to)).rejects.toEqual(refusal("user_not_in_channel"));
});

test("blocks that Slack would not take come back with the places that are wrong", async () => {
  await using slack = await workspace();
  const blocks = [section("fine"), { type: "actions" as const, elements: [button("a", "x".repeat(76))] }];
  const wrong = "must be less than 76 characters [json-pointer:/blocks/1/elements/0/text/text]";
  const call = client(slack).chat.postMessage({ channel: ROOM, text: "a", blocks });
  await expect(call).rejects.toEqual(refusal("invalid_blocks", { errors: [wrong] }));
  await call.catch((error: { data: { response_metadata: unknown } }) => {
    expect(error.data.response_metadata).toMatchObject({ messages: [`[ERROR] ${wrong}`] });
  });
  const badly = client(slack).apiCall("chat.postMessage", { channel: ROOM, blocks: "[{" });
  await expect(badly).rejects.toEqual(refusal("invalid_blocks_format"));
  await expect(client(slack).apiCall("blocks.validate", { blocks })).rejects.toEqual(
    refusal("invalid_blocks", {
      errors: [
        { pointer: "/1/elements/0/text/text", code: "failed_constraint", message: "must be less than 76 characters" },
      ],
    }),
  );
  expect(slack.stats().posted).toBe(0);
});

test("JSON bodies and forms are read alike, and broken JSON is named", async () => {
  await using slack = await workspace();
  const headers = { authorization: `Bearer ${slack.botToken}`, "content-type": "application/json; charset=utf-8" };
  const url = `${slack.apiUrl}chat.postMessage`;
  const fine = await fetch(url, {
    method: "POST",
    headers,
    body: JSON.stringify({ channel: ROOM, blocks: [section("a")] }),
  });
  expect(await fine.json()).toMatchObject({ ok: true, message: { text: "a" } });
  const broken = await fetch(url, { method: "POST", headers, body: "{" });
  expect(await broken.json()).toEqual({ ok: false, error: "invalid_json" });
  const missing = await fetch(url, { method: "POST", headers, body: "{}" });
  expect(await missing.json()).toMatchObject({ error: "invalid_arguments" });
});

test("people and groups are told apart from nobody", async () => {
  await using slack = await workspace({
    botScopes: ["users:read", "users:read.email", "usergroups:read", "channels:read"],
  });
  const web = client(slack);
  expect(await web.users.info({ user: MAINTAINER })).toMatchObject({
    user: { name: "maintainer", tz: "Europe/London" },
  });
  expect(await web.users.lookupByEmail({ email: "maintainer@example.com" })).toMatchObject({
    user: { id: MAINTAINER },
  });
  expect((await web.users.list({})).members).toHaveLength(3);
  expect(await web.usergroups.users.list({ usergroup: "S0OPERATORS" })).toMatchObject({ users: [MAINTAINER] });
  await expect(web.usergroups.users.list({ usergroup: "S0" })).rejects.toEqual(refusal("no_such_subteam"));
  await expect(web.users.info({ user: "U0NOBODY" })).rejects.toEqual(refusal("user_not_found"));
  expect((await web.conversations.members({ channel: ROOM })).members).toContain(slack.bot.userId);
  expect(await web.conversations.info({ channel: "C0ELSEWHERE" })).toMatchObject({ channel: { is_member: false } });
});

test("a sixth post to a channel within a second is told to wait, another channel is not, and time heals it", async () => {
  let nowMs = 1_700_000_000_000;
  await using slack = await workspace({ limits: "slack", now: () => nowMs });
  slack.addChannel({ id: "C0SECOND", name: "second", members: [slack.bot.userId] });
  const { chat } = client(slack);
  for (const text of "abcde") await chat.postMessage({ channel: ROOM, text });
  await expect(chat.postMessage({ channel: ROOM, text: "f" })).rejects.toMatchObject({ retryAfter: 1 });
  await chat.postMessage({ channel: "C0SECOND", text: "f" });
  nowMs += 1_000;
  await chat.postMessage({ channel: ROOM, text: "f" });
  expect(slack.stats()).toMatchObject({ rateLimited: 1, posted: 7 });
});

test("updates are limited for all messages together, by the numbers one asks for", async () => {
  let nowMs = 1_700_000_000_000;
  await using slack = await workspace({ limits: { "chat.update": { perMinute: 30, burst: 2 } }, now: () => nowMs });
  const { chat } = client(slack);
  const ts = String((await chat.postMessage({ channel: ROOM, text: "a" })).ts);
  for (const text of "bc") await chat.update({ channel: ROOM, ts, text });
  await expect(chat.update({ channel: ROOM, ts, text: "d" })).rejects.toMatchObject({ retryAfter: 2 });
  nowMs += 2_000;
  await chat.update({ channel: ROOM, ts, text: "d" });
});

test("Slack can be made to limit, to fail, or to lose an answer after the message was posted", async () => {
  await using slack = await workspace();
  const { chat } = client(slack);
  slack.rateLimit(30);
  await expect(chat.postMessage({ channel: ROOM, text: "a" })).rejects.toMatchObject({ retryAfter: 30 });
  slack.rateLimit(0);
  slack.failNext(1, { status: 503 });
  await expect(chat.postMessage({ channel: ROOM, text: "a" })).rejects.toMatchObject({ statusCode: 503 });
  slack.failNext(1, { error: "fatal_error" }, "chat.postMessage");
  await client(slack).auth.test();
  await expect(chat.postMessage({ channel: ROOM, text: "a" })).rejects.toEqual(refusal("fatal_error"));
  expect(slack.stats().posted).toBe(0);
  slack.listener.intercept({ after: async () => ({ do: "cut" }) });
  await expect(chat.postMessage({ channel: ROOM, text: "a" })).rejects.toThrow();
  slack.listener.intercept(undefined);
  expect(slack.stats().posted).toBe(1);
});

test("a permalink leads to the message, and a reaction is counted once", async () => {
  await using slack = await workspace({ botScopes: ["chat:write", "channels:history", "reactions:write"] });
  const web = client(slack);
  const ts = slack.as(MAINTAINER).post(ROOM, "hello");
  const { permalink } = await web.chat.getPermalink({ channel: ROOM, message_ts: ts });
  expect(permalink).toBe(`${slack.url}/archives/${ROOM}/p${ts.replace(".", "")}`);
  await web.reactions.add({ channel: ROOM, timestamp: ts, name: "eyes" });
  await expect(web.reactions.add({ channel: ROOM, timestamp: ts, name: "eyes" })).rejects.toEqual(
    refusal("already_reacted"),
  );
  expect(slack.as(MAINTAINER).messages(ROOM)).toMatchObject([{ reactions: { eyes: 1 } }]);
});
