// App Home: the fleet at a glance. What waits for people first, each with its own buttons' way: the thread.

import type { HomeView, KnownBlock } from "@slack/types";
import { deadlineOf, type Escalation, escalationsOf, headlineOf } from "../src/domain/escalation.ts";
import type { Policy } from "../src/domain/policy.ts";
import { isActive, isEnded, type Run } from "../src/domain/run.ts";
import { pressButton } from "./actions.ts";
import { faceOf } from "./faces.ts";
import type { PilotShown } from "./pilot.ts";
import { runLine } from "./run-line.ts";
import { type ServiceShown, serviceLine } from "./service.ts";
import { bold, cut, cutTitle, elapsed, escapeMrkdwn, link, plain, richSection, slackTime } from "./text.ts";

export type HomeShown = {
  /** One line over all. */
  readonly status: string;
  readonly runs: readonly Run[];
  readonly pause: { readonly by: string; readonly reason: string; readonly at: number } | null;
  readonly disarmed: string | undefined;
  readonly pilots: readonly { readonly name: string; readonly last: PilotShown | undefined }[];
  readonly dependencies: readonly ServiceShown[];
  readonly policy: Policy;
  readonly mayResolve: boolean;
  readonly now: number;
};

/** Slack takes 100 blocks in a Home. */
const MOST_ASKED = 20;
const MOST_ACTIVE = 20;
const MOST_ENDED = 10;

export function home(shown: HomeShown): HomeView {
  const { status, runs, policy, now } = shown;
  const asked = runs.flatMap((run) => escalationsOf(run).map((escalation) => ({ run, escalation })));
  const active = runs.filter((run) => isActive(run) && escalationsOf(run).length === 0);
  const ended = runs.filter(isEnded).sort((a, b) => b.state.since - a.state.since);
  return {
    type: "home",
    blocks: [
      header("AFK"),
      section(`${escapeMrkdwn(status)}\n${switches(shown)}`),
      ...services(shown.dependencies),
      { type: "actions", elements: [pressButton("refresh-home.v1", "Refresh", "home")] },
      { type: "divider" },
      header(asked.length === 0 ? "Nothing waits for people" : `Waiting for people: ${asked.length}`),
      ...asked
        .toSorted((a, b) => a.escalation.since - b.escalation.since)
        .slice(0, MOST_ASKED)
        .map(({ run, escalation }) => askedLine(run, escalation, policy, now)),
      ...more(asked.length - MOST_ASKED),
      ...group("At work", active, MOST_ACTIVE, now),
      ...group("Ended in the last day", ended, MOST_ENDED, now),
      context(
        `${shown.mayResolve ? "You may resolve all of these, in their threads or with `/afk`." : "You may look; operators resolve."} Drawn ${slackTime(now)}.`,
      ),
    ],
  };
}

function switches({ pause, disarmed, pilots }: HomeShown): string {
  const lines = [
    pause === null
      ? ":arrow_forward: Not paused"
      : `:double_vertical_bar: *Paused* by <@${pause.by}> since ${slackTime(pause.at)}: ${escapeMrkdwn(cut(pause.reason, 300))}`,
    disarmed === undefined ? "" : `:no_entry: *Not armed*, nothing starts: ${escapeMrkdwn(cut(disarmed, 400))}`,
    ...pilots.map(({ name, last }) => {
      const where = pilots.length > 1 ? ` at ${name}` : "";
      if (last === undefined) return `:grey_question: The pilot never ran${where}`;
      const mark = last.passed ? ":white_check_mark:" : ":x:";
      return `${mark} Pilot ${last.passed ? "passed" : "did not pass"}${where} ${slackTime(last.at)}, T3 ${escapeMrkdwn(last.t3Version ?? "unknown")}`;
    }),
  ];
  return lines.filter((line) => line !== "").join("\n");
}

function services(all: HomeShown["dependencies"]): readonly KnownBlock[] {
  return all.filter(({ state }) => state === "down").map((one) => section(serviceLine(one)));
}

function askedLine(run: Run, escalation: Escalation, policy: Policy, now: number): KnownBlock {
  const deadline = deadlineOf(escalation, policy);
  const left = deadline === null ? "" : `, ${elapsed(deadline.at - now)} left`;
  return {
    type: "rich_text",
    elements: [
      richSection(
        { type: "emoji", name: faceOf(run) },
        plain(" "),
        bold(cut(headlineOf(escalation), 160)),
        plain(`  for ${elapsed(now - escalation.since)}${left}\n`),
        link(run.issue.url, `${run.repo}#${run.issue.number}`),
        plain(`  ${cut(cutTitle(run.issue.title), 90)}`),
      ),
    ],
  };
}

function group(title: string, all: readonly Run[], most: number, now: number): readonly KnownBlock[] {
  if (all.length === 0) return [];
  return [
    { type: "divider" },
    header(`${title}: ${all.length}`),
    ...all.slice(0, most).map((run) => runLine(run, now)),
    ...more(all.length - most),
  ];
}

function more(count: number): readonly KnownBlock[] {
  return count > 0 ? [context(`and ${count} more: \`/afk runs\``)] : [];
}

function header(text: string): KnownBlock {
  return { type: "header", text: { type: "plain_text", text } };
}

function section(text: string): KnownBlock {
  return { type: "section", text: { type: "mrkdwn", text: cut(text, 2_900) } };
}

function context(text: string): KnownBlock {
  return { type: "context", elements: [{ type: "mrkdwn", text }] };
}
