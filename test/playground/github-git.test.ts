// The stand-in GitHub through the real git.

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cleanEnvironment } from "../../playground/github/git.ts";
import type { Push } from "../../playground/github/model.ts";
import { type GitHub, startGitHub } from "../../playground/github/server.ts";

const run = promisify(execFile);
const full = "acme/widgets";
let github: GitHub;
let root: string;
let pushes: Push[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "github-git-"));
  github = await startGitHub({ dataDir: join(root, "data") });
  for (const login of ["maintainer", "outsider"]) github.addUser({ login, type: "User", token: `${login}-token` });
  await github.createRepo({
    owner: "acme",
    name: "widgets",
    files: { "README.md": "# Widgets\n" },
    collaborators: { maintainer: "write" },
  });
  pushes = [];
  github.onPush((push) => pushes.push(push));
});

afterEach(async () => {
  await github.close();
  await rm(root, { recursive: true, force: true });
});

const env = cleanEnvironment({
  GIT_AUTHOR_NAME: "maintainer",
  GIT_AUTHOR_EMAIL: "maintainer@example.com",
  GIT_COMMITTER_NAME: "maintainer",
  GIT_COMMITTER_EMAIL: "maintainer@example.com",
});

async function git(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run("git", args, { cwd, env });
  return stdout.trim();
}

/** What git says on its standard error where it fails. */
async function failure(cwd: string, ...args: string[]): Promise<string> {
  return await git(cwd, ...args).then(
    () => "it did not fail",
    (error: { stderr: string }) => error.stderr,
  );
}

function url(credentials: string, path = "acme/widgets.git"): string {
  return `${github.url.replace("http://", `http://${credentials}@`)}/${path}`;
}

async function clone(credentials = "x-access-token:maintainer-token"): Promise<string> {
  const folder = join(root, `clone-${Math.random().toString(36).slice(2)}`);
  await git(root, "clone", "--quiet", url(credentials), folder);
  return folder;
}

async function commit(folder: string, message: string, file = "a.txt"): Promise<string> {
  await writeFile(join(folder, file), `${message}\n${Math.random()}\n`);
  await git(folder, "add", file);
  await git(folder, "commit", "--quiet", "-m", message);
  return await git(folder, "rev-parse", "HEAD");
}

test("anyone clones a public repository, with or without .git", async () => {
  await git(root, "clone", "--quiet", `${github.url}/acme/widgets.git`, "one");
  await git(root, "clone", "--quiet", `${github.url}/Acme/Widgets`, "two");
  expect(await git(join(root, "two"), "log", "--format=%s")).toBe("Initial commit");
});

test("a push moves the branch, and whoever listens hears of it", async () => {
  const folder = await clone("maintainer-token:x-oauth-basic");
  const before = await git(folder, "rev-parse", "HEAD");
  const after = await commit(folder, "Work");
  await git(folder, "push", "--quiet", "origin", "main", "main:refs/heads/topic");
  expect(await github.head(full)).toBe(after);
  expect(pushes).toContainEqual({ repo: full, ref: "refs/heads/main", before, after, pusher: "maintainer" });
  expect(pushes).toContainEqual({
    repo: full,
    ref: "refs/heads/topic",
    before: "0".repeat(40),
    after,
    pusher: "maintainer",
  });
});

test("a push needs credentials and write access", async () => {
  const folder = await clone();
  await commit(folder, "Work");
  const anonymous = await fetch(`${github.url}/acme/widgets.git/info/refs?service=git-receive-pack`);
  expect([anonymous.status, anonymous.headers.get("www-authenticate")]).toEqual([401, 'Basic realm="GitHub"']);
  expect(await failure(folder, "push", url("outsider:outsider-token"), "main")).toContain(
    "Permission to acme/widgets.git denied to outsider.",
  );
  expect(await failure(folder, "push", url("maintainer:wrong"), "main")).toMatch(
    /Authentication failed|could not read/,
  );
  github.archiveRepo(full);
  expect(await failure(folder, "push", "origin", "main")).toContain("archived");
  expect(pushes).toEqual([]);
});

test("a private repository is hidden from git too", async () => {
  await github.createRepo({ owner: "acme", name: "secret", files: { a: "a" }, private: true });
  expect(await failure(root, "clone", url("outsider:outsider-token", "acme/secret.git"))).toContain("not found");
  const anonymous = await fetch(`${github.url}/acme/secret.git/info/refs?service=git-upload-pack`);
  expect(anonymous.status).toBe(401);
});

test("a push that closes an issue closes it at once", async () => {
  const person = github.as("outsider");
  for (let n = 1; n <= 10; n += 1) person.createIssue(full, { title: `Issue ${n}` });
  const folder = await clone();
  const words = ["close", "Closes", "closed", "fix:", "FIXES", "Fixed", "resolve", "Resolves:", "resolved"];
  const sha = await commit(folder, `Work\n\n${words.map((word, n) => `${word} #${n + 1}`).join("\n")}\nsee #10`);
  await git(folder, "push", "--quiet", "origin", "main");
  const states = github.repo(full).issues.map((issue) => issue.state);
  expect(states).toEqual([...words.map(() => "closed"), "open"]);
  const first = github.issue(full, 1);
  expect(first).toMatchObject({ stateReason: "completed", closedBy: "maintainer" });
  expect(first.events.map(({ event }) => event)).toEqual(["referenced", "closed"]);
  expect(first.events.at(-1)).toMatchObject({ event: "closed", commitId: sha, actor: "maintainer" });
  expect(github.issue(full, 10).events.map(({ event }) => event)).toEqual(["referenced"]);
});

test("a closing commit counts when it reaches the default branch, also for issues elsewhere", async () => {
  await github.createRepo({ owner: "acme", name: "mine", files: { a: "a" }, collaborators: { maintainer: "write" } });
  await github.createRepo({ owner: "acme", name: "theirs", files: { a: "a" } });
  for (const name of [full, "acme/mine", "acme/theirs"]) github.as("outsider").createIssue(name, { title: "One" });
  const folder = await clone();
  await commit(folder, "Fixes #1, fixes acme/mine#1, fixes acme/theirs#1, fixes acme/widgets/1");
  await git(folder, "push", "--quiet", "origin", "main:topic");
  const states = (): string[] => [full, "acme/mine", "acme/theirs"].map((name) => github.issue(name, 1).state);
  expect(states()).toEqual(["open", "open", "open"]);
  await git(folder, "push", "--quiet", "origin", "main");
  expect(states()).toEqual(["closed", "closed", "open"]);
});

test("an ordinary push that is behind is refused, a forced one is taken", async () => {
  const [one, two] = [await clone(), await clone()];
  await commit(one, "First");
  await git(one, "push", "--quiet", "origin", "main");
  const sha = await commit(two, "Second");
  expect(await failure(two, "push", "origin", "main")).toContain("rejected");
  await git(two, "push", "--quiet", "--force", "origin", "main");
  expect(await github.head(full)).toBe(sha);
});

test("a protected branch refuses force pushes, and what needs a pull request", async () => {
  github.protectBranch(full, "main");
  const folder = await clone();
  await commit(folder, "Work");
  await git(folder, "push", "--quiet", "origin", "main");
  await git(folder, "commit", "--quiet", "--amend", "-m", "Other");
  const forced = await failure(folder, "push", "--force", "origin", "main");
  expect(forced).toContain("GH006: Protected branch update failed for refs/heads/main.");
  expect(forced).toContain("Cannot force-push to this branch");
  github.protectBranch(full, "main", { requirePullRequest: true });
  await git(folder, "reset", "--quiet", "--hard", "origin/main");
  await commit(folder, "More");
  expect(await failure(folder, "push", "origin", "main")).toContain("Changes must be made through a pull request.");
  await git(folder, "push", "--quiet", "origin", "main:topic");
  expect(pushes.map(({ ref }) => ref)).toEqual(["refs/heads/main", "refs/heads/topic"]);
});

test("a branch can be deleted, the default one cannot, and refs outside branches can be kept", async () => {
  const folder = await clone();
  await git(folder, "push", "--quiet", "origin", "main:topic", "main:refs/afk/kept/one");
  await git(folder, "push", "--quiet", "origin", ":topic");
  expect(await github.head(full, "topic")).toBeUndefined();
  expect(pushes.at(-1)).toMatchObject({ ref: "refs/heads/topic", after: "0".repeat(40) });
  expect(await failure(folder, "push", "origin", ":main")).toContain("refusing to delete the current branch");
  expect(await git(folder, "ls-remote", "origin", "refs/afk/*")).toContain("refs/afk/kept/one");
});

test("a clone of a renamed repository still fetches and pushes", async () => {
  const folder = await clone();
  github.renameRepo(full, "gadgets");
  await commit(folder, "Work");
  await git(folder, "fetch", "--quiet");
  await git(folder, "push", "--quiet", "origin", "main");
  expect(pushes.map(({ repo }) => repo)).toEqual(["acme/gadgets"]);
});

test("a push of many megabytes arrives whole", async () => {
  const folder = await clone();
  await writeFile(join(folder, "large.bin"), randomBytes(3_000_000));
  await git(folder, "add", "large.bin");
  await git(folder, "commit", "--quiet", "-m", "Large");
  await git(folder, "push", "--quiet", "origin", "main");
  const fresh = await clone();
  expect(await git(fresh, "rev-parse", "HEAD:large.bin")).toBe(await git(folder, "rev-parse", "HEAD:large.bin"));
});
