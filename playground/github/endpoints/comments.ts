// Comments on issues, below the issue and below the repository.

import { z } from "zod";
import { has } from "../access.ts";
import { type Answer, created, forbidden, json, noContent, notFound, page } from "../answers.ts";
import * as act from "../issues.ts";
import type { Comment, Issue } from "../model.ts";
import {
  choice,
  issueOf,
  numberParam,
  parseBody,
  type RepoCall,
  type Route,
  repoRoute,
  requireCaller,
} from "../route.ts";
import { commentShape } from "../shapes/issue.ts";
import { bodyText } from "./issues.ts";

const text = z.object({ body: bodyText.min(1, "body can't be blank") });

type Found = { readonly issue: Issue; readonly comment: Comment };

function commentsOf(issues: readonly Issue[]): Found[] {
  return issues.flatMap((issue) => issue.comments.map((comment) => ({ issue, comment })));
}

function list(call: RepoCall, found: readonly Found[]): Answer {
  const { since } = call.query;
  const recent = since ? found.filter(({ comment }) => Date.parse(comment.updatedAt) >= Date.parse(since)) : found;
  return page(recent, ({ issue, comment }) => commentShape(call.world, call.repo, issue, comment));
}

function listForRepo(call: RepoCall): Answer {
  const sort = choice(call, "sort", ["created", "updated"], "created", "IssueComment");
  const direction = choice(call, "direction", ["asc", "desc"], sort === "created" ? "asc" : "desc", "IssueComment");
  const key = sort === "created" ? "createdAt" : "updatedAt";
  const sign = direction === "asc" ? 1 : -1;
  const all = commentsOf(call.repo.issues).toSorted(
    (a, b) => sign * (Date.parse(a.comment[key]) - Date.parse(b.comment[key]) || a.comment.id - b.comment.id),
  );
  return list(call, all);
}

function find(call: RepoCall): Found {
  const id = numberParam(call, "id");
  const found = commentsOf(call.repo.issues).find(({ comment }) => comment.id === id);
  if (found === undefined) throw notFound();
  return found;
}

/** The comment's author, or write access. */
function requireMayChange(call: RepoCall, comment: Comment): void {
  const caller = requireCaller(call);
  if (comment.author === caller.login || has(call.repo, caller, "write")) return;
  throw forbidden("Must have admin rights to Repository.");
}

function create(call: RepoCall): Answer {
  const issue = issueOf(call);
  const { body } = parseBody(call, "IssueComment", text);
  const comment = act.addComment(call.world, issue, requireCaller(call).login, body);
  return created(commentShape(call.world, call.repo, issue, comment));
}

function change(call: RepoCall): Answer {
  const { issue, comment } = find(call);
  requireMayChange(call, comment);
  const { body } = parseBody(call, "IssueComment", text);
  act.editComment(call.world, issue, comment, requireCaller(call).login, body);
  return json(commentShape(call.world, call.repo, issue, comment));
}

function remove(call: RepoCall): Answer {
  const { issue, comment } = find(call);
  requireMayChange(call, comment);
  act.deleteComment(call.world, issue, comment);
  return noContent;
}

export const commentRoutes: readonly Route[] = [
  repoRoute("get", "/issues/comments", listForRepo),
  repoRoute("get", "/issues/comments/:id", (call) => {
    const { issue, comment } = find(call);
    return json(commentShape(call.world, call.repo, issue, comment), comment.updatedAt);
  }),
  repoRoute("patch", "/issues/comments/:id", change),
  repoRoute("delete", "/issues/comments/:id", remove),
  repoRoute("get", "/issues/:number/comments", (call) => list(call, commentsOf([issueOf(call)]))),
  repoRoute("post", "/issues/:number/comments", create),
];
