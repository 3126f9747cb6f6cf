// Who may resolve what. Operators are users or user groups, and each repo may have owners beside them. Groups are asked
// for anew when what is known of them is older than a moment; a group that cannot be read lets nobody in.

import type { WebClient } from "@slack/web-api";
import type { Config } from "../config.ts";
import { messageOf } from "../errors.ts";
import type { Clock, Rights } from "../ports.ts";
import { slackError } from "./errors.ts";

/** Slack allows some twenty reads of groups a minute. */
const FRESH_MS = 15_000;

export function createRights(
  client: WebClient,
  { slack, repos }: Pick<Config, "slack" | "repos">,
  clock: Clock,
): Rights {
  const known = new Map<string, { readonly at: number; readonly users: Promise<ReadonlySet<string>> }>();

  function membersOf(group: string): Promise<ReadonlySet<string>> {
    const last = known.get(group);
    if (last !== undefined && clock.now() - last.at < FRESH_MS) return last.users;
    const users = client.usergroups.users
      .list({ usergroup: group })
      .then((answer): ReadonlySet<string> => new Set(answer.users ?? []));
    known.set(group, { at: clock.now(), users });
    users.catch(() => known.delete(group));
    return users;
  }

  return {
    async mayResolve(user, repo) {
      const owners = repo === undefined ? [] : (repos.get(repo)?.owners ?? []);
      const who = [...new Set([...slack.operators, ...owners])];
      if (who.includes(user)) return { is: "yes" };
      try {
        for (const group of who.filter((id) => id.startsWith("S"))) {
          if ((await membersOf(group)).has(user)) return { is: "yes" };
        }
      } catch (error) {
        return { is: "unknown", why: messageOf(slackError(error, "reading a user group")) };
      }
      return { is: "no", who };
    },
    githubOf: (user) => slack.people[user] ?? null,
  };
}
