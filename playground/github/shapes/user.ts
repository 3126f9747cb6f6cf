// Users as REST shows them.

import type { Json } from "../answers.ts";
import type { App, User } from "../model.ts";
import { findUser, requireUser, type World } from "../world.ts";

export function nodeId(kind: string, id: number): string {
  return Buffer.from(`${kind}:${id}`).toString("base64url");
}

export function apiUrl(world: World, path: string): string {
  return `${world.url}/api/v3${path}`;
}

/** "simple-user" */
export function simpleUser(world: World, login: string): Json {
  const user = requireUser(world, login);
  const api = apiUrl(world, `/users/${encodeURIComponent(user.login)}`);
  return {
    login: user.login,
    id: user.id,
    node_id: nodeId(user.type, user.id),
    avatar_url: `${world.url}/avatars/u/${user.id}?`,
    gravatar_id: "",
    url: api,
    html_url: `${world.url}/${user.type === "Bot" ? `apps/${slugOf(user)}` : user.login}`,
    followers_url: `${api}/followers`,
    following_url: `${api}/following{/other_user}`,
    gists_url: `${api}/gists{/gist_id}`,
    starred_url: `${api}/starred{/owner}{/repo}`,
    subscriptions_url: `${api}/subscriptions`,
    organizations_url: `${api}/orgs`,
    repos_url: `${api}/repos`,
    events_url: `${api}/events{/privacy}`,
    received_events_url: `${api}/received_events`,
    type: user.type,
    user_view_type: "public",
    site_admin: false,
  };
}

function slugOf(user: User): string {
  return user.login.replace(/\[bot\]$/, "");
}

/** "public-user" */
export function publicUser(world: World, user: User): Json {
  return {
    ...simpleUser(world, user.login),
    name: null,
    company: null,
    blog: "",
    location: null,
    email: null,
    hireable: null,
    bio: null,
    twitter_username: null,
    public_repos: world.repos.filter((repo) => repo.owner === user.login && !repo.private).length,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: user.createdAt,
    updated_at: user.createdAt,
  };
}

/** "private-user": what a user sees of themselves. */
export function privateUser(world: World, user: User): Json {
  const owned = world.repos.filter((repo) => repo.owner === user.login && repo.private).length;
  return {
    ...publicUser(world, user),
    user_view_type: "private",
    email: user.email,
    private_gists: 0,
    total_private_repos: owned,
    owned_private_repos: owned,
    disk_usage: 0,
    collaborators: 0,
    two_factor_authentication: true,
    plan: { name: "free", space: 976_562_499, collaborators: 0, private_repos: 10_000 },
  };
}

/** "integration": a GitHub App, shown by what its bot user does. */
export function appOf(user: User): App {
  const slug = slugOf(user);
  return { id: user.id, slug, name: slug, owner: user.login };
}

export function integration(world: World, app: App): Json {
  const owner = findUser(world, app.owner);
  return {
    id: app.id,
    slug: app.slug,
    node_id: nodeId("A_", app.id),
    client_id: `Iv1.${String(app.id).padStart(16, "0")}`,
    owner: owner === undefined ? simpleUser(world, "github") : simpleUser(world, owner.login),
    name: app.name,
    description: "",
    external_url: `${world.url}/apps/${app.slug}`,
    html_url: `${world.url}/apps/${app.slug}`,
    created_at: "2024-01-01T00:00:00Z",
    updated_at: "2024-01-01T00:00:00Z",
    permissions: { checks: "write", contents: "write", issues: "write", metadata: "read" },
    events: [],
  };
}

/** `performed_via_github_app`: set where a bot acted. */
export function viaApp(world: World, login: string): Json | null {
  const user = findUser(world, login);
  return user?.type === "Bot" ? integration(world, appOf(user)) : null;
}
