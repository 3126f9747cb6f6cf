import type { KnownBlock } from "@slack/types";
import type { View } from "./card.ts";
import { cut, escapeMrkdwn, slackTime } from "./text.ts";

export type PilotShown = {
  readonly at: number;
  readonly t3Version: string | null;
  readonly passed: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly passed: boolean;
    readonly saw: string;
    readonly mend: string | null;
    readonly notes: readonly string[];
  }[];
};

const LONGEST_LINE = 1_200;

/** The pilot's last result, check by check, and why the bot is not armed where it is not. */
export function pilot(last: PilotShown | undefined, disarmed: string | undefined, started: boolean): View {
  const begun = started ? "\n:hourglass_flowing_sand: A pilot is under way: ask again in a minute." : "";
  if (last === undefined) {
    return view(`*Pilot* – never run on this bot.${begun}`, [section("`/afk pilot run` tries this T3 instance.")]);
  }
  const mark = last.passed ? ":white_check_mark:" : ":octagonal_sign:";
  const when = `${mark} *Pilot* ${last.passed ? "passed" : "did not pass"} on ${slackTime(last.at)}, T3 ${escapeMrkdwn(last.t3Version ?? "unknown")}`;
  const why = disarmed === undefined ? "" : `\n:no_entry: Nothing starts: ${escapeMrkdwn(cut(disarmed, 600))}`;
  return view(`${when}${why}${begun}`, last.checks.map(checkBlock));
}

/** Several servers, a line each. */
export function pilots(
  all: readonly {
    readonly name: string;
    readonly last: PilotShown | undefined;
    readonly disarmed: string | undefined;
  }[],
  started: boolean,
): View {
  const begun = started ? "\n:hourglass_flowing_sand: Under way: ask again in a minute." : "";
  const lines = all.map(({ name, last, disarmed }) => {
    const passed =
      last === undefined ? "" : ` – T3 ${escapeMrkdwn(last.t3Version ?? "unknown")}, ${slackTime(last.at)}`;
    const why = disarmed === undefined ? "armed" : `not armed: ${escapeMrkdwn(cut(disarmed, 400))}`;
    return section(`${disarmed === undefined ? ":white_check_mark:" : ":no_entry:"} *${name}* ${why}${passed}`);
  });
  return view(`*Pilot* of ${all.length} T3 servers${begun}`, [
    ...lines,
    section("`/afk pilot <name>` shows one check by check."),
  ]);
}

function checkBlock({ name, passed, saw, mend, notes }: PilotShown["checks"][number]): KnownBlock {
  const lines = [
    `${passed ? ":white_check_mark:" : ":x:"} *${name}* – ${escapeMrkdwn(saw)}`,
    ...(mend === null ? [] : [`:wrench: ${escapeMrkdwn(mend)}`]),
    ...notes.map((text) => `_${escapeMrkdwn(text)}_`),
  ];
  return section(cut(lines.join("\n"), LONGEST_LINE));
}

function section(text: string): KnownBlock {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function view(text: string, blocks: readonly KnownBlock[]): View {
  return { text: "Pilot", blocks: [section(text), ...blocks] };
}
