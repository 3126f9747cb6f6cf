// What people can do in Slack, each with its file. A button without an entry here does not compile.

import type { SlackText } from "../src/ports.ts";
import type { ActionId } from "../views/actions.ts";
import { help } from "../views/help.ts";
import type { Handler, HandlerContext } from "./context.ts";
import { operatorsOnly } from "./guard.ts";
import { pause } from "./pause.ts";
import { showPilot } from "./pilot.ts";
import { showRepos } from "./repos.ts";
import { resume } from "./resume.ts";
import { showStatus } from "./status.ts";
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

/** Buttons that are links: Slack tells us of the press, and the browser does the rest. */
export const actions: Readonly<Record<ActionId, "link">> = { "open-session.v1": "link", "open-issue.v1": "link" };

/** Runs `/afk <text>`; an empty text is `status`. */
export async function runCommand(user: string, text: string, context: HandlerContext): Promise<SlackText> {
  const [word = "", ...rest] = text.trim().split(/\s+/);
  const name = word === "" ? "status" : word.toLowerCase();
  const handler = Object.hasOwn(commands, name) ? commands[name] : undefined;
  return handler === undefined ? help(word) : await handler({ user, text: rest.join(" ") }, context);
}
