// Bolt in Socket Mode, over two connections: Slack recycles each now and then, and what people do meanwhile comes
// through the other. Slack being away at the start is no reason not to start, and a handler that runs when the bot
// stops is waited for.

import { App, SocketModeReceiver } from "@slack/bolt";
import type { WebClient } from "@slack/web-api";
import type { Logger } from "pino";
import { peopleClientOptions, quietLogger } from "./client.ts";
import { keepConnected } from "./connection.ts";
import { listenTo, type People } from "./listen.ts";

export type SocketOptions = {
  readonly apiUrl: string;
  readonly botToken: string;
  readonly appToken: string;
  readonly client: WebClient;
  readonly log: Logger;
  readonly people: People;
};

export type SlackSocket = { stop(): Promise<void> };

export function startSocket(options: SocketOptions): SlackSocket {
  const { apiUrl, botToken, appToken, client, log, people } = options;
  const clientOptions = peopleClientOptions(apiUrl, log);
  const logger = quietLogger(log);
  const open = (): SocketModeReceiver =>
    new SocketModeReceiver({
      appToken,
      logger,
      autoReconnectEnabled: false,
      installerOptions: { clientOptions },
      customPropertiesExtractor: ({ envelope_id }: { readonly envelope_id?: string }) => ({ envelopeId: envelope_id }),
    });
  const receivers = { first: open(), second: open() };
  const app = new App({
    token: botToken,
    receiver: receivers.first,
    clientOptions,
    logger,
    tokenVerificationEnabled: false,
  });
  receivers.second.init(app);
  const listening = listenTo(app, people, client, log);

  const connections = Object.entries(receivers).map(([name, receiver]) => keepConnected(receiver, name, log));
  return {
    async stop() {
      await Promise.all(connections.map((connection) => connection.stop()));
      await listening.drained();
    },
  };
}
