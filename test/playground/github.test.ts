// The stand-in GitHub through real clients: Octokit for REST and GraphQL.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Octokit } from "@octokit/rest";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type GitHub, startGitHub } from "../../playground/github/server.ts";

let github: GitHub;
let dataDir: string;
let clock: Date;
const repo = { owner: "acme", repo: "widgets" };
const full = "acme/widgets";

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "github-test-"));
  clock = new Date("2030-01-01T00:00:00Z");
  github = await startGitHub({ dataDir, now: () => clock, rateLimit: { limit: 50 } });
  for (const login of ["maintainer", "triager", "outsider"]) {
    github.addUser({ login, type: "User", token: `${login}-token` });
  }
  github.addUser({ login: "afk-bot[bot]", type: "Bot", token: "bot-token" });
  await github.createRepo({
    owner: "acme",
    name: "widgets",
    files: { "README.md": "# Widgets\n" },
    collaborators: { maintainer: "maintain", triager: "triage", "afk-bot[bot]": "write" },
  });
});

afterEach(async () => {
  await github.close();
  await rm(dataDir, { recursive: true, force: true });
});

function as(token: string | undefined): Octokit {
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  return new Octokit({ baseUrl: github.apiUrl, log, ...(token === undefined ? {} : { auth: token }) });
}

async function statusOf(promise: Promise<{ status: number }>): Promise<number> {
  return await promise.then(
    ({ status }) => status,
    (error: { status: number }) => error.status,
  );
}

function raw(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${github.apiUrl}${path}`, { headers: { authorization: "Bearer maintainer-token", ...headers } });
}

test("what people do over REST changes the issue and leaves its events", async () => {
  const person = as("maintainer-token");
  const { data: issue } = await person.issues.create({ ...repo, title: "One", body: "Text", labels: ["bug"] });
  await person.issues.addLabels({ ...repo, issue_number: issue.number, labels: ["Bug", "ready-for-agent"] });
  await person.issues.removeLabel({ ...repo, issue_number: issue.number, name: "bug" });
  await person.issues.update({ ...repo, issue_number: issue.number, title: "Two", state: "closed" });
  const events = await person.paginate(person.issues.listEvents, { ...repo, issue_number: issue.number });
  expect(events.map(({ event }) => event)).toEqual(["labeled", "labeled", "unlabeled", "renamed", "closed"]);
  expect(events.every((event) => !("author_association" in event))).toBe(true);
  const { data } = await person.issues.get({ ...repo, issue_number: issue.number });
  expect(data).toMatchObject({
    title: "Two",
    state: "closed",
    state_reason: "completed",
    closed_by: { login: "maintainer" },
  });
});

test("labels given at creation may be left without events", async () => {
  await using quiet = await startGitHub({ dataDir: join(dataDir, "quiet"), silentCreationLabels: true });
  quiet.addUser({ login: "maintainer", type: "User" });
  await quiet.createRepo({ owner: "acme", name: "widgets", files: { a: "a" } });
  const issue = quiet.as("maintainer").createIssue(full, { title: "One", labels: ["bug"] });
  expect([issue.labels.map(({ name }) => name), issue.events]).toEqual([["bug"], []]);
});

test("triage may label but not push, an outsider neither", async () => {
  const { number } = github.as("maintainer").createIssue(full, { title: "One" });
  const label = (token: string | undefined): Promise<number> =>
    statusOf(as(token).issues.addLabels({ ...repo, issue_number: number, labels: ["bug"] }));
  expect([await label("triager-token"), await label("outsider-token"), await label(undefined)]).toEqual([
    200, 403, 401,
  ]);
  const sha = (await github.head(full)) ?? "";
  const state = { ...repo, sha, state: "success" as const };
  expect(await statusOf(as("triager-token").repos.createCommitStatus(state))).toBe(403);
  expect(await statusOf(as("bot-token").repos.createCommitStatus(state))).toBe(201);
});

test("labels of an outsider's new issue are dropped in silence", async () => {
  const { data } = await as("outsider-token").issues.create({ ...repo, title: "Please", labels: ["ready-for-agent"] });
  expect(data.labels).toEqual([]);
});

test("the permission endpoint tells roles apart, and only those who push may ask", async () => {
  const ask = async (username: string): Promise<unknown> => {
    const { data } = await as("bot-token").repos.getCollaboratorPermissionLevel({ ...repo, username });
    return [data.permission, data.role_name];
  };
  expect(await ask("maintainer")).toEqual(["write", "maintain"]);
  expect(await ask("TRIAGER")).toEqual(["read", "triage"]);
  expect(await ask("outsider")).toEqual(["read", "read"]);
  const asked = (token: string, username: string): Promise<number> =>
    statusOf(as(token).repos.getCollaboratorPermissionLevel({ ...repo, username }));
  expect(await asked("bot-token", "nobody")).toBe(404);
  expect(await asked("triager-token", "maintainer")).toBe(403);
});

test("a private repository is not there for those who may not see it", async () => {
  await github.createRepo({
    owner: "acme",
    name: "secret",
    files: { a: "a" },
    private: true,
    collaborators: { maintainer: "read" },
  });
  const secret = { owner: "acme", repo: "secret" };
  expect(await statusOf(as("maintainer-token").repos.get(secret))).toBe(200);
  expect(await statusOf(as("outsider-token").repos.get(secret))).toBe(404);
  expect(await statusOf(as(undefined).repos.get(secret))).toBe(404);
  expect(await statusOf(as("maintainer-token").issues.addLabels({ ...secret, issue_number: 1, labels: ["x"] }))).toBe(
    403,
  );
});

test("a revoked token is refused everywhere", async () => {
  expect(await statusOf(as("maintainer-token").repos.get(repo))).toBe(200);
  github.revokeToken("maintainer-token");
  expect(await statusOf(as("maintainer-token").repos.get(repo))).toBe(401);
});

test("lists come in pages with links, thirty unless asked otherwise", async () => {
  const person = github.as("maintainer");
  for (let n = 0; n < 35; n += 1) person.createIssue(full, { title: `Issue ${n}`, labels: [n % 2 ? "odd" : "even"] });
  const first = await raw("/repos/acme/widgets/issues");
  expect(((await first.json()) as unknown[]).length).toBe(30);
  expect(first.headers.get("link")).toMatch(/<[^>]*[?&]page=2>; rel="next", <[^>]*[?&]page=2>; rel="last"/);
  const octokit = as("maintainer-token");
  const odd = await octokit.paginate(octokit.issues.listForRepo, {
    ...repo,
    labels: "ODD",
    per_page: 5,
    direction: "asc",
  });
  expect(odd.map(({ number }) => number)).toEqual(Array.from({ length: 17 }, (_, n) => 2 * n + 2));
  expect(((await (await raw("/repos/acme/widgets/issues?per_page=500")).json()) as unknown[]).length).toBe(35);
});

test("an answer that has not changed is a 304 that costs nothing, for the same token only", async () => {
  const path = "/repos/acme/widgets/issues/1";
  github.as("maintainer").createIssue(full, { title: "One" });
  const first = await raw(path);
  const etag = first.headers.get("etag") ?? "";
  const left = first.headers.get("x-ratelimit-remaining");
  const again = await raw(path, { "if-none-match": etag });
  expect([again.status, again.headers.get("x-ratelimit-remaining"), etag.startsWith('W/"')]).toEqual([304, left, true]);
  const other = await raw(path, { "if-none-match": etag, authorization: "token bot-token" });
  expect(other.status).toBe(200);
  github.as("maintainer").comment({ repo: full, number: 1 }, "Hello");
  expect((await raw(path, { "if-none-match": etag })).status).toBe(200);
});

test("an exhausted quota refuses until its reset, one token at a time", async () => {
  let last = await raw("/repos/acme/widgets");
  for (let n = 0; n < 50; n += 1) last = await raw("/repos/acme/widgets");
  expect([last.status, last.headers.get("x-ratelimit-remaining"), last.headers.get("retry-after")]).toEqual([
    403,
    "0",
    null,
  ]);
  expect(await last.json()).toMatchObject({ message: expect.stringContaining("API rate limit exceeded") });
  expect((await raw("/rate_limit")).status).toBe(200);
  expect(await statusOf(as("bot-token").repos.get(repo))).toBe(200);
  clock = new Date(clock.getTime() + 3_600_001);
  expect((await raw("/repos/acme/widgets")).status).toBe(200);
});

test("a secondary limit says how long to wait, whatever the quota", async () => {
  github.rateLimitNow(30, "secondary");
  const refused = await raw("/repos/acme/widgets");
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([403, "30"]);
  expect(await refused.json()).toMatchObject({ message: expect.stringContaining("secondary rate limit") });
  clock = new Date(clock.getTime() + 30_000);
  expect((await raw("/repos/acme/widgets")).status).toBe(200);
});

test("a request that is no JSON, or lacks what it needs, is refused in GitHub's shape", async () => {
  const post = async (body: string): Promise<[number, unknown]> => {
    const response = await fetch(`${github.apiUrl}/repos/acme/widgets/issues`, {
      method: "POST",
      headers: { authorization: "token maintainer-token" },
      body,
    });
    return [response.status, await response.json()];
  };
  expect(await post("{")).toMatchObject([400, { message: "Problems parsing JSON" }]);
  expect(await post("{}")).toMatchObject([
    422,
    { errors: [{ resource: "Issue", field: "title", code: "missing_field" }] },
  ]);
});

test("a renamed repository is followed, in any letter case, and gone where its old name is taken", async () => {
  github.renameRepo(full, "gadgets");
  const { data } = await as("maintainer-token").repos.get({ owner: "ACME", repo: "Widgets" });
  expect(data.full_name).toBe("acme/gadgets");
  await github.createRepo({ owner: "acme", name: "widgets", files: { a: "a" } });
  expect((await as("maintainer-token").repos.get(repo)).data.full_name).toBe("acme/widgets");
});

test("a blocker is named by its database id and may be in another repository", async () => {
  await github.createRepo({ owner: "acme", name: "other", files: { a: "a" } });
  github.as("maintainer").createIssue(full, { title: "Blocked" });
  const blocker = github.as("maintainer").createIssue("acme/other", { title: "Blocker" });
  const octokit = as("bot-token");
  const one = { ...repo, issue_number: 1 };
  expect(await statusOf(octokit.issues.addBlockedByDependency({ ...one, issue_id: 1 }))).toBe(404);
  await octokit.issues.addBlockedByDependency({ ...one, issue_id: blocker.id });
  const { data } = await octokit.issues.listDependenciesBlockedBy(one);
  expect(data.map(({ title, state }) => [title, state])).toEqual([["Blocker", "open"]]);
  await octokit.issues.removeDependencyBlockedBy({ ...one, issue_id: blocker.id });
  expect((await octokit.issues.listDependenciesBlockedBy(one)).data).toEqual([]);
});

test("only an app writes check runs, and a re-run hides the run before it", async () => {
  const sha = (await github.head(full)) ?? "";
  const run = { ...repo, name: "build", head_sha: sha };
  expect(await statusOf(as("maintainer-token").checks.create(run))).toBe(403);
  const app = as("bot-token");
  await app.checks.create({ ...run, conclusion: "failure" });
  await app.checks.create({ ...run, conclusion: "success" });
  const latest = await app.checks.listForRef({ ...repo, ref: "main" });
  expect(latest.data.check_runs.map(({ conclusion }) => conclusion)).toEqual(["success"]);
  expect((await app.checks.listForRef({ ...repo, ref: sha, filter: "all" })).data.total_count).toBe(2);
});

test("the newest status of each context counts", async () => {
  const sha = (await github.head(full)) ?? "";
  const combined = async (): Promise<string> =>
    (await as("bot-token").repos.getCombinedStatusForRef({ ...repo, ref: sha })).data.state;
  const set = (context: string, state: "pending" | "failure" | "success"): Promise<unknown> =>
    as("bot-token").repos.createCommitStatus({ ...repo, sha, context, state });
  expect(await combined()).toBe("pending");
  await set("lint", "failure");
  await set("build", "success");
  expect(await combined()).toBe("failure");
  await set("lint", "success");
  expect(await combined()).toBe("success");
});

test("files come from any branch, raw or encoded, and folders as lists", async () => {
  await github.commit(full, { branch: "topic", message: "Docs", files: { "docs/ä.md": "Grüße\n" }, by: "maintainer" });
  const octokit = as("bot-token");
  const { data } = await octokit.repos.getContent({ ...repo, path: "docs/ä.md", ref: "topic" });
  expect("content" in data && Buffer.from(data.content, "base64").toString()).toBe("Grüße\n");
  const listed = await octokit.repos.getContent({ ...repo, path: "", ref: "topic" });
  expect(Array.isArray(listed.data) && listed.data.map(({ name, type }) => [name, type])).toEqual([
    ["README.md", "file"],
    ["docs", "dir"],
  ]);
  const plain = await raw("/repos/acme/widgets/contents/README.md", { accept: "application/vnd.github.raw+json" });
  expect(await plain.text()).toBe("# Widgets\n");
  expect(await statusOf(octokit.repos.getContent({ ...repo, path: "docs", ref: "main" }))).toBe(404);
});

test("a comparison tells ahead, behind, and what changed", async () => {
  await github.commit(full, { branch: "topic", message: "Topic", files: { "b.txt": "one\ntwo\n" }, by: "maintainer" });
  await github.commit(full, { message: "Main", files: { "c.txt": "c\n" }, by: "maintainer" });
  const { data } = await as("bot-token").repos.compareCommitsWithBasehead({ ...repo, basehead: "main...topic" });
  expect([data.status, data.ahead_by, data.behind_by, data.commits.length]).toEqual(["diverged", 1, 1, 1]);
  expect(data.files?.map(({ filename, status, additions }) => [filename, status, additions])).toEqual([
    ["b.txt", "added", 2],
  ]);
});

test("GraphQL tells who edited a body after it was written; a new title is an event, not an edit", async () => {
  const issue = github.as("maintainer").createIssue(full, { title: "One", body: "first" });
  const at = { repo: full, number: issue.number };
  const query = `query($owner: String!, $name: String!) {
    repository(owner: $owner, name: $name) {
      a: issue(number: 1) {
        ...text
        timelineItems(first: 10, itemTypes: [RENAMED_TITLE_EVENT, LABELED_EVENT]) {
          nodes { __typename ... on RenamedTitleEvent { previousTitle actor { login } } ... on LabeledEvent { label { name } } }
        }
      }
      b: issue(number: 2) { title }
    }
    rateLimit { cost remaining }
  }
  fragment text on Issue { databaseId title body state lastEditedAt editor { login } userContentEdits(first: 5) { totalCount nodes { editedAt editor { login } } } }`;
  type Answer = { repository: { a: Record<string, unknown> } };
  const ask = (): Promise<Answer> =>
    as("bot-token")
      .graphql<Answer>(query, { owner: "Acme", name: "widgets" })
      .catch((error: { data: Answer; errors: { type: string; path: string[] }[] }) => {
        expect(error.errors.map(({ type, path }) => [type, path.join(".")])).toEqual([["NOT_FOUND", "repository.b"]]);
        return error.data;
      });
  github.as("triager").editIssue(at, { title: "Uno" });
  github.as("maintainer").label(at, "bug");
  expect((await ask()).repository.a).toMatchObject({
    title: "Uno",
    lastEditedAt: null,
    editor: null,
    userContentEdits: { nodes: [] },
  });
  clock = new Date("2030-01-01T00:01:00Z");
  github.as("outsider").editIssue(at, { body: "second" });
  expect((await ask()).repository.a).toMatchObject({
    databaseId: issue.id,
    state: "OPEN",
    lastEditedAt: "2030-01-01T00:01:00Z",
    editor: { login: "outsider" },
    userContentEdits: {
      totalCount: 2,
      nodes: [{ editor: { login: "outsider" } }, { editor: { login: "maintainer" } }],
    },
    timelineItems: {
      nodes: [
        { __typename: "RenamedTitleEvent", previousTitle: "One", actor: { login: "triager" } },
        { __typename: "LabeledEvent", label: { name: "bug" } },
      ],
    },
  });
});

test("a GraphQL query for a field that is not there is refused as a whole", async () => {
  const ask = as("bot-token").graphql('{ repository(owner: "acme", name: "widgets") { name nonsense } }');
  await expect(ask).rejects.toThrow("Field 'nonsense' doesn't exist on type 'Repository'");
  expect(
    await statusOf(
      as(undefined).request("POST /graphql", { baseUrl: `${github.url}/api`, query: "{ viewer { login } }" }),
    ),
  ).toBe(401);
});

test("people's links lead to pages", async () => {
  const { number } = github.as("maintainer").createIssue(full, { title: "<One>", body: "Text" });
  const { data } = await as("bot-token").issues.get({ ...repo, issue_number: number });
  const response = await fetch(data.html_url);
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining("&#60;One&#62;")]);
});
