// The root, users, and the quota.

import { forbidden, type Json, json, notFound } from "../answers.ts";
import { type Call, type Route, requireCaller } from "../route.ts";
import { apiUrl, privateUser, publicUser } from "../shapes/user.ts";
import { findUser } from "../world.ts";

const rootPaths: Readonly<Record<string, string>> = {
  current_user_url: "/user",
  authorizations_url: "/authorizations",
  code_search_url: "/search/code?q={query}{&page,per_page,sort,order}",
  commit_search_url: "/search/commits?q={query}{&page,per_page,sort,order}",
  emails_url: "/user/emails",
  emojis_url: "/emojis",
  events_url: "/events",
  feeds_url: "/feeds",
  followers_url: "/user/followers",
  following_url: "/user/following{/target}",
  gists_url: "/gists{/gist_id}",
  hub_url: "/hub",
  issue_search_url: "/search/issues?q={query}{&page,per_page,sort,order}",
  issues_url: "/issues",
  keys_url: "/user/keys",
  label_search_url: "/search/labels?q={query}&repository_id={repository_id}{&page,per_page}",
  notifications_url: "/notifications",
  organization_url: "/orgs/{org}",
  organization_repositories_url: "/orgs/{org}/repos{?type,page,per_page,sort}",
  organization_teams_url: "/orgs/{org}/teams",
  public_gists_url: "/gists/public",
  rate_limit_url: "/rate_limit",
  repository_url: "/repos/{owner}/{repo}",
  repository_search_url: "/search/repositories?q={query}{&page,per_page,sort,order}",
  current_user_repositories_url: "/user/repos{?type,page,per_page,sort}",
  starred_url: "/user/starred{/owner}{/repo}",
  starred_gists_url: "/gists/starred",
  user_url: "/users/{user}",
  user_organizations_url: "/user/orgs",
  user_repositories_url: "/users/{user}/repos{?type,page,per_page,sort}",
  user_search_url: "/search/users?q={query}{&page,per_page,sort,order}",
};

function root(call: Call): Json {
  const links = Object.entries(rootPaths).map(([name, path]) => [name, apiUrl(call.world, path)]);
  return {
    ...Object.fromEntries(links),
    current_user_authorizations_html_url: `${call.world.url}/settings/connections/applications{/client_id}`,
  };
}

function rateLimit(call: Call): Json {
  const core = call.limits.quota("core", call.token);
  const graphql = call.limits.quota("graphql", call.token);
  return { resources: { core, graphql, search: { ...core, limit: 30, remaining: 30, used: 0 } }, rate: core };
}

export const userRoutes: readonly Route[] = [
  { method: "get", path: "/", handle: (call) => json(root(call)) },
  { method: "get", path: "/rate_limit", handle: (call) => json(rateLimit(call)) },
  {
    method: "get",
    path: "/user",
    handle(call) {
      const caller = requireCaller(call);
      if (caller.type === "Bot") throw forbidden("Resource not accessible by integration");
      return json(privateUser(call.world, caller));
    },
  },
  {
    method: "get",
    path: "/users/:login",
    handle(call) {
      const user = findUser(call.world, call.params["login"] ?? "");
      if (user === undefined) throw notFound();
      return json(publicUser(call.world, user), user.createdAt);
    },
  },
];
