// A reminder of what nobody answered, as a reply of its own: Slack notifies of new messages only. It has the question's
// buttons, and is redrawn without them once that is over.

import type { KnownBlock } from "@slack/types";
import type { Escalated } from "../src/domain/escalated.ts";
import { deadlineOf, type Escalation, headlineOf, orderInHand } from "../src/domain/escalation.ts";
import { type Bell, howOf } from "../src/domain/ladder.ts";
import type { Policy } from "../src/domain/policy.ts";
import type { Run } from "../src/domain/run.ts";
import type { View } from "./card.ts";
import { buttonRow } from "./escalation.ts";
import { mention } from "./mention.ts";
import { orderDone, orderWaiting } from "./order.ts";
import { cut, escapeMrkdwn, slackTime } from "./text.ts";

const WAITS: Record<Escalation["kind"], string> = {
  approval: "Nobody has answered",
  question: "Nobody has answered",
  blocked: "Nobody has settled this",
  frozen: "Nobody has settled this",
};

const BELLS: Record<Bell["how"], string> = { thread: ":bell:", mention: ":bell:", page: ":rotating_light:" };

/** Slack takes 3,000 characters, and nobody reads a line of a hundred names. */
const MOST_NAMES = 20;

/** `who` is whom it mentions. */
export function reminderView(
  run: Run,
  escalation: Escalation,
  { step, who, policy }: { readonly step: number; readonly who: readonly string[]; readonly policy: Policy },
): View {
  const issue = `${run.repo}#${run.issue.number}`;
  const headline = escapeMrkdwn(cut(headlineOf(escalation), 300));
  const names = who.slice(0, MOST_NAMES).map(mention).join(" ");
  const order = orderInHand(run, escalation);
  const bell = BELLS[howOf(step)];
  const since = `${bell} *${WAITS[escalation.kind]}* since ${slackTime(escalation.since)}: <${run.issue.url}|${issue}> – ${headline}`;
  return {
    text: `${bell} ${WAITS[escalation.kind]} yet: ${issue} – ${headline}${names === "" ? "" : ` ${names}`}`,
    blocks: [
      section(names === "" ? since : `${since}\n${names}`),
      note(order === undefined ? silence(escalation, policy) : orderWaiting(order, run)),
      ...buttonRow(run, escalation, order),
    ],
  };
}

function silence(escalation: Escalation, policy: Policy): string {
  const deadline = deadlineOf(escalation, policy);
  if (deadline === null) return "It waits for as long as it takes: silence decides nothing.";
  return `Without an answer by ${slackTime(deadline.at)} ${deadline.byDefault}.`;
}

/** The same once it is over: it mentions nobody, and there is nothing to press. */
export function remindedView(run: Run, { headline, over }: Escalated): View {
  const outcome = over.order === null ? escapeMrkdwn(cut(over.why, 500)) : orderDone(over.order);
  const what = escapeMrkdwn(cut(headline, 300)).replace(/\.$/, "");
  const text = `Reminder of ${run.repo}#${run.issue.number} – ${what}: ${outcome}`;
  return { text, blocks: [note(`:no_bell: ${text}`)] };
}

function note(text: string): KnownBlock {
  return { type: "context", elements: [{ type: "mrkdwn", text }] };
}

function section(text: string): KnownBlock {
  return { type: "section", text: { type: "mrkdwn", text } };
}
