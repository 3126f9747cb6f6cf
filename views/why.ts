import type { KnownBlock } from "@slack/types";
import type { Gate } from "../src/domain/gate.ts";
import type { View } from "./card.ts";
import { cut, cutTitle, escapeMrkdwn, link, plain, richSection } from "./text.ts";

/** What is said of an issue: the gates in their order, each with its reason. */
export type WhyShown = {
  readonly issue: string;
  readonly title: string | null;
  readonly url: string | null;
  readonly gates: readonly Gate[];
  readonly verdict: string;
};

export function why({ issue, title, url, gates, verdict }: WhyShown): View {
  const name = url === null ? plain(issue) : link(url, issue, true);
  const head: KnownBlock = {
    type: "rich_text",
    elements: [richSection(name, plain(title === null ? "" : `  ${cutTitle(title)}`))],
  };
  return {
    text: `${issue}: ${verdict}`,
    blocks: [
      head,
      { type: "section", text: { type: "mrkdwn", text: `*${escapeMrkdwn(verdict)}*` } },
      ...gates.map(gateBlock),
    ],
  };
}

/** The reasons quote logins, labels and titles of other people: nothing in them is parsed. */
function gateBlock({ gate, pass, why: reason }: Gate): KnownBlock {
  return {
    type: "rich_text",
    elements: [
      richSection(
        { type: "emoji", name: pass ? "white_check_mark" : "no_entry" },
        { type: "text", text: ` ${gate}`, style: { bold: !pass } },
        plain(` – ${cut(reason, 900)}`),
      ),
    ],
  };
}

/** The same for a terminal. */
export function whyText({ issue, title, gates, verdict }: WhyShown): string {
  const width = Math.max(0, ...gates.map(({ gate }) => gate.length));
  const lines = gates.map(
    ({ gate, pass, why: reason }) => `  ${pass ? "pass" : "FAIL"}  ${gate.padEnd(width)}  ${reason}`,
  );
  return [`${issue}${title === null ? "" : `  ${cutTitle(title)}`}`, ...lines, verdict].map(printable).join("\n");
}

/** Text of strangers moves no cursor. */
function printable(line: string): string {
  return line.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ");
}
