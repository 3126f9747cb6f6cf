import type { KnownBlock } from "@slack/types";
import type { Run } from "../src/domain/run.ts";
import { faceOf } from "./faces.ts";
import { stateWord } from "./phases.ts";
import { bold, cut, elapsed, link, plain, richSection } from "./text.ts";

/** A run in a line, wherever several are listed. */
export function runLine(run: Run, now: number): KnownBlock {
  const title = cut(run.issue.title.replaceAll(/\s+/g, " ").trim() || "(no title)", 90);
  const why = "reason" in run.state ? `\n${cut(run.state.reason.text, 160)}` : "";
  const session = run.session?.url ? [plain("  "), link(run.session.url, "session")] : [];
  return {
    type: "rich_text",
    elements: [
      richSection(
        { type: "emoji", name: faceOf(run) },
        plain(" "),
        bold(stateWord(run)),
        plain(` for ${elapsed(now - run.state.since)}  `),
        link(run.issue.url, `${run.repo}#${run.issue.number}`),
        plain(`  ${title}`),
        ...session,
        ...(why === "" ? [] : [plain(why)]),
      ),
    ],
  };
}
