import type { BlockAction } from "@slack/bolt";
import type { ModalView } from "@slack/types";
import { expect, test } from "vitest";
import type { Change } from "../../playground/slack/state.ts";
import { bolt, button, client, eventually, MAINTAINER, OUTSIDER, ROOM, section, workspace } from "./slack-support.ts";

const menu = {
  type: "static_select" as const,
  action_id: "pick",
  options: ["red", "green"].map((value) => ({ text: { type: "plain_text" as const, text: value }, value })),
};
const card = [section("card"), { type: "actions" as const, block_id: "buttons", elements: [button("go"), menu] }];

function modal(title: string, more: Partial<ModalView> = {}): ModalView {
  return {
    type: "modal",
    callback_id: title,
    title: { type: "plain_text", text: title },
    submit: { type: "plain_text", text: "Send" },
    blocks: [
      {
        type: "input",
        block_id: "why",
        label: { type: "plain_text", text: "Why?" },
        element: { type: "plain_text_input", action_id: "text", min_length: 3 },
      },
    ],
    ...more,
  };
}

test("a press reaches the app with its message, and what it does is what people see", async () => {
  await using slack = await workspace();
  const actions: BlockAction[] = [];
  await using _app = await bolt(slack, (app) => {
    app.action("go", async ({ ack, body, respond }) => {
      await ack();
      actions.push(body as BlockAction);
      await respond({ text: "only for you", replace_original: false });
      await respond({ text: "done", blocks: [section("done")], replace_original: true });
    });
  });
  const ts = String((await client(slack).chat.postMessage({ channel: ROOM, text: "card", blocks: card })).ts);
  const person = slack.as(MAINTAINER);
  expect(await person.press(ROOM, ts, "go")).toMatchObject({ ok: true });
  await eventually(() => person.messages(ROOM).some((message) => message.text === "done"));
  expect(person.messages(ROOM)).toMatchObject([
    { ts, text: "done", edited: false },
    { text: "only for you", onlyYou: true },
  ]);
  expect(slack.as(OUTSIDER).messages(ROOM)).toHaveLength(1);
  expect(actions).toMatchObject([
    { user: { id: MAINTAINER }, message: { ts }, actions: [{ action_id: "go", block_id: "buttons", value: "v" }] },
  ]);
  expect(await person.press(ROOM, ts, "go")).toMatchObject({ ok: false, error: "not_there" });
});

test("a pick is sent with its option, and an option that is not in the list cannot be picked", async () => {
  await using slack = await workspace();
  const picked: unknown[] = [];
  await using _app = await bolt(slack, (app) => {
    app.action("pick", async ({ ack, action }) => {
      picked.push(action);
      await ack();
    });
  });
  const ts = String((await client(slack).chat.postMessage({ channel: ROOM, text: "card", blocks: card })).ts);
  expect(await slack.as(MAINTAINER).select(ROOM, ts, "pick", "green")).toMatchObject({ ok: true });
  expect(picked).toMatchObject([{ type: "static_select", selected_option: { value: "green" } }]);
  expect(await slack.as(MAINTAINER).select(ROOM, ts, "pick", "blue")).toMatchObject({ error: "not_there" });
});

test("a response_url answers five times, and not after half an hour", async () => {
  let nowMs = Date.now();
  await using slack = await workspace({ now: () => nowMs });
  const urls: string[] = [];
  await using _app = await bolt(slack, (app) => {
    app.command("/do", async ({ ack, command }) => {
      urls.push(command.response_url);
      await ack();
    });
  });
  const person = slack.as(MAINTAINER);
  for (const text of ["a", "b"]) await person.command("/do", text, ROOM);
  const [first, second] = urls.map((url) => async (body: object) => {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    return [answer.status, await answer.json()] as const;
  });
  for (let n = 0; n < 5; n += 1) expect(await first?.({ text: `${n}` })).toEqual([200, { ok: true }]);
  expect(await first?.({ text: "six" })).toEqual([404, { ok: false, error: "used_url" }]);
  expect(await second?.({})).toMatchObject([400, { error: "no_text" }]);
  nowMs += 31 * 60_000;
  expect(await second?.({ text: "late" })).toEqual([404, { ok: false, error: "expired_url" }]);
  expect(person.messages(ROOM)).toHaveLength(5);
});

test("a trigger opens one modal, and none after three seconds", async () => {
  let nowMs = Date.now();
  await using slack = await workspace({ now: () => nowMs });
  const triggers: string[] = [];
  await using _app = await bolt(slack, (app) => {
    app.command("/do", async ({ ack, command }) => {
      triggers.push(command.trigger_id);
      await ack();
    });
  });
  const person = slack.as(MAINTAINER);
  const { views } = client(slack);
  for (const text of ["a", "b"]) await person.command("/do", text, ROOM);
  const [used, old] = triggers.map(String);
  const invalid = { data: { error: "invalid_arguments" } };
  const wide = modal("x".repeat(25));
  await expect(views.open({ trigger_id: String(used), view: wide })).rejects.toMatchObject(invalid);
  await views.open({ trigger_id: String(used), view: modal("One") });
  const twice = views.open({ trigger_id: String(used), view: modal("One") });
  await expect(twice).rejects.toMatchObject({ data: { error: "exchanged_trigger_id" } });
  nowMs += 3_001;
  const late = views.open({ trigger_id: String(old), view: modal("Two") });
  await expect(late).rejects.toMatchObject({ data: { error: "expired_trigger_id" } });
  expect(person.modals().map((view) => view.title)).toEqual(["One"]);
});

test("a modal holds on to what is not filled in, shows the app's errors, and closes when it is content", async () => {
  await using slack = await workspace();
  const sent: unknown[] = [];
  await using _app = await bolt(slack, (app) => {
    app.command("/do", async ({ ack, client: web, command }) => {
      await ack();
      await web.views.open({ trigger_id: command.trigger_id, view: modal("One", { private_metadata: "m" }) });
    });
    app.view("One", async ({ ack, view }) => {
      sent.push([view.private_metadata, view.state.values]);
      const text = view.state.values["why"]?.["text"]?.value;
      if (text === "rude") await ack({ response_action: "errors", errors: { why: "Be kind." } });
      else if (text === "wrong") await ack({ response_action: "errors", errors: { nowhere: "?" } });
      else await ack();
    });
  });
  const person = slack.as(MAINTAINER);
  await person.command("/do", "", ROOM);
  const id = (await eventually(() => person.modals()[0])).id;
  expect(await person.submitModal(id, {})).toMatchObject({ errors: { why: "Please complete this required field." } });
  expect(await person.submitModal(id, { text: "no" })).toMatchObject({
    errors: { why: "Please use at least 3 characters." },
  });
  expect(sent).toEqual([]);
  expect(await person.submitModal(id, { text: "rude" })).toMatchObject({ ok: false, errors: { why: "Be kind." } });
  expect(await person.submitModal(id, { text: "wrong" })).toMatchObject({ error: "bad_response" });
  expect(person.modals()).toHaveLength(1);
  expect(await person.submitModal(id, { why: "because" })).toMatchObject({ ok: true, modal: "closed" });
  expect(person.modals()).toEqual([]);
  expect(sent.at(-1)).toEqual(["m", { why: { text: { type: "plain_text_input", value: "because" } } }]);
  expect(await person.submitModal(id, { why: "again" })).toMatchObject({ error: "not_there" });
});

test("modals stack three deep, are replaced, and tell the app when they are closed", async () => {
  await using slack = await workspace();
  const closed: string[] = [];
  await using _app = await bolt(slack, (app) => {
    app.command("/do", async ({ ack, client: web, command }) => {
      await ack();
      await web.views.open({ trigger_id: command.trigger_id, view: modal("One") });
    });
    app.view("One", async ({ ack }) => ack({ response_action: "push", view: modal("Two", { notify_on_close: true }) }));
    app.view("Two", async ({ ack }) =>
      ack({ response_action: "update", view: modal("Three", { notify_on_close: true }) }),
    );
    app.view({ type: "view_closed", callback_id: "Three" }, async ({ ack, view }) => {
      closed.push(view.callback_id);
      await ack();
    });
  });
  const person = slack.as(MAINTAINER);
  const titles = () => person.modals().map((view) => view.title);
  const front = () => String(person.modals().at(-1)?.id);
  await person.command("/do", "", ROOM);
  await eventually(() => titles().length === 1);
  const root = front();
  expect(await person.submitModal(front(), { text: "because" })).toMatchObject({ modal: "pushed" });
  expect(await person.submitModal(root, { text: "because" })).toMatchObject({ error: "not_there" });
  expect(await person.submitModal(front(), { text: "because" })).toMatchObject({ modal: "updated" });
  expect(titles()).toEqual(["One", "Three"]);
  await person.closeModal(front());
  expect(titles()).toEqual(["One"]);
  expect(closed).toEqual(["Three"]);
  const gone = client(slack).views.update({ view_id: "V0GONE", view: modal("X") });
  await expect(gone).rejects.toMatchObject({ data: { error: "not_found" } });
});

test("the home tab is published, pressed, and guarded by its hash", async () => {
  await using slack = await workspace();
  const pressed: unknown[] = [];
  await using _app = await bolt(slack, (app) => {
    app.event("app_home_opened", async ({ client: web, event }) => {
      await web.views.publish({ user_id: event.user, view: { type: "home", blocks: card } });
    });
    app.action("go", async ({ ack, body }) => {
      pressed.push(body);
      await ack();
    });
  });
  const person = slack.as(MAINTAINER);
  expect(person.home()).toBeUndefined();
  person.openHome();
  const home = await eventually(() => person.home());
  expect(await person.pressIn(home.id, "go")).toMatchObject({ ok: true });
  expect(pressed).toMatchObject([{ container: { type: "view", view_id: home.id }, view: { type: "home" } }]);
  const stale = { user_id: MAINTAINER, hash: "0.0", view: { type: "home" as const, blocks: [] } };
  await expect(client(slack).views.publish(stale)).rejects.toMatchObject({ data: { error: "hash_conflict" } });
});

test("those who watch hear of every change", async () => {
  await using slack = await workspace();
  const changes: Change[] = [];
  const stop = slack.onChange((change) => changes.push(change));
  const web = client(slack);
  const ts = String((await web.chat.postMessage({ channel: ROOM, text: "a" })).ts);
  await web.chat.update({ channel: ROOM, ts, text: "b" });
  await web.chat.postEphemeral({ channel: ROOM, user: MAINTAINER, text: "psst" });
  slack.kick(ROOM);
  stop();
  slack.invite(ROOM);
  expect(changes.map((change) => change.kind)).toEqual(["message", "message", "ephemeral", "people"]);
});
