// A token that a service refuses, as a message to the channel: what is meant to be done, and that it was done.

import type { View } from "./card.ts";
import { mention } from "./mention.ts";
import { serviceName } from "./service.ts";
import { cut, escapeMrkdwn, slackTime } from "./text.ts";

const MEND: Readonly<Record<string, string>> = {
  github: "Put a good one where `github.token` (or the app's key where `github.app`) says.",
  t3: "Make another one, and put it where `t3.token` (or the `token` among `t3.others`) says; a token that is minted needs a good admin token.",
  slack: "Install the app again of manifest.yml, and put its tokens where `slack.botToken` and `slack.appToken` say.",
  cluster: "See that the bot's service account, or its kubeconfig, is good and may read the workloads.",
};

export function tokenRefused(
  service: string,
  { since, why }: { readonly since: number; readonly why: string },
  operators: readonly string[],
): View {
  const text = `:key: *${serviceName(service)} refuses the bot's token* since ${slackTime(since)}`;
  const names = operators.slice(0, 20).map(mention).join(" ");
  const lines = [
    text,
    `> ${escapeMrkdwn(cut(why.replaceAll(/\s+/g, " ").trim(), 500))}`,
    `${MEND[service.split(":")[0] ?? ""] ?? ""} Nothing is lost: what needs it waits, and \`afk check\` tries every right. ${names}`.trim(),
  ];
  return {
    text: `${serviceName(service)} refuses the bot's token ${names}`.trim(),
    blocks: [{ type: "section", text: { type: "mrkdwn", text: lines.join("\n") } }],
  };
}

export function tokenTaken(service: string, since: number): View {
  const text = `:white_check_mark: ${serviceName(service)} takes the bot's token again; it was refused from ${slackTime(since)} on.`;
  return { text, blocks: [{ type: "section", text: { type: "mrkdwn", text } }] };
}
