// What GitHub does once a push has moved refs: it notes references to issues, closes those that a commit on the default
// branch closes, and tells whoever listens.
//
// Closing keywords: docs.github.com, "Linking a pull request to an issue": close, closes, closed, fix, fixes, fixed,
// resolve, resolves, resolved; in any letter case, with an optional colon, before #N or owner/name#N.

import { has } from "./access.ts";
import type { Git } from "./git.ts";
import { type Commit, commitsOf } from "./history.ts";
import { close, reference } from "./issues.ts";
import { type Push, type Repo, zeroSha } from "./model.ts";
import { findIssue, findRepo, findUser, fullName, timestamp, type World } from "./world.ts";

export type RefUpdate = { readonly ref: string; readonly before: string; readonly after: string };

type Mention = { readonly closes: boolean; readonly owner: string; readonly name: string; readonly number: number };

function mentionsIn(message: string, repo: { readonly owner: string; readonly name: string }): Mention[] {
  return [...message.matchAll(mentionPattern())].map(([, keyword, owner, name, number]) => ({
    closes: keyword !== undefined,
    owner: owner ?? repo.owner,
    name: name ?? repo.name,
    number: Number(number),
  }));
}

// `owner/name#1` is preceded by a word character, plain `#1` must not be.
function mentionPattern(): RegExp {
  return /(?:\b(close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+)?(?:\b([\w.-]+)\/([\w.-]+)#|(?<![\w&/#])#)(\d+)\b/gi;
}

/** Call once per push, after git has moved the refs. */
export async function afterPush(
  world: World,
  git: Git,
  repo: Repo,
  pusher: string,
  updates: readonly RefUpdate[],
): Promise<void> {
  if (updates.length === 0) return;
  repo.pushedAt = timestamp(world);
  repo.updatedAt = repo.pushedAt;
  for (const update of updates) {
    if (!update.ref.startsWith("refs/heads/") || update.after === zeroSha) continue;
    const commits = await newCommits(git, repo, update);
    const onDefault = update.ref === `refs/heads/${repo.defaultBranch}`;
    for (const commit of commits) applyMentions(world, repo, pusher, commit, onDefault);
  }
  for (const update of updates) announce(world, { repo: fullName(repo), pusher, ...update });
}

/** Oldest first. A first push brings its whole history. */
function newCommits(git: Git, repo: Repo, update: RefUpdate): Promise<Commit[]> {
  const known = update.before === zeroSha ? [] : [`^${update.before}`];
  return commitsOf(git, repo.gitDir, ["--reverse", update.after, ...known]);
}

function applyMentions(world: World, repo: Repo, pusher: string, commit: Commit, onDefault: boolean): void {
  for (const { closes, owner, name, number } of mentionsIn(commit.message, repo)) {
    const target = findRepo(world, owner, name);
    const issue = target && findIssue(target, number);
    if (target === undefined || issue === undefined) continue;
    if (!noted(issue.events, commit.sha)) reference(world, issue, pusher, fullName(repo), commit.sha);
    const allowed = target === repo || has(target, findUser(world, pusher), "write");
    if (closes && onDefault && allowed) close(world, issue, pusher, "completed", commit.sha);
  }
}

function noted(events: Repo["issues"][number]["events"], sha: string): boolean {
  return events.some((event) => event.event === "referenced" && event.commitId === sha);
}

/** A listener that throws must not undo a push that git has already done. */
function announce(world: World, push: Push): void {
  for (const listener of world.pushListeners) {
    try {
      listener(push);
    } catch (error) {
      console.error(`github: a push listener failed: ${String(error)}`);
    }
  }
}
