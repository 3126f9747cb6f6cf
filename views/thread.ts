import { type Escalation, escalationsOf } from "../src/domain/escalation.ts";
import { type Audience, audienceOf, howOf, type Reminded } from "../src/domain/ladder.ts";
import { messageOf } from "../src/domain/order.ts";
import type { Policy } from "../src/domain/policy.ts";
import { issueKey } from "../src/domain/repo.ts";
import type { Run } from "../src/domain/run.ts";
import { type CardView, card, type View } from "./card.ts";
import { escalatedView, escalationView } from "./escalation.ts";
import { repoUrl } from "./phases.ts";
import { remindedView, reminderView } from "./reminder.ts";
import { elapsed, escapeMrkdwn } from "./text.ts";

type Reply = View & { readonly key: string; readonly broadcast: boolean };

/** What threads are drawn by, beside the runs. */
export type ThreadRules = {
  readonly policy: Policy;
  readonly audience: Audience;
  /** By escalation. */
  readonly reminders: Readonly<Record<string, Reminded>>;
};

/** The issue's thread as it should be: the latest run's card, and a reply for each transition a person cares about. */
export function thread(
  runs: readonly Run[],
  rules: ThreadRules,
):
  | {
      readonly issue: string;
      readonly root: CardView;
      readonly replies: readonly Reply[];
      readonly reactions: readonly Reaction[];
    }
  | undefined {
  const latest = runs.at(-1);
  if (latest === undefined) return undefined;
  return {
    issue: issueKey(latest.repo, latest.issue.number),
    root: card(latest),
    replies: runs.flatMap((run) => repliesOf(run, rules)),
    reactions: runs.flatMap(reactionsOf),
  };
}

type Reaction = { readonly key: string; readonly ts: string; readonly emoji: string };

/** A word to the agent in a message of the thread: seen, then delivered, or not. */
function reactionsOf({ id, orders, resolved }: Run): readonly Reaction[] {
  const on = (order: string, emoji: string): readonly Reaction[] => {
    const message = messageOf(order);
    return message === undefined ? [] : [{ key: `${id}/${order}/${emoji}`, ts: message.ts, emoji }];
  };
  return [
    ...[...resolved.map(({ order }) => order), ...orders].flatMap((order) => on(order.id, "eyes")),
    ...resolved.flatMap(({ order, outcome }) => on(order.id, outcome === "done" ? "white_check_mark" : "x")),
  ];
}

function repliesOf(run: Run, rules: ThreadRules): readonly Reply[] {
  return [
    ...(run.escalated ?? []).flatMap((over) => [
      { key: over.id, broadcast: false, ...escalatedView(run, over) },
      ...(over.reminded === undefined
        ? []
        : [{ key: reminderKey(over, over.reminded), broadcast: false, ...remindedView(run, over) }]),
    ]),
    ...escalationsOf(run).flatMap((escalation) => [
      { key: escalation.id, broadcast: true, ...escalationView(run, escalation, rules.policy) },
      ...reminder(run, escalation, rules),
    ]),
    ...ending(run),
  ];
}

/** The last one alone: those before it stay as they were posted. */
function reminder(run: Run, escalation: Escalation, { policy, audience, reminders }: ThreadRules): readonly Reply[] {
  const step = reminders[escalation.id]?.step ?? 0;
  if (step === 0) return [];
  const who = audienceOf(step, audience, run.repo);
  return [
    {
      key: reminderKey(escalation, step),
      broadcast: howOf(step) === "page",
      ...reminderView(run, escalation, { step, who, policy }),
    },
  ];
}

function reminderKey({ id }: { readonly id: string }, step: number): string {
  return `${id}/reminder/${step}`;
}

function ending(run: Run): readonly Reply[] {
  const { state } = run;
  if (state.name !== "deployed") return [];
  const url = `${repoUrl(run)}/commit/${state.landed.sha}`;
  const text = `:rocket: Deployed <${url}|${state.landed.sha.slice(0, 8)}> ${elapsed(state.since - run.startedAt)} after dispatch.`;
  const seen = state.evidence.map((line) => `• ${escapeMrkdwn(line)}`).join("\n");
  return [
    {
      key: `${run.id}/deployed`,
      broadcast: false,
      text,
      blocks: [{ type: "section", text: { type: "mrkdwn", text: `${text}\n${seen}`.slice(0, 2_900) } }],
    },
  ];
}
