// What is to be seen of all issues, in the services themselves. Never asks the bot.

import type { ShownMessage } from "../slack/outcomes.ts";
import type { Thread } from "../t3/model.ts";
import { channel, slackUsers } from "../world/team.ts";
import type { Stage } from "./stage.ts";

export type Issue = { readonly repo: string; readonly number: number; readonly kind: string };

export type Sight = {
  readonly issue: Issue;
  /** Cards in Slack; one, once there is any. */
  readonly roots: readonly ShownMessage[];
  readonly replies: readonly ShownMessage[];
  /** The card's first words; undefined = no card yet. */
  readonly word: string | undefined;
  readonly sessions: readonly Thread[];
};

const [, viewer] = slackUsers;
export const ENDED: ReadonlySet<string> = new Set(["Deployed", "Abandoned", "Handed over"]);

export function lookAtAll(stage: Stage, issues: readonly Issue[]): readonly Sight[] {
  const shown = stage.slack
    .as(viewer.id)
    .messages(channel.id)
    .filter(({ byApp, onlyYou, deleted }) => byApp && !onlyYou && !deleted);
  const roots = Map.groupBy(
    shown.filter(({ threadTs }) => threadTs === undefined),
    ({ text }) => /^[\w ]+: (\S+#\d+) /.exec(text)?.[1] ?? "",
  );
  const replies = Map.groupBy(shown, ({ threadTs }) => threadTs ?? "");
  const sessions = Map.groupBy(stage.t3.threads(), ({ title }) => title);
  return issues.map((issue) => {
    const cards = roots.get(`${issue.repo}#${issue.number}`) ?? [];
    return {
      issue,
      roots: cards,
      replies: cards.flatMap(({ ts }) => replies.get(ts) ?? []),
      word: cards[0]?.text.split(":")[0],
      sessions: sessions.get(titleOf(issue)) ?? [],
    };
  });
}

/** As T3 has it. The agent is chosen by it. */
function titleOf({ number, repo, kind }: Issue): string {
  return `#${number} ${issueTitle(repo, kind)}`;
}

export function issueTitle(repo: string, kind: string): string {
  return `A change in ${repo} (${kind})`;
}
