import type { Group } from "../src/domain/housekeeping.ts";
import { bytesText, counted } from "./bytes.ts";
import { cut, escapeMrkdwn } from "./text.ts";
import { dayText } from "./trend.ts";

/**
 * Lines of what was removed or kept: the same reason once, with all that it holds for, the largest first. With a time zone
 * each says when the last of it was used.
 */
export function groupLines(groups: readonly Group[], most: number, timeZone?: string): readonly string[] {
  const byReason = new Map<string, Group[]>();
  for (const group of groups) {
    const key = `${group.kind}\n${group.why}`;
    byReason.set(key, [...(byReason.get(key) ?? []), group]);
  }
  const lines = [...byReason.values()].sort((a, b) => sum(b) - sum(a)).map((same) => lineOf(same, timeZone));
  return lines.length <= most ? lines : [...lines.slice(0, most - 1), `and ${lines.length - most + 1} more`];
}

function lineOf(groups: readonly Group[], timeZone: string | undefined): string {
  const [first] = groups;
  if (first === undefined) return "";
  const units = groups.reduce((all, group) => all + group.units, 0);
  const unmeasured = groups.reduce((all, group) => all + group.unmeasured, 0);
  const size = unmeasured === units ? "" : `${unmeasured > 0 ? "at least " : ""}${bytesText(sum(groups))} – `;
  const what = whatText(first.kind, units, groups.length, namesText(groups.map(({ of }) => of)));
  const isDated = timeZone !== undefined && first.kind !== "trash";
  const used = isDated ? ` (last use: ${dayText(Math.max(...groups.map(({ usedTo }) => usedTo)), timeZone)})` : "";
  const unknown = unmeasured === units && first.kind !== "trash" ? " (not measured yet)" : "";
  return `${size}${what}${unknown}: ${cut(first.why, MOST_WHY)}${used}`;
}

function whatText(kind: Group["kind"], units: number, groups: number, names: string): string {
  switch (kind) {
    case "trash":
      return counted(units, "thing in the trash", "things in the trash");
    case "slot":
      return `${counted(units, "warm tree")} of ${names}`;
    case "build cache":
    case "package cache":
      // Where there is room a cache is told of as a whole.
      if (units === groups) return `${groups === 1 ? kind : `${kind}s`} of ${names}`;
      return `${counted(units, "entry", "entries")} of the ${groups === 1 ? kind : `${kind}s`} of ${names}`;
    default:
      return kind satisfies never;
  }
}

const MOST_NAMES = 4;
const MOST_NAME = 60;
const MOST_WHY = 200;
const MOST_LINE = 400;

/** The lines as a list of no more than so many characters, as Slack counts them; nothing in them is parsed. */
export function listed(lines: readonly string[], most: number): string {
  let text = "";
  for (const [index, line] of lines.entries()) {
    const next = `• ${escapeMrkdwn(cut(line, MOST_LINE))}\n`;
    if (text.length + next.length > most) return `${text}• and ${lines.length - index} more`;
    text += next;
  }
  return text.trimEnd();
}

function namesText(names: readonly string[]): string {
  const all = [...new Set(names.map((name) => cut(name, MOST_NAME)))];
  if (all.length <= MOST_NAMES) return all.join(", ");
  return `${all.slice(0, MOST_NAMES - 1).join(", ")} and ${all.length - MOST_NAMES + 1} others`;
}

function sum(groups: readonly Group[]): number {
  return groups.reduce((all, { bytes }) => all + bytes, 0);
}
