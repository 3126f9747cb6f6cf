// Rules that no single block can break: how many, which ids are taken, how much text in all.

import { asList, asRecord, asText, type Json, records } from "../json.ts";
import type { Surface } from "./layout.ts";
import { type Problem, pointer } from "./problems.ts";

/** All the text in one message's blocks together; Slack names no number, and refuses from about here. */
const MESSAGE_TEXT = 13_000;
/** Over all markdown blocks of one message, docs.slack.dev/reference/block-kit/blocks/markdown-block. */
const MARKDOWN_TEXT = 12_000;

export function blockCount(blocks: readonly unknown[], surface: Surface, base: string): readonly Problem[] {
  const most = surface === "message" ? 50 : 100;
  return blocks.length > most ? [{ pointer: base, message: `no more than ${most} items allowed` }] : [];
}

export function uniqueIds(blocks: readonly unknown[], base: string): readonly Problem[] {
  const problems: Problem[] = [];
  const blockIds = new Set<string>();
  for (const [index, value] of blocks.entries()) {
    const block = asRecord(value) ?? {};
    const id = asText(block["block_id"]);
    if (id !== undefined && blockIds.has(id)) {
      problems.push({ pointer: pointer(base, [index, "block_id"]), message: `\`block_id\` already exists: ${id}` });
    }
    if (id !== undefined) blockIds.add(id);
    problems.push(...uniqueActions(block, pointer(base, [index])));
  }
  return problems;
}

function uniqueActions(block: Json, at: string): readonly Problem[] {
  const seen = new Set<string>();
  return asList(block["elements"]).flatMap((element, index) => {
    const id = asText(asRecord(element)?.["action_id"]);
    if (id === undefined) return [];
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    const message = `\`action_id\` "${id}" already exists in this block`;
    return [{ pointer: pointer(at, ["elements", index, "action_id"]), message }];
  });
}

export function messageSums(blocks: readonly unknown[], base: string): readonly Problem[] {
  const problems: Problem[] = [];
  const all = records(blocks);
  const markdown = all.filter((block) => block["type"] === "markdown").map((block) => asText(block["text"]) ?? "");
  if (markdown.join("").length > MARKDOWN_TEXT) {
    problems.push({
      pointer: base,
      message: `markdown blocks must be less than ${MARKDOWN_TEXT + 1} characters in all`,
    });
  }
  if (all.filter((block) => block["type"] === "table").length > 1) {
    problems.push({ pointer: base, message: "only_one_table_allowed", code: "invalid_attachments" });
  }
  if (textLength(blocks) > MESSAGE_TEXT) {
    problems.push({ pointer: base, message: "blocks are too long", code: "msg_blocks_too_long" });
  }
  return problems;
}

/** Slack fetches every image before it accepts the blocks, so one that only this machine can reach is refused. */
export function unreachableImages(value: unknown, base: string): readonly Problem[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => unreachableImages(item, `${base}/${index}`));
  const entries = Object.entries(asRecord(value) ?? {});
  return entries.flatMap(([key, inner]) => {
    const at = `${base}/${key}`;
    const isPrivate = key === "image_url" && typeof inner === "string" && onPrivateHost(inner);
    return isPrivate ? [{ pointer: at, message: "downloading image failed" }] : unreachableImages(inner, at);
  });
}

function onPrivateHost(url: string): boolean {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  return /^(localhost|127\.|10\.|192\.168\.|0\.0\.0\.0|\[::1\])/.test(host);
}

function textLength(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + textLength(item), 0);
  const entries = Object.entries(asRecord(value) ?? {});
  return entries.reduce((sum, [key, inner]) => {
    return sum + (key === "text" && typeof inner === "string" ? inner.length : textLength(inner));
  }, 0);
}
