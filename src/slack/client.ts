// Two clients: one for what people wait for, one for what is drawn by itself. Slack's 429 holds up all of a client's
// calls, and a form must open within three seconds of the press.

import { LogLevel, type Logger as SlackLogger, WebClient, type WebClientOptions } from "@slack/web-api";
import type { Logger } from "pino";
import { always, type MayAct } from "../leader/fence.ts";

const CALL_TIMEOUT_MS = 10_000;

/** No retries: a post whose answer was lost would be posted again. The loop comes back by itself. */
export function slackClientOptions(apiUrl: string, log: Logger): WebClientOptions {
  return {
    slackApiUrl: `${apiUrl}/`,
    timeout: CALL_TIMEOUT_MS,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    logger: quietLogger(log),
  };
}

export function createSlackClient(apiUrl: string, token: string, log: Logger, mayAct: MayAct = always): WebClient {
  return new WebClient(token, { ...slackClientOptions(apiUrl, log), fetch: fencedFetch(mayAct) });
}

/** One retry, soon: a private reply that comes twice is better than none. */
export function peopleClientOptions(apiUrl: string, log: Logger): WebClientOptions {
  return {
    slackApiUrl: `${apiUrl}/`,
    timeout: CALL_TIMEOUT_MS,
    retryConfig: { retries: 1, minTimeout: 200, maxTimeout: 200 },
    logger: quietLogger(log),
  };
}

export function createPeopleClient(apiUrl: string, token: string, log: Logger, mayAct: MayAct = always): WebClient {
  return new WebClient(token, { ...peopleClientOptions(apiUrl, log), fetch: fencedFetch(mayAct) });
}

/** Methods that change nothing (docs.slack.dev/reference/methods); all others are acts. */
const LOOKS =
  /\/(auth\.test|users\.\w+|usergroups\.(users\.)?list|conversations\.(history|info|list|members|replies))$/;

function fencedFetch(mayAct: MayAct): NonNullable<WebClientOptions["fetch"]> {
  return async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    if (!LOOKS.test(pathname)) mayAct();
    return await fetch(input, init);
  };
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
