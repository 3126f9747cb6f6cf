// Tells people of a token that a service refuses: nobody else can mend that. One message in the channel, redrawn once the
// token is taken again, and the second bell, which is all that is left where it is Slack's own.
//
// A refusal counts when it has lasted: tokens that are renewed by themselves are refused for a moment.

import type { Logger } from "pino";
import { tokenNotification } from "../views/notification.ts";
import { tokenRefused, tokenTaken } from "../views/token.ts";
import { createLoop } from "./loop.ts";
import type { Ntfy } from "./ntfy/ntfy.ts";
import type { Dependencies, DependencyHealth } from "./ops/dependencies.ts";
import type { Chat, Clock, Store } from "./ports.ts";

const LOOK_MS = 2_000;
const PREFIX = "token/";

/** The cluster's account and the channel are told in `/afk status`; no token of them ends by itself. */
const WITHOUT_TOKEN: ReadonlySet<string> = new Set(["cluster", "channel"]);

export function startTokens(parts: {
  readonly store: Store;
  readonly chat: Pick<Chat, "showThread">;
  readonly dependencies: Pick<Dependencies, "watch" | "all">;
  readonly operators: readonly string[];
  readonly ntfy: Ntfy | undefined;
  /** How long a refusal must have lasted. */
  readonly lastsMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}): { stop(withinMs: number): Promise<void> } {
  const { store, chat, dependencies, operators, ntfy, lastsMs, clock, log } = parts;

  const looking = createLoop<"tokens">({
    name: "tokens",
    concurrency: 1,
    backoff: { firstMs: 1_000, ceilingMs: 60_000 },
    log,
    async work() {
      for (const seen of dependencies.all()) if (!WITHOUT_TOKEN.has(seen.name)) await look(seen);
      return LOOK_MS;
    },
  });

  async function look(seen: DependencyHealth): Promise<void> {
    const { name: service } = seen;
    const now = clock.now();
    const told = store.state.tokens[service];
    const refused = seen.state === "down" && seen.code === "unauthorised";
    if (refused && told === undefined && now - seen.since >= lastsMs) {
      const why = seen.why ?? "";
      await store.commit({ type: "bot.token-refused", at: now, service, why });
      log.error({ service, why }, "token refused, people are told");
      showing.nudge(keyOf(service, now));
    }
    if (told !== undefined && seen.state === "up") {
      await store.commit({ type: "bot.token-taken", at: now, service });
      log.info({ service }, "token taken again");
      showing.nudge(keyOf(service, told.since));
    }
    if (ntfy !== undefined && store.state.tokens[service]?.rang === false) ringing.nudge(service);
  }

  const showing = createLoop<string>({
    name: "token messages",
    concurrency: 1,
    backoff: { firstMs: 1_000, ceilingMs: 60_000 },
    log,
    async work(key) {
      const [, service = "", since = ""] = key.split("/");
      const told = store.state.tokens[service];
      const open = told !== undefined && told.since === Number(since);
      const root = open ? tokenRefused(service, told, operators) : tokenTaken(service, Number(since));
      const wanted = { issue: key, root, replies: [], reactions: [] };
      const thread = store.state.threads[key];
      await dependencies.watch("slack", () => chat.showThread(wanted, thread, (event) => store.commit(event), open));
      return null;
    },
  });

  const ringing = createLoop<string>({
    name: "second bell for tokens",
    concurrency: 1,
    backoff: { firstMs: 2_000, ceilingMs: 5 * 60_000 },
    log,
    async work(service) {
      const told = store.state.tokens[service];
      if (ntfy === undefined || told === undefined || told.rang) return null;
      await ntfy.notify(tokenNotification(service, told.since));
      await store.commit({ type: "bot.token-rang", at: clock.now(), service });
      return null;
    },
  });

  // Whatever an earlier bot showed may be over meanwhile, or was never shown.
  for (const key of Object.keys(store.state.threads)) if (key.startsWith(PREFIX)) showing.nudge(key);
  for (const [service, { since }] of Object.entries(store.state.tokens)) showing.nudge(keyOf(service, since));
  looking.nudge("tokens");
  return {
    async stop(withinMs) {
      await Promise.all([looking.stop(withinMs), showing.stop(withinMs), ringing.stop(withinMs)]);
    },
  };
}

function keyOf(service: string, since: number): string {
  return `${PREFIX}${service}/${since}`;
}
