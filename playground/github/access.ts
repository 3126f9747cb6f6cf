// Who may do what. Roles and what they allow: docs.github.com, "Repository roles for an organization".

import type { Issue, Repo, Role, User } from "./model.ts";

const rank: Readonly<Record<Role, number>> = { read: 1, triage: 2, write: 3, maintain: 4, admin: 5 };

/** A user's role in a repository; everyone, also without an account, reads a public one. */
export function roleOf(repo: Repo, user: User | undefined): Role | undefined {
  if (user !== undefined) {
    if (user.login.toLowerCase() === repo.owner.toLowerCase()) return "admin";
    const role = repo.collaborators.get(user.login.toLowerCase());
    if (role !== undefined) return role;
  }
  return repo.private ? undefined : "read";
}

export function has(repo: Repo, user: User | undefined, needed: Role): boolean {
  const role = roleOf(repo, user);
  return role !== undefined && rank[role] >= rank[needed];
}

/** The `permission` field of the collaborator endpoint, which knows no `maintain` and no `triage`. */
export function legacyPermission(role: Role | undefined): "admin" | "write" | "read" | "none" {
  if (role === undefined) return "none";
  if (role === "maintain") return "write";
  if (role === "triage") return "read";
  return role;
}

export function permissionsOf(
  role: Role | undefined,
): Record<"admin" | "maintain" | "push" | "triage" | "pull", boolean> {
  const reached = role === undefined ? 0 : rank[role];
  return {
    admin: reached >= rank.admin,
    maintain: reached >= rank.maintain,
    push: reached >= rank.write,
    triage: reached >= rank.triage,
    pull: reached >= rank.read,
  };
}

/** Title and body: the issue's author, or write access. */
export function mayEditIssue(repo: Repo, issue: Issue, user: User): boolean {
  return issue.author === user.login || has(repo, user, "write");
}

/** Closing and reopening: the issue's author, or triage access. */
export function mayCloseIssue(repo: Repo, issue: Issue, user: User): boolean {
  return issue.author === user.login || has(repo, user, "triage");
}

export type Association = "OWNER" | "COLLABORATOR" | "CONTRIBUTOR" | "NONE";

export function associationOf(repo: Repo, login: string): Association {
  if (login.toLowerCase() === repo.owner.toLowerCase()) return "OWNER";
  return repo.collaborators.has(login.toLowerCase()) ? "COLLABORATOR" : "NONE";
}
