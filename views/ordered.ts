// Answers to commands that order something: that it is under way, or why it makes no sense now.

import type { Order } from "../src/domain/order.ts";
import type { Run } from "../src/domain/run.ts";
import type { View } from "./card.ts";
import type { CommandName } from "./commands.ts";
import { note } from "./help.ts";
import { orderWaiting } from "./order.ts";
import { stateWord } from "./phases.ts";

type Kind = Order["what"]["kind"];

export function ordered(run: Run, order: Order): View {
  return note(`${run.repo}#${run.issue.number}: ${orderWaiting(order, run)}`);
}

const COMMAND_OF: Record<Kind, CommandName> = {
  unblock: "unblock",
  retry: "retry",
  "keep-fixing": "unfreeze",
  "verify-again": "unfreeze",
  revert: "unfreeze",
  "hand-over": "hand-over",
  abandon: "abandon",
  stop: "stop",
  approve: "approve",
  answer: "answer",
  steer: "tell",
};

/** `possible`: what the state takes. */
export function cannotNow(run: Run, kind: Kind, possible: readonly Kind[]): View {
  const now = stateWord(run).toLowerCase();
  const commands = [...new Set(possible.map((one) => `\`/afk ${COMMAND_OF[one]}\``))].join(", ");
  const can = commands === "" ? "There is nothing left to do for it." : `It takes ${commands}.`;
  return note(`${run.repo}#${run.issue.number} is *${now}*: \`/afk ${COMMAND_OF[kind]}\` makes no sense now. ${can}`);
}

export function notAsked(run: Run, what: "approval" | "question"): View {
  const asked = what === "approval" ? "for no approval" : "no question";
  return note(`The agent of ${run.repo}#${run.issue.number} asks ${asked} now.`);
}

export function wordsNeeded(name: CommandName, example: string): View {
  return note(`Some words are needed: \`/afk ${name} ${example}\``);
}
