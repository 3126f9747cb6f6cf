// The daily report as a reader sees it: what matters first, then the table, then what was removed and kept and why. A quiet
// day is one line.

import type { KnownBlock, TableBlock } from "@slack/types";
import type { Holding, RepoRow, Report } from "../src/domain/report.ts";
import { scarcest, usedShare } from "../src/domain/space.ts";
import { bytesText, counted, percentText } from "./bytes.ts";
import type { View } from "./card.ts";
import { groupLines, listed } from "./groups.ts";
import { cut, elapsed, escapeMrkdwn } from "./text.ts";
import { forecastText, sparkline, trendChart, trendText } from "./trend.ts";

/** `classic` is for workspaces that do not take the newer blocks. */
export type ReportView = View & { readonly classic: readonly KnownBlock[] };

/** All of a message's text together may have about 13,000 characters. */
const MOST = { repos: 25, lines: 12, caches: 8, text: 1_600, name: 60 };

export function report(shown: Report, timeZone: string): ReportView {
  const date = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", timeZone });
  const title = `Daily report – ${date.format(shown.at)}`;
  const text = `${title}: ${runsText(shown)}. ${volumeText(shown)}.`;
  if (shown.quiet) {
    const quiet = `:zzz: *${title}* – a quiet day: no runs, nothing removed. ${volumeText(shown)}.${openText(shown)}`;
    const blocks = [section(quiet)];
    return { text, blocks, classic: blocks };
  }
  const before = [header(title), section(`*${runsText(shown)}*\n${volumeText(shown)}.`), ...alerts(shown)];
  const after = [
    ...(shown.repos.length > 0 ? [repoTable(shown.repos.slice(0, MOST.repos))] : []),
    ...reposNote(shown),
    ...list("Removed", groupLines(shown.removed, MOST.lines, timeZone), "Nothing was removed."),
    ...list("Kept", groupLines(shown.kept, MOST.lines), undefined),
    ...list("Caches", cacheLines(shown.caches), undefined),
    ...measuredNote(shown),
  ];
  const drawn = shown.trend.length > 1;
  const classic = drawn ? [section(`\`${sparkline(shown.trend)}\`  Volume in use: ${trendText(shown.trend)}`)] : [];
  const chart = drawn ? [trendChart(shown.trend, timeZone) as unknown as KnownBlock] : [];
  return { text, blocks: [...before, ...chart, ...after], classic: [...before, ...classic, ...after] };
}

function runsText({ totals }: Report): string {
  const { deployed, stuck, active, left, medianMs } = totals;
  const runs = deployed + stuck + active + left;
  if (runs === 0) return "No runs";
  const median = medianMs === null ? "" : ` (median ${elapsed(medianMs)})`;
  const parts = [
    deployed > 0 ? `${deployed} deployed${median}` : "",
    active > 0 ? `${active} at work` : "",
    stuck > 0 ? `${stuck} waiting for a person` : "",
    left > 0 ? `${left} given up or handed over` : "",
  ];
  return `${counted(runs, "run")}: ${parts.filter(Boolean).join(", ")}`;
}

function volumeText({ space, forecast }: Report): string {
  if (!space.known) return `How full the volume is cannot be read: ${escapeMrkdwn(space.why)}`;
  const { bytes, files } = space.value;
  const { of } = scarcest(space.value);
  const used = `${percentText(usedShare(bytes))} of the volume is in use (${bytesText(bytes.total - bytes.free)} of ${bytesText(bytes.total)})`;
  const scarce = of === "files" && files !== null ? `, and ${percentText(usedShare(files))} of its files (inodes)` : "";
  return `${used}${scarce}, ${forecastText(forecast)}`;
}

function openText({ oldestOpen, open, at }: Report): string {
  if (oldestOpen === null) return "";
  const { repo, issue, state } = oldestOpen;
  const name = `<${issue.url}|${escapeMrkdwn(`${repo}#${issue.number}`)}>`;
  const others = open > 1 ? `, the oldest of ${open}` : "";
  return ` Waiting for a person for ${longElapsed(at - state.since)}: ${name} (${state.name}${others}).`;
}

function alerts(shown: Report): readonly KnownBlock[] {
  const { full, failures } = shown;
  const lines = [
    ...(full === null
      ? []
      : [
          `:rotating_light: *The volume is too full, and nothing that may go is left.* What holds the most is named below.`,
        ]),
    ...(shown.oldestOpen === null ? [] : [`:bell:${openText(shown)}`]),
  ];
  const holders =
    full === null ? [] : full.holders.map(({ name, bytes, why }) => `${bytesText(bytes)} – ${name}: ${why}`);
  return [
    ...(lines.length > 0 ? [section(lines.join("\n"))] : []),
    ...list(":warning: Failed", failures, undefined),
    ...list("Holds the most", holders, undefined),
  ];
}

function repoTable(rows: readonly RepoRow[]): TableBlock {
  const head = ["Repo", "Runs", "Outcome", "To deploy", "Disk"];
  return {
    type: "table",
    rows: [head, ...rows.map(rowTexts)].map((texts) => texts.map((text) => ({ type: "raw_text" as const, text }))),
    column_settings: [
      { is_wrapped: true },
      { align: "right" },
      { is_wrapped: true },
      { align: "right" },
      { align: "right" },
    ],
  };
}

function rowTexts({ repo, deployed, stuck, active, left, medianMs, bytes }: RepoRow): readonly string[] {
  const outcome = [
    deployed > 0 ? `${deployed} deployed` : "",
    active > 0 ? `${active} at work` : "",
    stuck > 0 ? `${stuck} waiting` : "",
    left > 0 ? `${left} given up` : "",
  ];
  return [
    cut(repo, MOST.name),
    String(deployed + stuck + active + left),
    outcome.filter(Boolean).join(", ") || "–",
    medianMs === null ? "–" : elapsed(medianMs),
    bytes === null ? "–" : bytesText(bytes),
  ];
}

function reposNote({ repos, idleRepos }: Report): readonly KnownBlock[] {
  const hidden = repos.length - MOST.repos;
  const texts = [
    ...(hidden > 0 ? [`${counted(hidden, "more repo")} not shown`] : []),
    ...(idleRepos > 0 ? [`${counted(idleRepos, "repo")} without a run`] : []),
  ];
  return texts.length === 0 ? [] : [context(texts.join(" · "))];
}

function cacheLines(caches: readonly Holding[]): readonly string[] {
  const lines = caches.slice(0, MOST.caches).map(({ of, bytes, units }) => {
    if (units === undefined || units.all === 0) return `${of}: ${bytesText(bytes)}`;
    const share = percentText(units.used / units.all);
    return `${of}: ${bytesText(bytes)} in ${counted(units.all, "entry", "entries")}; used in a day: ${share} of them, ${bytesText(units.usedBytes)}`;
  });
  const more = caches.slice(MOST.caches);
  if (more.length === 0) return lines;
  return [
    ...lines,
    `${counted(more.length, "more cache")}: ${bytesText(more.reduce((all, { bytes }) => all + bytes, 0))}`,
  ];
}

function measuredNote({ measured, at }: Report): readonly KnownBlock[] {
  if (measured === null) return [context("Nothing on the volume has been measured yet: sizes follow within the hour.")];
  const [oldest, newest] = [longElapsed(at - measured.from), longElapsed(at - measured.to)];
  return [context(`Sizes were measured ${oldest === newest ? oldest : `${newest} to ${oldest}`} ago.`)];
}

/** `list` of the lines below a bold heading; nothing is parsed in what they quote. */
function list(heading: string, lines: readonly string[], none: string | undefined): readonly KnownBlock[] {
  if (lines.length === 0) return none === undefined ? [] : [section(`*${heading}*\n${none}`)];
  return [section(`*${heading}*\n${listed(lines, MOST.text)}`)];
}

function longElapsed(ms: number): string {
  const hours = Math.round(ms / 3_600_000);
  if (hours < 2) return elapsed(ms);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

function header(text: string): KnownBlock {
  return { type: "header", text: { type: "plain_text", text: cut(text, 150) } };
}

function section(text: string): KnownBlock {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function context(text: string): KnownBlock {
  return { type: "context", elements: [{ type: "mrkdwn", text }] };
}
