/** Mentions a user, or a user group, by Slack's id. */
export function mention(id: string): string {
  return id.startsWith("S") ? `<!subteam^${id}>` : `<@${id}>`;
}
