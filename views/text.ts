import type { RichTextBlock, RichTextElement, RichTextSection } from "@slack/types";

/** Slack's limits, from docs.slack.dev "Block Kit reference"; cut well inside them. */
const DETAIL_LENGTH = 1_800;
const TITLE_LENGTH = 200;

/** For mrkdwn text: `&`, `<` and `>` are the only characters Slack parses as more than formatting. */
export function escapeMrkdwn(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

export function cut(text: string, length: number): string {
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join("")}…`;
}

export function cutTitle(title: string): string {
  return cut(title.replaceAll(/\s+/g, " ").trim() || "(no title)", TITLE_LENGTH);
}

export function cutDetails(details: string): string {
  return cut(details.trim(), DETAIL_LENGTH);
}

/** Rich text shows what other people wrote as it is: Slack parses nothing in it, no mention and no formatting. */
export function richSection(...elements: readonly RichTextElement[]): RichTextSection {
  return { type: "rich_text_section", elements: [...elements] };
}

export function plain(text: string): RichTextElement {
  return { type: "text", text };
}

export function bold(text: string): RichTextElement {
  return { type: "text", text, style: { bold: true } };
}

export function link(url: string, text: string, isBold = false): RichTextElement {
  return { type: "link", url, text, style: { bold: isBold } };
}

/** What stands where there is nothing to show: Slack takes no empty text. */
export const NO_WORDS = "(no words)";

/** Other people's words, marked as such. */
export function quoted(text: string): RichTextBlock {
  return { type: "rich_text", elements: [{ type: "rich_text_quote", elements: [plain(text.trim() || NO_WORDS)] }] };
}

/** A command or an output, as it is. */
export function preformatted(text: string): RichTextBlock {
  return {
    type: "rich_text",
    elements: [{ type: "rich_text_preformatted", elements: [{ type: "text", text: text.trim() || NO_WORDS }] }],
  };
}

/** The hour alone, for what happened while its reader was there; on hovering Slack shows the day. */
export function slackClock(at: number): string {
  return `<!date^${Math.floor(at / 1000)}^{time}|${new Date(at).toISOString().slice(11, 16)} UTC>`;
}

/** A time in the reader's own zone. `at` is milliseconds since the epoch. */
export function slackTime(at: number): string {
  const iso = new Date(at).toISOString();
  return `<!date^${Math.floor(at / 1000)}^{date_short_pretty} {time}|${iso}>`;
}

export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
