// One workspace with one app in it, as plain data. Everything that changes it goes through the functions of
// messages.ts, views.ts and people/; this file holds the shapes, the ids and the ways to find things.

import { randomBytes } from "node:crypto";
import type { Json } from "./json.ts";

export type User = {
  readonly id: string;
  readonly name: string;
  readonly realName: string;
  readonly email?: string;
  readonly isBot: boolean;
  /** IANA time zone. */
  readonly tz: string;
};

export type Channel = {
  readonly id: string;
  readonly name: string;
  /** A direct conversation of the app with one person, or a public channel. */
  readonly kind: "channel" | "im";
  readonly members: Set<string>;
  readonly createdMs: number;
  archived: boolean;
};

export type Usergroup = {
  readonly id: string;
  readonly handle: string;
  readonly name: string;
  readonly users: readonly string[];
};

export type Message = {
  readonly channel: string;
  readonly ts: string;
  readonly user: string;
  /** Posted by the app, not by a person. */
  readonly byApp: boolean;
  readonly threadTs: string | undefined;
  text: string;
  blocks: readonly Json[];
  attachments: readonly Json[];
  metadata: Json | undefined;
  broadcast: boolean;
  /** What the client shows as "(edited)": an update of text alone. An update with blocks leaves no such mark. */
  editedTs: string | undefined;
  /** How often it was changed since it was posted. */
  updates: number;
  /** A deleted parent stays as "This message was deleted." for as long as it has replies. */
  tombstone: boolean;
  readonly reactions: Map<string, Set<string>>;
};

/** "Only visible to you". Lives in the client of one person, not in the channel's history. */
export type Ephemeral = {
  readonly channel: string;
  readonly to: string;
  readonly ts: string;
  readonly threadTs: string | undefined;
  text: string;
  blocks: readonly Json[];
};

export type View = {
  readonly id: string;
  readonly user: string;
  readonly type: "modal" | "home";
  readonly rootId: string;
  readonly previousId: string | undefined;
  hash: string;
  /** The view as the app gave it, with block and action ids filled in. */
  payload: Json;
};

export type Trigger = { readonly user: string; readonly issuedMs: number; readonly view?: string; used: boolean };

export type ResponseUrl = {
  readonly user: string;
  readonly channel: string;
  readonly issuedMs: number;
  /** The message that was pressed; absent for a command. */
  readonly messageTs?: string;
  uses: number;
};

export type Change =
  | { readonly kind: "message" | "deleted"; readonly channel: string; readonly ts: string }
  | { readonly kind: "ephemeral"; readonly channel: string; readonly ts: string; readonly user: string }
  | { readonly kind: "modal" | "home"; readonly user: string }
  | { readonly kind: "people" };

/** Something that Slack tells the app of, if the app asked for `subscription` and has the scope for it. */
export type BotEvent = { readonly subscription: string; readonly channel?: string; readonly event: Json };

export type Stats = {
  /** Web API calls by method, refused ones included. */
  readonly calls: Readonly<Record<string, number>>;
  readonly rateLimited: number;
  readonly posted: number;
  readonly updated: number;
  readonly deleted: number;
  readonly ephemerals: number;
};

export type World = {
  readonly url: string;
  readonly now: () => number;
  readonly team: { readonly id: string; readonly domain: string; readonly name: string };
  readonly app: { readonly id: string; readonly userId: string; readonly botId: string; readonly name: string };
  readonly accepts: readonly string[];
  readonly messagesTab: boolean;
  readonly users: Map<string, User>;
  readonly channels: Map<string, Channel>;
  readonly usergroups: Map<string, Usergroup>;
  readonly messages: Message[];
  readonly ephemerals: Ephemeral[];
  readonly views: Map<string, View>;
  /** The modals a person has open, the one in front last. */
  readonly modals: Map<string, readonly string[]>;
  readonly homes: Map<string, string>;
  readonly triggers: Map<string, Trigger>;
  readonly responseUrls: Map<string, ResponseUrl>;
  readonly counts: { posted: number; updated: number; deleted: number; ephemerals: number };
  readonly watchers: Set<(change: Change) => void>;
  readonly eventSinks: Set<(event: BotEvent) => void>;
  lastMicros: number;
};

/** A message's id and time, `seconds.micros`; never the same twice, always growing. */
export function mintTs(world: World): string {
  world.lastMicros = Math.max(world.now() * 1000, world.lastMicros + 1);
  const seconds = Math.floor(world.lastMicros / 1_000_000);
  return `${seconds}.${String(Math.floor(world.lastMicros % 1_000_000)).padStart(6, "0")}`;
}

export function mintId(prefix: string): string {
  return prefix + randomBytes(5).toString("hex").toUpperCase();
}

export function mintSecret(): string {
  return randomBytes(16).toString("hex");
}

export function announce(world: World, change: Change): void {
  for (const watcher of world.watchers) watcher(change);
}

export function tell(world: World, event: BotEvent): void {
  for (const sink of world.eventSinks) sink(event);
}

export function findMessage(world: World, channel: string, ts: string): Message | undefined {
  return world.messages.find((message) => message.channel === channel && message.ts === ts);
}

export function findEphemeral(world: World, channel: string, ts: string, to: string): Ephemeral | undefined {
  return world.ephemerals.find((one) => one.channel === channel && one.ts === ts && one.to === to);
}

export function repliesOf(world: World, channel: string, threadTs: string): readonly Message[] {
  return world.messages.filter((message) => message.channel === channel && message.threadTs === threadTs);
}

/** A new trigger for what `user` just did, in `view` if it was in a modal. */
export function mintTrigger(world: World, user: string, view?: string): string {
  const id = `${Math.floor(world.now())}.${mintSecret().slice(0, 12)}.${mintSecret()}`;
  world.triggers.set(id, { user, issuedMs: world.now(), used: false, ...(view === undefined ? {} : { view }) });
  return id;
}

export function mintResponseUrl(world: World, grant: Omit<ResponseUrl, "issuedMs" | "uses">): string {
  const secret = mintSecret();
  world.responseUrls.set(secret, { ...grant, issuedMs: world.now(), uses: 0 });
  return `${world.url}/response/${world.team.id}/${secret}`;
}

/** The conversation between the app and one person, made when first needed. */
export function imWith(world: World, user: string): Channel {
  const id = `D${user.slice(1)}`;
  const known = world.channels.get(id);
  if (known !== undefined) return known;
  const members = new Set([user, world.app.userId]);
  const im: Channel = { id, name: "directmessage", kind: "im", members, createdMs: world.now(), archived: false };
  world.channels.set(id, im);
  return im;
}
