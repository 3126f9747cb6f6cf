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
};

export function createFinder(client: WebClient, clock: Clock): Finder {
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

  async function look(where: Where, nonce: string): Promise<string | undefined> {
    const bot = await own();
    let cursor: string | undefined;
    for (let page = 0; page < PAGES; page += 1) {
      const query = { channel: where.channel, limit: PAGE, include_all_metadata: true, ...(cursor && { cursor }) };
      const answer =
        where.thread_ts === undefined
          ? await client.conversations.history(query)
          : await client.conversations.replies({ ...query, ts: where.thread_ts });
      for (const { ts, bot_id, metadata } of (answer.messages ?? []) as readonly Message[]) {
        const is = metadata?.event_type === EVENT_TYPE && metadata.event_payload?.["nonce"] === nonce;
        if (is && bot_id === bot) return ts;
      }
      cursor = answer.response_metadata?.next_cursor;
      if (!cursor) return undefined;
    }
    return undefined;
  }

  return {
    async find(where, nonce, attemptedAt) {
      try {
        const found = await look(where, nonce);
        const wait = attemptedAt === null ? 0 : attemptedAt + SETTLE_MS - clock.now();
        if (found !== undefined || wait <= 0) return found;
        await pause(Math.min(wait, SETTLE_MS));
        return await look(where, nonce);
      } catch (error) {
        // The thread's root was deleted: nothing of it is left to find.
        if (platformError(error) === "thread_not_found") return undefined;
        throw error;
      }
    },
  };
}

type Message = {
  readonly ts?: string;
  readonly bot_id?: string;
  readonly metadata?: { readonly event_type?: string; readonly event_payload?: Readonly<Record<string, unknown>> };
};
