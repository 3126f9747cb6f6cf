import type { KnownBlock } from "@slack/types";
import { type Enrolment, isEnrolled } from "../src/domain/enrolment.ts";
import type { View } from "./card.ts";
import { bold, cut, plain, richSection } from "./text.ts";

/** Slack takes 50 blocks a message. */
const MOST = 20;

export type ReposShown = {
  readonly repos: readonly {
    readonly repo: string;
    readonly enrolment: Enrolment | undefined;
    /** The T3 server its runs go to; absent = there is but one, or none was chosen yet. */
    readonly executor?: string | undefined;
  }[];
  /** What was asked for; undefined = all. */
  readonly filter: string | undefined;
};

/** Those that need a person first, each with what to do; then those never checked, then the others. */
export function repos({ repos: all, filter }: ReposShown): View {
  const shown = filter === undefined ? all : all.filter(({ repo }) => repo.includes(filter));
  const good = shown.filter(({ enrolment }) => enrolment !== undefined && isEnrolled(enrolment));
  const bad = shown.filter(({ enrolment }) => enrolment !== undefined && !isEnrolled(enrolment));
  const unchecked = shown.filter(({ enrolment }) => enrolment === undefined);
  const headline = `${good.length} enrolled, ${bad.length} refused, ${unchecked.length} not checked yet`;
  const ordered = [...bad, ...unchecked, ...good];
  const more = ordered.length - MOST;
  return {
    text: headline,
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: `*Repos* – ${headline}` } },
      ...ordered.slice(0, MOST).map(repoBlock),
      ...(more > 0 ? [note(`and ${more} more: \`/afk repos <part of a name>\` narrows it down`)] : []),
    ],
  };
}

function repoBlock({ repo, enrolment, executor }: ReposShown["repos"][number]): KnownBlock {
  const where = executor === undefined ? "" : ` (at ${executor})`;
  if (enrolment === undefined) {
    return line({ type: "emoji", name: "white_circle" }, repo, `${where} – not checked yet`);
  }
  const told = enrolment.checks.filter(({ result }) => result !== "pass");
  const text = told
    .map(({ check, why, remedy }) => `\n${check}: ${why}.${remedy === null ? "" : ` ${remedy}`}`)
    .join("");
  const emoji = isEnrolled(enrolment) ? "white_check_mark" : "no_entry";
  return line(
    { type: "emoji", name: emoji },
    repo,
    cut(`${where}${text === "" ? " – all checks passed" : text}`, 1_500),
  );
}

function line(emoji: { readonly type: "emoji"; readonly name: string }, repo: string, text: string): KnownBlock {
  return { type: "rich_text", elements: [richSection(emoji, plain(" "), bold(repo), plain(text))] };
}

function note(text: string): KnownBlock {
  return { type: "context", elements: [{ type: "mrkdwn", text }] };
}
