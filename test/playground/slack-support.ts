// A workspace with the people that the tests need, and clients of the kind a bot would use.

import { App, type AppOptions, LogLevel } from "@slack/bolt";
import { WebClient, type WebClientOptions } from "@slack/web-api";
import { type Slack, type SlackOptions, startSlack } from "../../playground/slack/slack.ts";

export const ROOM = "C0ROOM";
export const MAINTAINER = "U0MAINTAINER";
export const OUTSIDER = "U0OUTSIDER";

export async function workspace(options: SlackOptions = {}): Promise<Slack> {
  const slack = await startSlack({ limits: "off", ...options });
  slack.addUser({ id: MAINTAINER, name: "maintainer", email: "maintainer@example.com", tz: "Europe/London" });
  slack.addUser({ id: OUTSIDER, name: "outsider" });
  slack.addChannel({ id: ROOM, name: "room", members: [MAINTAINER, slack.bot.userId] });
  slack.addChannel({ id: "C0ELSEWHERE", name: "elsewhere", members: [MAINTAINER, OUTSIDER] });
  slack.addChannel({ id: "C0OLD", name: "old", members: [MAINTAINER, slack.bot.userId], archived: true });
  slack.addUsergroup({ id: "S0OPERATORS", handle: "operators", users: [MAINTAINER] });
  return slack;
}

export function client(slack: Slack, token = slack.botToken, options: WebClientOptions = {}): WebClient {
  return new WebClient(token, {
    slackApiUrl: slack.apiUrl,
    logLevel: LogLevel.ERROR,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    ...options,
  });
}

export type RunningApp = App & AsyncDisposable;

/** A Bolt app in Socket Mode, connected once `set` has registered its listeners. */
export async function bolt(slack: Slack, set: (app: App) => void, options: AppOptions = {}): Promise<RunningApp> {
  const app = new App({
    token: slack.botToken,
    appToken: slack.appToken,
    socketMode: true,
    logLevel: LogLevel.ERROR,
    clientOptions: { slackApiUrl: slack.apiUrl },
    ...options,
  });
  set(app);
  await app.start();
  return Object.assign(app, { [Symbol.asyncDispose]: async () => void (await app.stop()) });
}

/** Waits until `look` finds something; fails after `withinMs`. */
export async function eventually<T>(look: () => T | undefined | false, withinMs = 5_000): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`nothing within ${withinMs} ms: ${String(look)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function button(actionId: string, text = "Press", value = "v") {
  return { type: "button" as const, action_id: actionId, text: { type: "plain_text" as const, text }, value };
}

export function section(text: string) {
  return { type: "section" as const, text: { type: "mrkdwn" as const, text } };
}
