// Bolt in Socket Mode. Connecting is tried for ever, with a ceiling on the pause between tries: Slack being away at
// the start is no reason not to start. A handler that runs when the bot stops is waited for.

import { App, SocketModeReceiver } from "@slack/bolt";
import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import type { SlackText } from "../ports.ts";
import { quietLogger, slackClientOptions } from "./client.ts";

const RETRY_MS = { first: 1_000, ceiling: 10_000 };

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
  const receiver = new SocketModeReceiver({
    appToken,
    logger: quietLogger(log),
    installerOptions: {
      clientOptions: {
        ...clientOptions,
        retryConfig: { forever: true, maxTimeout: RETRY_MS.ceiling },
        rejectRateLimitedCalls: false,
      },
    },
  });
  const app = new App({
    token: botToken,
    receiver,
    clientOptions,
    logger: quietLogger(log),
    tokenVerificationEnabled: false,
  });
  const inFlight = new Set<Promise<void>>();
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

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

  async function connect(pauseMs: number): Promise<void> {
    try {
      await app.start();
      log.info("slack socket connected");
    } catch (error) {
      if (stopped) return;
      log.warn({ why: messageOf(error), againInMs: pauseMs }, "slack socket cannot connect");
      timer = setTimeout(() => void connect(Math.min(pauseMs * 2, RETRY_MS.ceiling)), pauseMs);
    }
  }
  void connect(RETRY_MS.first);

  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await app.stop().catch((error: unknown) => log.debug({ why: messageOf(error) }, "slack socket stop"));
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
