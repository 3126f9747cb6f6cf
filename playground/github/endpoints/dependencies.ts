// Issue dependencies. A blocker is named by its database id, not its number (docs.github.com, "REST API endpoints for
// issue dependencies"), and may be in another repository.

import { z } from "zod";
import { has } from "../access.ts";
import { type Answer, created, json, notFound, page, Refusal } from "../answers.ts";
import * as act from "../issues.ts";
import type { IssueKey } from "../model.ts";
import { issueOf, numberParam, parseBody, type RepoCall, type Route, repoRoute, requireCaller } from "../route.ts";
import { issueShape } from "../shapes/issue.ts";
import { issueAt } from "../world.ts";

const blocker = z.object({ issue_id: z.int() });

/** The issues behind the keys, those left out that the caller may not see. */
function list(call: RepoCall, keys: readonly IssueKey[]): Answer {
  const visible = keys.flatMap((key) => {
    const found = issueAt(call.world, key);
    return found !== undefined && has(found.repo, call.caller, "read") ? [found] : [];
  });
  return page(visible, ({ repo, issue }) => issueShape(call.world, repo, issue));
}

function keyOf(call: RepoCall, id: number): IssueKey | undefined {
  for (const repo of call.world.repos) {
    const issue = repo.issues.find((candidate) => candidate.id === id);
    if (issue !== undefined && has(repo, call.caller, "read")) return { repo: repo.id, number: issue.number };
  }
  return undefined;
}

function add(call: RepoCall): Answer {
  const { world, repo } = call;
  const issue = issueOf(call);
  const { issue_id: id } = parseBody(call, "IssueDependency", blocker);
  const key = keyOf(call, id);
  if (key === undefined) throw notFound();
  if (act.sameIssue(key, { repo: repo.id, number: issue.number })) throw refused("Issue cannot be blocked by itself");
  const there = issueAt(world, key)?.issue.blockedBy ?? [];
  if (there.some((other) => act.sameIssue(other, { repo: repo.id, number: issue.number }))) {
    throw refused("Target issue is already blocked by this issue");
  }
  if (!act.addBlocker(world, repo, issue, requireCaller(call).login, key)) {
    throw refused("Target issue has already been taken");
  }
  return created(issueShape(world, repo, issue));
}

function refused(message: string): Refusal {
  return new Refusal(422, "Validation Failed", [
    { resource: "IssueDependency", field: "issue_id", code: "unprocessable", message },
  ]);
}

function remove(call: RepoCall): Answer {
  const { world, repo } = call;
  const issue = issueOf(call);
  const key = keyOf(call, numberParam(call, "id"));
  if (key === undefined || !act.removeBlocker(world, repo, issue, requireCaller(call).login, key)) throw notFound();
  return json(issueShape(world, repo, issue));
}

const path = "/issues/:number/dependencies";

export const dependencyRoutes: readonly Route[] = [
  repoRoute("get", `${path}/blocked_by`, (call) => list(call, issueOf(call).blockedBy)),
  repoRoute("get", `${path}/blocking`, (call) => list(call, act.blockedIssues(call.world, call.repo, issueOf(call)))),
  repoRoute("post", `${path}/blocked_by`, add, "triage"),
  repoRoute("delete", `${path}/blocked_by/:id`, remove, "triage"),
];
