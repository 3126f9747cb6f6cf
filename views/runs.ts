import type { KnownBlock } from "@slack/types";
import { isActive, isEnded, type Run } from "../src/domain/run.ts";
import type { View } from "./card.ts";
import { note } from "./help.ts";
import { runLine } from "./run-line.ts";

/** Slack takes 50 blocks a message, and some 13,000 characters. */
const MOST = 25;

/** What waits for people first, then what works, then what ended in the last day. `part` = of a repo's name. */
export function runs(all: readonly Run[], part: string | undefined, now: number): View {
  const waiting = all.filter((run) => !isEnded(run) && !isActive(run));
  const active = all.filter(isActive);
  const ended = all.filter(isEnded);
  const of = part === undefined ? "" : ` of repos with “${part.replaceAll(/[^\w./-]/g, "").slice(0, 60)}”`;
  const headline = `${waiting.length} waiting for people, ${active.length} active, ${ended.length} ended in the last day`;
  const ordered = [waiting, active, ended].flatMap((group) => group.toSorted((a, b) => b.state.since - a.state.since));
  const more = ordered.length - MOST;
  return {
    text: headline,
    blocks: [
      ...note(`*Runs*${of} – ${headline}`).blocks,
      ...ordered.slice(0, MOST).map((run): KnownBlock => runLine(run, now)),
      ...(more > 0 ? note(`and ${more} more: \`/afk runs part-of-a-repo\` narrows it down`).blocks : []),
    ],
  };
}
