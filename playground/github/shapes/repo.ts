// Repositories as REST shows them.

import { permissionsOf, roleOf } from "../access.ts";
import type { Json } from "../answers.ts";
import type { Repo, User } from "../model.ts";
import { fullName, requireUser, type World } from "../world.ts";
import { apiUrl, nodeId, simpleUser } from "./user.ts";

export function repoApi(world: World, repo: Repo): string {
  return apiUrl(world, `/repos/${fullName(repo)}`);
}

export function repoHtml(world: World, repo: Repo): string {
  return `${world.url}/${fullName(repo)}`;
}

/** "minimal-repository", as other objects carry it. */
export function minimalRepo(world: World, repo: Repo): Json {
  const api = repoApi(world, repo);
  return {
    id: repo.id,
    node_id: nodeId("R_", repo.id),
    name: repo.name,
    full_name: fullName(repo),
    private: repo.private,
    owner: simpleUser(world, repo.owner),
    html_url: repoHtml(world, repo),
    description: null,
    fork: false,
    url: api,
    archive_url: `${api}/{archive_format}{/ref}`,
    assignees_url: `${api}/assignees{/user}`,
    blobs_url: `${api}/git/blobs{/sha}`,
    branches_url: `${api}/branches{/branch}`,
    collaborators_url: `${api}/collaborators{/collaborator}`,
    comments_url: `${api}/comments{/number}`,
    commits_url: `${api}/commits{/sha}`,
    compare_url: `${api}/compare/{base}...{head}`,
    contents_url: `${api}/contents/{+path}`,
    contributors_url: `${api}/contributors`,
    deployments_url: `${api}/deployments`,
    downloads_url: `${api}/downloads`,
    events_url: `${api}/events`,
    forks_url: `${api}/forks`,
    git_commits_url: `${api}/git/commits{/sha}`,
    git_refs_url: `${api}/git/refs{/sha}`,
    git_tags_url: `${api}/git/tags{/sha}`,
    issue_comment_url: `${api}/issues/comments{/number}`,
    issue_events_url: `${api}/issues/events{/number}`,
    issues_url: `${api}/issues{/number}`,
    keys_url: `${api}/keys{/key_id}`,
    labels_url: `${api}/labels{/name}`,
    languages_url: `${api}/languages`,
    merges_url: `${api}/merges`,
    milestones_url: `${api}/milestones{/number}`,
    notifications_url: `${api}/notifications{?since,all,participating}`,
    pulls_url: `${api}/pulls{/number}`,
    releases_url: `${api}/releases{/id}`,
    stargazers_url: `${api}/stargazers`,
    statuses_url: `${api}/statuses/{sha}`,
    subscribers_url: `${api}/subscribers`,
    subscription_url: `${api}/subscription`,
    tags_url: `${api}/tags`,
    teams_url: `${api}/teams`,
    trees_url: `${api}/git/trees{/sha}`,
    hooks_url: `${api}/hooks`,
  };
}

/** "full-repository" */
export function fullRepo(world: World, repo: Repo, caller: User | undefined): Json {
  const open = repo.issues.filter((issue) => issue.state === "open").length;
  const { host } = new URL(world.url);
  const owner = requireUser(world, repo.owner);
  return {
    ...minimalRepo(world, repo),
    git_url: `git://${host}/${fullName(repo)}.git`,
    ssh_url: `git@${host}:${fullName(repo)}.git`,
    clone_url: `${repoHtml(world, repo)}.git`,
    svn_url: repoHtml(world, repo),
    mirror_url: null,
    homepage: null,
    language: null,
    license: null,
    topics: [],
    visibility: repo.private ? "private" : "public",
    default_branch: repo.defaultBranch,
    archived: repo.archived,
    disabled: false,
    is_template: false,
    allow_forking: true,
    web_commit_signoff_required: false,
    has_issues: true,
    has_projects: true,
    has_downloads: true,
    has_wiki: true,
    has_pages: false,
    has_discussions: false,
    size: 0,
    forks: 0,
    forks_count: 0,
    network_count: 0,
    subscribers_count: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    open_issues: open,
    open_issues_count: open,
    created_at: repo.createdAt,
    updated_at: repo.updatedAt,
    pushed_at: repo.pushedAt,
    temp_clone_token: null,
    ...(caller === undefined ? {} : { permissions: permissionsOf(roleOf(repo, caller)) }),
    ...(owner.type === "Organization" ? { organization: simpleUser(world, repo.owner) } : {}),
  };
}
