import { setTimeout as pause } from "node:timers/promises";
import type { WebClient } from "@slack/web-api";
import type { Clock } from "../ports.ts";
import { platformError } from "./errors.ts";

const EVENT_TYPE = "afk_message";
const PAGE = 200;
/** A message that was posted and not recorded is recent: the bot looks for it as soon as it is back. */
const PAGES = 5;
/** Slack does not promise that history shows a message as soon as it is posted. */
const SETTLE_MS = 5_000;

export type Where = { readonly channel: string; readonly thread_ts?: string };

export function nonceMetadata(nonce: string): { event_type: string; event_payload: { nonce: string } } {
  return { event_type: EVENT_TYPE, event_payload: { nonce } };
}

export type Finder = {
  /**
   * The `ts` of our own message with this nonce, in the channel's recent history or in one thread. With `attemptedAt`,
   * the time of a try whose outcome is unknown, a miss counts only once history has had time to show it.
   */
  find(where: Where, nonce: string, attemptedAt: number | null): Promise<string | undefined>;
  /** This process posted it; what it began it knows, and need not look through. */
  posted(where: Where, nonce: string, ts: string): void;
};

export function createFinder(client: WebClient, clock: Clock): Finder {
  /** What was in a channel or thread when it was first looked through; since then only this process adds to it. */
  const known = new Map<string, Promise<Map<string, string>>>();
  const placeOf = ({ channel, thread_ts }: Where): string => `${channel}/${thread_ts ?? ""}`;
  let ownBotId: Promise<string | undefined> | undefined;

  /** Anyone can put our nonce into their message's metadata. */
  async function own(): Promise<string | undefined> {
    ownBotId ??= client.auth.test().then(({ bot_id }) => bot_id);
    try {
      return await ownBotId;
    } catch (error) {
      ownBotId = undefined;
      throw error;
    }
  }

  /** Our own messages there, by nonce. */
  async function read(where: Where): Promise<Map<string, string>> {
    const bot = await own();
    const found = new Map<string, string>();
    let cursor: string | undefined;
    for (let page = 0; page < PAGES; page += 1) {
      const query = { channel: where.channel, limit: PAGE, include_all_metadata: true, ...(cursor && { cursor }) };
      const answer =
        where.thread_ts === undefined
          ? await client.conversations.history(query)
          : await client.conversations.replies({ ...query, ts: where.thread_ts });
      for (const { ts, bot_id, metadata } of (answer.messages ?? []) as readonly Message[]) {
        const nonce = metadata?.event_type === EVENT_TYPE ? metadata.event_payload?.["nonce"] : undefined;
        if (typeof nonce !== "string" || ts === undefined || bot_id !== bot) continue;
        if (!found.has(nonce)) found.set(nonce, ts);
      }
      cursor = answer.response_metadata?.next_cursor;
      if (!cursor) break;
    }
    return found;
  }

  async function look(where: Where, nonce: string): Promise<string | undefined> {
    return (await read(where)).get(nonce);
  }

  /** Of a place that was looked through before: from memory. */
  async function recall(where: Where, nonce: string): Promise<string | undefined> {
    const place = placeOf(where);
    const reading = known.get(place) ?? read(where);
    known.set(place, reading);
    reading.catch(() => known.delete(place));
    return (await reading).get(nonce);
  }

  return {
    async find(where, nonce, attemptedAt) {
      try {
        if (attemptedAt === null) return await recall(where, nonce);
        const found = await look(where, nonce);
        const wait = attemptedAt + SETTLE_MS - clock.now();
        if (found !== undefined || wait <= 0) return found;
        await pause(Math.min(wait, SETTLE_MS));
        return await look(where, nonce);
      } catch (error) {
        // The thread's root was deleted: nothing of it is left to find.
        if (platformError(error) === "thread_not_found") return undefined;
        throw error;
      }
    },
    posted(where, nonce, ts) {
      known.get(placeOf(where))?.then(
        (found) => found.set(nonce, ts),
        () => {},
      );
      if (where.thread_ts === undefined) {
        known.set(placeOf({ ...where, thread_ts: ts }), Promise.resolve(new Map<string, string>()));
      }
    },
  };
}

type Message = {
  readonly ts?: string;
  readonly bot_id?: string;
  readonly metadata?: { readonly event_type?: string; readonly event_payload?: Readonly<Record<string, unknown>> };
};
