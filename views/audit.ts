import type { KnownBlock } from "@slack/types";
import type { AuditLine } from "../src/domain/audit.ts";
import type { View } from "./card.ts";
import { note } from "./help.ts";
import { cut, escapeMrkdwn, slackTime } from "./text.ts";

/** Slack's limit of a section, with room to spare. */
const LONGEST_LINE = 500;
const MOST = 20;

/** The newest lines of the audit, of one issue or of all. */
export function audit(lines: readonly AuditLine[], issue: string | undefined): View {
  const of = issue === undefined ? "" : ` of ${issue}`;
  if (lines.length === 0) return note(`Nothing was done by people yet${of === "" ? "" : `:${of} has no line`}.`);
  const head = `*Audit${of}* – the newest first`;
  const over = new Set(lines.filter(({ outcome }) => outcome !== "ordered").map(({ id }) => id));
  // What an order came to says that it was given.
  const told = lines.filter(({ id, outcome }) => outcome !== "ordered" || !over.has(id));
  const rows = told.slice(0, MOST).map(
    (line): KnownBlock => ({
      type: "section",
      text: { type: "mrkdwn", text: cut(row(line), LONGEST_LINE) },
    }),
  );
  return { text: `Audit${of}`, blocks: [...note(head).blocks, ...rows] };
}

const MARKS: Record<AuditLine["outcome"], string> = {
  ordered: ":inbox_tray:",
  done: ":white_check_mark:",
  stale: ":heavy_minus_sign:",
  refused: ":x:",
  denied: ":no_entry:",
};

function row({ at, by, outcome, what, words, issue, from, to, via, note: said }: AuditLine): string {
  const who = `<@${by.slack}>${by.github === null ? "" : ` (${escapeMrkdwn(by.github)})`}`;
  const moved = from === null ? "" : ` · ${from}${to === null || to === from ? "" : ` → ${to}`}`;
  const quoted = words.trim() === "" ? "" : ` – ${escapeMrkdwn(cut(words.replaceAll(/\s+/g, " ").trim(), 160))}`;
  const why = said === "" ? "" : ` (${escapeMrkdwn(cut(said, 100))})`;
  return `${MARKS[outcome]} ${slackTime(at)} ${who} *${escapeMrkdwn(what)}* ${outcome}${issue === null ? "" : ` · ${issue}`}${moved}${via === null ? "" : ` · by ${via}`}${quoted}${why}`;
}
