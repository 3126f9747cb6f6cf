import type { Button } from "@slack/types";

/**
 * Every button there is. Old messages keep their buttons for ever, so an id is never given another meaning: a changed
 * button gets the next version. Each has its file in handlers/, or it does not compile.
 */
export type ActionId =
  | "open-session.v1"
  | "open-issue.v1"
  | "refresh-home.v1"
  | "approve.v1"
  | "deny.v1"
  | "answer.v1"
  | "unblock.v1"
  | "retry.v1"
  | "unfreeze.v1"
  | "hand-over.v1"
  | "abandon.v1"
  | "stop.v1";

/** Every form, by the `callback_id` of its modal. The same holds for these ids. */
export type FormId = "answer.v1" | "unblock.v1" | "unfreeze.v1" | "hand-over.v1" | "abandon.v1" | "stop.v1";

export function linkButton(action: ActionId, text: string, url: string): Button {
  return { type: "button", action_id: action, text: { type: "plain_text", text }, url };
}

/** `value` says what the press is about: an escalation's id, or a run's. */
export function pressButton(action: ActionId, text: string, value: string, style?: "primary" | "danger"): Button {
  return {
    type: "button",
    action_id: action,
    text: { type: "plain_text", text },
    value,
    ...(style === undefined ? {} : { style }),
  };
}
