// Both Slack tokens, the scopes, the channel and the people that the config names.

import { WebClient, type WebClientOptions } from "@slack/web-api";
import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { slackClientOptions } from "../slack/client.ts";
import { platformError, slackError } from "../slack/errors.ts";
import { BOT_SCOPES } from "../slack/scopes.ts";
import { type Area, attempt, type Finding, fail, pass, untried, warn } from "./finding.ts";

const REACH = "See that the bot reaches slack.com (DNS, proxy, NetworkPolicy).";

export async function checkSlack({ slack }: Config, log: Logger): Promise<Area> {
  const options = slackClientOptions(slack.apiUrl, log);
  const bot = new WebClient(slack.botToken, options);
  let scopes: readonly string[] | undefined;

  const token = await attempt(
    "bot token",
    { unauthorised: "Put the app's Bot User OAuth Token (xoxb-…) where slack.botToken says.", otherwise: REACH },
    async () => {
      const who = await bot.auth
        .test()
        .catch((error: unknown) => Promise.reject(slackError(error, "asking who we are")));
      scopes = who.response_metadata?.scopes;
      return `@${who.user ?? "?"} in ${who.team ?? "?"}`;
    },
  );
  const { receive } = slack;
  const arrival = receive.mode === "socket" ? checkSocket(receive.appToken, options) : undefined;
  const named =
    token.result === "pass"
      ? [
          checkScopes(scopes),
          await checkChannel(bot, slack.channel),
          await checkOperators(bot, slack.operators, scopes),
        ]
      : ["scopes", "channel", "operators"].map((check) => untried(check, "the bot token"));
  return { area: "slack", findings: [token, ...named, ...(arrival === undefined ? [] : [await arrival])] };
}

async function checkSocket(appToken: string, options: WebClientOptions): Promise<Finding> {
  const app = new WebClient(appToken, options);
  return await attempt(
    "app token",
    {
      unauthorised:
        "Make an app-level token (xapp-…) with connections:write under Basic Information, and put it where slack.appToken says.",
      otherwise: `Switch Socket Mode on in the app's settings. ${REACH}`,
    },
    async () => {
      await app.apps.connections
        .open({})
        .catch((error: unknown) => Promise.reject(slackError(error, "opening a socket")));
      return "opens a Socket Mode connection";
    },
  );
}

function checkScopes(scopes: readonly string[] | undefined): Finding {
  if (scopes === undefined) return warn("scopes", "Slack did not name them", "Compare them with manifest.yml.");
  const missing = BOT_SCOPES.filter((scope) => !scopes.includes(scope));
  if (missing.length === 0) return pass("scopes", BOT_SCOPES.join(", "));
  const remedy = "Take over manifest.yml under App Manifest, then reinstall the app to the workspace.";
  return fail("scopes", `missing: ${missing.join(", ")}`, remedy);
}

const CHANNEL: Readonly<Record<string, string>> = {
  channel_not_found: "Set slack.channel to a channel's id (its details show it) and invite the bot: /invite @afk.",
  not_in_channel: "Invite the bot: /invite @afk in the channel.",
  missing_scope: "Take over manifest.yml under App Manifest, then reinstall the app to the workspace.",
  is_archived: "Unarchive the channel, or set slack.channel to another one.",
};

/** Reads its last message, which the bot must be able to for finding its own posts again. */
async function checkChannel(bot: WebClient, channel: string): Promise<Finding> {
  try {
    await bot.conversations.history({ channel, limit: 1 });
    return pass("channel", `${channel} can be read`);
  } catch (error) {
    const said = platformError(error) ?? "";
    return fail("channel", slackError(error, `reading ${channel}`).message, CHANNEL[said] ?? REACH);
  }
}

async function checkOperators(
  bot: WebClient,
  operators: readonly string[],
  scopes: readonly string[] | undefined,
): Promise<Finding> {
  const remedy = "Set slack.operators to the ids of those who may pause, resume and resolve (a profile shows its id).";
  if (operators.length === 0) return warn("operators", "there is none: nobody may resolve anything", remedy);
  if (scopes?.includes("users:read") !== true) return pass("operators", `${operators.join(", ")} (not looked up)`);
  const seen = await Promise.all(
    operators.map(async (user) => {
      try {
        const found = await bot.users.info({ user });
        return found.user?.deleted === true ? `${user} is deactivated` : undefined;
      } catch (error) {
        return platformError(error) === "user_not_found" ? `${user} is nobody here` : undefined;
      }
    }),
  );
  const wrong = seen.filter((one) => one !== undefined);
  return wrong.length === 0 ? pass("operators", operators.join(", ")) : fail("operators", wrong.join("; "), remedy);
}
