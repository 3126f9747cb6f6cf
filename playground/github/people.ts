// What a person does on GitHub's pages, as plain methods. No permission is asked here: the caller says who acts, and a
// test that needs a refusal goes over HTTP.

import * as act from "./issues.ts";
import type { Comment, Issue, Protection, Role, StateReason } from "./model.ts";
import { requireIssue, requireRepo, requireUser, type World } from "./world.ts";

export type IssueAddress = { readonly repo: string; readonly number: number };

/** What one person can do to issues. `repo` is `owner/name`. Throws for a repository or issue that is not there. */
export type Person = {
  createIssue(
    repo: string,
    issue: { readonly title: string; readonly body?: string; readonly labels?: readonly string[] },
  ): Issue;
  label(issue: IssueAddress, ...names: string[]): void;
  unlabel(issue: IssueAddress, name: string): void;
  comment(issue: IssueAddress, body: string): Comment;
  editComment(issue: IssueAddress, commentId: number, body: string): void;
  close(issue: IssueAddress, reason?: StateReason): void;
  reopen(issue: IssueAddress): void;
  editIssue(issue: IssueAddress, change: { readonly title?: string; readonly body?: string }): void;
  assign(issue: IssueAddress, login: string): void;
  block(issue: IssueAddress, blocker: IssueAddress): void;
  unblock(issue: IssueAddress, blocker: IssueAddress): void;
};

export function personOf(world: World, login: string): Person {
  const by = requireUser(world, login).login;
  const at = ({ repo, number }: IssueAddress): { repo: ReturnType<typeof requireRepo>; issue: Issue } => {
    const found = requireRepo(world, repo);
    return { repo: found, issue: requireIssue(found, number) };
  };
  return {
    createIssue(repo, { title, body, labels = [] }) {
      return act.createIssue(world, requireRepo(world, repo), by, { title, body: body ?? null, labels, assignees: [] });
    },
    label(address, ...names) {
      const { repo, issue } = at(address);
      act.addLabels(world, repo, issue, by, names);
    },
    unlabel: (address, name) => void act.removeLabel(world, at(address).issue, by, name),
    comment: (address, body) => act.addComment(world, at(address).issue, by, body),
    editComment(address, commentId, body) {
      const { issue } = at(address);
      const comment = issue.comments.find((candidate) => candidate.id === commentId);
      if (comment === undefined) throw new Error(`no comment ${commentId}`);
      act.editComment(world, issue, comment, by, body);
    },
    close: (address, reason = "completed") => act.close(world, at(address).issue, by, reason),
    reopen: (address) => act.reopen(world, at(address).issue, by),
    editIssue(address, { title, body }) {
      const { issue } = at(address);
      if (title !== undefined) act.rename(world, issue, by, title);
      if (body !== undefined) act.editBody(world, issue, by, body);
    },
    assign: (address, assignee) => act.assign(world, at(address).issue, by, requireUser(world, assignee).login),
    block(address, blocker) {
      const { repo, issue } = at(address);
      const other = at(blocker);
      act.addBlocker(world, repo, issue, by, { repo: other.repo.id, number: other.issue.number });
    },
    unblock(address, blocker) {
      const { repo, issue } = at(address);
      const other = at(blocker);
      act.removeBlocker(world, repo, issue, by, { repo: other.repo.id, number: other.issue.number });
    },
  };
}

/** Gives or, with undefined, takes away a role. */
export function setPermission(world: World, full: string, login: string, role: Role | undefined): void {
  const repo = requireRepo(world, full);
  const key = requireUser(world, login).login.toLowerCase();
  if (role === undefined) repo.collaborators.delete(key);
  else repo.collaborators.set(key, role);
}

/** Protects a branch, by default only against force pushes and deletion. */
export function protectBranch(world: World, full: string, branch: string, rules: Partial<Protection> = {}): void {
  requireRepo(world, full).protections.set(branch, {
    requirePullRequest: rules.requirePullRequest ?? false,
    requiredChecks: rules.requiredChecks ?? [],
    restrictedTo: rules.restrictedTo,
    enforceAdmins: rules.enforceAdmins ?? false,
  });
}

export function renameRepo(world: World, full: string, name: string): void {
  const repo = requireRepo(world, full);
  world.formerNames.set(full.toLowerCase(), repo.id);
  world.formerNames.delete(`${repo.owner}/${name}`.toLowerCase());
  repo.name = name;
}

/** Author, texts, edits and the events so far go along; labels only where the other repository has them too. */
export function transferIssue(world: World, { repo: full, number }: IssueAddress, to: string, by: string): Issue {
  const from = requireRepo(world, full);
  const target = requireRepo(world, to);
  const issue = requireIssue(from, number);
  const labels = target.labels.filter((label) => issue.labels.some((one) => act.sameLabel(one, label)));
  const moved: Issue = { ...issue, number: target.nextNumber, labels, blockedBy: [] };
  target.nextNumber += 1;
  target.issues.push(moved);
  from.issues.splice(from.issues.indexOf(issue), 1);
  world.movedIssues.set(`${from.id}#${number}`, { repo: target.id, number: moved.number });
  act.recordTransfer(world, moved, requireUser(world, by).login);
  return moved;
}

export function deleteIssue(world: World, { repo: full, number }: IssueAddress): void {
  const repo = requireRepo(world, full);
  repo.issues.splice(repo.issues.indexOf(requireIssue(repo, number)), 1);
  world.movedIssues.set(`${repo.id}#${number}`, null);
}
