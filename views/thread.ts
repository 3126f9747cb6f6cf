import { issueKey } from "../src/domain/repo.ts";
import type { Run } from "../src/domain/run.ts";
import { card, type View } from "./card.ts";
import { repoUrl } from "./phases.ts";
import { cutDetails, elapsed, escapeMrkdwn, plain, richSection } from "./text.ts";

type Reply = View & { readonly key: string; readonly broadcast: boolean };

/** The issue's thread as it should be: the latest run's card, and a reply for each transition a person cares about. */
export function thread(
  runs: readonly Run[],
): { readonly issue: string; readonly root: View; readonly replies: readonly Reply[] } | undefined {
  const latest = runs.at(-1);
  if (latest === undefined) return undefined;
  return { issue: issueKey(latest.repo, latest.issue.number), root: card(latest), replies: runs.flatMap(replyOf) };
}

function replyOf(run: Run): readonly Reply[] {
  const { state } = run;
  if (state.name === "deployed") {
    const url = `${repoUrl(run)}/commit/${state.landed.sha}`;
    const text = `:rocket: Deployed <${url}|${state.landed.sha.slice(0, 8)}> ${elapsed(state.since - run.startedAt)} after dispatch.`;
    const seen = state.evidence.map((line) => `• ${escapeMrkdwn(line)}`).join("\n");
    return [
      {
        key: `${run.id}/deployed`,
        broadcast: false,
        text,
        blocks: [{ type: "section", text: { type: "mrkdwn", text: `${text}\n${seen}`.slice(0, 2_900) } }],
      },
    ];
  }
  if (!("reason" in state)) return [];
  const word = state.name === "frozen" ? ":ice_cube: *Frozen*" : ":octagonal_sign: *Blocked*";
  const text = `${word} ${run.repo}#${run.issue.number}: ${state.reason.text}`;
  const next =
    "A person has to look: the issue is labelled for one. To have it tried again, settle what blocks it, then put the ready label back on.";
  return [
    {
      key: `${run.id}/${state.name}/${state.since}`,
      broadcast: true,
      text,
      blocks: [
        { type: "section", text: { type: "mrkdwn", text } },
        ...(state.reason.details
          ? [
              {
                type: "rich_text" as const,
                elements: [
                  {
                    type: "rich_text_quote" as const,
                    elements: [{ type: "text" as const, text: cutDetails(state.reason.details) }],
                  },
                ],
              },
            ]
          : []),
        { type: "rich_text", elements: [richSection(plain(next))] },
      ],
    },
  ];
}
