// Why an issue starts or does not: every gate by name, on a reading of now. For people, in Slack and at the shell.

import type { Gate } from "./domain/gate.ts";
import { gatesOf, selectNext } from "./domain/gates.ts";
import { known, type Observed } from "./domain/observed.ts";
import { issueKey, type RepoKey } from "./domain/repo.ts";
import { isActive } from "./domain/run.ts";
import { runsOfIssue } from "./domain/runs.ts";
import type { BotState } from "./domain/state.ts";
import type { GitHub } from "./ports.ts";
import { type Surroundings, standingOf } from "./standing.ts";

export type Answer = {
  /** `owner/name#12` */
  readonly issue: string;
  /** False: there is no such issue, and `verdict` says what GitHub said. */
  readonly exists: boolean;
  readonly title: string | null;
  readonly url: string | null;
  /** Empty where there is no such issue. */
  readonly gates: readonly Gate[];
  readonly starts: boolean;
  /** In a sentence. */
  readonly verdict: string;
};

/** Reads only, but for the repo's enrolment, which is checked where its last check is too old. */
export async function explain(
  repo: RepoKey,
  number: number,
  parts: Surroundings & { readonly github: GitHub; readonly state: BotState },
): Promise<Observed<Answer>> {
  const { github, state } = parts;
  const issue = issueKey(repo, number);
  const [standing, seen] = await Promise.all([standingOf(repo, state, parts), github.fetchIssue(repo, number)]);
  if (!seen.known) return seen;
  if (seen.value.is === "missing") {
    const verdict = `Nothing to start: ${seen.value.why}.`;
    return known({ issue, exists: false, title: null, url: null, gates: [], starts: false, verdict });
  }
  const { candidate } = seen.value;
  const ring = candidate.blockers.known ? await github.fetchBlockedBy(candidate.blockers.value) : new Map();
  const gates = gatesOf(repo, candidate, standing, ring);
  const starts = gates.every(({ pass }) => pass);
  const base = { issue, exists: true, title: candidate.title, url: candidate.url, gates };
  const running = runsOfIssue(state, repo, number).find(isActive);
  if (running !== undefined) {
    return known({ ...base, starts: false, verdict: `Run ${running.id} of it is ${running.state.name} now.` });
  }
  if (!starts) {
    const failed = gates.filter(({ pass }) => !pass).map(({ gate }) => gate);
    return known({ ...base, starts, verdict: `Does not start: ${failed.join(", ")}.` });
  }
  const others = await github.fetchCandidates(repo);
  const first = others.known ? selectNext(repo, others.value, standing)?.candidate.number : undefined;
  const ahead = first === undefined || first === number ? "at the next look at the repo" : `after #${first}`;
  return known({ ...base, starts, verdict: `Starts ${ahead}.` });
}
