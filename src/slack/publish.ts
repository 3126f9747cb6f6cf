// Makes an issue's Slack thread what it should be: a root and replies that are posted once, and redrawn where they stand.
//
// Slack has no idempotency key, so each message carries a nonce in its metadata, and Slack is searched for that before
// anything is posted: the answer to an earlier try may be lost, or the whole state with it. The intent is committed
// before the first try, so that a try whose outcome is unknown is told from none at all.

import type { KnownBlock } from "@slack/types";
import type { ChatPostMessageArguments, WebClient } from "@slack/web-api";
import type { Logger } from "pino";
import { digestOf } from "../domain/ids.ts";
import type { IssueThread } from "../domain/state.ts";
import { AfkError } from "../errors.ts";
import type { Chat, SlackText, Store, ThreadWanted, Timers } from "../ports.ts";
import { isArchived, platformError, retryAfterMs, slackError } from "./errors.ts";
import { createFinder, nonceMetadata, type Where } from "./nonce.ts";
import type { Pace, Paced } from "./pace.ts";

export function createChat(client: WebClient, channel: string, pace: Pace, timers: Timers, log: Logger): Chat {
  const finder = createFinder(client, timers);
  /** Newer blocks reach workspaces gradually: one that refuses them is not asked again before the next start. */
  let takesNewer = true;
  /** What Slack said to the last message to the channel, where that was archived. What was not shown is tried on. */
  let archived: unknown;

  /** Calls with the newer blocks, and with the classic ones where Slack does not know those. */
  async function withBlocks<T>({ blocks, classic }: SlackText, call: (blocks: KnownBlock[]) => Promise<T>): Promise<T> {
    if (classic === undefined) return await call(blocks as KnownBlock[]);
    if (takesNewer) {
      try {
        return await call(blocks as KnownBlock[]);
      } catch (error) {
        if (platformError(error) !== "invalid_blocks") throw error;
        takesNewer = false;
        log.info(
          { why: slackError(error, "newer blocks").message },
          "slack takes no newer blocks, drawing classic ones",
        );
      }
    }
    return await call(classic as KnownBlock[]);
  }

  /** Calls when there is room; a 429 is remembered for those who come after. */
  async function paced<T>(what: Paced, urgent: boolean, call: () => Promise<T>): Promise<T> {
    for (let wait = pace.waitMs(what, urgent); wait > 0; wait = pace.waitMs(what, urgent)) {
      await new Promise<void>((resolve) => timers.after(wait, resolve));
    }
    pace.take(what, urgent);
    try {
      return await call();
    } catch (error) {
      const ms = retryAfterMs(error);
      if (ms !== undefined) pace.pause(what, ms);
      throw error;
    }
  }

  /** Remembers whether the channel takes anything. */
  async function written<T>(where: string, call: () => Promise<T>): Promise<T> {
    try {
      const value = await call();
      if (where === channel) archived = undefined;
      return value;
    } catch (error) {
      if (where === channel && isArchived(error)) archived = error;
      throw error;
    }
  }

  type Posting = { readonly nonce: string; readonly broadcast: boolean; readonly urgent: boolean };

  async function post(target: Where, said: SlackText, posting: Posting): Promise<string> {
    const { thread_ts } = target;
    const { ts } = await withBlocks(said, (blocks) => {
      const message = {
        channel: target.channel,
        text: said.text,
        blocks,
        metadata: nonceMetadata(posting.nonce),
        unfurl_links: false,
        unfurl_media: false,
      };
      const below = thread_ts === undefined ? {} : { thread_ts, ...(posting.broadcast && { reply_broadcast: true }) };
      return paced("post", posting.urgent, () =>
        written(target.channel, () => client.chat.postMessage({ ...message, ...below } as ChatPostMessageArguments)),
      );
    });
    if (ts === undefined) throw new Error("chat.postMessage answered without a ts");
    finder.posted(target, posting.nonce, ts);
    return ts;
  }

  /** False where the message is gone. */
  async function edit(target: string, ts: string, said: SlackText, urgent: boolean): Promise<boolean> {
    try {
      await withBlocks(said, (blocks) =>
        paced("edit", urgent, () =>
          written(target, () => client.chat.update({ channel: target, ts, text: said.text, blocks })),
        ),
      );
      return true;
    } catch (error) {
      if (platformError(error) === "message_not_found") return false;
      throw error;
    }
  }

  type Showing = {
    readonly thread: IssueThread | undefined;
    readonly commit: Store["commit"];
    readonly urgent: boolean;
  };

  /** The root's ts: edited where it is there and differs, found or posted where it is not. */
  async function showRoot({ issue, root }: ThreadWanted, { thread, commit, urgent }: Showing): Promise<string> {
    const digest = digestOf(root);
    if (thread?.ts && thread.digest === digest) return thread.ts;
    if (thread?.ts && (await edit(thread.channel, thread.ts, root, urgent))) {
      await commit({ type: "slack.root-shown", at: timers.now(), issue, ts: thread.ts, digest });
      return thread.ts;
    }
    const nonce = `root/${issue}`;
    const where = thread?.channel ?? channel;
    const deleted = typeof thread?.ts === "string";
    const lost = deleted ? undefined : await finder.find({ channel: where }, nonce, thread?.attemptedAt ?? null);
    await commit({ type: "slack.root-attempted", at: timers.now(), issue, channel: where });
    const ts = lost ?? (await post({ channel: where }, root, { nonce, broadcast: false, urgent }));
    // A root that was found may show an older state: it is redrawn by the next look.
    const shown = lost === undefined ? digest : "found";
    await commit({ type: "slack.root-shown", at: timers.now(), issue, ts, digest: shown });
    if (lost !== undefined && (await edit(where, ts, root, urgent))) {
      await commit({ type: "slack.root-shown", at: timers.now(), issue, ts, digest });
    }
    return ts;
  }

  type Reply = ThreadWanted["replies"][number] & { readonly issue: string };

  /** Posted once, and edited where it stands when it should say something else. */
  async function showReply(
    { issue, key, broadcast, text, blocks }: Reply,
    target: Where,
    { thread, commit, urgent }: Showing,
  ): Promise<void> {
    const before = thread?.replies[key];
    const reply = { text, blocks };
    const digest = digestOf(reply);
    if (before?.digest === digest) return;
    const shown = (ts: string) => commit({ type: "slack.reply-shown", at: timers.now(), issue, key, ts, digest });
    if (typeof before?.ts === "string") {
      const edited = await edit(target.channel, before.ts, reply, urgent);
      // What is over need not be said again where somebody deleted it.
      if (edited || !broadcast) return await shown(before.ts);
    }
    const nonce = `reply/${issue}/${key}`;
    const lost = await finder.find(target, nonce, before?.ts === null ? (thread?.attemptedAt ?? null) : null);
    await commit({ type: "slack.reply-attempted", at: timers.now(), issue, key });
    if (lost === undefined) return await shown(await post(target, reply, { nonce, broadcast, urgent }));
    await edit(target.channel, lost, reply, urgent);
    await shown(lost);
  }

  type Reaction = ThreadWanted["reactions"][number] & { readonly issue: string };

  /** Slack itself knows whether it is there; one that cannot be put there any more is let be. */
  async function react({ issue, key, ts, emoji }: Reaction, where: string, { thread, commit }: Showing): Promise<void> {
    if (thread?.replies[key]?.ts) return;
    try {
      await client.reactions.add({ channel: where, timestamp: ts, name: emoji });
    } catch (error) {
      if (!DONE_WITH.has(platformError(error) ?? "")) throw error;
    }
    await commit({ type: "slack.reply-shown", at: timers.now(), issue, key, ts, digest: emoji });
  }

  return {
    async showThread(wanted, thread, commit, urgent) {
      const { issue } = wanted;
      const showing = { thread, commit, urgent };
      try {
        // What people are asked goes before the card, but cannot stand without one.
        const thread_ts = (urgent ? thread?.ts : null) ?? (await showRoot(wanted, showing));
        const target = { channel: thread?.channel ?? channel, thread_ts };
        // Below another root than before the replies are posted again: somebody deleted the old one, and them with it.
        const moved = typeof thread?.ts === "string" && thread.ts !== thread_ts;
        const below = moved ? { ...showing, thread: { ...thread, replies: {} } } : showing;
        for (const reply of wanted.replies) await showReply({ issue, ...reply }, target, below);
        for (const reaction of wanted.reactions) await react({ issue, ...reaction }, target.channel, below);
        if (!urgent || thread?.digest === digestOf(wanted.root)) return "done";
        if (typeof thread?.ts !== "string") return "done";
        if (pace.waitMs("edit", true) > 0) return "left";
        await showRoot(wanted, showing);
        return "done";
      } catch (error) {
        const told = slackError(error, `showing ${issue}`);
        const isElsewhere = thread !== undefined && thread.channel !== channel;
        // A channel of before, where the thread still is: it holds up that thread, and no other.
        throw isElsewhere && told.code === "config" ? new AfkError("refused", told.message, error) : told;
      }
    },

    async checkChannel() {
      try {
        await client.conversations.history({ channel, limit: 1 });
        if (archived !== undefined) throw archived;
      } catch (error) {
        throw slackError(error, `the channel ${channel}`);
      }
    },

    roomMs({ root, replies }, thread) {
      const posts = typeof thread?.ts !== "string" || replies.some(({ key }) => !thread.replies[key]?.ts);
      const edits = typeof thread?.ts === "string" && thread.digest !== digestOf(root);
      return Math.max(posts ? pace.waitMs("post", false) : 0, edits ? pace.waitMs("edit", false) : 0);
    },
  };
}

const DONE_WITH = new Set(["already_reacted", "message_not_found", "too_many_reactions", "missing_scope"]);
