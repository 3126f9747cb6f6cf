// One Socket Mode connection, kept up for as long as the bot runs.
//
// connecting → connected → (closed by Slack or the network) → connecting …, until `stop`. The SDK's own reconnecting is
// switched off: it waits five seconds after every refresh, and ends the process when opening is refused. Here a closed
// connection is opened again at once, and a refused one after a pause that doubles up to its ceiling, for ever.

import type { SocketModeReceiver } from "@slack/bolt";
import type { Logger } from "pino";
import { messageOf } from "../errors.ts";

const RETRY_MS = { first: 1_000, ceiling: 10_000 };
const HELLO_MS = 15_000;

export type Connection = { stop(): Promise<void> };

/** `name` tells the connections apart in the log. The receiver's automatic reconnecting must be off. */
export function keepConnected(receiver: SocketModeReceiver, name: string, log: Logger): Connection {
  const { client } = receiver;
  outliveWarnings(client);
  let stopped = false;
  let pause: PromiseWithResolvers<void> | undefined;

  async function keep(): Promise<void> {
    let pauseMs = RETRY_MS.first;
    while (!stopped) {
      const closed = new Promise<void>((resolve) => client.once("disconnected", () => resolve()));
      try {
        await inTime(receiver.start());
        pauseMs = RETRY_MS.first;
        log.info({ connection: name }, "slack socket connected");
        await closed;
      } catch (error) {
        if (stopped) return;
        log.warn({ connection: name, why: messageOf(error), againInMs: pauseMs }, "slack socket cannot connect");
        await rest(pauseMs);
        pauseMs = Math.min(pauseMs * 2, RETRY_MS.ceiling);
      }
    }
  }

  async function rest(ms: number): Promise<void> {
    pause = Promise.withResolvers<void>();
    const timer = setTimeout(pause.resolve, ms);
    await pause.promise;
    clearTimeout(timer);
  }

  const running = keep();
  return {
    async stop() {
      stopped = true;
      pause?.resolve();
      await inTime(receiver.stop()).catch((error: unknown) =>
        log.debug({ why: messageOf(error) }, "slack socket stop"),
      );
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 1_000).unref())]);
    },
  };
}

/**
 * Slack warns some ten seconds before it recycles a connection, and goes on using it until then. The SDK would close it
 * at the warning and lose what is on its way: it does not get to see that message.
 */
function outliveWarnings(client: SocketModeReceiver["client"]): void {
  const [sdk] = client.listeners("ws_message");
  if (sdk === undefined)
    throw new Error("@slack/socket-mode no longer listens to ws_message: see src/slack/connection.ts");
  client.off("ws_message", sdk as () => void);
  client.on("ws_message", (data: unknown, isBinary: unknown) => {
    if (typeof data === "string" && isWarning(data)) return;
    sdk(data, isBinary);
  });
}

function isWarning(data: string): boolean {
  try {
    const { type, reason } = JSON.parse(data) as { type?: unknown; reason?: unknown };
    return type === "disconnect" && reason === "warning";
  } catch {
    return false;
  }
}

/** The SDK waits for Slack's hello, or for the close of a dead connection, without any limit. */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${HELLO_MS / 1000} s`)), HELLO_MS);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
