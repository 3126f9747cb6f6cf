// Slack's side of the bot: what people type and press, with what the handlers may use.

import type { HandlerContext } from "../../handlers/context.ts";
import { actions, runCommand } from "../../handlers/index.ts";
import { type SlackSocket, startSocket } from "../slack/socket.ts";
import type { Base } from "./base.ts";

export function startPeople(context: HandlerContext, { log }: Pick<Base, "log">): SlackSocket {
  return startSocket({
    ...context.config.slack,
    log,
    actionIds: Object.keys(actions),
    onCommand: (user, text) => runCommand(user, text, context),
  });
}
