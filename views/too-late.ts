// What is said to somebody, alone, whose press came after another's or after the question was over.

import { runOfEscalation } from "../src/domain/escalation.ts";
import type { Order } from "../src/domain/order.ts";
import type { Run } from "../src/domain/run.ts";
import type { View } from "./card.ts";
import { note } from "./help.ts";
import { orderDone } from "./order.ts";
import { stateWord } from "./phases.ts";
import { escapeMrkdwn, slackTime } from "./text.ts";

/** `value` is what the button carried: an escalation's id or a run's. */
export function tooLate(run: Run | undefined, value: string): View {
  if (run === undefined) return note(`Run \`${escapeMrkdwn(runOfEscalation(value).slice(0, 40))}\` is over.`);
  const now = `The run is *${stateWord(run).toLowerCase()}* now.`;
  const over = run.escalated?.find(({ id }) => id === value)?.over;
  if (over === undefined) return note(`That is no longer asked. ${now}`);
  const how = over.order === null ? `${slackTime(over.at)}: ${escapeMrkdwn(over.why)}` : orderDone(over.order);
  return note(`That is settled already: ${how}. ${now}`);
}

/** An order that is under way, and not overtaken. */
export function waitsAlready(order: Order): View {
  return note(`Somebody was faster: ${orderDone(order)}. It is being carried out.`);
}

/** A button or a form of an older version of the bot, which is no longer known. */
export const outdated: View = note(
  "This button is of an older version of the bot and does nothing any more. The thread's newest messages have those that do; `/afk help` has the commands.",
);
