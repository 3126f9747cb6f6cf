// Commits, files and refs as REST shows them.

import type { Json } from "../answers.ts";
import type { Change, Commit, TreeEntry } from "../history.ts";
import type { Repo } from "../model.ts";
import type { World } from "../world.ts";
import { repoApi, repoHtml } from "./repo.ts";
import { nodeId, simpleUser } from "./user.ts";

/** "commit" */
export function commitShape(world: World, repo: Repo, commit: Commit): Json {
  const api = repoApi(world, repo);
  const html = repoHtml(world, repo);
  return {
    sha: commit.sha,
    node_id: nodeId("C_", Number.parseInt(commit.sha.slice(0, 8), 16)),
    commit: {
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      url: `${api}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null },
    },
    url: `${api}/commits/${commit.sha}`,
    html_url: `${html}/commit/${commit.sha}`,
    comments_url: `${api}/commits/${commit.sha}/comments`,
    author: accountOf(world, commit.author.email),
    committer: accountOf(world, commit.committer.email),
    parents: commit.parents.map((sha) => ({ sha, url: `${api}/commits/${sha}`, html_url: `${html}/commit/${sha}` })),
  };
}

/** The account that has this address, as GitHub finds the people behind commits. */
function accountOf(world: World, email: string): Json | null {
  const user = [...world.users.values()].find((candidate) => candidate.email === email);
  return user === undefined ? null : simpleUser(world, user.login);
}

/** "simple-commit", as workflow runs and check suites carry it. */
export function simpleCommit(commit: Commit): Json {
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: commit.committer.date,
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
  };
}

/** "diff-entry" */
export function changeShape(world: World, repo: Repo, sha: string, change: Change): Json {
  const html = repoHtml(world, repo);
  const path = encodeURI(change.path);
  return {
    sha: change.sha,
    filename: change.path,
    status: change.status,
    additions: change.additions,
    deletions: change.deletions,
    changes: change.additions + change.deletions,
    blob_url: `${html}/blob/${sha}/${path}`,
    raw_url: `${html}/raw/${sha}/${path}`,
    contents_url: `${repoApi(world, repo)}/contents/${path}?ref=${sha}`,
    ...(change.previous === undefined ? {} : { previous_filename: change.previous }),
    ...(change.patch === undefined ? {} : { patch: change.patch }),
  };
}

export function changeStats(changes: readonly Change[]): Json {
  const additions = changes.reduce((sum, change) => sum + change.additions, 0);
  const deletions = changes.reduce((sum, change) => sum + change.deletions, 0);
  return { total: additions + deletions, additions, deletions };
}

/** An entry of "content-directory", and the common part of the other content shapes. */
export function entryShape(world: World, repo: Repo, ref: string, entry: TreeEntry): Json {
  const api = repoApi(world, repo);
  const html = repoHtml(world, repo);
  const path = encodeURI(entry.path);
  const folder = entry.type === "tree";
  const self = `${api}/contents/${path}?ref=${encodeURIComponent(ref)}`;
  const git = `${api}/git/${folder ? "trees" : "blobs"}/${entry.sha}`;
  const link = `${html}/${folder ? "tree" : "blob"}/${encodeURI(ref)}/${path}`;
  return {
    name: entry.path.split("/").at(-1) ?? "",
    path: entry.path,
    sha: entry.sha,
    size: entry.size,
    url: self,
    html_url: link,
    git_url: git,
    download_url: folder ? null : `${html}/raw/${encodeURI(ref)}/${path}`,
    type: contentType(entry),
    _links: { self, git, html: link },
  };
}

export function contentType(entry: TreeEntry): "dir" | "file" | "symlink" | "submodule" {
  if (entry.type === "tree") return "dir";
  if (entry.type === "commit") return "submodule";
  return entry.mode === "120000" ? "symlink" : "file";
}
