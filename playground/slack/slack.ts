// A stand-in Slack: one workspace with one app in it, on one loopback port.
//
// `/api/<method>` is the Web API, `/link` the Socket Mode gateway, `/response/…` the response_urls. State lives in
// memory for as long as the server does; switching the listener off and on keeps it.

import { type Listener, listen } from "../listener.ts";
import { appMethods } from "./apps.ts";
import { DEFAULT_BLOCKS } from "./blocks.ts";
import { chatMethods } from "./chat.ts";
import { conversationMethods } from "./conversations.ts";
import { sendEvents } from "./events.ts";
import { createGateway, type Envelope, type SocketStats } from "./gateway.ts";
import type { Json } from "./json.ts";
import { createLimiter, type Limits } from "./limits.ts";
import { type Person, personIn } from "./people.ts";
import { responseRoutes } from "./responses.ts";
import { announce, type Change, findMessage, type Stats, type User, type World } from "./state.ts";
import { userMethods } from "./users.ts";
import { viewMethods } from "./views.ts";
import { createWebApi, type Failure } from "./webapi.ts";

export type SlackOptions = {
  /** 0 = any free port. */
  readonly port?: number;
  readonly botToken?: string;
  readonly appToken?: string;
  readonly botScopes?: readonly string[];
  readonly appScopes?: readonly string[];
  readonly botUser?: { readonly id: string; readonly name: string };
  /** Block types this workspace takes; `DEFAULT_BLOCKS` unless said otherwise. */
  readonly accepts?: readonly string[];
  readonly limits?: Limits;
  /** Milliseconds since the epoch. Message times, limits, triggers and response_urls follow it; timers do not. */
  readonly now?: () => number;
  /** Slash commands the app has; any if not given. */
  readonly commands?: readonly string[];
  /** Event subscriptions of the app, by the names that the manifest uses. */
  readonly events?: readonly string[];
  /** Whether people may see, in the app's Messages tab, what it sends to them directly. */
  readonly messagesTab?: boolean;
  /** How long an envelope waits for its ack. */
  readonly ackMs?: number;
  /** Waits before each further try of an event that was not acked. */
  readonly eventRetryMs?: readonly number[];
};

type NewUser = {
  readonly id: string;
  readonly name: string;
  readonly realName?: string;
  readonly email?: string;
  readonly isBot?: boolean;
  /** IANA time zone; UTC unless given. */
  readonly tz?: string;
};
type NewChannel = {
  readonly id: string;
  readonly name: string;
  /** User ids. The app is in it only if it is named here or invited later. */
  readonly members: readonly string[];
  readonly archived?: boolean;
};
type NewUsergroup = {
  readonly id: string;
  readonly handle: string;
  readonly name?: string;
  readonly users: readonly string[];
};

export type Slack = AsyncDisposable & {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** What a client takes as `slackApiUrl`. */
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly bot: { readonly userId: string; readonly botId: string; readonly appId: string };
  readonly team: { readonly id: string; readonly domain: string; readonly name: string };
  readonly listener: Listener;

  addUser(user: NewUser): void;
  addChannel(channel: NewChannel): void;
  /** Adds a usergroup, or gives one new members. */
  addUsergroup(group: NewUsergroup): void;
  archive(channel: string, archived: boolean): void;
  /** Puts the app, or a person, into a channel. */
  invite(channel: string, user?: string): void;
  kick(channel: string, user?: string): void;
  /** Throws for an unknown person. */
  as(userId: string): Person;
  users(): readonly User[];
  channels(): readonly { readonly id: string; readonly name: string; readonly archived: boolean }[];
  /** Which a person cannot see: what the app attached to a message. */
  metadata(channel: string, ts: string): Json | undefined;
  /** Calls `listener` after each change; the answer ends that. */
  onChange(listener: (change: Change) => void): () => void;
  stats(): Stats & SocketStats;

  /** Answers 429 for that long, to all calls or to those of one method. */
  rateLimit(seconds: number, method?: string): void;
  /** Refuses the next `count` calls before they take effect. */
  failNext(count: number, failure: Failure, method?: string): void;
  /** Envelopes sent so far, the oldest first; the last thousand. */
  envelopes(): readonly Envelope[];
  duplicateNext(count: number): void;
  /** Sends an old envelope again; false where it is unknown or no socket is open. */
  replay(envelopeId: string): boolean;
  /** Recycles the oldest socket, or all, as Slack does every few hours; `warningMs` (10 s) lies between the notices. */
  refreshSockets(options?: { readonly warningMs?: number; readonly which?: "all" | "oldest" }): Promise<void>;
  cutSockets(): void;
  close(): Promise<void>;
};

const BOT_SCOPES = [
  "app_mentions:read",
  "channels:history",
  "chat:write",
  "commands",
  "reactions:write",
  "usergroups:read",
  "users:read",
];
const EVENTS = ["app_home_opened", "message.channels", "app_mention"];
const EVENT_RETRIES_MS = [100, 60_000, 300_000];

/** Starts a workspace with nobody in it but the app. Rejects where the port is taken. */
export async function startSlack(options: SlackOptions = {}): Promise<Slack> {
  const now = options.now ?? Date.now;
  const tokens = {
    bot: options.botToken ?? "xoxb-playground",
    app: options.appToken ?? "xapp-playground",
    botScopes: options.botScopes ?? BOT_SCOPES,
    appScopes: options.appScopes ?? ["connections:write"],
  };
  const botUser = options.botUser ?? { id: "U0BOT", name: "afk-bot" };
  const world = emptyWorld(() => listener.url, now, botUser, {
    accepts: options.accepts ?? DEFAULT_BLOCKS,
    messagesTab: options.messagesTab ?? true,
  });
  const gateway = createGateway({
    appId: world.app.id,
    wsUrl: () => listener.url.replace("http:", "ws:"),
    ackMs: options.ackMs ?? 3_000,
  });
  const methods = {
    ...appMethods(gateway.open),
    ...chatMethods,
    ...conversationMethods,
    ...userMethods,
    ...viewMethods,
  };
  const webApi = createWebApi({ world, tokens, methods, limiter: createLimiter(options.limits ?? "slack", now) });
  const stopEvents = sendEvents(world, gateway, {
    subscriptions: options.events ?? EVENTS,
    scopes: tokens.botScopes,
    retryMs: options.eventRetryMs ?? EVENT_RETRIES_MS,
  });
  const listener = await listen({
    service: "slack",
    port: options.port ?? 0,
    upgrade: gateway.upgrade,
    routes(app) {
      webApi.routes(app);
      responseRoutes(world, app);
    },
  });

  function requireChannel(id: string) {
    const channel = world.channels.get(id);
    if (channel === undefined) throw new Error(`no channel ${id}`);
    return channel;
  }

  async function close(): Promise<void> {
    stopEvents();
    await gateway.close();
    await listener.close();
  }

  return {
    url: listener.url,
    apiUrl: `${listener.url}/api/`,
    botToken: tokens.bot,
    appToken: tokens.app,
    bot: { userId: world.app.userId, botId: world.app.botId, appId: world.app.id },
    team: world.team,
    listener,

    addUser({ id, name, realName = name, email, isBot = false, tz = "UTC" }) {
      world.users.set(id, { id, name, realName, isBot, tz, ...(email === undefined ? {} : { email }) });
      announce(world, { kind: "people" });
    },
    addChannel({ id, name, members, archived = false }) {
      const channel = { id, name, kind: "channel" as const, members: new Set(members), createdMs: now(), archived };
      world.channels.set(id, channel);
      announce(world, { kind: "people" });
    },
    addUsergroup({ id, handle, name = handle, users }) {
      world.usergroups.set(id, { id, handle, name, users });
      announce(world, { kind: "people" });
    },
    archive(channel, archived) {
      requireChannel(channel).archived = archived;
      announce(world, { kind: "people" });
    },
    invite(channel, user = world.app.userId) {
      requireChannel(channel).members.add(user);
      announce(world, { kind: "people" });
    },
    kick(channel, user = world.app.userId) {
      requireChannel(channel).members.delete(user);
      announce(world, { kind: "people" });
    },
    as(userId) {
      const user = world.users.get(userId);
      if (user === undefined) throw new Error(`no user ${userId}`);
      const commands = tokens.botScopes.includes("commands") ? options.commands : [];
      return personIn(world, gateway, user, { commands });
    },
    users: () => [...world.users.values()],
    channels: () => [...world.channels.values()].map(({ id, name, archived }) => ({ id, name, archived })),
    metadata: (channel, ts) => findMessage(world, channel, ts)?.metadata,
    onChange(watcher) {
      world.watchers.add(watcher);
      return () => world.watchers.delete(watcher);
    },
    stats: () => ({
      calls: webApi.calls(),
      rateLimited: webApi.rateLimited(),
      ...world.counts,
      ...gateway.stats(),
    }),

    rateLimit: webApi.rateLimit,
    failNext: webApi.failNext,
    envelopes: () => [...gateway.sent()],
    duplicateNext: gateway.duplicateNext,
    replay: gateway.replay,
    refreshSockets: ({ warningMs = 10_000, which = "all" } = {}) => gateway.refresh(warningMs, which),
    cutSockets: gateway.cut,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** `url` is asked for late: the port is known only once the server listens. */
function emptyWorld(
  url: () => string,
  now: () => number,
  botUser: { readonly id: string; readonly name: string },
  app: Pick<World, "accepts" | "messagesTab">,
): World {
  const bot: User = { id: botUser.id, name: botUser.name, realName: botUser.name, isBot: true, tz: "UTC" };
  return {
    get url() {
      return url();
    },
    now,
    team: { id: "T0PLAYGROUND", domain: "playground", name: "Playground" },
    app: { id: "A0PLAYGROUND", userId: botUser.id, botId: "B0PLAYGROUND", name: botUser.name },
    ...app,
    users: new Map([[bot.id, bot]]),
    channels: new Map(),
    usergroups: new Map(),
    messages: [],
    ephemerals: [],
    views: new Map(),
    modals: new Map(),
    homes: new Map(),
    triggers: new Map(),
    responseUrls: new Map(),
    counts: { posted: 0, updated: 0, deleted: 0, ephemerals: 0 },
    watchers: new Set(),
    eventSinks: new Set(),
    lastMicros: 0,
  };
}
