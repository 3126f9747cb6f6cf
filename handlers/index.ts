// What people can do in Slack, each with its file. A button or a form without an entry here does not compile.

import type { ActionId, FormId } from "../views/actions.ts";
import { COMMANDS, type CommandName, isCommand } from "../views/commands.ts";
import { help, note } from "../views/help.ts";
import { answer, answerByText, answerWith } from "./answer.ts";
import { approve, approveByText, deny, denyByText } from "./approve.ts";
import { showAudit } from "./audit.ts";
import type { ButtonHandler, FormHandler, Handler, HandlerContext, Press, Reply } from "./context.ts";
import { operatorsOnly } from "./guard.ts";
import {
  abandon,
  abandonByText,
  abandonWith,
  handOver,
  handOverByText,
  handOverWith,
  stop,
  stopByText,
  stopWith,
} from "./leave.ts";
import { pause } from "./pause.ts";
import { showPilot } from "./pilot.ts";
import { prune } from "./prune.ts";
import { showReport } from "./report.ts";
import { showRepos } from "./repos.ts";
import { resume } from "./resume.ts";
import { retry, retryByText } from "./retry.ts";
import { runNext } from "./run-next.ts";
import { showRuns } from "./runs.ts";
import { showStatus } from "./status.ts";
import { tellByText } from "./tell.ts";
import { unblock, unblockByText, unblockWith } from "./unblock.ts";
import { unfreeze, unfreezeBy, unfreezeByText } from "./unfreeze.ts";
import { explainIssue } from "./why.ts";

const commands: Readonly<Record<CommandName, Handler>> = {
  status: showStatus,
  runs: showRuns,
  why: explainIssue,
  repos: showRepos,
  pilot: showPilot,
  audit: showAudit,
  report: showReport,
  unblock: unblockByText,
  retry: retryByText,
  unfreeze: unfreezeByText,
  answer: answerByText,
  approve: approveByText,
  deny: denyByText,
  tell: tellByText,
  stop: stopByText,
  "hand-over": handOverByText,
  abandon: abandonByText,
  run: runNext,
  prune,
  pause: operatorsOnly("pause", pause),
  resume: operatorsOnly("resume", resume),
  help: async ({ text }) => help(text.trim() || undefined),
};

/** Of a button that is a link Slack only tells us: the browser does the rest. A Home is drawn anew where it was pressed. */
const link: ButtonHandler = async () => undefined;

export const buttons: Readonly<Record<ActionId, ButtonHandler>> = {
  "open-session.v1": link,
  "open-issue.v1": link,
  "refresh-home.v1": link,
  "approve.v1": approve,
  "deny.v1": deny,
  "answer.v1": answer,
  "unblock.v1": unblock,
  "retry.v1": retry,
  "unfreeze.v1": unfreeze,
  "hand-over.v1": handOver,
  "abandon.v1": abandon,
  "stop.v1": stop,
};

export const forms: Readonly<Record<FormId, FormHandler>> = {
  "answer.v1": answerWith,
  "unblock.v1": unblockWith,
  "unfreeze.v1": unfreezeBy,
  "hand-over.v1": handOverWith,
  "abandon.v1": abandonWith,
  "stop.v1": stopWith,
};

/** A reply, and whether everybody may see it. */
type Answered = Reply & { readonly public?: true };

/** Runs `/afk <text>`; an empty text is `status`. What changes something is done once, however often Slack sends it. */
export async function runCommand(press: Press, context: HandlerContext): Promise<Answered> {
  const words = press.text.trim().split(/\s+/);
  const isPublic = words.includes("--public");
  const [word = "", ...rest] = words.filter((one) => one !== "--public");
  const name = word === "" ? "status" : word.toLowerCase();
  if (!isCommand(name)) return help(word);
  const given = { ...press, text: rest.join(" ") };
  if (!COMMANDS[name].changes) {
    const reply = await commands[name](given, context);
    return isPublic && "text" in reply ? { ...reply, public: true } : reply;
  }
  const { store, clock } = context;
  if (store.state.presses[press.id] !== undefined) return note("That was done already.");
  await store.commit({ type: "bot.press-taken", at: clock.now(), press: press.id });
  return await commands[name](given, context);
}
