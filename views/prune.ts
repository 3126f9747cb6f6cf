// A pass over the volume as people see it: what it would do, how far it is, what came of it.

import type { KnownBlock } from "@slack/types";
import type { Group } from "../src/domain/housekeeping.ts";
import type { HousekeepingState, Pass, PassHead } from "../src/domain/housekeeping-state.ts";
import type { Observed } from "../src/domain/observed.ts";
import { type Space, usedShare } from "../src/domain/space.ts";
import { bytesText, counted, percentText } from "./bytes.ts";
import type { View } from "./card.ts";
import { groupLines, listed } from "./groups.ts";
import { cut, elapsed, escapeMrkdwn, slackTime } from "./text.ts";

export type PlanShown = {
  readonly need: { readonly bytes: number; readonly files: number } | null;
  readonly removals: readonly Group[];
  readonly kept: readonly Group[];
  readonly short: { readonly bytes: number; readonly files: number } | null;
  readonly notes: readonly string[];
  readonly space: Observed<Space>;
};

export type ProgressShown = { readonly done: number; readonly left: number; readonly space: Space | null };

const MOST = { lines: 15, text: 2_700, terminal: 60 };

/** What a pass would do now. */
export function plannedPass(plan: PlanShown, timeZone: string): View {
  const lines = headline(plan);
  return {
    text: lines[0] ?? "",
    blocks: [
      section(`*Dry run*: nothing was removed.\n${lines.map(escapeMrkdwn).join("\n")}`),
      ...list("Would be removed", groupLines(plan.removals, MOST.lines, timeZone)),
      ...list("Stays", groupLines(plan.kept, MOST.lines)),
      ...plan.notes.map((note) => section(`:warning: ${escapeMrkdwn(cut(note, 500))}`)).slice(0, 5),
    ],
  };
}

/** The same for a terminal. */
export function planText(plan: PlanShown, timeZone: string): string {
  return terminal([
    ...headline(plan),
    ...part("Would be removed:", groupLines(plan.removals, MOST.terminal, timeZone)),
    ...part("Stays:", groupLines(plan.kept, MOST.terminal)),
    ...part("Not known:", plan.notes),
  ]);
}

function part(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", heading, ...lines.map((line) => `  ${line}`)];
}

/** Text of strangers moves no cursor. */
function terminal(lines: readonly string[]): string {
  return lines.map((line) => line.replaceAll(/[\p{Cc}\p{Cf}]/gu, " ")).join("\n");
}

function headline({ space, need, removals, short }: PlanShown): readonly string[] {
  const units = removals.reduce((all, group) => all + group.units, 0);
  const bytes = removals.reduce((all, group) => all + group.bytes, 0);
  const some = removals.some(({ unmeasured }) => unmeasured > 0) ? "at least " : "";
  const what =
    units === 0 ? "nothing to remove" : `${counted(units, "thing")} to remove, ${some}${bytesText(bytes)} together`;
  const much = need === null ? "" : `, ${neededText(need)} to free`;
  return [
    `${space.known ? usedText(space.value) : "How full the volume is, is not known"}${much}: ${what}.`,
    ...(short === null ? [] : [`Even then ${neededText(short)} too much would be in use: nothing else may go.`]),
  ];
}

function neededText({ bytes, files }: { readonly bytes: number; readonly files: number }): string {
  return [bytes > 0 ? bytesText(bytes) : "", files > 0 ? counted(files, "file") : ""].filter(Boolean).join(" and ");
}

/** While it works. */
export function passUnderWay({ by, at }: PassHead, progress: ProgressShown | undefined, now: number): View {
  const who = by === null ? "The volume is being cleared" : `<@${by}> has the volume cleared`;
  const done =
    progress === undefined
      ? ""
      : ` · ${counted(progress.done, "thing")} done, ${progress.left.toLocaleString("en-US")} left`;
  const used = progress?.space ? ` · ${usedText(progress.space)}` : "";
  const text = `:broom: ${who}, for ${elapsed(now - at)} now${done}${used}`;
  return { text, blocks: [section(text)] };
}

/** Once it is over; the details are for the thread below. */
export function passOver(pass: Pass): View {
  const who = pass.by === null ? "The volume was cleared" : `<@${pass.by}> had the volume cleared`;
  const text = `:white_check_mark: ${who} ${outcomeText(pass)}`;
  return { text, blocks: [section(text)] };
}

function outcomeText(pass: Pass): string {
  const removed = pass.removed.reduce((all, { units }) => all + units, 0);
  const gain = pass.before !== null && pass.after !== null ? pass.after.bytes.free - pass.before.bytes.free : null;
  const freed = gain !== null && gain > 0 ? `, ${bytesText(gain)} freed` : "";
  const used = pass.after === null ? "" : ` · ${usedText(pass.after)}`;
  const what = removed === 0 ? "nothing had to go" : `${counted(removed, "thing")} removed${freed}`;
  return `in ${elapsed(pass.endedAt - pass.at)}: ${what}${used}`;
}

/** The same with its details, for a terminal. */
export function passText(pass: Pass, timeZone: string): string {
  return terminal([
    `The volume was cleared ${outcomeText(pass)}.`,
    ...part("Removed:", groupLines(pass.removed, MOST.terminal, timeZone)),
    ...part("Stayed:", groupLines(pass.stayed, MOST.terminal)),
    ...part("Not known:", pass.notes),
  ]);
}

/** Undefined = there is nothing more to say than what the root says. */
export function passDetails(pass: Pass, timeZone: string): View | undefined {
  const blocks = [
    ...list("Removed", groupLines(pass.removed, MOST.lines, timeZone)),
    ...list("Stayed", groupLines(pass.stayed, MOST.lines)),
    ...pass.notes.slice(0, 5).map((note) => section(`:warning: ${escapeMrkdwn(cut(note, 500))}`)),
  ];
  return blocks.length === 0 ? undefined : { text: "What was removed, and why", blocks };
}

/** Everything that may go is gone. Asks for a person, with what holds the most; told once. */
export function volumeFull(full: NonNullable<HousekeepingState["full"]>, space: Space | null): View {
  const title = ":rotating_light: *The volume is too full, and nothing that may go is left*";
  const used = space === null ? "" : ` · ${usedText(space)}`;
  const holders = full.holders.map(({ name, bytes, why }) => `${bytesText(bytes)} – ${name}: ${why}`);
  return {
    text: "The volume is too full, and nothing that may go is left",
    blocks: [
      section(
        `${title}${used}\nNew work stops when the floor is reached. Settle blocked runs, or make the volume larger.`,
      ),
      ...list("Holds the most", holders),
    ],
  };
}

export function volumeRelieved(since: number): View {
  const text = `:white_check_mark: The volume has room again; it was too full from ${slackTime(since)} on.`;
  return { text, blocks: [section(text)] };
}

function usedText({ bytes, files }: Space): string {
  const inodes =
    files !== null && usedShare(files) > usedShare(bytes)
      ? `, and ${percentText(usedShare(files))} of its files (inodes)`
      : "";
  return `${percentText(usedShare(bytes))} of the volume in use${inodes}`;
}

function list(heading: string, lines: readonly string[]): readonly KnownBlock[] {
  if (lines.length === 0) return [];
  return [section(`*${heading}*\n${listed(lines, MOST.text)}`)];
}

function section(text: string): KnownBlock {
  return { type: "section", text: { type: "mrkdwn", text } };
}
