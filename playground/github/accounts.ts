// New users and repositories.

import type { Repo, User } from "./model.ts";
import { findUser, nextId, timestamp, type World } from "./world.ts";

/** Throws where the login is taken. */
export function addAccount(
  world: World,
  account: { readonly login: string; readonly type: User["type"]; readonly email?: string },
): User {
  if (findUser(world, account.login)) throw new Error(`${account.login} is there already`);
  const id = nextId(world);
  const user: User = {
    id,
    login: account.login,
    type: account.type,
    email: account.email ?? `${id}+${account.login}@users.noreply.github.com`,
    createdAt: timestamp(world),
  };
  world.users.set(user.login.toLowerCase(), user);
  return user;
}

/** A repository without issues, collaborators or history. */
export function emptyRepo(
  world: World,
  fresh: {
    readonly id: number;
    readonly owner: string;
    readonly name: string;
    readonly gitDir: string;
    readonly branch: string;
    readonly private: boolean | undefined;
  },
): Repo {
  const at = timestamp(world);
  return {
    id: fresh.id,
    owner: fresh.owner,
    name: fresh.name,
    private: fresh.private ?? false,
    defaultBranch: fresh.branch,
    gitDir: fresh.gitDir,
    createdAt: at,
    archived: false,
    updatedAt: at,
    pushedAt: at,
    nextNumber: 1,
    collaborators: new Map(),
    protections: new Map(),
    labels: [],
    issues: [],
    checkSuites: [],
    checkRuns: [],
    statuses: [],
    workflows: [],
    runs: [],
    jobs: [],
  };
}
