// What an issue waits for, and whether that is closed: GitHub's own dependencies, and what the body names.

import { blockerName, blockersIn } from "../domain/blockers.ts";
import type { BlockerSeen } from "../domain/evidence.ts";
import { known, type Observed, unknown } from "../domain/observed.ts";
import { findRepoKey, issueKey, type RepoKey, splitRepo } from "../domain/repo.ts";
import { messageOf } from "../errors.ts";
import { type GitHubClient, statusOf } from "./client.ts";

/** An issue that names more than these is not read to the end, and so is blocked. */
const MOST_NAMED = 30;
/** How far a cycle is followed. */
const MOST_FOLLOWED = 20;

export type IssueText = {
  readonly number: number;
  readonly body: string;
  /** Where the issue is shown: tells which GitHub this is. */
  readonly url: string;
  /** GitHub's count of dependencies, seen and unseen; null where it has no such feature. */
  readonly dependencies: number | null;
};

/** Throws where the dependencies cannot be listed; a single blocker that cannot be read is unknown. */
export async function fetchBlockers(
  client: GitHubClient,
  repo: RepoKey,
  issue: IssueText,
): Promise<readonly BlockerSeen[]> {
  const native = await fetchDependencies(client, repo, issue);
  const have = new Set(native.map(({ name }) => name));
  const refs = blockersIn(issue.body, { repo, host: new URL(issue.url).host }).filter(
    (ref) => !have.has(blockerName(ref)),
  );
  const named = await Promise.all(
    refs.slice(0, MOST_NAMED).map(async (ref): Promise<BlockerSeen> => {
      const state =
        ref.at === "here" ? await fetchState(client, ref.repo, ref.number) : unknown("it is not on this GitHub");
      return { name: blockerName(ref), source: "text", state };
    }),
  );
  if (refs.length <= MOST_NAMED) return [...native, ...named];
  const rest: BlockerSeen = {
    name: `${refs.length - MOST_NAMED} more`,
    source: "text",
    state: unknown(`no more than ${MOST_NAMED} are looked at`),
  };
  return [...native, ...named, rest];
}

async function fetchDependencies(
  client: GitHubClient,
  repo: RepoKey,
  issue: IssueText,
): Promise<readonly BlockerSeen[]> {
  if (issue.dependencies === null || issue.dependencies === 0) return [];
  const { owner, name } = splitRepo(repo);
  const listed = await client.paginate(client.rest.issues.listDependenciesBlockedBy, {
    owner,
    repo: name,
    issue_number: issue.number,
    per_page: 100,
  });
  const seen = listed.map(
    (blocker): BlockerSeen => ({
      name: issueKey(repoOf(blocker.html_url) ?? repo, blocker.number),
      source: "dependency",
      state: known(blocker.state === "closed" ? "closed" : "open"),
    }),
  );
  const hidden = issue.dependencies - seen.length;
  if (hidden <= 0) return seen;
  const which = hidden === 1 ? "one blocker" : `${hidden} blockers`;
  return [...seen, { name: which, source: "dependency", state: unknown("in a repository the bot may not see") }];
}

async function fetchState(client: GitHubClient, repo: RepoKey, number: number): Promise<Observed<"open" | "closed">> {
  const { owner, name } = splitRepo(repo);
  try {
    const { data } = await client.rest.issues.get({ owner, repo: name, issue_number: number });
    return known(data.state === "closed" ? "closed" : "open");
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return unknown("GitHub shows the bot no such issue: deleted, private or never there");
    if (status === 410) return unknown("it was deleted");
    return unknown(messageOf(error));
  }
}

/** Who waits for whom, from the open blockers on, as far as it can be read: to tell a cycle from a wait. */
export async function fetchBlockedBy(
  client: GitHubClient,
  blockers: readonly BlockerSeen[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const edges = new Map<string, readonly string[]>();
  const open = (seen: readonly BlockerSeen[]): readonly string[] =>
    seen.filter(({ state }) => state.known && state.value === "open").map(({ name }) => name);
  const queue = [...open(blockers)];
  for (const name of queue) {
    if (edges.has(name) || edges.size >= MOST_FOLLOWED) continue;
    const next = await openBlockersOf(client, name).catch(() => []);
    edges.set(name, open(next));
    queue.push(...open(next));
  }
  return edges;
}

async function openBlockersOf(client: GitHubClient, key: string): Promise<readonly BlockerSeen[]> {
  const [repo = "", number = ""] = key.split("#");
  const { owner, name } = splitRepo(repo);
  const { data } = await client.rest.issues.get({ owner, repo: name, issue_number: Number(number) });
  const { body, html_url: url, issue_dependencies_summary: summary } = data;
  const dependencies = summary?.total_blocked_by ?? null;
  return await fetchBlockers(client, repo, { number: data.number, body: body ?? "", url, dependencies });
}

/** The repo of an issue's page, as its key. */
export function repoOf(issueUrl: string): RepoKey | undefined {
  return findRepoKey(/\/([^/]+\/[^/]+)\/(?:issues|pull)\/\d+$/.exec(issueUrl)?.[1] ?? "");
}
