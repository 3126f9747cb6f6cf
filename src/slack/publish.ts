// Makes an issue's Slack thread what it should be: a root that is redrawn, and replies that are posted once.
//
// Slack has no idempotency key, so each message carries a nonce in its metadata, and Slack is searched for that before
// anything is posted: the answer to an earlier try may be lost, or the whole state with it. The intent is committed
// before the first try, so that a try whose outcome is unknown is told from none at all.

import type { KnownBlock } from "@slack/types";
import type { WebClient } from "@slack/web-api";
import { digestOf } from "../domain/ids.ts";
import type { IssueThread } from "../domain/state.ts";
import type { Chat, Clock, SlackText, Store, ThreadWanted } from "../ports.ts";
import { platformError, slackError } from "./errors.ts";
import { createFinder, nonceMetadata, type Where } from "./nonce.ts";

export function createChat(client: WebClient, channel: string, clock: Clock): Chat {
  const finder = createFinder(client, clock);

  async function post(target: Where, nonce: string, { text, blocks }: SlackText, broadcast: boolean): Promise<string> {
    const { thread_ts } = target;
    const { ts } = await client.chat.postMessage({
      channel: target.channel,
      text,
      blocks: blocks as KnownBlock[],
      metadata: nonceMetadata(nonce),
      unfurl_links: false,
      unfurl_media: false,
      ...(thread_ts === undefined ? {} : broadcast ? { thread_ts, reply_broadcast: true } : { thread_ts }),
    });
    if (ts === undefined) throw new Error("chat.postMessage answered without a ts");
    return ts;
  }

  /** The root's ts: edited where it is there and differs, found or posted where it is not. */
  async function showRoot(
    wanted: ThreadWanted,
    thread: IssueThread | undefined,
    commit: Store["commit"],
  ): Promise<string> {
    const { issue, root } = wanted;
    const digest = digestOf(root);
    if (thread?.ts && thread.digest === digest) return thread.ts;
    if (thread?.ts && (await update(thread.channel, thread.ts, root))) {
      await commit({ type: "slack.root-shown", at: clock.now(), issue, ts: thread.ts, digest });
      return thread.ts;
    }
    const nonce = `root/${issue}`;
    const where = thread?.channel ?? channel;
    const deleted = typeof thread?.ts === "string";
    const lost = deleted ? undefined : await finder.find({ channel: where }, nonce, thread?.attemptedAt ?? null);
    await commit({ type: "slack.root-attempted", at: clock.now(), issue, channel: where });
    const ts = lost ?? (await post({ channel: where }, nonce, root, false));
    // A root that was found may show an older state: it is redrawn by the next look.
    const shown = lost === undefined ? digest : "found";
    await commit({ type: "slack.root-shown", at: clock.now(), issue, ts, digest: shown });
    if (lost !== undefined && (await update(where, ts, root))) {
      await commit({ type: "slack.root-shown", at: clock.now(), issue, ts, digest });
    }
    return ts;
  }

  type Reply = { readonly issue: string; readonly key: string; readonly broadcast: boolean; readonly reply: SlackText };

  /** Posted once, and edited where it stands when it should say something else. */
  async function showReply(
    { issue, key, broadcast, reply }: Reply,
    target: Where,
    thread: IssueThread | undefined,
    commit: Store["commit"],
  ): Promise<void> {
    const before = thread?.replies[key];
    const digest = digestOf(reply);
    if (before?.digest === digest) return;
    const shown = (ts: string) => commit({ type: "slack.reply-shown", at: clock.now(), issue, key, ts, digest });
    if (typeof before?.ts === "string") {
      const edited = await update(target.channel, before.ts, reply);
      // What is over need not be said again where somebody deleted it.
      if (edited || !broadcast) return await shown(before.ts);
    }
    const nonce = `reply/${issue}/${key}`;
    const lost = await finder.find(target, nonce, before?.ts === null ? (thread?.attemptedAt ?? null) : null);
    await commit({ type: "slack.reply-attempted", at: clock.now(), issue, key });
    if (lost === undefined) return await shown(await post(target, nonce, reply, broadcast));
    await update(target.channel, lost, reply);
    await shown(lost);
  }

  /** False where the message is gone. */
  async function update(target: string, ts: string, { text, blocks }: SlackText): Promise<boolean> {
    try {
      await client.chat.update({ channel: target, ts, text, blocks: blocks as KnownBlock[] });
      return true;
    } catch (error) {
      if (platformError(error) === "message_not_found") return false;
      throw error;
    }
  }

  return {
    async showThread(wanted, thread, commit) {
      const { issue } = wanted;
      try {
        const thread_ts = await showRoot(wanted, thread, commit);
        const target = { channel: thread?.channel ?? channel, thread_ts };
        for (const { key, broadcast, text, blocks } of wanted.replies) {
          await showReply({ issue, key, broadcast, reply: { text, blocks } }, target, thread, commit);
        }
      } catch (error) {
        throw slackError(error, `showing ${issue}`);
      }
    },
  };
}
