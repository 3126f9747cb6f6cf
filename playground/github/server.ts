// A GitHub Enterprise Server on a loopback port: REST under /api/v3, GraphQL at /api/graphql, git at
// /<owner>/<name>.git, pages at /<owner>/<name>/….
//
// State is in memory; the repositories are real and bare, under `dataDir`, named by id so that no name from a request
// ever becomes a path. Behaviour follows docs.github.com; what is not there answers 404.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Listener, listen } from "../listener.ts";
import { addAccount, emptyRepo } from "./accounts.ts";
import { commitInto, type FileChanges, makeBare, readTree, type TreeFile, textFile } from "./bare.ts";
import { actionsRoutes } from "./endpoints/actions.ts";
import { appRoutes } from "./endpoints/apps.ts";
import { checkRoutes } from "./endpoints/checks.ts";
import { commentRoutes } from "./endpoints/comments.ts";
import { commitRoutes } from "./endpoints/commits.ts";
import { dependencyRoutes } from "./endpoints/dependencies.ts";
import { issueEventRoutes, issueRoutes } from "./endpoints/issues.ts";
import { labelRoutes } from "./endpoints/labels.ts";
import { repoRoutes } from "./endpoints/repos.ts";
import { userRoutes } from "./endpoints/users.ts";
import { createGit, type Git, trackChildren } from "./git.ts";
import { serveGraphql } from "./graphql/endpoint.ts";
import { resolve } from "./history.ts";
import { servePages } from "./html.ts";
import { createLimits } from "./limits.ts";
import { type Issue, type Protection, type Push, type Repo, type Role, type User, zeroSha } from "./model.ts";
import * as people from "./people.ts";
import { afterPush } from "./push.ts";
import { serveRest } from "./rest.ts";
import { parseGitUrl, serveGit } from "./smart-http.ts";
import { findRepo, findUser, fullName, nextId, requireIssue, requireRepo, requireUser, type World } from "./world.ts";

export type GitHubOptions = {
  /** Where the bare repositories go. Made if it is not there; not removed at the end. */
  readonly dataDir: string;
  readonly port?: number;
  readonly now?: () => Date;
  readonly rateLimit?: { readonly limit: number };
  /** Leaves out the `labeled` events of labels that an issue is created with. */
  readonly silentCreationLabels?: boolean;
};

export type NewUser = {
  readonly login: string;
  readonly type: "User" | "Bot";
  readonly token?: string;
  readonly email?: string;
};

export type NewRepo = {
  readonly owner: string;
  readonly name: string;
  /** The first commit: texts by path (a text that starts with #! is executable), or a folder to copy. */
  readonly files: Readonly<Record<string, string>> | { readonly fromDir: string };
  readonly private?: boolean;
  readonly defaultBranch?: string;
  readonly collaborators?: Readonly<Record<string, Role>>;
};

export type NewCommit = {
  /** The default branch where it is left out. A new branch starts at the default one. */
  readonly branch?: string;
  readonly message: string;
  /** null deletes a file. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly by: string;
};

export type GitHub = AsyncDisposable & {
  /** `http://127.0.0.1:<port>`; Octokit's baseUrl is this with `/api/v3`. */
  readonly url: string;
  readonly apiUrl: string;
  readonly listener: Listener;
  readonly world: World;
  readonly git: Git;

  addUser(user: NewUser): User;
  addToken(login: string, token: string): void;
  revokeToken(token: string): void;
  /** Makes the bare repository with its first commit, which is a push like any other. Returns that commit's sha. */
  createRepo(repo: NewRepo): Promise<string>;
  /** A commit made on the web page. Returns its sha. */
  commit(repo: string, commit: NewCommit): Promise<string>;
  renameRepo(repo: string, name: string): void;
  archiveRepo(repo: string, archived?: boolean): void;
  /** Takes the issue to another repository, where it gets a new number. Returns the issue there. */
  transferIssue(issue: people.IssueAddress, to: string, by: string): Readonly<Issue>;
  deleteIssue(issue: people.IssueAddress): void;
  /** Installs a GitHub App. Whoever signs as it gets installation tokens that act as the `Bot` user of that login. */
  installApp(app: {
    readonly id: number;
    readonly installationId: number;
    readonly publicKey: string;
    readonly login: string;
  }): void;
  setPermission(repo: string, login: string, role: Role | undefined): void;
  protectBranch(repo: string, branch: string, rules?: Partial<Protection>): void;
  unprotectBranch(repo: string, branch: string): void;
  as(login: string): people.Person;
  issue(repo: string, number: number): Readonly<Issue>;
  repo(repo: string): Repo;
  /** The sha of a branch, or undefined. */
  head(repo: string, branch?: string): Promise<string | undefined>;
  /** `http://127.0.0.1:<port>/<owner>/<name>.git` */
  cloneUrl(repo: string): string;
  gitDir(repo: string): string;
  /** Called after each push, for each ref, when GitHub has done its own part. Returns what ends it. */
  onPush(listener: (push: Push) => void): () => void;
  /** Everyone is over the limit for so many seconds; 0 ends it. */
  rateLimitNow(seconds: number, kind: "primary" | "secondary"): void;
  close(): Promise<void>;
};

const actionsOwner = "github";

/** Starts GitHub. Rejects where the port is taken. */
export async function startGitHub(options: GitHubOptions): Promise<GitHub> {
  const now = options.now ?? (() => new Date());
  const world: World = {
    url: "",
    dataDir: options.dataDir,
    now,
    silentCreationLabels: options.silentCreationLabels ?? false,
    lastId: 1_000_000,
    users: new Map(),
    tokens: new Map(),
    repos: [],
    formerNames: new Map(),
    movedIssues: new Map(),
    apps: [],
    pushListeners: new Set(),
    actionsRunner: undefined,
  };
  const children = trackChildren();
  const git = createGit(children);
  const limits = createLimits(now, options.rateLimit?.limit ?? 5000);
  await mkdir(options.dataDir, { recursive: true });
  addAccount(world, { login: actionsOwner, type: "Organization" });

  const listener = await listen({
    service: "github",
    port: options.port ?? 0,
    routes(app) {
      app.use((request, response, next) => {
        const asked = parseGitUrl(request.url);
        if (asked === undefined) next();
        else serveGit(world, git, children, asked, request, response).catch(next);
      });
      serveGraphql(app, world, limits);
      serveRest(app, { world, git, limits }, [
        ...userRoutes,
        ...appRoutes,
        ...repoRoutes,
        ...checkRoutes,
        ...commitRoutes,
        ...issueEventRoutes,
        ...commentRoutes,
        ...labelRoutes,
        ...dependencyRoutes,
        ...issueRoutes,
        ...actionsRoutes,
      ]);
      servePages(app, world, git);
    },
  });
  world.url = listener.url;

  async function createRepo(fresh: NewRepo): Promise<string> {
    if (findRepo(world, fresh.owner, fresh.name)) throw new Error(`${fresh.owner}/${fresh.name} is there already`);
    if (findUser(world, fresh.owner) === undefined) addAccount(world, { login: fresh.owner, type: "Organization" });
    const owner = requireUser(world, fresh.owner);
    const id = nextId(world);
    const gitDir = join(options.dataDir, `${id}.git`);
    const branch = fresh.defaultBranch ?? "main";
    await makeBare(gitDir, branch);
    const repo = emptyRepo(world, { id, owner: owner.login, name: fresh.name, gitDir, branch, private: fresh.private });
    for (const [login, role] of Object.entries(fresh.collaborators ?? {})) {
      repo.collaborators.set(requireUser(world, login).login.toLowerCase(), role);
    }
    const files = isFolder(fresh.files)
      ? await readTree(fresh.files.fromDir)
      : new Map(Object.entries(fresh.files).map(([path, text]) => [path, textFile(text)]));
    world.repos.push(repo);
    return await commitFiles(repo, branch, files, "Initial commit", owner);
  }

  async function commitFiles(
    repo: Repo,
    branch: string,
    files: FileChanges,
    message: string,
    by: User,
  ): Promise<string> {
    const before = await resolve(git, repo.gitDir, `refs/heads/${branch}`);
    const parent = before ?? (await resolve(git, repo.gitDir, `refs/heads/${repo.defaultBranch}`));
    const author = { name: by.login, email: by.email };
    const after = await commitInto(git, repo.gitDir, { branch, parent, files, message, author, at: now() });
    await afterPush(world, git, repo, by.login, [{ ref: `refs/heads/${branch}`, before: before ?? zeroSha, after }]);
    return after;
  }

  async function close(): Promise<void> {
    await listener.close();
    await children.end();
  }

  return {
    url: listener.url,
    apiUrl: `${listener.url}/api/v3`,
    listener,
    world,
    git,
    addUser(user) {
      const added = addAccount(world, user);
      if (user.token !== undefined) world.tokens.set(user.token, added.login);
      return added;
    },
    addToken: (login, token) => void world.tokens.set(token, requireUser(world, login).login),
    revokeToken: (token) => void world.tokens.delete(token),
    createRepo,
    async commit(full, commit) {
      const repo = requireRepo(world, full);
      const { files, message, by, branch = repo.defaultBranch } = commit;
      const changes = new Map<string, TreeFile | null>();
      for (const [path, text] of Object.entries(files)) changes.set(path, text === null ? null : textFile(text));
      return await commitFiles(repo, branch, changes, message, requireUser(world, by));
    },
    renameRepo: (repo, name) => people.renameRepo(world, repo, name),
    archiveRepo(repo, archived = true) {
      requireRepo(world, repo).archived = archived;
    },
    transferIssue: (issue, to, by) => people.transferIssue(world, issue, to, by),
    deleteIssue: (issue) => people.deleteIssue(world, issue),
    installApp: (app) => void world.apps.push(app),
    setPermission: (repo, login, role) => people.setPermission(world, repo, login, role),
    protectBranch: (repo, branch, rules) => people.protectBranch(world, repo, branch, rules),
    unprotectBranch: (repo, branch) => void requireRepo(world, repo).protections.delete(branch),
    as: (login) => people.personOf(world, login),
    issue: (repo, number) => requireIssue(requireRepo(world, repo), number),
    repo: (repo) => requireRepo(world, repo),
    head(full, branch) {
      const repo = requireRepo(world, full);
      return resolve(git, repo.gitDir, `refs/heads/${branch ?? repo.defaultBranch}`);
    },
    cloneUrl: (repo) => `${listener.url}/${fullName(requireRepo(world, repo))}.git`,
    gitDir: (repo) => requireRepo(world, repo).gitDir,
    onPush(pushed) {
      world.pushListeners.add(pushed);
      return () => void world.pushListeners.delete(pushed);
    },
    rateLimitNow: (seconds, kind) => limits.exhaust(seconds, kind),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function isFolder(files: NewRepo["files"]): files is { readonly fromDir: string } {
  return typeof files["fromDir"] === "string" && Object.keys(files).length === 1;
}
