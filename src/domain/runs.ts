// The runs of a state, by what they are of.

import type { RepoKey } from "./repo.ts";
import type { Run } from "./run.ts";
import type { BotState } from "./state.ts";

/** Each state's runs by repo, made when they are first asked for: a state never changes, and each event makes a new one. */
const byRepo = new WeakMap<BotState["runs"], ReadonlyMap<RepoKey, readonly Run[]>>();

/** The repo's runs, newest last. */
export function runsOf({ runs }: Pick<BotState, "runs">, repo: RepoKey): readonly Run[] {
  let known = byRepo.get(runs);
  if (known === undefined) {
    known = Map.groupBy(
      Object.values(runs).sort((a, b) => a.startedAt - b.startedAt),
      (run) => run.repo,
    );
    byRepo.set(runs, known);
  }
  return known.get(repo) ?? [];
}

/** The issue's runs, newest last; the last one is what the issue's Slack thread shows. */
export function runsOfIssue(state: BotState, repo: RepoKey, issue: number): readonly Run[] {
  return runsOf(state, repo).filter((run) => run.issue.number === issue);
}
