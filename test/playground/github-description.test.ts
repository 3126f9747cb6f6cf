// Every answer of the stand-in is held against GitHub's own description of its API.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commitsBySha } from "../../playground/github/history.ts";
import { zeroSha } from "../../playground/github/model.ts";
import { type GitHub, startGitHub } from "../../playground/github/server.ts";
import { completeJob, createJob, createRun, ensureWorkflow, startJob } from "../../playground/github/workflow-runs.ts";

type Operation = { readonly operationId: string; readonly responses: Record<string, unknown> };
type Description = { readonly paths: Record<string, Record<string, Operation>> };

let github: GitHub;
let dataDir: string;
let description: Description;
let ajv: Ajv;
let sha: string;
const repo = "acme/widgets";

beforeAll(async () => {
  const file = createRequire(import.meta.url).resolve("@octokit/openapi/generated/api.github.com.json");
  description = JSON.parse(await readFile(file, "utf8"), withNull) as Description;
  ajv = new Ajv({ strict: false, allErrors: false, validateFormats: true, logger: false });
  (formats as unknown as (target: Ajv) => void)(ajv);
  ajv.addSchema(description, "github");

  dataDir = await mkdtemp(join(tmpdir(), "github-test-"));
  github = await startGitHub({ dataDir });
  github.addUser({ login: "maintainer", type: "User", token: "maintainer-token" });
  github.addUser({ login: "outsider", type: "User", token: "outsider-token" });
  github.addUser({ login: "afk-bot[bot]", type: "Bot", token: "bot-token" });
  sha = await github.createRepo({
    owner: "acme",
    name: "widgets",
    files: {
      "README.md": "# Widgets\n",
      "src/a.js": "1\n",
      ".github/workflows/ci.yml": "name: CI\non: push\njobs: {}\n",
    },
    collaborators: { maintainer: "admin", "afk-bot[bot]": "write" },
  });
});

afterAll(async () => {
  await github.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** OpenAPI 3.0's `nullable` in the words of JSON Schema. */
function withNull(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nullable" in value) || value.nullable !== true) return value;
  const { nullable: _, ...schema } = value as Record<string, unknown>;
  if (Array.isArray(schema["enum"])) schema["enum"] = [...schema["enum"], null];
  if (typeof schema["type"] === "string") return { ...schema, type: [schema["type"], "null"] };
  return { anyOf: [schema, { type: "null" }] };
}

function pointer(...parts: string[]): string {
  return parts.map((part) => `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`).join("");
}

function validatorOf(path: string, method: string, status: number): ValidateFunction | undefined {
  const response = description.paths[path]?.[method]?.responses[String(status)];
  if (response === undefined) throw new Error(`${method} ${path} is not documented to answer ${status}`);
  const reference = (response as { $ref?: string }).$ref;
  const base = reference ?? `#${pointer("paths", path, method, "responses", String(status))}`;
  const content = (reference === undefined ? response : componentAt(reference)) as { content?: object };
  if (content.content === undefined) return undefined;
  return ajv.compile({ $ref: `github${base}${pointer("content", "application/json", "schema")}` });
}

function componentAt(reference: string): unknown {
  const keys = reference.slice(2).split("/");
  return keys.reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], description);
}

type Asked = {
  readonly params?: Record<string, string | number>;
  readonly query?: string;
  readonly body?: unknown;
  readonly token?: string;
};

const asked = new Set<string>();

/** Makes a request by its documented path and holds the answer against the documented schema of its status. */
async function ask(method: string, path: string, status: number, options: Asked = {}): Promise<unknown> {
  asked.add(`${method} ${path}`);
  const params: Record<string, string | number> = { owner: "acme", repo: "widgets", ...options.params };
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURI(String(params[name])));
  const response = await fetch(`${github.apiUrl}${address}${options.query ?? ""}`, {
    method: method.toUpperCase(),
    redirect: "manual",
    headers: { authorization: `token ${options.token ?? "maintainer-token"}` },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  expect(`${method} ${path}: ${response.status}`, text).toBe(`${method} ${path}: ${status}`);
  const validate = validatorOf(path, method, status);
  if (validate === undefined) return undefined;
  const body: unknown = JSON.parse(text);
  const valid = validate(body);
  expect(valid ? [] : validate.errors, `${method} ${path} ${text.slice(0, 2000)}`).toEqual([]);
  return body;
}

const r = "/repos/{owner}/{repo}";

describe("answers are as GitHub describes them", () => {
  test("root, user, quota and repository", async () => {
    await ask("get", "/", 200);
    await ask("get", "/user", 200);
    await ask("get", "/user", 403, { token: "bot-token" });
    await ask("get", "/user", 401, { token: "nonsense" });
    await ask("get", "/users/{username}", 200, { params: { username: "outsider" } });
    await ask("get", "/users/{username}", 404, { params: { username: "nobody" } });
    await ask("get", "/rate_limit", 200);
    await ask("get", r, 200);
    await ask("get", r, 404, { params: { repo: "none" } });
    await ask("get", `${r}/collaborators`, 200);
    await ask("get", `${r}/collaborators/{username}`, 204, { params: { username: "maintainer" } });
    await ask("get", `${r}/collaborators/{username}/permission`, 200, { params: { username: "outsider" } });
    await ask("get", `${r}/collaborators/{username}/permission`, 404, { params: { username: "nobody" } });
  });

  test("branches, refs, commits and contents", async () => {
    await github.commit(repo, {
      branch: "topic",
      message: "Topic\n\nRefs #1",
      files: { "b.txt": "b\n", "README.md": null },
      by: "maintainer",
    });
    await ask("get", `${r}/branches`, 200);
    await ask("get", `${r}/branches/{branch}`, 200, { params: { branch: "main" } });
    await ask("get", `${r}/branches/{branch}`, 404, { params: { branch: "none" } });
    await ask("get", `${r}/branches/{branch}/protection`, 404, { params: { branch: "main" } });
    github.protectBranch(repo, "main", { requirePullRequest: true, requiredChecks: ["test"] });
    await ask("get", `${r}/branches/{branch}`, 200, { params: { branch: "main" } });
    await ask("get", `${r}/branches/{branch}/protection`, 200, { params: { branch: "main" } });
    await ask("get", `${r}/rules/branches/{branch}`, 200, { params: { branch: "main" } });
    github.unprotectBranch(repo, "main");
    await ask("get", `${r}/git/ref/{ref}`, 200, { params: { ref: "heads/main" } });
    await ask("get", `${r}/git/ref/{ref}`, 404, { params: { ref: "heads/none" } });
    await ask("get", `${r}/git/trees/{tree_sha}`, 200, { params: { tree_sha: "main" }, query: "?recursive=1" });
    await ask("get", `${r}/commits`, 200);
    await ask("get", `${r}/commits/{ref}`, 200, { params: { ref: "topic" } });
    await ask("get", `${r}/commits/{ref}`, 422, { params: { ref: "none" } });
    await ask("get", `${r}/compare/{basehead}`, 200, { params: { basehead: "main...topic" } });
    await ask("get", `${r}/compare/{basehead}`, 404, { params: { basehead: "main...none" } });
    await ask("get", `${r}/contents/{path}`, 200, { params: { path: "README.md" } });
    await ask("get", `${r}/contents/{path}`, 200, { params: { path: "src" }, query: "?ref=topic" });
    await ask("get", `${r}/contents/{path}`, 404, { params: { path: "none" } });
  });

  test("issues, labels, comments, events and dependencies", async () => {
    const one = (await ask("post", `${r}/issues`, 201, { body: { title: "One", body: "Text", labels: ["bug"] } })) as {
      number: number;
    };
    const two = (await ask("post", `${r}/issues`, 201, { body: { title: "Two" }, token: "bot-token" })) as {
      id: number;
    };
    await ask("post", `${r}/issues`, 422, { body: { body: "no title" } });
    const params = { issue_number: one.number, name: "bug", issue_id: two.id };
    await ask("get", `${r}/issues/{issue_number}`, 200, { params });
    await ask("get", `${r}/issues/{issue_number}`, 404, { params: { issue_number: 99 } });
    await ask("patch", `${r}/issues/{issue_number}`, 200, {
      params,
      body: { title: "One!", body: "New", assignees: ["maintainer"] },
    });
    await ask("patch", `${r}/issues/{issue_number}`, 403, { params, body: { title: "mine" }, token: "outsider-token" });
    await ask("get", `${r}/labels`, 200);
    await ask("post", `${r}/labels`, 201, { body: { name: "ready", color: "00ff00" } });
    await ask("post", `${r}/labels`, 422, { body: { name: "Ready" } });
    await ask("get", `${r}/labels/{name}`, 200, { params });
    await ask("patch", `${r}/labels/{name}`, 200, { params: { name: "ready" }, body: { new_name: "ready-for-agent" } });
    await ask("post", `${r}/issues/{issue_number}/labels`, 200, { params, body: { labels: ["ready-for-agent"] } });
    await ask("get", `${r}/issues/{issue_number}/labels`, 200, { params });
    await ask("delete", `${r}/issues/{issue_number}/labels/{name}`, 200, { params });
    await ask("delete", `${r}/issues/{issue_number}/labels/{name}`, 404, { params });
    await ask("put", `${r}/issues/{issue_number}/labels`, 200, { params, body: { labels: ["bug", "P1"] } });
    await ask("delete", `${r}/issues/{issue_number}/labels`, 204, { params });
    await ask("delete", `${r}/labels/{name}`, 204, { params });
    const comment = (await ask("post", `${r}/issues/{issue_number}/comments`, 201, {
      params,
      body: { body: "Hello" },
      token: "bot-token",
    })) as { id: number };
    const at = { comment_id: comment.id };
    await ask("get", `${r}/issues/{issue_number}/comments`, 200, { params });
    await ask("get", `${r}/issues/comments`, 200);
    await ask("get", `${r}/issues/comments/{comment_id}`, 200, { params: at });
    await ask("patch", `${r}/issues/comments/{comment_id}`, 200, { params: at, body: { body: "Hello again" } });
    await ask("post", `${r}/issues/{issue_number}/dependencies/blocked_by`, 201, {
      params,
      body: { issue_id: two.id },
    });
    await ask("post", `${r}/issues/{issue_number}/dependencies/blocked_by`, 422, {
      params,
      body: { issue_id: two.id },
    });
    await ask("get", `${r}/issues/{issue_number}/dependencies/blocked_by`, 200, { params });
    await ask("get", `${r}/issues/{issue_number}/dependencies/blocking`, 200, { params: { issue_number: 2 } });
    await ask("get", `${r}/issues`, 200, { query: "?state=all" });
    await ask("get", `${r}/issues`, 422, { query: "?state=some" });
    await ask("delete", `${r}/issues/{issue_number}/dependencies/blocked_by/{issue_id}`, 200, { params });
    await ask("post", `${r}/issues/{issue_number}/assignees`, 201, { params, body: { assignees: ["outsider"] } });
    await ask("delete", `${r}/issues/{issue_number}/assignees`, 200, { params, body: { assignees: ["outsider"] } });
    await ask("patch", `${r}/issues/{issue_number}`, 200, {
      params,
      body: { state: "closed", state_reason: "not_planned" },
    });
    await ask("patch", `${r}/issues/{issue_number}`, 200, { params, body: { state: "open" } });
    await github.commit(repo, { message: "Fix\n\nCloses #1", files: { "c.txt": "c\n" }, by: "maintainer" });
    const events = (await ask("get", `${r}/issues/{issue_number}/events`, 200, { params })) as { event: string }[];
    expect(new Set(events.map(({ event }) => event))).toEqual(
      new Set([
        "labeled",
        "unlabeled",
        "renamed",
        "assigned",
        "unassigned",
        "blocked_by_added",
        "blocked_by_removed",
        "closed",
        "reopened",
        "referenced",
      ]),
    );
    await ask("get", `${r}/issues/{issue_number}/timeline`, 200, { params });
    await ask("get", `${r}/issues/events`, 200);
    await ask("delete", `${r}/issues/comments/{comment_id}`, 204, { params: at });
    await github.createRepo({ owner: "acme", name: "other", files: { a: "a" } });
    const moved = github.transferIssue({ repo, number: 2 }, "acme/other", "maintainer");
    await ask("get", `${r}/issues/{issue_number}`, 301, { params: { issue_number: 2 } });
    const there = { params: { repo: "other", issue_number: moved.number } };
    await ask("get", `${r}/issues/{issue_number}/events`, 200, there);
    github.deleteIssue({ repo, number: 1 });
    await ask("get", `${r}/issues/{issue_number}`, 410, { params: { issue_number: 1 } });
  });

  test("check runs, suites and statuses", async () => {
    const ref = { ref: sha, sha };
    await ask("post", `${r}/statuses/{sha}`, 201, {
      params: ref,
      body: { state: "success", context: "lint", target_url: "https://example.com/1" },
    });
    await ask("get", `${r}/commits/{ref}/status`, 200, { params: ref });
    await ask("get", `${r}/commits/{ref}/statuses`, 200, { params: ref });
    const run = (await ask("post", `${r}/check-runs`, 201, {
      body: { name: "build", head_sha: sha },
      token: "bot-token",
    })) as {
      id: number;
      check_suite: { id: number };
    };
    const params = { ...ref, check_run_id: run.id, check_suite_id: run.check_suite.id };
    await ask("patch", `${r}/check-runs/{check_run_id}`, 200, {
      params,
      body: { conclusion: "failure", output: { title: "No", summary: "It does not build" } },
      token: "bot-token",
    });
    await ask("get", `${r}/check-runs/{check_run_id}`, 200, { params });
    await ask("get", `${r}/check-runs/{check_run_id}/annotations`, 200, { params });
    await ask("get", `${r}/commits/{ref}/check-runs`, 200, { params });
    await ask("get", `${r}/commits/{ref}/check-suites`, 200, { params });
    await ask("get", `${r}/check-suites/{check_suite_id}`, 200, { params });
    await ask("get", `${r}/check-suites/{check_suite_id}/check-runs`, 200, { params });
  });

  test("workflows, their runs, jobs and logs", async () => {
    const { world, git } = github;
    const record = github.repo(repo);
    const workflow = ensureWorkflow(world, record, { path: ".github/workflows/ci.yml", text: "name: CI" });
    const [commit] = await commitsBySha(git, record.gitDir, [sha]);
    if (commit === undefined) throw new Error("no commit");
    const run = createRun(world, record, {
      workflow,
      event: "push",
      branch: "main",
      before: zeroSha,
      commit,
      actor: "maintainer",
    });
    const job = createJob(world, record, run, "test", "test");
    const params = { run_id: run.id, job_id: job.id, workflow_id: workflow.id, attempt_number: 1, ref: sha };
    for (const step of [undefined, startJob, completeJob] as const) {
      if (step === startJob) startJob(world, record, job);
      if (step === completeJob) completeJob(world, record, job, "success");
      await ask("get", `${r}/actions/runs/{run_id}`, 200, { params });
      await ask("get", `${r}/actions/runs/{run_id}/jobs`, 200, { params });
      await ask("get", `${r}/actions/jobs/{job_id}`, 200, { params });
      await ask("get", `${r}/commits/{ref}/check-runs`, 200, { params });
      await ask("get", `${r}/commits/{ref}/check-suites`, 200, { params });
    }
    await ask("get", `${r}/actions/runs`, 200);
    await ask("get", `${r}/actions/runs/{run_id}/attempts/{attempt_number}/jobs`, 200, { params });
    await ask("get", `${r}/actions/workflows`, 200);
    await ask("get", `${r}/actions/workflows/{workflow_id}`, 200, { params });
    await ask("get", `${r}/actions/workflows/{workflow_id}/runs`, 200, { params });
    await ask("get", `${r}/actions/jobs/{job_id}/logs`, 302, { params });
    world.actionsRunner = { rerun: () => undefined, cancel: () => undefined };
    await ask("post", `${r}/actions/runs/{run_id}/cancel`, 202, { params });
    run.status = "completed";
    await ask("post", `${r}/actions/runs/{run_id}/cancel`, 409, { params });
    await ask("post", `${r}/actions/runs/{run_id}/rerun`, 201, { params });
    await ask("post", `${r}/actions/runs/{run_id}/rerun-failed-jobs`, 201, { params });
    world.actionsRunner = undefined;
  });

  test("a renamed repository sends its callers on", async () => {
    await github.createRepo({ owner: "acme", name: "old", files: { a: "a" }, collaborators: { maintainer: "admin" } });
    github.renameRepo("acme/old", "new");
    await ask("get", r, 301, { params: { repo: "old" } });
    const response = await fetch(`${github.apiUrl}/repos/acme/old/issues?state=all`, {
      headers: { authorization: "token maintainer-token" },
    });
    expect(response.status).toBe(200);
    expect(response.url).toContain("/repositories/");
  });
});
