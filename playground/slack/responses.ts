// response_urls, docs.slack.dev/interactivity/handling-user-interaction: five answers within thirty minutes to whoever
// ran a command or pressed a button, without a token and whether or not the app is in the channel.

import express, { type Express, type Request, type Response } from "express";
import { content } from "./chat.ts";
import { asRecord, asText, type Json } from "./json.ts";
import { post, remove, revise, rewhisper, unwhisper, whisper } from "./messages.ts";
import { Refusal } from "./refusal.ts";
import { findEphemeral, findMessage, type ResponseUrl, type World } from "./state.ts";

const USES = 5;
const LIFE_MS = 30 * 60_000;

type Reply = { readonly ts: string | undefined };

export function responseRoutes(world: World, app: Express): void {
  app.post("/response/:team/:secret", express.json({ limit: "5mb" }), (request: Request, response: Response) => {
    const url = world.responseUrls.get(String(request.params["secret"]));
    const gone = url === undefined ? "no_service" : spent(world, url);
    if (url === undefined || gone !== undefined) {
      response.status(404).json({ ok: false, error: gone });
      return;
    }
    try {
      respond(world, url, asRecord(request.body) ?? {});
      url.uses += 1;
      response.json({ ok: true });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      response.status(400).json({ ok: false, error: error.error, ...error.details });
    }
  });
}

function spent(world: World, url: ResponseUrl): string | undefined {
  if (world.now() - url.issuedMs > LIFE_MS) return "expired_url";
  return url.uses >= USES ? "used_url" : undefined;
}

/** Does what a payload asks for: replace or delete what was pressed, or say something new. Throws a Refusal. */
export function respond(world: World, url: Omit<ResponseUrl, "issuedMs" | "uses">, payload: Json): Reply {
  const { channel, user, messageTs } = url;
  const message = messageTs === undefined ? undefined : findMessage(world, channel, messageTs);
  const note = messageTs === undefined ? undefined : findEphemeral(world, channel, messageTs, user);
  if (payload["delete_original"] === true) {
    if (message !== undefined) remove(world, message);
    if (note !== undefined) unwhisper(world, note);
    return { ts: messageTs };
  }
  const { blocks, attachments, text } = content(world, payload);
  if (payload["replace_original"] === true && message !== undefined) {
    revise(world, message, { text, blocks, attachments });
    return { ts: messageTs };
  }
  if (payload["replace_original"] === true && note !== undefined) {
    rewhisper(world, note, text ?? "", blocks ?? []);
    return { ts: note.ts };
  }
  const threadTs = asText(payload["thread_ts"]);
  const draft = { channel, threadTs, text: text ?? "", blocks: blocks ?? [] };
  if (payload["response_type"] !== "in_channel") return { ts: whisper(world, { ...draft, to: user }).ts };
  return { ts: post(world, { ...draft, user: world.app.userId, byApp: true }).ts };
}
