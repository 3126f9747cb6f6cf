// GitHub as the tick and verify benches need it, in a process of its own: the issue list of any repo, empty until it
// changes, and one workflow run of any commit, under way until all repos have changed.
// Conditional requests and the primary limit as documented: a 304 is free, and every answer says what is left.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const LIMIT = 5_000;
let used = 0;
let counted = { requests: 0, notModified: 0, quotaUsed: 0 };
/** Repos with an issue that is labelled as running elsewhere: a list that differs and nothing to look at. */
let changed = 0;

const server = createServer((request, response) => {
  counted.requests += 1;
  const repo = Number(/\/repo(\d+)\//.exec(request.url ?? "")?.[1] ?? -1);
  const body = bodyOf(new URL(request.url ?? "/", "http://localhost"), repo);
  const etag = `W/"${createHash("sha256").update(`${request.headers.authorization}${request.url}${body}`).digest("hex")}"`;
  const fresh = request.headers["if-none-match"] === etag;
  if (fresh) counted.notModified += 1;
  else {
    used += 1;
    counted.quotaUsed += 1;
  }
  response.setHeader("etag", etag);
  response.setHeader("x-ratelimit-limit", LIMIT);
  response.setHeader("x-ratelimit-remaining", Math.max(0, LIMIT - used));
  response.setHeader("x-ratelimit-used", used);
  response.setHeader("x-ratelimit-reset", Math.ceil(Date.now() / 1000) + 3_600);
  response.setHeader("x-ratelimit-resource", "core");
  if (fresh) {
    response.writeHead(304).end();
    return;
  }
  const limited = used > LIMIT;
  response.writeHead(limited ? 403 : 200, { "content-type": "application/json; charset=utf-8" });
  response.end(limited ? JSON.stringify({ message: "API rate limit exceeded" }) : body);
});

function bodyOf({ pathname, searchParams }: URL, repo: number): string {
  const isChanged = repo >= 0 && repo < changed;
  if (pathname.endsWith("/actions/runs")) return JSON.stringify(workflowRuns(searchParams.get("head_sha"), isChanged));
  if (pathname.endsWith("/check-runs")) return JSON.stringify({ total_count: 0, check_runs: [] });
  if (pathname.endsWith("/statuses")) return "[]";
  return isChanged ? JSON.stringify([pullRequest(repo)]) : "[]";
}

function workflowRuns(sha: string | null, over: boolean): unknown {
  const status = over ? { status: "completed", conclusion: "success" } : { status: "in_progress", conclusion: null };
  const run = { id: 1, name: "CI", path: "ci.yml", run_attempt: 1, event: "push", check_suite_id: 1, html_url: "" };
  return { total_count: 1, workflow_runs: [{ ...run, head_sha: sha, ...status }] };
}

/** GitHub lists pull requests among issues: one with the label changes the answer, and is no candidate. */
function pullRequest(n: number): unknown {
  return { number: n + 1, title: "A change", body: "", labels: [], state: "open", pull_request: {} };
}

process.on("message", (question: { take?: true; change?: number }) => {
  if (question.change !== undefined) changed = question.change;
  process.send?.(counted);
  counted = { requests: 0, notModified: 0, quotaUsed: 0 };
});
process.on("disconnect", () => process.exit());

server.listen(0, "127.0.0.1", () =>
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
);
