/** What the bot's token must be allowed: the bot scopes of manifest.yml. */
export const BOT_SCOPES: readonly string[] = ["chat:write", "commands", "channels:history"];
