// A run that is found outside and not in the state: because the state was lost. It is taken on where its session is
// found, and put before a person where not. Never is anything started on top of what may still live.

import type { Candidate } from "./evidence.ts";
import { branchOf, digestOf, runIdOf } from "./ids.ts";
import type { RepoKey } from "./repo.ts";
import type { Release, Run, Session, Tree, Turn } from "./run.ts";
import { runsOfIssue } from "./runs.ts";
import type { BotState } from "./state.ts";

/** Of the issues that carry the label of a run under way: those of which the state knows no run at all. */
export function strandedOf(repo: RepoKey, running: readonly number[], state: BotState): readonly number[] {
  return running.filter((issue) => runsOfIssue(state, repo, issue).length === 0);
}

/** The runs that the issue's releases can have started, the latest first: their ids follow from the releases. */
export function possibleRuns(
  repo: RepoKey,
  issue: number,
  releases: readonly Release[],
): readonly { readonly id: string; readonly release: Release }[] {
  return releases.toReversed().map((release) => ({ id: runIdOf(repo, issue, release), release }));
}

type Known = {
  readonly repo: RepoKey;
  readonly issue: Pick<Candidate, "number" | "title" | "url">;
  readonly release: Release;
  readonly defaultBranch: string;
  readonly slot: number;
};

/** The run as its dispatch made it, as far as that follows from its release; `text` is the prompt it was given. */
export function rebuiltRun({ repo, issue, release, defaultBranch, slot }: Known, text: string, now: number): Run {
  const { number, title, url } = issue;
  const id = runIdOf(repo, number, release);
  return {
    id,
    repo,
    issue: { number, title, url },
    release,
    defaultBranch,
    branch: branchOf(number, id),
    slot,
    prompt: { text, sha256: digestOf(text), sources: [] },
    startedAt: now,
    reached: {},
    messages: 0,
    orders: [],
    resolved: [],
    tree: null,
    session: null,
    state: { name: "preparing", since: now, failure: null, refusals: 0 },
    shown: { commentId: null, comment: null, issue: null },
  };
}

/** The run at work again, in the turn that its session was last asked for. */
export function adoptedRun(
  run: Run,
  found: { readonly tree: Tree; readonly session: Session; readonly turn: Turn },
  startedAt: number,
): Run {
  const { tree, session, turn } = found;
  const reached = { tree: startedAt, turn: turn.askedAt };
  const state = { name: "working", since: turn.askedAt, turn, stop: null } as const;
  return { ...run, startedAt, tree, session, reached, state, messages: turn.ordinal };
}

/** The run as a question to people. Its issue is then labelled for one. */
export function escalatedRun(run: Run, details: string, now: number): Run {
  const text = "This issue is labelled as worked on, and no run of it could be found or taken on.";
  return {
    ...run,
    state: {
      name: "blocked",
      since: now,
      reason: { kind: "session-lost", text, details },
      turn: null,
      agentMayLive: false,
      stranded: true,
    },
  };
}
