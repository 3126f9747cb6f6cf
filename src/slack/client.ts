import { LogLevel, type Logger as SlackLogger, WebClient, type WebClientOptions } from "@slack/web-api";
import type { Logger } from "pino";

const CALL_TIMEOUT_MS = 10_000;

/** Few retries: a post whose answer was lost would be posted again. The loop comes back by itself. */
export function slackClientOptions(apiUrl: string, log: Logger): WebClientOptions {
  return {
    slackApiUrl: `${apiUrl}/`,
    timeout: CALL_TIMEOUT_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: quietLogger(log),
  };
}

export function createSlackClient(apiUrl: string, token: string, log: Logger): WebClient {
  return new WebClient(token, slackClientOptions(apiUrl, log));
}

/** The SDK's own lines as debug lines of ours: what matters of them is logged where it is handled. */
export function quietLogger(log: Logger): SlackLogger {
  const line = (...parts: readonly unknown[]): void => log.debug({ text: parts.map(String).join(" ") }, "slack sdk");
  return {
    debug: () => {},
    info: () => {},
    warn: line,
    error: line,
    setLevel: () => {},
    setName: () => {},
    getLevel: () => LogLevel.WARN,
  };
}
