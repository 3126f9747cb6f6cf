// Repositories, their branches and who works on them.

import { has, legacyPermission, permissionsOf, roleOf } from "../access.ts";
import { type Answer, json, notFound, page, Refusal } from "../answers.ts";
import { commitsBySha, resolve } from "../history.ts";
import { type RepoCall, type Route, repoRoute } from "../route.ts";
import { commitShape } from "../shapes/commit.ts";
import { fullRepo, repoApi, repoHtml } from "../shapes/repo.ts";
import { nodeId, simpleUser } from "../shapes/user.ts";
import { findUser, requireUser } from "../world.ts";

/** Every ref below a prefix with its object: `[["refs/heads/main", sha, "commit"], …]`. */
async function refs(call: RepoCall, prefix: string): Promise<[string, string, string][]> {
  const format = "%(refname) %(objectname) %(objecttype)";
  const out = await call.git.run(call.repo.gitDir, ["for-each-ref", `--format=${format}`, prefix]);
  return out
    .toString()
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [name = "", sha = "", type = ""] = line.split(" ");
      return [name, sha, type];
    });
}

async function listBranches(call: RepoCall): Promise<Answer> {
  const branches = await refs(call, "refs/heads/");
  return page(branches, ([ref, sha]) => {
    const name = ref.slice("refs/heads/".length);
    const url = `${repoApi(call.world, call.repo)}/commits/${sha}`;
    return { name, commit: { sha, url }, protected: call.repo.protections.has(name) };
  });
}

async function getBranch(call: RepoCall): Promise<Answer> {
  const name = call.params["branch"] ?? "";
  const sha = await resolve(call.git, call.repo.gitDir, `refs/heads/${name}`);
  const [commit] = sha === undefined ? [] : await commitsBySha(call.git, call.repo.gitDir, [sha]);
  if (commit === undefined) throw new Refusal(404, "Branch not found");
  const self = `${repoApi(call.world, call.repo)}/branches/${encodeURI(name)}`;
  const protection = call.repo.protections.get(name);
  const checks = protection?.requiredChecks ?? [];
  return json({
    name,
    commit: commitShape(call.world, call.repo, commit),
    _links: { self, html: `${repoHtml(call.world, call.repo)}/tree/${encodeURI(name)}` },
    protected: protection !== undefined,
    protection: {
      enabled: protection !== undefined,
      required_status_checks: {
        enforcement_level: checks.length === 0 ? "off" : "non_admins",
        contexts: checks,
        checks: checks.map((context) => ({ context, app_id: null })),
      },
    },
    protection_url: `${self}/protection`,
  });
}

function getProtection(call: RepoCall): Answer {
  if (!has(call.repo, call.caller, "admin")) throw notFound();
  const name = call.params["branch"] ?? "";
  const protection = call.repo.protections.get(name);
  if (protection === undefined) throw new Refusal(404, "Branch not protected");
  const url = `${repoApi(call.world, call.repo)}/branches/${encodeURI(name)}/protection`;
  const reviews = {
    url: `${url}/required_pull_request_reviews`,
    dismiss_stale_reviews: false,
    require_code_owner_reviews: false,
  };
  return json({
    url,
    enforce_admins: { url: `${url}/enforce_admins`, enabled: protection.enforceAdmins },
    ...(protection.requirePullRequest ? { required_pull_request_reviews: reviews } : {}),
    required_linear_history: { enabled: false },
    allow_force_pushes: { enabled: false },
    allow_deletions: { enabled: false },
  });
}

async function getRef(call: RepoCall): Promise<Answer> {
  const wanted = `refs/${call.params["ref"] ?? ""}`;
  const found = (await refs(call, wanted)).find(([name]) => name === wanted);
  if (found === undefined) throw notFound();
  const [ref, sha, type] = found;
  const api = repoApi(call.world, call.repo);
  return json({
    ref,
    node_id: nodeId(`REF_${ref}`, call.repo.id),
    url: `${api}/git/${ref}`,
    object: { sha, type, url: `${api}/git/${type}s/${sha}` },
  });
}

function getPermission(call: RepoCall): Answer {
  if (!has(call.repo, call.caller, "write"))
    throw new Refusal(403, "Must have push access to view collaborator permission.");
  const user = findUser(call.world, call.params["login"] ?? "");
  if (user === undefined) throw notFound();
  const role = roleOf(call.repo, user);
  return json({
    permission: legacyPermission(role),
    user: {
      ...simpleUser(call.world, user.login),
      permissions: permissionsOf(role),
      role_name: role ?? "none",
    },
    role_name: role ?? "none",
  });
}

/** 204 for a collaborator, 404 for anyone else, however much they may read. */
function isCollaborator(call: RepoCall): Answer {
  const login = (call.params["login"] ?? "").toLowerCase();
  const known = call.repo.collaborators.has(login) || login === call.repo.owner.toLowerCase();
  if (!known) throw notFound();
  return { kind: "empty", status: 204 };
}

function listCollaborators(call: RepoCall): Answer {
  const owner = requireUser(call.world, call.repo.owner);
  const logins = new Set([...(owner.type === "Organization" ? [] : [owner.login]), ...call.repo.collaborators.keys()]);
  const users = [...logins].map((login) => requireUser(call.world, login));
  return page(users, (user) => {
    const role = roleOf(call.repo, user);
    return { ...simpleUser(call.world, user.login), permissions: permissionsOf(role), role_name: role ?? "none" };
  });
}

export const repoRoutes: readonly Route[] = [
  repoRoute("get", "", (call) => json(fullRepo(call.world, call.repo, call.caller), call.repo.updatedAt)),
  repoRoute("get", "/branches", listBranches),
  repoRoute("get", "/branches/*branch/protection", getProtection),
  repoRoute("get", "/branches/*branch", getBranch),
  // Rulesets are not modelled: no branch has any.
  repoRoute("get", "/rules/branches/*branch", () => page([], (rule) => rule)),
  repoRoute("get", "/git/ref/*ref", getRef),
  repoRoute("get", "/collaborators", listCollaborators, "write"),
  repoRoute("get", "/collaborators/:login/permission", getPermission),
  repoRoute("get", "/collaborators/:login", isCollaborator, "write"),
];
