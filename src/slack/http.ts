// What people do, by requests from Slack to the bot (docs.slack.dev/apis/events-api/using-http-request-urls). Bolt's own
// receiver checks that each is signed with the app's secret, and that its time is not minutes ago; all others are refused.

import type { AddressInfo } from "node:net";
import { App, HTTPReceiver } from "@slack/bolt";
import type { WebClient } from "@slack/web-api";
import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import { peopleClientOptions, quietLogger } from "./client.ts";
import { listenTo, type People } from "./listen.ts";

/** Where the manifest sends commands, presses and events. */
const PATH = "/slack/events";
const RETRY_MS = 5_000;
const CLOSE_MS = 2_000;

export type RequestOptions = {
  readonly apiUrl: string;
  readonly botToken: string;
  readonly signingSecret: string;
  readonly host: string;
  /** 0 = any free one. */
  readonly port: number;
  readonly client: WebClient;
  readonly log: Logger;
  readonly people: People;
};

/** Listens, and where the port is taken tries on. */
export function startRequests(options: RequestOptions): { stop(): Promise<void> } {
  const { apiUrl, botToken, signingSecret, host, port, client, log, people } = options;
  const logger = quietLogger(log);
  const receiver = new HTTPReceiver({ signingSecret, endpoints: PATH, logger });
  const app = new App({
    token: botToken,
    receiver,
    clientOptions: peopleClientOptions(apiUrl, log),
    logger,
    tokenVerificationEnabled: false,
  });
  const listening = listenTo(app, people, client, log);
  let stopped = false;
  let retry: NodeJS.Timeout | undefined;
  let opening = open();

  async function open(): Promise<void> {
    try {
      const server = await receiver.start({ host, port });
      log.info({ host, port: (server.address() as AddressInfo).port, path: PATH }, "slack requests served");
    } catch (error) {
      log.error({ host, port, why: messageOf(error), againInMs: RETRY_MS }, "cannot listen for slack's requests");
      if (!stopped) retry = setTimeout(() => (opening = open()), RETRY_MS);
    }
  }

  return {
    async stop() {
      stopped = true;
      clearTimeout(retry);
      await opening;
      // A connection that is kept alive, and idle, would be waited for.
      const closed = receiver
        .stop()
        .catch((error: unknown) => log.debug({ why: messageOf(error) }, "slack requests stop"));
      await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, CLOSE_MS).unref())]);
      await listening.drained();
    },
  };
}
