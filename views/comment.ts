import { shortSha } from "../src/domain/repo.ts";
import { landedOf, type Run } from "../src/domain/run.ts";
import { type Phase, phasesOf, repoUrl, stateWord } from "./phases.ts";
import { cut, elapsed } from "./text.ts";

/** Hidden in the run's one comment, to find it again. */
export function commentMarker(run: Run): string {
  return `<!-- afk-run: ${run.id} -->`;
}

/** The run's progress comment on its issue, in GitHub's Markdown. */
export function comment(run: Run): string {
  const { state } = run;
  const landed = landedOf(run);
  const links = [
    ...(run.session?.url ? [`[T3 session](${run.session.url})`] : []),
    ...(landed === null ? [] : [`[${shortSha(landed.sha)}](${repoUrl(run)}/commit/${landed.sha})`]),
  ];
  const lines = [
    commentMarker(run),
    `**${stateWord(run)}**${state.name === "deployed" ? ` in ${elapsed(state.since - run.startedAt)}` : ""}${links.length > 0 ? ` · ${links.join(" · ")}` : ""}`,
    "",
    ...phasesOf(run).map(phaseLine),
  ];
  if (!("reason" in state)) return lines.join("\n");
  const { text, details } = state.reason;
  return [...lines, "", text, ...(details ? ["", fenced(cut(details.trim(), 3_000))] : [])].join("\n");
}

/** What was seen, and when: GitHub shows everyone the same text, so in UTC. */
function phaseLine({ title, state, seen, at }: Phase): string {
  const box = `- [${state === "done" ? "x" : " "}] ${title}`;
  if (state === "open") return box;
  return `${box}${seen === "" ? "" : ` – ${inert(seen)}`}${at === null ? "" : ` (${utc(at)})`}`;
}

function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** No mention, link or formatting comes of what was seen. */
function inert(text: string): string {
  return text
    .replaceAll(/([\\`*_{}[\]<>#|~])/g, "\\$1")
    .replaceAll("@", "@\u200b")
    .replaceAll("://", ":\u200b//");
}

/** A fence longer than any run of backticks inside it, so that the text cannot end it. */
function fenced(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}text\n${text}\n${fence}`;
}
