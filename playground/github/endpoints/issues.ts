// Issues: list, read, create, change, and what happened to them.

import { z } from "zod";
import { has, mayCloseIssue, mayEditIssue } from "../access.ts";
import { type Answer, created, forbidden, invalid, json, page } from "../answers.ts";
import * as act from "../issues.ts";
import type { Issue, Repo } from "../model.ts";
import { choice, issueOf, parseBody, type RepoCall, type Route, repoRoute, requireCaller } from "../route.ts";
import { eventShape, issueShape, timelineShapes } from "../shapes/issue.ts";
import { findUser } from "../world.ts";

const labelName = z.union([z.string(), z.object({ name: z.string() }).transform((label) => label.name)]);
const title = z
  .union([z.string(), z.number()])
  .transform(String)
  .refine((text) => text.trim() !== "", "title can't be blank")
  .refine((text) => text.length <= 256, "title is too long (maximum is 256 characters)");
/** Also for comments. */
export const bodyText = z.string().max(65_536, "body is too long (maximum is 65536 characters)");

const newIssue = z.object({
  title,
  body: bodyText.nullish(),
  labels: z.array(labelName).default([]),
  assignees: z.array(z.string()).default([]),
});

const issueChange = z.object({
  title: title.optional(),
  body: bodyText.nullish(),
  state: z.enum(["open", "closed"]).optional(),
  state_reason: z.enum(["completed", "not_planned", "duplicate", "reopened"]).nullish(),
  labels: z.array(labelName).optional(),
  assignees: z.array(z.string()).optional(),
});

const assigneesBody = z.object({ assignees: z.array(z.string()) });

function listIssues(call: RepoCall): Answer {
  const state = choice(call, "state", ["open", "closed", "all"], "open", "Issue");
  const sort = choice(call, "sort", ["created", "updated", "comments"], "created", "Issue");
  const direction = choice(call, "direction", ["asc", "desc"], "desc", "Issue");
  const { labels = "", since, creator, assignee } = call.query;
  if (since && Number.isNaN(Date.parse(since))) throw invalid({ resource: "Issue", field: "since", code: "invalid" });
  const wanted = labels
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);
  const matching = call.repo.issues.filter(
    (issue) =>
      (state === "all" || issue.state === state) &&
      wanted.every((name) => issue.labels.some((label) => label.name.toLowerCase() === name)) &&
      (!since || Date.parse(issue.updatedAt) >= Date.parse(since)) &&
      (!creator || issue.author.toLowerCase() === creator.toLowerCase()) &&
      (!assignee || assignedTo(issue, assignee)),
  );
  const sign = direction === "asc" ? 1 : -1;
  const sorted = matching.toSorted((a, b) => sign * (order(a, b, sort) || a.number - b.number));
  return page(sorted, (issue) => issueShape(call.world, call.repo, issue));
}

function assignedTo(issue: Issue, assignee: string): boolean {
  if (assignee === "*") return issue.assignees.length > 0;
  if (assignee === "none") return issue.assignees.length === 0;
  return issue.assignees.some((login) => login.toLowerCase() === assignee.toLowerCase());
}

function order(a: Issue, b: Issue, sort: "created" | "updated" | "comments"): number {
  if (sort === "comments") return a.comments.length - b.comments.length;
  const key = sort === "created" ? "createdAt" : "updatedAt";
  return Date.parse(a[key]) - Date.parse(b[key]);
}

function createIssue(call: RepoCall): Answer {
  const caller = requireCaller(call);
  const fresh = parseBody(call, "Issue", newIssue);
  // Labels and assignees of people without triage access are dropped in silence, as documented.
  const trusted = has(call.repo, caller, "triage");
  const issue = act.createIssue(call.world, call.repo, caller.login, {
    title: fresh.title,
    body: fresh.body ?? null,
    labels: trusted ? fresh.labels : [],
    assignees: trusted ? assignable(call, fresh.assignees) : [],
  });
  return created(issueShape(call.world, call.repo, issue));
}

/** Logins as their owners spell them. Throws 422 for someone who cannot be assigned. */
function assignable(call: RepoCall, logins: readonly string[]): string[] {
  return logins.map((login) => {
    const user = findUser(call.world, login);
    if (user === undefined || !has(call.repo, user, "read")) {
      throw invalid({ resource: "Issue", field: "assignees", code: "invalid", value: login });
    }
    return user.login;
  });
}

function changeIssue(call: RepoCall): Answer {
  const { world, repo } = call;
  const caller = requireCaller(call);
  const issue = issueOf(call);
  const change = parseBody(call, "Issue", issueChange);
  const edits = change.title !== undefined || change.body !== undefined;
  if (edits && !mayEditIssue(repo, issue, caller)) throw forbidden("Must have admin rights to Repository.");
  if (change.state !== undefined && !mayCloseIssue(repo, issue, caller)) {
    throw forbidden("Must have admin rights to Repository.");
  }
  if (change.title !== undefined) act.rename(world, issue, caller.login, change.title);
  if (change.body !== undefined) act.editBody(world, issue, caller.login, change.body);
  if (has(repo, caller, "triage")) applyTriage(call, repo, issue, caller.login, change);
  if (change.state === "closed") act.close(world, issue, caller.login, closingReason(change.state_reason));
  if (change.state === "open") act.reopen(world, issue, caller.login);
  return json(issueShape(world, repo, issue));
}

function applyTriage(
  call: RepoCall,
  repo: Repo,
  issue: Issue,
  by: string,
  change: { readonly labels?: string[] | undefined; readonly assignees?: string[] | undefined },
): void {
  if (change.labels !== undefined) act.setLabels(call.world, repo, issue, by, change.labels);
  if (change.assignees === undefined) return;
  const wanted = assignable(call, change.assignees);
  for (const login of issue.assignees.filter((one) => !wanted.includes(one)))
    act.unassign(call.world, issue, by, login);
  for (const login of wanted) act.assign(call.world, issue, by, login);
}

function closingReason(given: string | null | undefined): "completed" | "not_planned" | "duplicate" {
  return given === "not_planned" || given === "duplicate" ? given : "completed";
}

function changeAssignees(call: RepoCall, how: typeof act.assign): Answer {
  const issue = issueOf(call);
  const { assignees } = parseBody(call, "Issue", assigneesBody);
  for (const login of assignable(call, assignees)) how(call.world, issue, requireCaller(call).login, login);
  return { kind: "json", status: how === act.assign ? 201 : 200, body: issueShape(call.world, call.repo, issue) };
}

export const issueRoutes: readonly Route[] = [
  repoRoute("get", "/issues", listIssues),
  repoRoute("post", "/issues", createIssue),
  repoRoute("get", "/issues/:number", (call) => {
    const issue = issueOf(call);
    return json(issueShape(call.world, call.repo, issue), issue.updatedAt);
  }),
  repoRoute("patch", "/issues/:number", changeIssue),
  repoRoute("post", "/issues/:number/assignees", (call) => changeAssignees(call, act.assign), "triage"),
  repoRoute("delete", "/issues/:number/assignees", (call) => changeAssignees(call, act.unassign), "triage"),
  repoRoute("get", "/issues/:number/events", (call) =>
    page(issueOf(call).events, (event) => eventShape(call.world, call.repo, event)),
  ),
  repoRoute("get", "/issues/:number/timeline", (call) =>
    page(timelineShapes(call.world, call.repo, issueOf(call)), (shape) => shape()),
  ),
];

/** Below /issues/ too, so these come before the routes by number. */
export const issueEventRoutes: readonly Route[] = [
  repoRoute("get", "/issues/events", (call) => {
    const all = call.repo.issues.flatMap((issue) => issue.events.map((event) => ({ issue, event })));
    const newestFirst = all.toSorted((a, b) => b.event.id - a.event.id);
    return page(newestFirst, ({ issue, event }) => ({
      ...eventShape(call.world, call.repo, event),
      issue: issueShape(call.world, call.repo, issue),
    }));
  }),
];
