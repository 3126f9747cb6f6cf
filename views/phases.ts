// A run's way as a checklist, each line with what was seen. One source for the Slack card and the GitHub comment.

import { shortSha } from "../src/domain/repo.ts";
import { type Landed, landedOf, type Run } from "../src/domain/run.ts";

export type Phase = {
  readonly title: string;
  readonly state: "done" | "now" | "open" | "stopped";
  readonly seen: string;
  /** When it was seen, UTC in milliseconds; null where that is not known or not yet. */
  readonly at: number | null;
};

export function phasesOf(run: Run): readonly Phase[] {
  const { state } = run;
  const landed = landedOf(run);
  const stopped = "reason" in state || state.name === "abandoned" || state.name === "handed-over";
  const here = (isNow: boolean): Phase["state"] => (stopped ? "stopped" : isNow ? "now" : "open");
  const turnSeen =
    state.name !== "preparing" &&
    run.session !== null &&
    (!("reason" in state) || state.reason.kind !== "cannot-prepare");
  return [
    { title: "Released", state: "done", seen: `by ${run.release.actor}`, at: run.release.at },
    {
      title: "Tree ready",
      state: run.tree !== null || landed !== null || turnSeen ? "done" : here(state.name === "preparing"),
      seen: treeText(run),
      at: run.reached.tree ?? null,
    },
    {
      title: "Agent works",
      state: landed !== null ? "done" : turnSeen ? here(true) : here(false),
      seen: run.session === null ? "" : "one T3 session",
      at: run.reached.turn ?? null,
    },
    {
      title: "Landed",
      state: landed === null ? here(false) : "done",
      seen: landed === null ? "" : landedText(landed, run),
      at: landed === null ? null : (run.reached.landed ?? landed.seenAt),
    },
    {
      title: "CI and rollout healthy",
      state: state.name === "deployed" ? "done" : landed === null ? here(false) : here(state.name === "verifying"),
      seen: state.name === "deployed" ? state.evidence.join("; ") : "",
      at: state.name === "deployed" ? state.since : null,
    },
  ];
}

function treeText({ branch, treeMade }: Run): string {
  if (treeMade === undefined) return branch;
  const { warm, setup } = treeMade;
  if (setup === "skipped") return `${branch}, warm: nothing had to be installed`;
  if (setup === "ran") return warm ? `${branch}, warm, set up anew` : `${branch}, new, set up`;
  return warm ? `${branch}, warm` : branch;
}

function landedText({ sha, commits: count, note }: Landed, run: Run): string {
  const commits = count === 1 ? "1 commit" : `${count} commits`;
  return `${commits} on ${run.defaultBranch}, newest ${shortSha(sha)}${note === undefined ? "" : `. ${note}`}`;
}

/** `https://github.com/owner/name`, from the issue's own link. */
export function repoUrl(run: Run): string {
  return run.issue.url.replace(/\/issues\/\d+$/, "");
}

export function stateWord(run: Run): string {
  switch (run.state.name) {
    case "preparing":
      return run.state.landed === undefined ? "Preparing" : "Fixing";
    case "working":
      return run.state.stop === null ? (run.state.asked === undefined ? "Working" : "Asking") : "Stopping";
    case "fixing":
      return run.state.stop === null ? (run.state.asked === undefined ? "Fixing" : "Asking") : "Stopping";
    case "verifying":
      return "Verifying";
    case "blocked":
      return "Blocked";
    case "frozen":
      return "Frozen";
    case "handed-over":
      return "Handed over";
    case "deployed":
      return "Deployed";
    case "abandoned":
      return "Abandoned";
    default:
      return run.state satisfies never;
  }
}
