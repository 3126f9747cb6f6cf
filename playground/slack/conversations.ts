// conversations.* and reactions.* of the Web API, docs.slack.dev/reference/methods.

import { z } from "zod";
import type { Json } from "./json.ts";
import { messageBody } from "./messages.ts";
import { type Call, flag, type Method, type Methods, page, pageSize, read, text } from "./method.ts";
import { Refusal } from "./refusal.ts";
import { announce, type Channel, findMessage, type Message, repliesOf, type World } from "./state.ts";

function requireChannel(world: World, id: string): Channel {
  const channel = world.channels.get(id);
  if (channel === undefined) throw new Refusal("channel_not_found");
  return channel;
}

/** A channel whose messages the app may read: it is in it. */
function readable(world: World, id: string): Channel {
  const channel = requireChannel(world, id);
  if (!channel.members.has(world.app.userId)) throw new Refusal("not_in_channel");
  return channel;
}

const reading = z.object({
  channel: z.string(),
  oldest: text,
  latest: text,
  inclusive: flag,
  cursor: text,
  include_all_metadata: flag,
});
type Reading = z.infer<typeof reading>;

function within(given: Reading): (message: Message) => boolean {
  const oldest = moment(given.oldest, "invalid_ts_oldest") ?? Number.NEGATIVE_INFINITY;
  const latest = moment(given.latest, "invalid_ts_latest") ?? Number.POSITIVE_INFINITY;
  return ({ ts }) => {
    const at = Number(ts);
    return given.inclusive === true ? at >= oldest && at <= latest : at > oldest && at < latest;
  };
}

function moment(given: string | undefined, refusal: string): number | undefined {
  if (given === undefined || given === "") return undefined;
  const at = Number(given);
  if (!Number.isFinite(at)) throw new Refusal(refusal);
  return at;
}

/** Newest first; replies are not in it unless they were also sent to the channel. */
function history({ world, args }: Call): Json {
  const given = read(reading, args);
  const channel = readable(world, given.channel);
  const limit = pageSize(args["limit"], 100, 999);
  const found = world.messages
    .filter((message) => message.channel === channel.id && (message.threadTs === undefined || message.broadcast))
    .filter(within(given))
    .reverse();
  return answer(world, given, found, limit);
}

/** The parent, then its replies, oldest first. */
function replies({ world, args }: Call): Json {
  const given = read(reading.extend({ ts: z.string() }), args);
  const channel = readable(world, given.channel);
  const limit = pageSize(args["limit"], 1000, 1000);
  const asked = findMessage(world, channel.id, given.ts);
  if (asked === undefined) throw new Refusal("thread_not_found");
  if (asked.threadTs !== undefined) return answer(world, given, [asked], limit);
  return answer(world, given, [asked, ...repliesOf(world, channel.id, asked.ts).filter(within(given))], limit);
}

function answer(world: World, given: Reading, found: readonly Message[], limit: number): Json {
  const { items, nextCursor } = page(found, limit, given.cursor);
  return {
    messages: items.map((message) => messageBody(world, message, given.include_all_metadata === true)),
    has_more: nextCursor !== "",
    pin_count: 0,
    ...(nextCursor === "" ? {} : { response_metadata: { next_cursor: nextCursor } }),
  };
}

function channelBody(world: World, channel: Channel): Json {
  const created = Math.floor(channel.createdMs / 1000);
  if (channel.kind === "im") {
    const user = [...channel.members].find((member) => member !== world.app.userId);
    return { id: channel.id, created, is_im: true, is_archived: channel.archived, user };
  }
  return {
    id: channel.id,
    name: channel.name,
    name_normalized: channel.name,
    is_channel: true,
    is_group: false,
    is_im: false,
    is_mpim: false,
    is_private: false,
    is_archived: channel.archived,
    is_general: false,
    is_member: channel.members.has(world.app.userId),
    is_shared: false,
    created,
    context_team_id: world.team.id,
    topic: { value: "", creator: "", last_set: 0 },
    purpose: { value: "", creator: "", last_set: 0 },
  };
}

function info({ world, args }: Call): Json {
  const given = read(z.object({ channel: z.string(), include_num_members: flag }), args);
  const channel = requireChannel(world, given.channel);
  const count = given.include_num_members === true ? { num_members: channel.members.size } : {};
  return { channel: { ...channelBody(world, channel), ...count } };
}

function list({ world, args }: Call): Json {
  const given = read(z.object({ cursor: text, exclude_archived: flag, types: text }), args);
  const types = (given.types ?? "public_channel").split(",").map((type) => type.trim());
  const wanted = [...world.channels.values()].filter((channel) => {
    const asked = types.includes(channel.kind === "im" ? "im" : "public_channel");
    return asked && !(given.exclude_archived === true && channel.archived);
  });
  const { items, nextCursor } = page(wanted, pageSize(args["limit"], 100, 1000), given.cursor);
  return {
    channels: items.map((channel) => ({ ...channelBody(world, channel), num_members: channel.members.size })),
    response_metadata: { next_cursor: nextCursor },
  };
}

function members({ world, args }: Call): Json {
  const given = read(z.object({ channel: z.string(), cursor: text }), args);
  const channel = requireChannel(world, given.channel);
  const { items, nextCursor } = page([...channel.members], pageSize(args["limit"], 100, 1000), given.cursor);
  return { members: items, response_metadata: { next_cursor: nextCursor } };
}

function join({ world, args }: Call): Json {
  const given = read(z.object({ channel: z.string() }), args);
  const channel = requireChannel(world, given.channel);
  if (channel.kind === "im") throw new Refusal("method_not_supported_for_channel_type");
  if (channel.archived) throw new Refusal("is_archived");
  const already = channel.members.has(world.app.userId);
  channel.members.add(world.app.userId);
  announce(world, { kind: "people" });
  return { channel: channelBody(world, channel), ...(already ? { warning: "already_in_channel" } : {}) };
}

const reacting = z.object({ channel: z.string(), timestamp: z.string(), name: z.string() });

function react({ world, args }: Call): Json {
  const given = read(reacting, args);
  const message = findMessage(world, readable(world, given.channel).id, given.timestamp);
  if (message === undefined) throw new Refusal("message_not_found");
  const users = message.reactions.get(given.name) ?? new Set();
  if (users.has(world.app.userId)) throw new Refusal("already_reacted");
  message.reactions.set(given.name, users.add(world.app.userId));
  announce(world, { kind: "message", channel: message.channel, ts: message.ts });
  return {};
}

function unreact({ world, args }: Call): Json {
  const given = read(reacting, args);
  const message = findMessage(world, readable(world, given.channel).id, given.timestamp);
  if (message === undefined) throw new Refusal("message_not_found");
  const users = message.reactions.get(given.name);
  if (!users?.delete(world.app.userId)) throw new Refusal("no_reaction");
  if (users.size === 0) message.reactions.delete(given.name);
  announce(world, { kind: "message", channel: message.channel, ts: message.ts });
  return {};
}

function method(scopes: readonly string[], tier: Method["tier"], run: Method["run"]): Method {
  return { token: "bot", scopes, tier, run };
}

const past = ["channels:history", "groups:history", "mpim:history", "im:history"];
const about = ["channels:read", "groups:read", "mpim:read", "im:read"];

export const conversationMethods: Methods = {
  "conversations.history": method(past, "tier3", history),
  "conversations.replies": method(past, "tier3", replies),
  "conversations.info": method(about, "tier3", info),
  "conversations.list": method(about, "tier2", list),
  "conversations.members": method(about, "tier4", members),
  "conversations.join": method(["channels:join"], "tier3", join),
  "reactions.add": method(["reactions:write"], "tier3", react),
  "reactions.remove": method(["reactions:write"], "tier2", unreact),
};
