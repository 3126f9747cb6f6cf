// Ids that Slack fills in where an app left them out: every block gets a block_id, every interactive element an
// action_id, so that a press can say where it came from.

import { randomBytes } from "node:crypto";
import { asRecord, type Json, records } from "./json.ts";

const WITHOUT_ACTION = new Set(["image", "plain_text", "mrkdwn"]);

export function withIds(blocks: readonly unknown[]): readonly Json[] {
  return records(blocks).map((block) => ({
    ...block,
    block_id: block["block_id"] ?? shortId(),
    ...(block["type"] === "actions" || block["type"] === "context_actions"
      ? { elements: records(block["elements"]).map(withActionId) }
      : {}),
    ...replaced(block, "accessory"),
    ...replaced(block, "element"),
  }));
}

function replaced(block: Json, key: string): Json {
  const element = asRecord(block[key]);
  return element === undefined ? {} : { [key]: withActionId(element) };
}

function withActionId(element: Json): Json {
  if (WITHOUT_ACTION.has(String(element["type"])) || element["action_id"] !== undefined) return element;
  return { ...element, action_id: shortId() };
}

function shortId(): string {
  return randomBytes(4).toString("base64url").slice(0, 5);
}
