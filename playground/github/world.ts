// The stand-in's whole state, and how things in it are found.

import type { ActionsRunner, Issue, IssueKey, Push, Repo, User } from "./model.ts";

/** `publicKey` is PEM; `login` is the Bot user that its tokens act as. */
export type InstalledApp = {
  readonly id: number;
  readonly installationId: number;
  readonly publicKey: string;
  readonly login: string;
};

export type World = {
  /** `http://127.0.0.1:<port>`; empty until the server listens. */
  url: string;
  readonly dataDir: string;
  readonly now: () => Date;
  /** GitHub sends `labeled` events for the labels that an issue is created with. True leaves those out. */
  readonly silentCreationLabels: boolean;
  lastId: number;
  /** By lower-case login. */
  readonly users: Map<string, User>;
  /** Token to login. */
  readonly tokens: Map<string, string>;
  readonly repos: Repo[];
  /** Former `owner/name`, lower case, to repository id. */
  readonly formerNames: Map<string, number>;
  /** `repository id#number` of issues that are no longer there, to where they went; null for deleted ones. */
  readonly movedIssues: Map<string, IssueKey | null>;
  readonly apps: InstalledApp[];
  readonly pushListeners: Set<(push: Push) => void>;
  actionsRunner: ActionsRunner | undefined;
};

export function nextId(world: World): number {
  world.lastId += 1;
  return world.lastId;
}

/** The time now as GitHub writes it: UTC, whole seconds. */
export function timestamp(world: World): string {
  return isoSeconds(world.now());
}

export function isoSeconds(date: Date): string {
  return date.toISOString().replace(/\.\d{3}Z$/, "Z");
}

export function findUser(world: World, login: string): User | undefined {
  return world.users.get(login.toLowerCase());
}

/** Throws where there is no such user: for logins that the state itself holds. */
export function requireUser(world: World, login: string): User {
  const user = findUser(world, login);
  if (user === undefined) throw new Error(`no user ${login}`);
  return user;
}

/** By owner and name in any letter case; a former name does not find it. */
export function findRepo(world: World, owner: string, name: string): Repo | undefined {
  const wanted = `${owner}/${name}`.toLowerCase();
  return world.repos.find((repo) => fullName(repo).toLowerCase() === wanted);
}

/** The repository that once had this name and has another now. */
export function findRenamed(world: World, owner: string, name: string): Repo | undefined {
  const id = world.formerNames.get(`${owner}/${name}`.toLowerCase());
  return id === undefined ? undefined : world.repos.find((repo) => repo.id === id);
}

/** By `owner/name`. Throws where there is none: for what people do, not for what requests ask. */
export function requireRepo(world: World, full: string): Repo {
  const [owner = "", name = ""] = full.split("/");
  const repo = findRepo(world, owner, name);
  if (repo === undefined) throw new Error(`no repository ${full}`);
  return repo;
}

export function fullName(repo: Repo): string {
  return `${repo.owner}/${repo.name}`;
}

export function findIssue(repo: Repo, number: number): Issue | undefined {
  return repo.issues.find((issue) => issue.number === number);
}

export function requireIssue(repo: Repo, number: number): Issue {
  const issue = findIssue(repo, number);
  if (issue === undefined) throw new Error(`no issue ${fullName(repo)}#${number}`);
  return issue;
}

export function issueAt(world: World, key: IssueKey): { repo: Repo; issue: Issue } | undefined {
  const repo = world.repos.find((candidate) => candidate.id === key.repo);
  const issue = repo && findIssue(repo, key.number);
  return repo && issue && { repo, issue };
}
