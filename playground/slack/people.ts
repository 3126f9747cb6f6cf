// What one person does and sees in the Slack client.

import { type Choice, findControl, offers } from "./controls.ts";
import type { Gateway } from "./gateway.ts";
import { type Json, records } from "./json.ts";
import { post } from "./messages.ts";
import { close, type FormValues, frontModal, submit } from "./modals.ts";
import {
  type CommandOutcome,
  type PressOutcome,
  refused,
  type ShownMessage,
  type ShownView,
  type SubmitOutcome,
  shownEphemeral,
  shownMessage,
  shownView,
} from "./outcomes.ts";
import { commandPayload, messageActionPayload, viewActionPayload } from "./payloads.ts";
import { Refusal } from "./refusal.ts";
import { respond } from "./responses.ts";
import { findEphemeral, findMessage, imWith, mintTs, tell, type User, type View, type World } from "./state.ts";
import { viewBody } from "./views.ts";

export type Person = {
  readonly id: string;
  /** Types a slash command into a channel. Answers once Slack has the ack, or says why it failed. */
  command(command: string, text: string, channel: string): Promise<CommandOutcome>;
  press(channel: string, ts: string, actionId: string, blockId?: string): Promise<PressOutcome>;
  /** Picks from a menu in a message: option values, user or channel ids, a date. */
  select(channel: string, ts: string, actionId: string, choice: Choice, blockId?: string): Promise<PressOutcome>;
  /** A press in a modal or in the home tab. */
  pressIn(viewId: string, actionId: string, blockId?: string): Promise<PressOutcome>;
  selectIn(viewId: string, actionId: string, choice: Choice, blockId?: string): Promise<PressOutcome>;
  submitModal(viewId: string, values: FormValues): Promise<SubmitOutcome>;
  closeModal(viewId: string): Promise<PressOutcome>;
  /** Writes to a channel; returns the message's ts. Throws where this person cannot write. */
  post(channel: string, text: string): string;
  reply(channel: string, threadTs: string, text: string): string;
  openHome(): void;
  /** All of a channel in the order it was posted, replies and what only this person sees included. */
  messages(channel: string): readonly ShownMessage[];
  /** Open modals, the one in front last. */
  modals(): readonly ShownView[];
  home(): ShownView | undefined;
};

export type ClientOptions = {
  /** Commands the app has; undefined = any. */
  readonly commands: readonly string[] | undefined;
};

export function personIn(world: World, gateway: Gateway, user: User, options: ClientOptions): Person {
  const { id } = user;

  function mayWrite(channel: string): string | undefined {
    const room = world.channels.get(channel);
    if (room === undefined) return "This channel does not exist.";
    if (room.archived) return "You are viewing an archived channel.";
    return room.members.has(id) ? undefined : `You are not in #${room.name}.`;
  }

  async function command(name: string, text: string, channel: string): Promise<CommandOutcome> {
    const forbidden = mayWrite(channel);
    if (forbidden !== undefined) return refused("not_allowed", forbidden);
    if (options.commands?.includes(name) === false) {
      return refused(
        "not_there",
        `${name} is not a valid command. In Slack, all messages that start with the "/" character are interpreted as commands.`,
      );
    }
    const payload = commandPayload(world, user, name, text.trim(), channel);
    const delivery = await gateway.deliver({ type: "slash_commands", payload, acceptsResponse: true });
    if (!delivery.ok) return refused(delivery.error, `${name} failed with the error "${delivery.error}"`);
    const { envelopeId, response } = delivery;
    if (Object.keys(response).length === 0) return { ok: true, envelopeId, reply: undefined };
    try {
      const { ts } = respond(world, { user: id, channel }, response);
      return { ok: true, envelopeId, reply: messages(channel).find((message) => message.ts === ts) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return refused("bad_response", `${name} failed with the error "${error.error}"`);
    }
  }

  function act(channel: string, ts: string, actionId: string, choice: Choice | undefined, blockId?: string) {
    const pressed = findMessage(world, channel, ts) ?? findEphemeral(world, channel, ts, id);
    const control = findControl(pressed?.blocks ?? [], actionId, blockId);
    if (pressed === undefined || control === undefined) return absent(actionId);
    if (choice !== undefined && !offers(control, choice)) return absent([choice].flat().join(", "));
    return interact(messageActionPayload(world, user, pressed, control, choice));
  }

  function actIn(viewId: string, actionId: string, choice: Choice | undefined, blockId?: string) {
    const view = frontModal(world, user, viewId) ?? homeView(viewId);
    const control = findControl(records(view?.payload["blocks"]), actionId, blockId);
    if (view === undefined || control === undefined) return absent(actionId);
    if (choice !== undefined && !offers(control, choice)) return absent([choice].flat().join(", "));
    return interact(viewActionPayload(world, user, view, control, choice));
  }

  async function absent(what: string): Promise<PressOutcome> {
    return refused("not_there", `There is no "${what}" here.`);
  }

  async function interact(payload: Json): Promise<PressOutcome> {
    const delivery = await gateway.deliver({ type: "interactive", payload, acceptsResponse: false });
    if (delivery.ok) return { ok: true, envelopeId: delivery.envelopeId };
    return refused(delivery.error, `${world.app.name} is not responding (${delivery.error}).`);
  }

  function homeView(viewId: string): View | undefined {
    return world.homes.get(id) === viewId ? world.views.get(viewId) : undefined;
  }

  function write(channel: string, text: string, threadTs: string | undefined): string {
    const forbidden = mayWrite(channel);
    if (forbidden !== undefined) throw new Error(forbidden);
    const blocks = [{ type: "rich_text", elements: [{ type: "rich_text_section", elements: inlines(text) }] }];
    return post(world, { channel, user: id, byApp: false, text, blocks, threadTs }).ts;
  }

  function messages(channel: string): readonly ShownMessage[] {
    const public_ = world.messages.filter((message) => message.channel === channel).map(shownMessage);
    const mine = world.ephemerals
      .filter((note) => note.channel === channel && note.to === id)
      .map((note) => shownEphemeral(note, world.app.userId));
    return [...public_, ...mine].sort((a, b) => Number(a.ts) - Number(b.ts));
  }

  return {
    id,
    command,
    press: (channel, ts, actionId, blockId) => act(channel, ts, actionId, undefined, blockId),
    select: act,
    pressIn: (viewId, actionId, blockId) => actIn(viewId, actionId, undefined, blockId),
    selectIn: actIn,
    async submitModal(viewId, values) {
      const view = frontModal(world, user, viewId);
      if (view === undefined) return refused("not_there", "This modal is not open.");
      return submit(world, gateway, user, view, values);
    },
    async closeModal(viewId) {
      const view = frontModal(world, user, viewId);
      if (view === undefined) return refused("not_there", "This modal is not open.");
      await close(world, gateway, user, view);
      return { ok: true, envelopeId: "" };
    },
    post: (channel, text) => write(channel, text, undefined),
    reply(channel, threadTs, text) {
      const parent = findMessage(world, channel, threadTs);
      if (parent === undefined) throw new Error("This message does not exist.");
      return write(channel, text, parent.threadTs ?? parent.ts);
    },
    openHome() {
      const view = world.views.get(world.homes.get(id) ?? "");
      const eventTs = mintTs(world);
      const shown = view === undefined ? {} : { view: viewBody(world, view) };
      const event = {
        type: "app_home_opened",
        user: id,
        channel: imWith(world, id).id,
        tab: "home",
        event_ts: eventTs,
        ...shown,
      };
      tell(world, { subscription: "app_home_opened", event });
    },
    messages,
    modals: () => (world.modals.get(id) ?? []).flatMap((viewId) => world.views.get(viewId) ?? []).map(shownView),
    home() {
      const view = world.views.get(world.homes.get(id) ?? "");
      return view === undefined ? undefined : shownView(view);
    },
  };
}

/** What a person typed, as the client sends it along: mentions are elements of their own. */
function inlines(text: string): readonly Json[] {
  return text
    .split(/(<@[A-Z0-9]+>)/)
    .filter((part) => part !== "")
    .map((part) => {
      const user = /^<@([A-Z0-9]+)>$/.exec(part)?.[1];
      return user === undefined ? { type: "text", text: part } : { type: "user", user_id: user };
    });
}
