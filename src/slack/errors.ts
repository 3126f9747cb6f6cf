import { ErrorCode } from "@slack/web-api";
import { AfkError, messageOf } from "../errors.ts";

/** Slack's platform error code (`channel_not_found` …), where `error` is one. */
export function platformError(error: unknown): string | undefined {
  const { code, data } = error as { code?: unknown; data?: { error?: unknown } };
  return code === ErrorCode.PlatformError && typeof data?.error === "string" ? data.error : undefined;
}

/** How long Slack wants to be left alone, where `error` is a 429. */
export function retryAfterMs(error: unknown): number | undefined {
  const { code, retryAfter } = error as { code?: unknown; retryAfter?: unknown };
  if (code !== ErrorCode.RateLimitedError) return undefined;
  return typeof retryAfter === "number" ? retryAfter * 1_000 : 1_000;
}

const TOKEN_ERRORS = new Set([
  "invalid_auth",
  "not_authed",
  "token_revoked",
  "token_expired",
  "account_inactive",
  "missing_scope",
]);
const ARCHIVED = "the channel is archived: unarchive it or configure another";
const CHANNEL_ERRORS: Readonly<Record<string, string>> = {
  channel_not_found: "the channel does not exist or the bot cannot see it: check slack.channel and invite the bot",
  not_in_channel: "the bot is not in the channel: invite it",
  is_archived: ARCHIVED,
  // Of an edit in it.
  is_inactive: ARCHIVED,
};

/** Whether the channel was archived: it can be read as before then, and not be written to. */
export function isArchived(error: unknown): boolean {
  return CHANNEL_ERRORS[platformError(error) ?? ""] === ARCHIVED;
}

/** What Slack said, as the bot's error: a platform error is an answer, anything else may not have arrived. */
export function slackError(error: unknown, what: string): AfkError {
  const said = platformError(error);
  if (said === undefined) return new AfkError("unreachable", `Slack, ${what}: ${messageOf(error)}`, error);
  if (TOKEN_ERRORS.has(said))
    return new AfkError("unauthorised", `Slack, ${what}: ${said}. Check the token and its scopes.`);
  const channel = CHANNEL_ERRORS[said];
  if (channel !== undefined) return new AfkError("config", `Slack, ${what}: ${channel}.`);
  const messages = (error as { data?: { response_metadata?: { messages?: readonly string[] } } }).data
    ?.response_metadata?.messages;
  return new AfkError("refused", `Slack, ${what}: ${[said, ...(messages ?? [])].join(" ")}`);
}
