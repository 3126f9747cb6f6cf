// Commits, comparisons and the contents of files.

import { type Answer, invalid, json, notFound, pageOf, Refusal } from "../answers.ts";
import { type Commit, changesBetween, commitsBySha, listShas, listTree, readBlob, resolve } from "../history.ts";
import type { Repo } from "../model.ts";
import { type Call, type RepoCall, type Route, repoRoute } from "../route.ts";
import { changeShape, changeStats, commitShape, contentType, entryShape } from "../shapes/commit.ts";
import { repoApi, repoHtml } from "../shapes/repo.ts";

/** The sha that the path's or query's ref stands for. Throws GitHub's 422 for what is no commit. */
export async function requireSha(call: Call & { readonly repo: Repo }, ref: string): Promise<string> {
  const sha = await resolve(call.git, call.repo.gitDir, ref);
  if (sha === undefined) throw new Refusal(422, `No commit found for SHA: ${ref}`);
  return sha;
}

export async function requireCommit(call: RepoCall, sha: string): Promise<Commit> {
  const [commit] = await commitsBySha(call.git, call.repo.gitDir, [sha]);
  if (commit === undefined) throw notFound();
  return commit;
}

async function listCommits(call: RepoCall): Promise<Answer> {
  const { sha: ref, path, since, until, author } = call.query;
  const sha = await resolve(call.git, call.repo.gitDir, ref || call.repo.defaultBranch);
  if (sha === undefined) throw notFound();
  const args = [sha];
  if (since) args.push(`--since=${since}`);
  if (until) args.push(`--until=${until}`);
  if (author) args.push("--fixed-strings", `--author=${author}`);
  if (path) args.push("--", path);
  const shas = await listShas(call.git, call.repo.gitDir, args);
  return pageOf(shas, async (some) => {
    const commits = await commitsBySha(call.git, call.repo.gitDir, some);
    return commits.map((commit) => commitShape(call.world, call.repo, commit));
  });
}

async function getCommit(call: RepoCall): Promise<Answer> {
  const sha = await requireSha(call, call.params["ref"] ?? "");
  if (call.accept.includes("application/vnd.github.sha")) {
    return { kind: "text", body: Buffer.from(sha), type: "application/vnd.github.sha; charset=utf-8" };
  }
  const commit = await requireCommit(call, sha);
  const changes = await changesBetween(call.git, call.repo.gitDir, commit.parents[0], sha);
  const shape = {
    ...commitShape(call.world, call.repo, commit),
    stats: changeStats(changes),
    files: changes.map((change) => changeShape(call.world, call.repo, sha, change)),
  };
  return json(shape, commit.committer.date);
}

async function compare(call: RepoCall): Promise<Answer> {
  const { git, repo, world } = call;
  const [, baseName = "", headName = ""] = /^(.+?)\.\.\.(.+)$/.exec(call.params["basehead"] ?? "") ?? [];
  const own = (name: string): string => name.replace(new RegExp(`^${repo.owner}:`, "i"), "");
  const base = await resolve(git, repo.gitDir, own(baseName));
  const head = await resolve(git, repo.gitDir, own(headName));
  if (base === undefined || head === undefined) throw notFound();
  const merge = (await git.attempt(repo.gitDir, ["merge-base", base, head])).stdout.toString().trim();
  if (merge === "") throw new Refusal(404, "No common ancestor between the two commits.");
  const ahead = await listShas(git, repo.gitDir, ["--reverse", `${base}..${head}`]);
  const behind = await listShas(git, repo.gitDir, [`${head}..${base}`]);
  const changes = await changesBetween(git, repo.gitDir, merge, head);
  const [baseCommit, mergeCommit, ...commits] = await commitsBySha(git, repo.gitDir, [
    base,
    merge,
    ...ahead.slice(-250),
  ]);
  if (baseCommit === undefined || mergeCommit === undefined) throw notFound();
  const html = `${repoHtml(world, repo)}/compare/${base}...${head}`;
  return json({
    url: `${repoApi(world, repo)}/compare/${encodeURI(baseName)}...${encodeURI(headName)}`,
    html_url: html,
    permalink_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    base_commit: commitShape(world, repo, baseCommit),
    merge_base_commit: commitShape(world, repo, mergeCommit),
    status: statusOf(ahead.length, behind.length),
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    commits: commits.map((commit) => commitShape(world, repo, commit)),
    files: changes.slice(0, 300).map((change) => changeShape(world, repo, head, change)),
  });
}

function statusOf(ahead: number, behind: number): string {
  if (ahead > 0) return behind > 0 ? "diverged" : "ahead";
  return behind > 0 ? "behind" : "identical";
}

async function getContents(call: RepoCall): Promise<Answer> {
  const { git, repo, world } = call;
  const ref = call.query["ref"] || repo.defaultBranch;
  const path = (call.params["path"] ?? "").replace(/^\/+|\/+$/g, "");
  if (path.split("/").includes("..")) throw invalid({ resource: "Content", field: "path", code: "invalid" });
  const sha = await resolve(git, repo.gitDir, ref);
  if (sha === undefined) throw new Refusal(404, `No commit found for the ref ${ref}`);
  const tree = await listTree(git, repo.gitDir, sha, path);
  if (tree === undefined) throw notFound();
  if (tree.folder) return json(tree.entries.map((entry) => entryShape(world, repo, ref, entry)));
  const [entry] = tree.entries;
  if (entry === undefined) throw notFound();
  const shape = entryShape(world, repo, ref, entry);
  const type = contentType(entry);
  if (type === "submodule") return json({ ...shape, submodule_git_url: null });
  const blob = await readBlob(git, repo.gitDir, entry.sha);
  if (type === "symlink") return json({ ...shape, target: blob.toString() });
  if (/application\/vnd\.github\.(v3\.)?raw/.test(call.accept)) {
    return { kind: "text", body: blob, type: "application/vnd.github.raw; charset=utf-8" };
  }
  // GitHub breaks the lines of base64 after 60 characters.
  const content = blob.toString("base64").replace(/.{1,60}/g, "$&\n");
  return json({ ...shape, encoding: "base64", content });
}

async function getTree(call: RepoCall): Promise<Answer> {
  const { git, repo } = call;
  const sha = await resolve(git, repo.gitDir, call.params["ref"] ?? "");
  if (sha === undefined) throw notFound();
  const recursive = (call.query["recursive"] ?? "") !== "";
  const tree = await listTree(git, repo.gitDir, sha, "", recursive);
  const api = repoApi(call.world, repo);
  const entries = (tree?.entries ?? []).map((entry) => ({
    path: entry.path,
    mode: entry.mode,
    type: entry.type,
    sha: entry.sha,
    ...(entry.type === "blob" ? { size: entry.size } : {}),
    url: `${api}/git/${entry.type}s/${entry.sha}`,
  }));
  return json({ sha, url: `${api}/git/trees/${sha}`, tree: entries, truncated: false });
}

export const commitRoutes: readonly Route[] = [
  repoRoute("get", "/commits", listCommits),
  repoRoute("get", "/compare/*basehead", compare),
  repoRoute("get", "/contents", getContents),
  repoRoute("get", "/contents/*path", getContents),
  repoRoute("get", "/git/trees/*ref", getTree),
  // Last: a ref may hold slashes, so this matches what the more particular routes below /commits/ did not.
  repoRoute("get", "/commits/*ref", getCommit),
];
