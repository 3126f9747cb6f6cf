// Bolt in Socket Mode, over two connections: Slack recycles each now and then, and what people do meanwhile comes
// through the other. Slack being away at the start is no reason not to start, and a handler that runs when the bot
// stops is waited for.

import { App, SocketModeReceiver } from "@slack/bolt";
import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import type { SlackText } from "../ports.ts";
import { quietLogger, slackClientOptions } from "./client.ts";
import { keepConnected } from "./connection.ts";

export type SocketOptions = {
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly log: Logger;
  readonly actionIds: readonly string[];
  onCommand(user: string, text: string): Promise<SlackText>;
};

export type SlackSocket = { stop(): Promise<void> };

export function startSocket(options: SocketOptions): SlackSocket {
  const { apiUrl, botToken, appToken, log } = options;
  const clientOptions = slackClientOptions(apiUrl, log);
  const logger = quietLogger(log);
  const open = (): SocketModeReceiver =>
    new SocketModeReceiver({ appToken, logger, autoReconnectEnabled: false, installerOptions: { clientOptions } });
  const receivers = { first: open(), second: open() };
  const app = new App({
    token: botToken,
    receiver: receivers.first,
    clientOptions,
    logger,
    tokenVerificationEnabled: false,
  });
  receivers.second.init(app);
  const inFlight = new Set<Promise<void>>();

  app.command("/afk", async ({ ack, command, respond }) => {
    await ack();
    await track(inFlight, async () => {
      const reply = await options.onCommand(command.user_id, command.text).catch((error: unknown) => {
        log.error({ user: command.user_id, why: messageOf(error) }, "command failed");
        return { text: `That did not work: ${messageOf(error)}`, blocks: undefined };
      });
      await respond({
        response_type: "ephemeral",
        text: reply.text,
        ...(reply.blocks === undefined ? {} : { blocks: [...reply.blocks] as never[] }),
      });
    });
  });
  for (const actionId of options.actionIds) app.action(actionId, async ({ ack }) => ack());
  app.error(async (error) => log.error({ why: messageOf(error) }, "slack handler failed"));

  const connections = Object.entries(receivers).map(([name, receiver]) => keepConnected(receiver, name, log));
  return {
    async stop() {
      await Promise.all(connections.map((connection) => connection.stop()));
      await Promise.all(inFlight);
    },
  };
}

async function track(inFlight: Set<Promise<void>>, work: () => Promise<void>): Promise<void> {
  const running = work();
  inFlight.add(running);
  try {
    await running;
  } finally {
    inFlight.delete(running);
  }
}
