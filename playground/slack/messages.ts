// What happens to messages, whoever causes it: the app by Web API or response_url, or a person in the client.
// Each change is announced to those who watch, and told to the app as the event that Slack would send it.

import { withIds } from "./ids.ts";
import { asRecord, asText, type Json, records, textOf } from "./json.ts";
import {
  announce,
  type Channel,
  type Ephemeral,
  findMessage,
  type Message,
  mintTs,
  repliesOf,
  tell,
  type World,
} from "./state.ts";

export type Draft = {
  readonly channel: string;
  readonly user: string;
  readonly byApp: boolean;
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly attachments?: readonly Json[];
  readonly metadata?: Json | undefined;
  readonly threadTs?: string | undefined;
  readonly broadcast?: boolean;
};

export function post(world: World, draft: Draft): Message {
  const blocks = withIds(draft.blocks);
  const message: Message = {
    channel: draft.channel,
    ts: mintTs(world),
    user: draft.user,
    byApp: draft.byApp,
    threadTs: draft.threadTs,
    text: draft.text === "" ? fallbackText(blocks) : draft.text,
    blocks,
    attachments: draft.attachments ?? [],
    metadata: draft.metadata,
    broadcast: draft.broadcast ?? false,
    editedTs: undefined,
    updates: 0,
    tombstone: false,
    reactions: new Map(),
  };
  world.messages.push(message);
  world.counts.posted += 1;
  announce(world, { kind: "message", channel: message.channel, ts: message.ts });
  const client = message.byApp ? {} : { client_msg_id: crypto.randomUUID() };
  tellOfMessage(world, message.channel, { ...messageBody(world, message), ...client }, message.ts);
  return message;
}

export type Revision = {
  readonly text?: string | undefined;
  readonly blocks?: readonly unknown[] | undefined;
  readonly attachments?: readonly Json[] | undefined;
  readonly metadata?: Json | undefined;
  readonly broadcast?: boolean | undefined;
};

/** Text without blocks takes the old blocks away, and shows "(edited)"; blocks replace blocks and show nothing. */
export function revise(world: World, message: Message, revision: Revision): void {
  const previous = messageBody(world, message);
  const blocks = revision.blocks === undefined ? undefined : withIds(revision.blocks);
  if (blocks !== undefined) message.blocks = blocks;
  else if (revision.text !== undefined) message.blocks = [];
  message.attachments = revision.attachments ?? (revision.text === undefined ? message.attachments : []);
  message.text = revision.text ?? fallbackText(message.blocks);
  if (revision.metadata !== undefined) {
    message.metadata = Object.keys(revision.metadata).length === 0 ? undefined : revision.metadata;
  }
  message.broadcast ||= (revision.broadcast ?? false) && message.threadTs !== undefined;
  message.updates += 1;
  if (message.blocks.length === 0) message.editedTs = mintTs(world);
  world.counts.updated += 1;
  announce(world, { kind: "message", channel: message.channel, ts: message.ts });
  const change = { subtype: "message_changed", message: messageBody(world, message), previous_message: previous };
  tellOfMessage(world, message.channel, { type: "message", hidden: true, ...change }, mintTs(world));
}

export function remove(world: World, message: Message): void {
  const previous = messageBody(world, message);
  if (repliesOf(world, message.channel, message.ts).length > 0) {
    Object.assign(message, { tombstone: true, text: "This message was deleted.", blocks: [], metadata: undefined });
  } else {
    world.messages.splice(world.messages.indexOf(message), 1);
  }
  world.counts.deleted += 1;
  announce(world, { kind: "deleted", channel: message.channel, ts: message.ts });
  const change = { subtype: "message_deleted", deleted_ts: message.ts, previous_message: previous };
  tellOfMessage(world, message.channel, { type: "message", hidden: true, ...change }, mintTs(world));
}

export function whisper(world: World, note: Omit<Ephemeral, "ts">): Ephemeral {
  const blocks = withIds(note.blocks);
  const one: Ephemeral = {
    ...note,
    blocks,
    text: note.text === "" ? fallbackText(blocks) : note.text,
    ts: mintTs(world),
  };
  world.ephemerals.push(one);
  world.counts.ephemerals += 1;
  announce(world, { kind: "ephemeral", channel: one.channel, ts: one.ts, user: one.to });
  return one;
}

export function rewhisper(world: World, one: Ephemeral, text: string, blocks: readonly unknown[]): void {
  one.blocks = withIds(blocks);
  one.text = text === "" ? fallbackText(one.blocks) : text;
  announce(world, { kind: "ephemeral", channel: one.channel, ts: one.ts, user: one.to });
}

export function unwhisper(world: World, one: Ephemeral): void {
  const at = world.ephemerals.indexOf(one);
  if (at >= 0) world.ephemerals.splice(at, 1);
  announce(world, { kind: "ephemeral", channel: one.channel, ts: one.ts, user: one.to });
}

/** A message as the Web API and events give it out. Metadata only where it was asked for. */
export function messageBody(world: World, message: Message, withMetadata = false): Json {
  if (message.tombstone) {
    const tombstone = { type: "message", subtype: "tombstone", user: "USLACKBOT", hidden: true };
    return { ...tombstone, ts: message.ts, text: message.text, ...threadFields(world, message) };
  }
  return {
    type: "message",
    user: message.user,
    ts: message.ts,
    text: message.text,
    team: world.team.id,
    ...(message.byApp ? botFields(world) : {}),
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}),
    ...(message.broadcast ? { subtype: "thread_broadcast" } : {}),
    ...(message.editedTs === undefined ? {} : { edited: { user: message.user, ts: message.editedTs } }),
    ...(withMetadata && message.metadata !== undefined ? { metadata: message.metadata } : {}),
    ...(message.reactions.size > 0 ? { reactions: reactionList(message) } : {}),
    ...threadFields(world, message),
  };
}

function botFields(world: World): Json {
  const { id: appId, botId, name } = world.app;
  const profile = { id: botId, app_id: appId, name, team_id: world.team.id, deleted: false, updated: 0, icons: {} };
  return { bot_id: botId, app_id: appId, bot_profile: profile };
}

function reactionList(message: Message): readonly Json[] {
  return [...message.reactions].map(([name, users]) => ({ name, users: [...users], count: users.size }));
}

function threadFields(world: World, message: Message): Json {
  if (message.threadTs !== undefined) {
    const parent = findMessage(world, message.channel, message.threadTs);
    return { thread_ts: message.threadTs, ...(parent === undefined ? {} : { parent_user_id: parent.user }) };
  }
  const replies = repliesOf(world, message.channel, message.ts);
  const latest = replies.at(-1);
  if (latest === undefined) return {};
  const users = [...new Set(replies.map((reply) => reply.user))];
  return {
    thread_ts: message.ts,
    reply_count: replies.length,
    reply_users_count: users.length,
    reply_users: users.slice(0, 5),
    latest_reply: latest.ts,
    is_locked: false,
    subscribed: false,
  };
}

function tellOfMessage(world: World, channelId: string, body: Json, eventTs: string): void {
  const channel = world.channels.get(channelId);
  if (channel === undefined) return;
  const event = { ts: eventTs, ...body, channel: channelId, event_ts: eventTs, channel_type: channel.kind };
  tell(world, { subscription: subscriptionFor(channel), channel: channelId, event });
  const text = asText(body["text"]) ?? "";
  if (body["subtype"] !== undefined || body["bot_id"] !== undefined) return;
  if (!text.includes(`<@${world.app.userId}>`)) return;
  tell(world, { subscription: "app_mention", channel: channelId, event: { ...event, type: "app_mention" } });
}

function subscriptionFor(channel: Channel): string {
  return channel.kind === "im" ? "message.im" : "message.channels";
}

/** What Slack puts in `text` where an app gave only blocks: what a notification would read out. */
function fallbackText(blocks: readonly Json[]): string {
  return blocks
    .flatMap((block) => [
      textOf(block["text"]) ?? asText(block["text"]) ?? asText(block["title"]) ?? textOf(block["title"]) ?? "",
      ...records(block["fields"]).map((field) => asText(field["text"]) ?? ""),
      ...records(block["elements"]).map((element) => textOf(element["text"]) ?? asText(element["text"]) ?? ""),
      ...(asRecord(block["accessory"]) === undefined ? [] : [textOf(asRecord(block["accessory"])?.["text"]) ?? ""]),
    ])
    .filter((part) => part !== "")
    .join(" ");
}
