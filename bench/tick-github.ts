// GitHub as the tick bench needs it, in a process of its own: the issue list of any repo, empty until it changes.
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
  const body = repo >= 0 && repo < changed ? JSON.stringify([pullRequest(repo)]) : "[]";
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
