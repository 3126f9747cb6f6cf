// What people can do in Slack, each with its file. A button or a form without an entry here does not compile.

import type { SlackText } from "../src/ports.ts";
import type { ActionId, FormId } from "../views/actions.ts";
import { help } from "../views/help.ts";
import { answer, answerWith } from "./answer.ts";
import { approve, deny } from "./approve.ts";
import type { ButtonHandler, FormHandler, Handler, HandlerContext, Press } from "./context.ts";
import { operatorsOnly } from "./guard.ts";
import { abandon, abandonWith, handOver, handOverWith, stop, stopWith } from "./leave.ts";
import { pause } from "./pause.ts";
import { showPilot } from "./pilot.ts";
import { showRepos } from "./repos.ts";
import { resume } from "./resume.ts";
import { retry } from "./retry.ts";
import { showStatus } from "./status.ts";
import { unblock, unblockWith } from "./unblock.ts";
import { unfreeze, unfreezeBy } from "./unfreeze.ts";
import { explainIssue } from "./why.ts";

const commands: Readonly<Record<string, Handler>> = {
  status: showStatus,
  why: explainIssue,
  repos: showRepos,
  pilot: showPilot,
  pause: operatorsOnly(pause),
  resume: operatorsOnly(resume),
  help: async () => help(undefined),
};

/** Of a button that is a link Slack only tells us: the browser does the rest. */
const link: ButtonHandler = async () => undefined;

export const buttons: Readonly<Record<ActionId, ButtonHandler>> = {
  "open-session.v1": link,
  "open-issue.v1": link,
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

/** Runs `/afk <text>`; an empty text is `status`. */
export async function runCommand(press: Press, context: HandlerContext): Promise<SlackText> {
  const [word = "", ...rest] = press.text.trim().split(/\s+/);
  const name = word === "" ? "status" : word.toLowerCase();
  const handler = Object.hasOwn(commands, name) ? commands[name] : undefined;
  return handler === undefined ? help(word) : await handler({ ...press, text: rest.join(" ") }, context);
}
