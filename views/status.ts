import type { KnownBlock } from "@slack/types";
import type { ExecutorSeen } from "../src/domain/assign.ts";
import { escalationsOf } from "../src/domain/escalation.ts";
import { isActive, isEnded, type Run } from "../src/domain/run.ts";
import type { View } from "./card.ts";
import { runLine } from "./run-line.ts";
import { type ServiceShown, serviceLine } from "./service.ts";
import { cut, elapsed, escapeMrkdwn, slackTime } from "./text.ts";

const MOST_RUNS = 15;

export type PollingShown = {
  /** As configured, and as it is done: longer where the repos are too many for the requests an hour. */
  readonly wantedMs: number;
  readonly everyMs: number;
  readonly limits: readonly { readonly bucket: string; readonly kind: string; readonly until: number }[];
};

export type ExecutorShown = ExecutorSeen & { readonly active: number };

export type StatusInput = {
  readonly runs: readonly Run[];
  readonly pause: { readonly by: string; readonly reason: string } | null;
  /** Why nothing starts although nobody paused it; undefined = it is armed. */
  readonly disarmed?: string | undefined;
  /** The T3 servers; shown where there are several. */
  readonly executors?: readonly ExecutorShown[];
  /** Why the config file as it is now is not in force, and since when another one is. */
  readonly config?: { readonly trouble: string | null; readonly since: number };
  readonly dependencies: readonly ServiceShown[];
  readonly repos: number;
  readonly polling: PollingShown;
  readonly now: number;
};

export function status(input: StatusInput): View {
  const { runs, pause, disarmed, executors = [], config, dependencies, repos, polling, now } = input;
  const open = runs.filter((run) => !isEnded(run)).sort(waitingFirst);
  const count = (is: (run: Run) => boolean): number => open.filter(is).length;
  const active = count(isActive);
  const asking = count((run) => isActive(run) && escalationsOf(run).length > 0);
  const frozen = count(({ state }) => state.name === "frozen");
  const parts = [
    `${active} active`,
    ...(asking === 0 ? [] : [`${asking} asking`]),
    `${open.length - active - frozen} blocked`,
    ...(frozen === 0 ? [] : [`${frozen} frozen`]),
    `${repos} ${repos === 1 ? "repo" : "repos"} enrolled`,
  ];
  const headline = parts.join(", ");
  const paused =
    pause === null ? "" : `\n:double_vertical_bar: Paused by <@${pause.by}>: ${escapeMrkdwn(pause.reason)}`;
  const unarmed =
    disarmed === undefined ? "" : `\n:no_entry: Not armed, nothing starts: ${escapeMrkdwn(cut(disarmed, 600))}`;
  const down = dependencies.filter((dependency) => dependency.state === "down");
  return {
    text: headline,
    blocks: [
      { type: "section", text: { type: "mrkdwn", text: `*AFK* – ${headline}${paused}${unarmed}` } },
      ...configLines(config),
      ...down.map((one): KnownBlock => ({ type: "section", text: { type: "mrkdwn", text: serviceLine(one) } })),
      ...executorLines(executors),
      ...pollingLines(polling, repos),
      ...open.slice(0, MOST_RUNS).map((run): KnownBlock => runLine(run, now)),
      ...(open.length > MOST_RUNS
        ? [{ type: "section" as const, text: { type: "mrkdwn" as const, text: `and ${open.length - MOST_RUNS} more` } }]
        : []),
    ],
  };
}

function configLines(config: StatusInput["config"]): readonly KnownBlock[] {
  if (config === undefined || config.trouble === null) return [];
  const why = escapeMrkdwn(cut(config.trouble, 1_000));
  const text = `:warning: *The config file is not in force as it is*; the one of ${slackTime(config.since)} is. ${why}`;
  return [{ type: "section", text: { type: "mrkdwn", text } }];
}

function executorLines(executors: readonly ExecutorShown[]): readonly KnownBlock[] {
  if (executors.length < 2) return [];
  const lines = executors.map(({ name, active, capacity, drain, disarmed, down }) => {
    const load = `${active}${capacity === null ? "" : ` of ${capacity}`} active`;
    const state = drain
      ? active === 0
        ? ":white_circle: drained, empty"
        : ":hourglass: drains"
      : down !== undefined
        ? ":warning: does not answer"
        : disarmed !== undefined
          ? `:no_entry: not armed: ${escapeMrkdwn(cut(disarmed, 200))}`
          : ":large_green_circle: takes runs";
    return `*${name}*  ${load}  ${state}`;
  });
  return [{ type: "section", text: { type: "mrkdwn", text: lines.join("\n").slice(0, 2_900) } }];
}

/** What waits for people goes first, the newest of each on top. */
function waitingFirst(a: Run, b: Run): number {
  const waits = (run: Run): number => Number(escalationsOf(run).length > 0);
  return waits(b) - waits(a) || b.startedAt - a.startedAt;
}

/** Only what is not as configured. */
function pollingLines({ wantedMs, everyMs, limits }: PollingShown, repos: number): readonly KnownBlock[] {
  const stretched =
    everyMs > wantedMs
      ? [
          `:snail: ${repos} repos are looked at every ${elapsed(everyMs)} instead of ${elapsed(wantedMs)}, to stay below GitHub's limits.`,
        ]
      : [];
  const waiting = limits.map(({ bucket, kind, until }) => {
    const what = bucket === "graphql" ? "GraphQL" : "REST";
    return `:hourglass: GitHub limits the bot (${kind}, ${what}): it waits until ${slackTime(until)}.`;
  });
  return [...stretched, ...waiting].map((text) => ({ type: "section", text: { type: "mrkdwn", text } }));
}
