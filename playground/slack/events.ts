// The Events API over Socket Mode, docs.slack.dev/apis/events-api: which events reach the app, and how often Slack tries.
//
// An event goes out when the app subscribed to it, has the scope for it, and is in the channel. Not acked in 3 s, it
// is sent again nearly at once, after a minute and after five more: the same `event_id` in a new envelope.

import { randomBytes } from "node:crypto";
import type { Gateway } from "./gateway.ts";
import type { Json } from "./json.ts";
import type { BotEvent, World } from "./state.ts";

export const EVENT_SCOPES: Readonly<Record<string, string>> = {
  "message.channels": "channels:history",
  "message.im": "im:history",
  app_mention: "app_mentions:read",
};

export type EventOptions = {
  readonly subscriptions: readonly string[];
  readonly scopes: readonly string[];
  /** Waits before the first, second and third further try. */
  readonly retryMs: readonly number[];
};

/** Sends the world's events from now on; the answer stops it. */
export function sendEvents(world: World, gateway: Gateway, options: EventOptions): () => void {
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;

  function wanted({ subscription, channel }: BotEvent): boolean {
    const scope = EVENT_SCOPES[subscription];
    if (!options.subscriptions.includes(subscription)) return false;
    if (scope !== undefined && !options.scopes.includes(scope)) return false;
    return channel === undefined || world.channels.get(channel)?.members.has(world.app.userId) === true;
  }

  async function attempt(payload: Json, tries: number): Promise<void> {
    const retry = tries === 0 ? {} : { retry: { attempt: tries, reason: "timeout" } };
    const delivery = await gateway.deliver({ type: "events_api", payload, acceptsResponse: false, ...retry });
    const waitMs = options.retryMs[tries];
    if (delivery.ok || stopped || waitMs === undefined) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void attempt(payload, tries + 1);
    }, waitMs);
    timers.add(timer);
  }

  function hear(event: BotEvent): void {
    if (wanted(event)) void attempt(callback(world, event.event), 0);
  }

  world.eventSinks.add(hear);
  return () => {
    stopped = true;
    world.eventSinks.delete(hear);
    for (const timer of timers) clearTimeout(timer);
  };
}

function callback(world: World, event: Json): Json {
  const who = { enterprise_id: null, team_id: world.team.id, user_id: world.app.userId };
  return {
    token: "playground",
    team_id: world.team.id,
    context_team_id: world.team.id,
    context_enterprise_id: null,
    api_app_id: world.app.id,
    type: "event_callback",
    event_id: `Ev${randomBytes(6).toString("hex").toUpperCase()}`,
    event_time: Math.floor(world.now() / 1000),
    event,
    authorizations: [{ ...who, is_bot: true, is_enterprise_install: false }],
    is_ext_shared_channel: false,
    event_context: randomBytes(9).toString("base64url"),
  };
}
