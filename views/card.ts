import type { Button, KnownBlock, PlanBlock } from "@slack/types";
import { costText } from "../src/domain/budget.ts";
import { shortSha } from "../src/domain/repo.ts";
import { isActive, landedOf, type Run } from "../src/domain/run.ts";
import { linkButton, pressButton } from "./actions.ts";
import { faceOf } from "./faces.ts";
import { type Phase, phasesOf, repoUrl, stateWord } from "./phases.ts";
import { bold, cut, cutTitle, elapsed, escapeMrkdwn, link, plain, richSection, slackTime } from "./text.ts";

export type View = { readonly text: string; readonly blocks: readonly KnownBlock[] };
/** `classic` is for workspaces that do not take the newer blocks. */
export type CardView = View & { readonly classic: readonly KnownBlock[] };

const MARK: Record<Phase["state"], string> = {
  done: ":white_check_mark:",
  now: ":hourglass_flowing_sand:",
  open: ":white_circle:",
  stopped: ":heavy_minus_sign:",
};

/** The live card: the root of the issue's thread, redrawn from the run's state. */
export function card(run: Run): CardView {
  const title = cutTitle(run.issue.title);
  const phases = phasesOf(run);
  const before: readonly KnownBlock[] = [
    {
      type: "rich_text",
      elements: [richSection(link(run.issue.url, `${run.repo}#${run.issue.number}`), plain("  "), bold(title))],
    },
    { type: "section", text: { type: "mrkdwn", text: `:${faceOf(run)}: *${stateWord(run)}*${summary(run)}` } },
  ];
  const after: readonly KnownBlock[] = [
    { type: "actions", elements: buttons(run) },
    {
      type: "context",
      elements: [{ type: "mrkdwn", text: `Run \`${run.id}\` · started ${slackTime(run.startedAt)}${cost(run)}` }],
    },
  ];
  const checklist: KnownBlock = {
    type: "section",
    text: { type: "mrkdwn", text: phases.map(phaseLine).join("\n") },
  };
  return {
    text: `${stateWord(run)}: ${run.repo}#${run.issue.number} ${escapeMrkdwn(title)}`,
    blocks: [...before, planOf(phases), ...after],
    classic: [...before, checklist, ...after],
  };
}

type Task = {
  readonly type: "task_card";
  readonly task_id: string;
  readonly title: string;
  readonly status: TaskStatus;
};
type TaskStatus = "pending" | "in_progress" | "complete" | "error";

/** The same checklist as a plan. What was seen stands in each title: details are folded away. Slack parses none of it. */
function planOf(phases: readonly Phase[]): PlanBlock {
  const stop = phases.findIndex(({ state }) => state === "stopped");
  const tasks = phases.map((phase, index): Task => {
    const { title, state, seen } = phase;
    return {
      type: "task_card",
      task_id: `phase-${index + 1}`,
      title: cut(seen === "" || state === "open" ? title : `${title} – ${seen}`, 300),
      status: state === "stopped" ? (index === stop ? "error" : "pending") : STATUS[state],
    };
  });
  return { type: "plan", title: "From the release to a healthy deploy", tasks };
}

const STATUS: Record<Exclude<Phase["state"], "stopped">, TaskStatus> = {
  done: "complete",
  now: "in_progress",
  open: "pending",
};

/** Unknown is said, not left out; before anybody could have looked there is nothing to say. */
function cost({ spend }: Run): string {
  return spend === undefined ? "" : ` · cost ${costText(spend)}`;
}

function summary(run: Run): string {
  const { state } = run;
  const took = elapsed(state.since - run.startedAt);
  switch (state.name) {
    case "working":
    case "fixing":
      if (state.stop !== null) return `: ${state.stop.reason.text}`;
      return state.asked === undefined ? "" : ": the agent waits for people, see the thread";
    case "verifying":
      return ` ${commitLink(run)}: waiting for CI and the rollout`;
    case "blocked":
      return ` after ${took}: ${state.reason.text}`;
    case "deployed":
      return ` ${commitLink(run)} in ${took}`;
    case "frozen":
      return ` ${commitLink(run)} after ${took}: ${state.reason.text}`;
    case "abandoned":
    case "handed-over":
      return `: ${escapeMrkdwn(state.why)}`;
    case "preparing":
      return state.failure === null ? "" : `: ${state.failure.step.replaceAll("-", " ")} failed, trying again`;
    default:
      return state satisfies never;
  }
}

function phaseLine({ title, state, seen }: Phase): string {
  const text = state === "done" || state === "now" ? `*${title}*` : title;
  return cut(`${MARK[state]} ${text}${seen === "" || state === "open" ? "" : ` – ${escapeMrkdwn(seen)}`}`, 500);
}

function commitLink(run: Run): string {
  const landed = landedOf(run);
  return landed === null ? "" : `<${repoUrl(run)}/commit/${landed.sha}|${shortSha(landed.sha)}>`;
}

function buttons(run: Run): Button[] {
  const session = run.session?.url;
  return [
    ...(session ? [linkButton("open-session.v1", "Open session", session)] : []),
    linkButton("open-issue.v1", "Open issue", run.issue.url),
    ...(isActive(run) && run.state.name !== "verifying" ? [pressButton("stop.v1", "Stop…", run.id)] : []),
  ];
}
