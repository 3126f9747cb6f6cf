import type { Permission } from "../domain/evidence.ts";
import { known, type Observed, unknown } from "../domain/observed.ts";
import { type RepoKey, splitRepo } from "../domain/repo.ts";
import { messageOf } from "../errors.ts";
import { type GitHubClient, statusOf } from "./client.ts";

const PERMISSIONS: readonly Permission[] = ["admin", "maintain", "write", "triage", "read", "none"];

/** What someone may do on the repo now. Each person is asked for once per reading. */
export type Access = (login: string) => Promise<Observed<Permission>>;

export function createAccess(client: GitHubClient, repo: RepoKey): Access {
  const asked = new Map<string, Promise<Observed<Permission>>>();
  return (login) => {
    const key = login.toLowerCase();
    const found = asked.get(key) ?? fetchPermission(client, repo, login);
    asked.set(key, found);
    return found;
  };
}

/** 404 is an answer: GitHub knows no such user on the repo. */
async function fetchPermission(client: GitHubClient, repo: RepoKey, login: string): Promise<Observed<Permission>> {
  // An app has no permission of a collaborator: the list of bots decides about it.
  if (login.endsWith("[bot]")) return unknown("it is an app");
  const { owner, name } = splitRepo(repo);
  try {
    const { data } = await client.rest.repos.getCollaboratorPermissionLevel({ owner, repo: name, username: login });
    // A custom role's name says nothing of its rights; `permission` then still gives the base role.
    const role = PERMISSIONS.find((permission) => permission === data.role_name);
    const base = PERMISSIONS.find((permission) => permission === data.permission);
    return known(role ?? base ?? "none");
  } catch (error) {
    return statusOf(error) === 404 ? known("none") : unknown(messageOf(error));
  }
}
