/** What the bot's token must be allowed: the bot scopes of manifest.yml. */
export const BOT_SCOPES: readonly string[] = [
  "app_mentions:read",
  "channels:history",
  "chat:write",
  "commands",
  "reactions:write",
  "usergroups:read",
];
