import type { WebClient } from "@slack/web-api";

const EVENT_TYPE = "afk_message";
const PAGE = 200;
/** A message that was posted and not recorded is recent: the bot looks for it as soon as it is back. */
const PAGES = 5;

export function nonceMetadata(nonce: string): { event_type: string; event_payload: { nonce: string } } {
  return { event_type: EVENT_TYPE, event_payload: { nonce } };
}

/** The `ts` of our own message with this nonce, in the channel's recent history or in one thread. */
export async function findByNonce(
  client: WebClient,
  where: { readonly channel: string; readonly thread_ts?: string },
  nonce: string,
): Promise<string | undefined> {
  let cursor: string | undefined;
  for (let page = 0; page < PAGES; page += 1) {
    const query = { channel: where.channel, limit: PAGE, include_all_metadata: true, ...(cursor && { cursor }) };
    const answer =
      where.thread_ts === undefined
        ? await client.conversations.history(query)
        : await client.conversations.replies({ ...query, ts: where.thread_ts });
    for (const message of (answer.messages ?? []) as readonly Message[]) {
      const { event_type, event_payload } = message.metadata ?? {};
      if (message.bot_id && event_type === EVENT_TYPE && event_payload?.["nonce"] === nonce) return message.ts;
    }
    cursor = answer.response_metadata?.next_cursor;
    if (!cursor) return undefined;
  }
  return undefined;
}

type Message = {
  readonly ts?: string;
  readonly bot_id?: string;
  readonly metadata?: { readonly event_type?: string; readonly event_payload?: Readonly<Record<string, unknown>> };
};
