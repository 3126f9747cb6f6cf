// chat.* of the Web API, docs.slack.dev/reference/methods.

import { z } from "zod";
import { validateBlocks } from "./blocks.ts";
import { asText, type Json } from "./json.ts";
import { messageBody, post, remove, revise, whisper } from "./messages.ts";
import { type Call, flag, json, listArg, type Methods, read, record, text } from "./method.ts";
import { invalidBlocks, Refusal } from "./refusal.ts";
import { type Channel, findMessage, imWith, type Message, type World } from "./state.ts";

/** Longer posts are cut here; longer updates are refused at `UPDATE_TEXT`. */
const POST_TEXT = 40_000;
const UPDATE_TEXT = 4_000;
const METADATA_BYTES = 8_000;
const TS = /^\d{10}\.\d{6}$/;

const posting = z.object({
  channel: z.string(),
  text,
  thread_ts: text,
  reply_broadcast: flag,
  metadata: json(record.optional()),
});

/** Blocks, attachments and text as Slack takes them; throws its refusal otherwise. */
export function content(world: World, args: Json) {
  const blocks = listArg(args, "blocks");
  const attachments = listArg(args, "attachments");
  const problems = validateBlocks(blocks ?? [], "message", world.accepts);
  if (problems.length > 0) throw invalidBlocks(problems);
  if (attachments !== undefined && attachments.length > 100) throw new Refusal("too_many_attachments");
  const words = asText(args["text"]);
  if ((words ?? "").trim() === "" && !blocks?.length && !attachments?.length) throw new Refusal("no_text");
  return { blocks, attachments, text: words };
}

function metadataOf(given: Json | undefined): Json | undefined {
  if (given === undefined || Object.keys(given).length === 0) return given;
  const shape = z.object({ event_type: z.string().min(1), event_payload: record });
  if (!shape.safeParse(given).success) throw new Refusal("invalid_metadata_format");
  if (Buffer.byteLength(JSON.stringify(given)) > METADATA_BYTES) throw new Refusal("metadata_too_large");
  return given;
}

/** Where a post goes: a channel's id or name, or a person's id for the conversation with them. */
function destination({ world, scopes }: Call, given: string): Channel {
  const name = given.replace(/^#/, "");
  const byName = [...world.channels.values()].find((channel) => channel.kind === "channel" && channel.name === name);
  const user = world.users.get(given);
  const channel = world.channels.get(given) ?? byName ?? (user === undefined ? undefined : imWith(world, given));
  if (channel === undefined) throw new Refusal("channel_not_found");
  if (channel.kind === "im" && !world.messagesTab) throw new Refusal("messages_tab_disabled");
  if (channel.archived) throw new Refusal("is_archived");
  const mayPost = channel.members.has(world.app.userId) || scopes.includes("chat:write.public");
  if (!mayPost) throw new Refusal("not_in_channel");
  return channel;
}

function postMessage(call: Call): Json {
  const { world, args } = call;
  const given = read(posting, args);
  const channel = destination(call, given.channel);
  const { blocks, attachments, text: words } = content(world, args);
  const threadTs = given.thread_ts === "" ? undefined : given.thread_ts;
  if (threadTs !== undefined && !TS.test(threadTs)) throw new Refusal("invalid_thread_ts");
  const message = post(world, {
    channel: channel.id,
    user: world.app.userId,
    byApp: true,
    text: (words ?? "").slice(0, POST_TEXT),
    blocks: blocks ?? [],
    attachments: attachments ?? [],
    metadata: metadataOf(given.metadata),
    threadTs,
    broadcast: threadTs !== undefined && given.reply_broadcast === true,
  });
  return { channel: channel.id, ts: message.ts, message: messageBody(world, message, true) };
}

/** A message of the app's own, by channel id and ts. */
function own(world: World, channel: string, ts: string, refusal: string): Message {
  if (!world.channels.has(channel)) throw new Refusal("channel_not_found");
  const message = findMessage(world, channel, ts);
  if (message === undefined || message.tombstone) throw new Refusal("message_not_found");
  if (!message.byApp) throw new Refusal(refusal);
  return message;
}

function update({ world, args }: Call): Json {
  const given = read(
    z.object({ channel: z.string(), ts: z.string(), reply_broadcast: flag, metadata: json(record.optional()) }),
    args,
  );
  const message = own(world, given.channel, given.ts, "cant_update_message");
  if (world.channels.get(given.channel)?.archived) throw new Refusal("is_inactive");
  const { blocks, attachments, text: words } = content(world, args);
  if ((words ?? "").length > UPDATE_TEXT) throw new Refusal("msg_too_long");
  const metadata = metadataOf(given.metadata);
  revise(world, message, { text: words, blocks, attachments, metadata, broadcast: given.reply_broadcast });
  const body = messageBody(world, message, true);
  return { channel: message.channel, ts: message.ts, text: message.text, message: body };
}

function deleteMessage({ world, args }: Call): Json {
  const given = read(z.object({ channel: z.string(), ts: z.string() }), args);
  remove(world, own(world, given.channel, given.ts, "cant_delete_message"));
  return { channel: given.channel, ts: given.ts };
}

function postEphemeral(call: Call): Json {
  const { world, args } = call;
  const given = read(z.object({ channel: z.string(), user: z.string(), thread_ts: text }), args);
  const channel = destination(call, given.channel);
  if (!channel.members.has(given.user)) throw new Refusal("user_not_in_channel");
  const { blocks, text: words } = content(world, args);
  const threadTs = given.thread_ts === "" ? undefined : given.thread_ts;
  const note = { channel: channel.id, to: given.user, threadTs, text: words ?? "", blocks: blocks ?? [] };
  return { message_ts: whisper(world, note).ts };
}

function getPermalink({ world, args }: Call): Json {
  const given = read(z.object({ channel: z.string(), message_ts: z.string() }), args);
  if (!world.channels.has(given.channel)) throw new Refusal("channel_not_found");
  const message = findMessage(world, given.channel, given.message_ts);
  if (message === undefined) throw new Refusal("message_not_found");
  const thread = message.threadTs === undefined ? "" : `?thread_ts=${message.threadTs}&cid=${message.channel}`;
  const permalink = `${world.url}/archives/${message.channel}/p${message.ts.replace(".", "")}${thread}`;
  return { channel: message.channel, permalink };
}

const write = ["chat:write"];

export const chatMethods: Methods = {
  "chat.postMessage": { token: "bot", scopes: write, tier: "post", run: postMessage },
  "chat.update": { token: "bot", scopes: write, tier: "tier3", run: update },
  "chat.delete": { token: "bot", scopes: write, tier: "tier3", run: deleteMessage },
  "chat.postEphemeral": { token: "bot", scopes: write, tier: "tier4", run: postEphemeral },
  "chat.getPermalink": { token: "bot", scopes: [], tier: "special", run: getPermalink },
};
