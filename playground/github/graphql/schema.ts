// The objects of GitHub's GraphQL schema that a client of issues asks for, with GitHub's names and nullability.

import { associationOf, has } from "../access.ts";
import type { Quota } from "../limits.ts";
import { resetTime } from "../limits.ts";
import type { Issue, Repo } from "../model.ts";
import { issueHtml } from "../shapes/issue.ts";
import { repoHtml } from "../shapes/repo.ts";
import { nodeId } from "../shapes/user.ts";
import { findIssue, findRenamed, findRepo, findUser, fullName, issueAt } from "../world.ts";
import { connection } from "./connection.ts";
import { type Args, FieldProblem, type GraphObject } from "./execute.ts";
import { actor, commentObject, editing, labelObject, timeline, type Viewer } from "./objects.ts";

export function queryRoot(viewer: Viewer): GraphObject {
  return {
    type: "Query",
    fields: {
      viewer: () => actor(viewer.world, viewer.caller.login),
      repository: (args) => repository(viewer, args),
      user: (args) => {
        const user = findUser(viewer.world, String(args["login"]));
        if (user?.type !== "User")
          throw notFound(`Could not resolve to a User with the login of '${String(args["login"])}'.`);
        return actor(viewer.world, user.login);
      },
      rateLimit: () => rateLimit(viewer.quota),
    },
  };
}

function notFound(message: string): FieldProblem {
  return new FieldProblem("NOT_FOUND", message);
}

function rateLimit(quota: Quota): GraphObject {
  return {
    type: "RateLimit",
    fields: {
      cost: () => 1,
      limit: () => quota.limit,
      nodeCount: () => 0,
      remaining: () => quota.remaining,
      resetAt: () => resetTime(quota),
      used: () => quota.used,
    },
  };
}

function repository(viewer: Viewer, args: Args): GraphObject {
  const { world, caller } = viewer;
  const owner = String(args["owner"]);
  const name = String(args["name"]);
  const repo = findRepo(world, owner, name) ?? findRenamed(world, owner, name);
  if (repo === undefined || !has(repo, caller, "read")) {
    throw notFound(`Could not resolve to a Repository with the name '${owner}/${name}'.`);
  }
  return repositoryObject(viewer, repo);
}

function repositoryObject(viewer: Viewer, repo: Repo): GraphObject {
  const { world } = viewer;
  return {
    type: "Repository",
    interfaces: ["Node"],
    fields: {
      id: () => nodeId("R_", repo.id),
      databaseId: () => repo.id,
      name: () => repo.name,
      nameWithOwner: () => fullName(repo),
      owner: () => actor(world, repo.owner),
      url: () => repoHtml(world, repo),
      isPrivate: () => repo.private,
      isArchived: () => repo.archived,
      defaultBranchRef: () => branchObject(viewer, repo),
      issue: (args) => {
        const issue = findIssue(repo, Number(args["number"]));
        if (issue === undefined) {
          throw notFound(`Could not resolve to an Issue with the number of ${String(args["number"])}.`);
        }
        return issueObject(viewer, repo, issue);
      },
      issues: (args) =>
        connection("issues", "Issue", filterIssues(repo, args), args, (issue) => issueObject(viewer, repo, issue)),
    },
  };
}

function branchObject({ caller }: Viewer, repo: Repo): GraphObject {
  const protection = repo.protections.get(repo.defaultBranch);
  const bypassed = protection === undefined || (!protection.enforceAdmins && has(repo, caller, "admin"));
  const allowed = protection?.restrictedTo?.includes(caller.login) ?? true;
  return {
    type: "Ref",
    fields: {
      name: () => repo.defaultBranch,
      refUpdateRule: () =>
        bypassed
          ? null
          : {
              type: "RefUpdateRule",
              fields: {
                viewerCanPush: () => has(repo, caller, "write") && allowed,
                requiredApprovingReviewCount: () => (protection.requirePullRequest ? 1 : null),
                requiredStatusCheckContexts: () => [...protection.requiredChecks],
                requiresSignatures: () => false,
              },
            },
    },
  };
}

function filterIssues(repo: Repo, args: Args): Issue[] {
  const list = (value: unknown): string[] | undefined => (Array.isArray(value) ? value.map(String) : undefined);
  const states = list(args["states"]);
  const labels = list(args["labels"])?.map((name) => name.toLowerCase());
  return repo.issues.filter(
    (issue) =>
      (states === undefined || states.includes(issue.state.toUpperCase())) &&
      (labels === undefined || issue.labels.some((label) => labels.includes(label.name.toLowerCase()))),
  );
}

function issueObject(viewer: Viewer, repo: Repo, issue: Issue): GraphObject {
  const { world } = viewer;
  return {
    type: "Issue",
    interfaces: ["Node", "Comment", "Closable"],
    fields: {
      id: () => nodeId("I_", issue.id),
      databaseId: () => issue.id,
      fullDatabaseId: () => String(issue.id),
      number: () => issue.number,
      title: () => issue.title,
      body: () => issue.body ?? "",
      state: () => issue.state.toUpperCase(),
      stateReason: () => issue.stateReason?.toUpperCase() ?? null,
      closed: () => issue.state === "closed",
      closedAt: () => issue.closedAt,
      createdAt: () => issue.createdAt,
      updatedAt: () => issue.updatedAt,
      url: () => issueHtml(world, repo, issue),
      author: () => actor(world, issue.author),
      authorAssociation: () => associationOf(repo, issue.author),
      repository: () => repositoryObject(viewer, repo),
      labels: (args) => connection("labels", "Label", issue.labels, args, labelObject),
      assignees: (args) => connection("assignees", "User", issue.assignees, args, (login) => actor(world, login)),
      comments: (args) =>
        connection("comments", "IssueComment", issue.comments, args, (comment) =>
          commentObject(viewer, repo, issue, comment),
        ),
      timelineItems: (args) => timeline(viewer, repo, issue, args),
      blockedBy: (args) =>
        connection("blockedBy", "Issue", visible(viewer, issue), args, (found) =>
          issueObject(viewer, found.repo, found.issue),
        ),
      ...editing(viewer, issue.bodyEdits),
    },
  };
}

function visible(viewer: Viewer, issue: Issue): { readonly repo: Repo; readonly issue: Issue }[] {
  return issue.blockedBy.flatMap((key) => {
    const found = issueAt(viewer.world, key);
    return found !== undefined && has(found.repo, viewer.caller, "read") ? [found] : [];
  });
}
