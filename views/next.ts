import type { Observed } from "../src/domain/observed.ts";
import type { View } from "./card.ts";
import { note } from "./help.ts";
import { escapeMrkdwn } from "./text.ts";
import { type WhyShown, why } from "./why.ts";

/** What comes of asking for an issue next: it starts, or which gates are shut. */
export function nextChosen(repo: string, issue: number, seen: Observed<WhyShown & { readonly exists: boolean }>): View {
  const name = `${repo}#${issue}`;
  if (!seen.known) return note(`:warning: GitHub cannot be read: ${escapeMrkdwn(seen.why)}`);
  if (!seen.value.exists) return note(escapeMrkdwn(seen.value.verdict));
  const { text, blocks } = why(seen.value);
  const head = note(`:fast_forward: *${name}* is its repo's next issue, as soon as its gates let it start.`);
  return { text: `${name} is next. ${text}`, blocks: [...head.blocks, ...blocks] };
}
