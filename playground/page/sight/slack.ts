import type { Slack } from "../../slack/slack.ts";
import { slackUsers } from "../../world/team.ts";
import type { SlackSection } from "../protocol.ts";

const RIGHTS: Readonly<Record<string, string>> = {
  [slackUsers[0].id]: "may resolve, pause and resume",
  [slackUsers[1].id]: "may look and ask",
  [slackUsers[2].id]: "may look and ask",
};

/** Slack as one person sees it. */
export function lookAtSlack(slack: Slack, as: string): SlackSection {
  const person = slack.as(as);
  const channels = slack.channels().filter(({ id, archived }) => !archived && id.startsWith("C"));
  return {
    app: { name: slack.users().find(({ id }) => id === slack.bot.userId)?.realName ?? "app", userId: slack.bot.userId },
    people: slackUsers.map(({ id, realName }) => ({ id, name: realName, rights: RIGHTS[id] ?? "" })),
    channels: channels.map(({ id, name }) => ({ id, name })),
    messages: channels.flatMap(({ id }) => person.messages(id)),
    modals: person.modals(),
    home: person.home() ?? null,
  };
}
