// What people asked for, in words: while it waits, and once it is done.

import type { Order } from "../src/domain/order.ts";
import type { Run } from "../src/domain/run.ts";
import { cut, escapeMrkdwn, slackClock } from "./text.ts";

type What = Order["what"];

const DONE: Record<What["kind"], string> = {
  unblock: "Unblocked",
  retry: "Retried",
  "keep-fixing": "Unfrozen",
  "verify-again": "Unfrozen",
  revert: "Unfrozen",
  "hand-over": "Handed to a human",
  abandon: "Abandoned",
  stop: "Stopped",
  approve: "Approved once",
  answer: "Answered",
  steer: "Steered",
};

function doneWord(what: What): string {
  return what.kind === "approve" && what.decision === "decline" ? "Denied" : DONE[what.kind];
}

/** "Unfrozen by @user, 14:02 – reason". */
export function orderDone(order: Order): string {
  const reason = reasonOf(order.what);
  return `*${doneWord(order.what)}* by <@${order.by.slack}>, ${slackClock(order.at)}${reason === "" ? "" : ` – ${escapeMrkdwn(cut(reason, 700))}`}`;
}

export function orderWaiting(order: Order, run: Run): string {
  const reason = reasonOf(order.what);
  const said = reason === "" ? "" : ` – ${escapeMrkdwn(cut(reason, 300))}`;
  return `:hourglass_flowing_sand: *${doneWord(order.what)}* by <@${order.by.slack}>, ${slackClock(order.at)}${said}. ${waitsFor(order.what, run)}`;
}

function waitsFor({ kind }: What, run: Run): string {
  if ("agentMayLive" in run.state && run.state.agentMayLive) return NOT_STOPPED;
  switch (kind) {
    case "approve":
    case "answer":
    case "steer":
      return run.state.name === "blocked" ? IN_LINE(run) : "On its way to the agent.";
    case "unblock":
    case "retry":
      return IN_LINE(run);
    case "keep-fixing":
    case "verify-again":
    case "revert":
      return "It goes on in a moment, or as soon as the bot is no longer paused.";
    case "hand-over":
    case "abandon":
    case "stop":
      return "The agent is stopped first.";
    default:
      return kind satisfies never;
  }
}

const NOT_STOPPED =
  "The agent was told to stop and has not: it goes on once it has. If it never does, end the session in T3.";

const IN_LINE = (run: Run): string => `It goes on as soon as ${run.repo} is free and the bot is not paused.`;

/** What they said with it. */
function reasonOf(what: What): string {
  switch (what.kind) {
    case "unblock":
      return what.guidance;
    case "keep-fixing":
      return what.guidance === "" ? "keep fixing, with a fresh budget" : `keep fixing: ${what.guidance}`;
    case "verify-again":
      return "it is fixed: judge it again";
    case "revert":
      return "take its commits back";
    case "retry":
      return what.cold ? "in a fresh tree" : "";
    case "hand-over":
    case "abandon":
    case "stop":
      return what.reason;
    case "answer":
      return Object.values(what.answers)
        .map((answer) => (typeof answer === "string" ? answer : answer.join(", ")))
        .join("; ");
    case "steer":
      return what.text;
    case "approve":
      return "";
    default:
      return what satisfies never;
  }
}
