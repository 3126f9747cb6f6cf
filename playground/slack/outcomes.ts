// What a person gets to see: messages, modals, and what became of something they did.

import { type Json, textOf } from "./json.ts";
import type { Ephemeral, Message, View } from "./state.ts";

/** Why nothing came of it, and the words that the Slack client shows for that. */
export type Refused = {
  readonly ok: false;
  readonly error:
    | "dispatch_failed"
    | "operation_timeout"
    /** There is no such message, button, option, modal or command for this person. */
    | "not_there"
    | "not_allowed"
    /** The app answered with something that Slack does not take. */
    | "bad_response";
  readonly shown: string;
};

export type CommandOutcome =
  | { readonly ok: true; readonly envelopeId: string; readonly reply: ShownMessage | undefined }
  | Refused;
export type PressOutcome = { readonly ok: true; readonly envelopeId: string } | Refused;
export type SubmitOutcome =
  | { readonly ok: true; readonly envelopeId: string; readonly modal: "closed" | "updated" | "pushed" | "cleared" }
  /** By block id, from the client itself or from the app; the modal stays open. */
  | {
      readonly ok: false;
      readonly error: "input_errors";
      readonly errors: Readonly<Record<string, string>>;
      readonly shown: string;
    }
  | Refused;

export type ShownMessage = {
  readonly channel: string;
  readonly ts: string;
  readonly user: string;
  readonly byApp: boolean;
  readonly text: string;
  readonly blocks: readonly Json[];
  readonly threadTs: string | undefined;
  /** A reply that was also sent to the channel. */
  readonly broadcast: boolean;
  /** "Only visible to you". */
  readonly onlyYou: boolean;
  readonly edited: boolean;
  /** How often it was changed, with or without a mark. */
  readonly updates: number;
  readonly deleted: boolean;
  readonly reactions: Readonly<Record<string, number>>;
};

export type ShownView = {
  readonly id: string;
  readonly title: string;
  readonly submit: string | undefined;
  readonly close: string;
  readonly callbackId: string;
  readonly blocks: readonly Json[];
};

export function shownMessage(message: Message): ShownMessage {
  const { channel, ts, user, byApp, text, blocks, threadTs, broadcast, updates } = message;
  const reactions = Object.fromEntries([...message.reactions].map(([name, users]) => [name, users.size]));
  const marks = { edited: message.editedTs !== undefined, deleted: message.tombstone, onlyYou: false };
  return { channel, ts, user, byApp, text, blocks, threadTs, broadcast, updates, reactions, ...marks };
}

export function shownEphemeral(note: Ephemeral, appUser: string): ShownMessage {
  const { channel, ts, text, blocks, threadTs } = note;
  const marks = { broadcast: false, onlyYou: true, edited: false, updates: 0, deleted: false, reactions: {} };
  return { channel, ts, user: appUser, byApp: true, text, blocks, threadTs, ...marks };
}

export function shownView({ id, payload }: View): ShownView {
  return {
    id,
    title: textOf(payload["title"]) ?? "",
    submit: textOf(payload["submit"]),
    close: textOf(payload["close"]) ?? "Cancel",
    callbackId: String(payload["callback_id"] ?? ""),
    blocks: Array.isArray(payload["blocks"]) ? payload["blocks"] : [],
  };
}

export function refused(error: Refused["error"], shown: string): Refused {
  return { ok: false, error, shown };
}
