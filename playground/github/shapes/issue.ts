// Issues, comments, labels and events as REST shows them.

import { associationOf } from "../access.ts";
import type { Json } from "../answers.ts";
import { blockedIssues } from "../issues.ts";
import type { Comment, Issue, IssueEvent, IssueKey, Label, Repo } from "../model.ts";
import { issueAt, type World } from "../world.ts";
import { minimalRepo, repoApi, repoHtml } from "./repo.ts";
import { apiUrl, nodeId, simpleUser, viaApp } from "./user.ts";

export function labelShape(world: World, repo: Repo, label: Label): Json {
  return {
    id: label.id,
    node_id: nodeId("LA_", label.id),
    url: `${repoApi(world, repo)}/labels/${encodeURIComponent(label.name)}`,
    name: label.name,
    color: label.color,
    default: label.isDefault,
    description: label.description,
  };
}

function reactions(url: string): Json {
  const none = { total_count: 0, "+1": 0, "-1": 0, laugh: 0, hooray: 0, confused: 0, heart: 0, rocket: 0, eyes: 0 };
  return { url: `${url}/reactions`, ...none };
}

export function issueHtml(world: World, repo: Repo, issue: Issue): string {
  return `${repoHtml(world, repo)}/issues/${issue.number}`;
}

export function issueShape(world: World, repo: Repo, issue: Issue): Json {
  const url = `${repoApi(world, repo)}/issues/${issue.number}`;
  const blockers = issue.blockedBy.map((key) => issueAt(world, key)?.issue);
  const blocking = blockedIssues(world, repo, issue);
  return {
    url,
    repository_url: repoApi(world, repo),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: issueHtml(world, repo, issue),
    timeline_url: `${url}/timeline`,
    id: issue.id,
    node_id: nodeId("I_", issue.id),
    number: issue.number,
    title: issue.title,
    user: simpleUser(world, issue.author),
    labels: issue.labels.map((label) => labelShape(world, repo, label)),
    state: issue.state,
    locked: false,
    assignee: issue.assignees[0] === undefined ? null : simpleUser(world, issue.assignees[0]),
    assignees: issue.assignees.map((login) => simpleUser(world, login)),
    milestone: null,
    comments: issue.comments.length,
    created_at: issue.createdAt,
    updated_at: issue.updatedAt,
    closed_at: issue.closedAt,
    author_association: associationOf(repo, issue.author),
    type: null,
    active_lock_reason: null,
    sub_issues_summary: { total: 0, completed: 0, percent_completed: 0 },
    issue_dependencies_summary: {
      blocked_by: blockers.filter((blocker) => blocker?.state === "open").length,
      total_blocked_by: blockers.length,
      blocking: issue.state === "open" ? blocking.length : 0,
      total_blocking: blocking.length,
    },
    body: issue.body,
    closed_by: issue.closedBy === null ? null : simpleUser(world, issue.closedBy),
    reactions: reactions(url),
    performed_via_github_app: viaApp(world, issue.author),
    state_reason: issue.stateReason,
  };
}

export function commentShape(world: World, repo: Repo, issue: Issue, comment: Comment): Json {
  const url = `${repoApi(world, repo)}/issues/comments/${comment.id}`;
  return {
    url,
    html_url: `${issueHtml(world, repo, issue)}#issuecomment-${comment.id}`,
    issue_url: `${repoApi(world, repo)}/issues/${issue.number}`,
    id: comment.id,
    node_id: nodeId("IC_", comment.id),
    user: simpleUser(world, comment.author),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
    body: comment.body,
    author_association: associationOf(repo, comment.author),
    reactions: reactions(url),
    performed_via_github_app: viaApp(world, comment.author),
  };
}

/** An event without its issue, as the lists below one issue give it. It never says how the actor is associated. */
export function eventShape(world: World, repo: Repo, event: IssueEvent): Json {
  return {
    id: event.id,
    node_id: nodeId("IE_", event.id),
    url: `${repoApi(world, repo)}/issues/events/${event.id}`,
    actor: simpleUser(world, event.actor),
    event: event.event,
    commit_id: null,
    commit_url: null,
    created_at: event.createdAt,
    ...detail(world, repo, event),
    performed_via_github_app: viaApp(world, event.actor),
  };
}

function detail(world: World, repo: Repo, event: IssueEvent): Json {
  switch (event.event) {
    case "labeled":
    case "unlabeled":
      return { label: event.label };
    case "closed":
      // A plain completion goes without a reason here, though the issue itself names it.
      return {
        state_reason: event.stateReason === "completed" ? null : event.stateReason,
        ...commit(repoApi(world, repo), event.commitId),
      };
    case "reopened":
      return { state_reason: null };
    case "transferred":
      return {};
    case "renamed":
      return { rename: { from: event.from, to: event.to } };
    case "assigned":
    case "unassigned":
      return { assignee: simpleUser(world, event.assignee), assigner: simpleUser(world, event.actor) };
    case "referenced":
      return commit(apiUrl(world, `/repos/${event.commitRepo}`), event.commitId);
    case "blocked_by_added":
    case "blocked_by_removed":
      return { blocked_by: issueReference(world, event.other) };
    case "blocking_added":
    case "blocking_removed":
      return { blocking: issueReference(world, event.other) };
    default:
      return event satisfies never;
  }
}

function commit(api: string, sha: string | null): Json {
  return { commit_id: sha, commit_url: sha === null ? null : `${api}/commits/${sha}` };
}

/** "issue-reference" */
function issueReference(world: World, key: IssueKey): Json | null {
  const found = issueAt(world, key);
  if (found === undefined) return null;
  const { repo, issue } = found;
  return {
    number: issue.number,
    title: issue.title,
    state: issue.state,
    state_reason: issue.stateReason,
    repository: minimalRepo(world, repo),
    issue_type: null,
  };
}

/** Events and comments in the order in which they happened. */
export function timelineShapes(world: World, repo: Repo, issue: Issue): (() => Json)[] {
  const events = issue.events.map((event) => ({ id: event.id, shape: () => eventShape(world, repo, event) }));
  const comments = issue.comments.map((comment) => ({
    id: comment.id,
    shape: () => ({
      ...commentShape(world, repo, issue, comment),
      event: "commented",
      actor: simpleUser(world, comment.author),
    }),
  }));
  return [...events, ...comments].toSorted((a, b) => a.id - b.id).map(({ shape }) => shape);
}
