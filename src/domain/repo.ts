/** `owner/name` in lower case: GitHub's names are case-insensitive, so this is the one key for a repo everywhere. */
export type RepoKey = string;

/** `owner/name#12`, with the repo as its key. One Slack thread belongs to each. */
export type IssueKey = string;

/** A full commit hash, 40 (or 64) lower-case hex digits. */
export type Sha = string;

const REPO = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\/[a-z0-9._-]+$/i;

/** The key for `owner/name`, or undefined where the text names no repo. */
export function findRepoKey(text: string): RepoKey | undefined {
  return REPO.test(text) && !text.endsWith("/.") && !text.endsWith("/..") ? text.toLowerCase() : undefined;
}

export function splitRepo(repo: RepoKey): { readonly owner: string; readonly name: string } {
  const slash = repo.indexOf("/");
  return { owner: repo.slice(0, slash), name: repo.slice(slash + 1) };
}

export function issueKey(repo: RepoKey, issue: number): IssueKey {
  return `${repo}#${issue}`;
}

export function shortSha(sha: Sha): string {
  return sha.slice(0, 8);
}
