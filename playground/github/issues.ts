// What people and programs do to issues, and the events that GitHub records of it. Every change of an issue goes
// through here, whether it came over REST, from a push or from a person's hand; who may do it is asked before.

import type { Comment, Edit, Issue, IssueKey, Label, NewEvent, Repo, StateReason } from "./model.ts";
import { issueAt, nextId, timestamp, type World } from "./world.ts";

export type NewIssue = {
  readonly title: string;
  readonly body: string | null;
  readonly labels: readonly string[];
  readonly assignees: readonly string[];
};

export function createIssue(world: World, repo: Repo, by: string, fresh: NewIssue): Issue {
  const at = timestamp(world);
  const issue: Issue = {
    id: nextId(world),
    number: repo.nextNumber,
    author: by,
    title: fresh.title,
    body: fresh.body,
    state: "open",
    stateReason: null,
    labels: [],
    assignees: [],
    comments: [],
    events: [],
    bodyEdits: [],
    blockedBy: [],
    createdAt: at,
    updatedAt: at,
    closedAt: null,
    closedBy: null,
  };
  repo.nextNumber += 1;
  repo.issues.push(issue);
  addLabels(world, repo, issue, by, fresh.labels);
  if (world.silentCreationLabels) issue.events.length = 0;
  for (const login of fresh.assignees) assign(world, issue, by, login);
  return issue;
}

function record(world: World, issue: Issue, actor: string, detail: NewEvent): void {
  issue.events.push({ ...detail, id: nextId(world), actor, createdAt: timestamp(world) });
  touch(world, issue);
}

function touch(world: World, issue: Issue): void {
  issue.updatedAt = timestamp(world);
}

export function findLabel(repo: Repo, name: string): Label | undefined {
  return repo.labels.find((label) => label.name.toLowerCase() === name.toLowerCase());
}

export function sameLabel(a: Label, b: Label): boolean {
  return a.name.toLowerCase() === b.name.toLowerCase();
}

export function recordTransfer(world: World, issue: Issue, by: string): void {
  record(world, issue, by, { event: "transferred" });
}

/** Finds a label of the repository in any letter case, or makes it, as GitHub does for a name it does not know. */
function ensureLabel(world: World, repo: Repo, name: string): Label {
  const known = findLabel(repo, name);
  if (known !== undefined) return known;
  const label: Label = { id: nextId(world), name, color: "ededed", description: null, isDefault: false };
  repo.labels.push(label);
  return label;
}

/** A label that is on already is left alone: no second event. */
export function addLabels(world: World, repo: Repo, issue: Issue, by: string, names: readonly string[]): void {
  for (const name of names) {
    const label = ensureLabel(world, repo, name);
    if (issue.labels.includes(label)) continue;
    issue.labels.push(label);
    record(world, issue, by, { event: "labeled", label: { name: label.name, color: label.color } });
  }
}

/** False where the label is not on the issue. */
export function removeLabel(world: World, issue: Issue, by: string, name: string): boolean {
  const label = issue.labels.find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
  if (label === undefined) return false;
  issue.labels = issue.labels.filter((candidate) => candidate !== label);
  record(world, issue, by, { event: "unlabeled", label: { name: label.name, color: label.color } });
  return true;
}

export function setLabels(world: World, repo: Repo, issue: Issue, by: string, names: readonly string[]): void {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  for (const label of [...issue.labels]) {
    if (!wanted.has(label.name.toLowerCase())) removeLabel(world, issue, by, label.name);
  }
  addLabels(world, repo, issue, by, names);
}

/** Deleting a label of the repository takes it off every issue without a trace in their events. */
export function deleteLabel(repo: Repo, label: Label): void {
  repo.labels.splice(repo.labels.indexOf(label), 1);
  for (const issue of repo.issues) issue.labels = issue.labels.filter((candidate) => candidate !== label);
}

export function close(
  world: World,
  issue: Issue,
  by: string,
  stateReason: StateReason,
  commitId: string | null = null,
): void {
  if (issue.state === "closed") return;
  issue.state = "closed";
  issue.stateReason = stateReason;
  issue.closedAt = timestamp(world);
  issue.closedBy = by;
  record(world, issue, by, { event: "closed", stateReason, commitId });
}

export function reopen(world: World, issue: Issue, by: string): void {
  if (issue.state === "open") return;
  issue.state = "open";
  issue.stateReason = "reopened";
  issue.closedAt = null;
  issue.closedBy = null;
  record(world, issue, by, { event: "reopened" });
}

export function rename(world: World, issue: Issue, by: string, title: string): void {
  if (issue.title === title) return;
  const from = issue.title;
  issue.title = title;
  record(world, issue, by, { event: "renamed", from, to: title });
}

/** An edited body leaves no event: only GraphQL's `lastEditedAt`, `editor` and `userContentEdits` tell. */
export function editBody(world: World, issue: Issue, by: string, body: string | null): void {
  if ((issue.body ?? "") === (body ?? "")) return;
  keepEdit(
    world,
    issue.bodyEdits,
    { author: issue.author, createdAt: issue.createdAt, text: issue.body ?? "" },
    by,
    body,
  );
  issue.body = body;
  touch(world, issue);
}

function keepEdit(
  world: World,
  edits: Edit[],
  original: { author: string; createdAt: string; text: string },
  by: string,
  text: string | null,
): void {
  if (edits.length === 0) {
    edits.push({ id: nextId(world), editor: original.author, editedAt: original.createdAt, text: original.text });
  }
  edits.push({ id: nextId(world), editor: by, editedAt: timestamp(world), text: text ?? "" });
}

export function addComment(world: World, issue: Issue, by: string, body: string): Comment {
  const at = timestamp(world);
  const comment: Comment = { id: nextId(world), author: by, body, createdAt: at, updatedAt: at, edits: [] };
  issue.comments.push(comment);
  touch(world, issue);
  return comment;
}

export function editComment(world: World, issue: Issue, comment: Comment, by: string, body: string): void {
  if (comment.body === body) return;
  const { author, createdAt, body: text } = comment;
  keepEdit(world, comment.edits, { author, createdAt, text }, by, body);
  comment.body = body;
  comment.updatedAt = timestamp(world);
  touch(world, issue);
}

export function deleteComment(world: World, issue: Issue, comment: Comment): void {
  issue.comments.splice(issue.comments.indexOf(comment), 1);
  touch(world, issue);
}

export function assign(world: World, issue: Issue, by: string, login: string): void {
  if (issue.assignees.includes(login)) return;
  issue.assignees.push(login);
  record(world, issue, by, { event: "assigned", assignee: login });
}

export function unassign(world: World, issue: Issue, by: string, login: string): void {
  if (!issue.assignees.includes(login)) return;
  issue.assignees = issue.assignees.filter((assignee) => assignee !== login);
  record(world, issue, by, { event: "unassigned", assignee: login });
}

/** A commit whose message names the issue was pushed, to any branch. */
export function reference(world: World, issue: Issue, by: string, commitRepo: string, commitId: string): void {
  record(world, issue, by, { event: "referenced", commitId, commitRepo });
}

/** Both issues get an event. False where the dependency is there already. */
export function addBlocker(world: World, repo: Repo, issue: Issue, by: string, blocker: IssueKey): boolean {
  if (issue.blockedBy.some((known) => sameIssue(known, blocker))) return false;
  issue.blockedBy.push(blocker);
  record(world, issue, by, { event: "blocked_by_added", other: blocker });
  const other = issueAt(world, blocker)?.issue;
  if (other !== undefined) {
    record(world, other, by, { event: "blocking_added", other: { repo: repo.id, number: issue.number } });
  }
  return true;
}

/** False where there is no such dependency. */
export function removeBlocker(world: World, repo: Repo, issue: Issue, by: string, blocker: IssueKey): boolean {
  const left = issue.blockedBy.filter((known) => !sameIssue(known, blocker));
  if (left.length === issue.blockedBy.length) return false;
  issue.blockedBy = left;
  record(world, issue, by, { event: "blocked_by_removed", other: blocker });
  const other = issueAt(world, blocker)?.issue;
  if (other !== undefined) {
    record(world, other, by, { event: "blocking_removed", other: { repo: repo.id, number: issue.number } });
  }
  return true;
}

/** The issues that wait for this one, in all repositories. */
export function blockedIssues(world: World, repo: Repo, issue: Issue): IssueKey[] {
  const key = { repo: repo.id, number: issue.number };
  return world.repos.flatMap((other) =>
    other.issues
      .filter((candidate) => candidate.blockedBy.some((known) => sameIssue(known, key)))
      .map((candidate) => ({ repo: other.id, number: candidate.number })),
  );
}

export function sameIssue(a: IssueKey, b: IssueKey): boolean {
  return a.repo === b.repo && a.number === b.number;
}
