import { branchOf, digestOf, runIdOf } from "../src/domain/ids.ts";
import type { Run } from "../src/domain/run.ts";

/** A run as heavy as a real one: its prompt holds the issue. */
export function activeRun(n: number, repo = `acme/repo-${n}`): Run {
  const release = { eventId: n, actor: "maintainer", at: 1 };
  const id = runIdOf(repo, n, release);
  const text = `You implement issue #${n} of ${repo}.\n`.repeat(100);
  return {
    id,
    repo,
    issue: { number: n, title: `Issue ${n}`, url: `https://github.com/${repo}/issues/${n}` },
    release,
    defaultBranch: "main",
    branch: branchOf(n, id),
    slot: 1,
    prompt: { text, sha256: digestOf(text), sources: [] },
    startedAt: 1,
    tree: null,
    session: null,
    state: { name: "preparing", since: 1, failure: null, refusals: 0 },
    reached: {},
    messages: 1,
    orders: [],
    resolved: [],
    shown: { commentId: null, comment: null, issue: null },
  };
}
