// When people are reminded of what nobody answered, and how loudly: in the thread, then by name, then all of them.
//
// Step 0 is the question itself; 1 reminds in its thread, 2 mentions who is asked first, 3 and all after it page everybody
// who may answer. After a pause of the bot's own, or quiet hours, the highest step that is due is taken and those below it
// are left out. Silence decides nothing: the ladder only rings.

import type { Escalation } from "./escalation.ts";
import { deadlineOf } from "./escalation.ts";
import { digestOf } from "./ids.ts";
import type { Policy } from "./policy.ts";
import { afterQuiet, type QuietHours } from "./quiet.ts";
import type { RepoKey } from "./repo.ts";

export type Ladder = {
  /** From the question to each step, and between those after the third. */
  readonly threadMs: number;
  readonly mentionMs: number;
  readonly pageMs: number;
  readonly everyMs: number;
  readonly quiet: QuietHours | null;
};

export type Bell = {
  readonly step: number;
  readonly how: "thread" | "mention" | "page";
  /** Not before that, in UTC milliseconds. */
  readonly at: number;
};

/** How far people were reminded, and when last; `rang`: the last step that the second bell was rung for. */
export type Reminded = { readonly step: number; readonly at: number; readonly rang?: number | undefined };

/** What is asked for a time only is raised for the last time when so much of it is over. */
const LAST_CALL = 0.75;
/** Bells come later by up to so much of their time, so that questions asked together are not raised together. */
const JITTER = 0.1;
/** After quiet hours they come within so long. */
const SPREAD_MS = 10 * 60_000;

/** The next bell of an open escalation. It may be due already. */
export function nextBell(
  escalation: Escalation,
  last: Pick<Reminded, "step"> | undefined,
  { ladder, policy, now }: { readonly ladder: Ladder; readonly policy: Policy; readonly now: number },
): Bell {
  const deadline = deadlineOf(escalation, policy);
  const waits = deadline === null ? Number.POSITIVE_INFINITY : deadline.at - escalation.since;
  const squeeze = Math.min(1, (LAST_CALL * waits) / ladder.pageMs);
  const dueAt = (step: number): number =>
    escalation.since + afterMs(step, ladder) * squeeze * (1 + JITTER * shareOf(escalation.id, step));

  let step = (last?.step ?? 0) + 1;
  while (dueAt(step + 1) <= now) step += 1;
  const due = Math.max(dueAt(step), now);
  const loudAt = ladder.quiet === null ? due : afterQuiet(due, ladder.quiet);
  const at = loudAt === due ? dueAt(step) : loudAt + SPREAD_MS * shareOf(escalation.id, step);
  return { step, how: howOf(step), at: Math.round(at) };
}

export function howOf(step: number): Bell["how"] {
  if (step <= 1) return "thread";
  return step === 2 ? "mention" : "page";
}

/** Who may answer: Slack users and user groups. */
export type Audience = {
  readonly operators: readonly string[];
  ownersOf(repo: RepoKey): readonly string[];
};

/** Whom a reminder mentions: nobody, then the repo's owners (the operators where it has none), then all of them. */
export function audienceOf(step: number, { operators, ownersOf }: Audience, repo: RepoKey): readonly string[] {
  const how = howOf(step);
  if (how === "thread") return [];
  const owners = ownersOf(repo);
  return how === "mention" && owners.length > 0 ? owners : [...new Set([...owners, ...operators])];
}

function afterMs(step: number, { threadMs, mentionMs, pageMs, everyMs }: Ladder): number {
  if (step === 1) return threadMs;
  if (step === 2) return mentionMs;
  return pageMs + (step - 3) * everyMs;
}

/** From 0 to 1, the same each time it is asked. */
function shareOf(id: string, step: number): number {
  return Number.parseInt(digestOf(`${id}/${step}`).slice(0, 8), 16) / 0xffffffff;
}

/**
 * The step that the second bell is to be rung for now; undefined = none. Of `pages` it rings for what freezes a repo at
 * once, and for everything else when it is paged; of `all` for every question and every reminder.
 */
export function ringNow(
  escalation: Escalation,
  reminded: Reminded | undefined,
  { rings, quiet, now }: { readonly rings: "pages" | "all"; readonly quiet: QuietHours | null; readonly now: number },
): number | undefined {
  const { step, rang = -1 } = reminded ?? { step: 0 };
  const loud = rings === "all" || howOf(step) === "page" || (step === 0 && escalation.kind === "frozen");
  if (!loud || step <= rang) return undefined;
  return quiet !== null && afterQuiet(now, quiet) > now ? undefined : step;
}
