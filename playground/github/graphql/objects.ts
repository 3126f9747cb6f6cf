// The objects that hang below an issue in GitHub's GraphQL schema: actors, edits, labels, comments and events.

import { associationOf } from "../access.ts";
import type { Quota } from "../limits.ts";
import type { Comment, Edit, Issue, IssueEvent, Label, Repo, User } from "../model.ts";
import { issueHtml } from "../shapes/issue.ts";
import { nodeId } from "../shapes/user.ts";
import { findUser, type World } from "../world.ts";
import { connection } from "./connection.ts";
import type { Args, GraphObject } from "./execute.ts";

export type Viewer = { readonly world: World; readonly caller: User; readonly quota: Quota };

export function actor(world: World, login: string): GraphObject | null {
  const user = findUser(world, login);
  if (user === undefined) return null;
  // GraphQL writes a bot's login without "[bot]".
  const shown = user.type === "Bot" ? user.login.replace(/\[bot\]$/, "") : user.login;
  return {
    type: user.type,
    interfaces: ["Actor", "Node"],
    fields: {
      id: () => nodeId(user.type, user.id),
      databaseId: () => user.id,
      login: () => shown,
      url: () => `${world.url}/${shown}`,
      resourcePath: () => `/${shown}`,
      avatarUrl: () => `${world.url}/avatars/u/${user.id}?`,
    },
  };
}

export function editing(viewer: Viewer, edits: readonly Edit[]): GraphObject["fields"] {
  const last = edits.at(-1);
  return {
    lastEditedAt: () => last?.editedAt ?? null,
    editor: () => (last === undefined ? null : actor(viewer.world, last.editor)),
    includesCreatedEdit: () => edits.length > 0,
    userContentEdits: (args) =>
      connection("userContentEdits", "UserContentEdit", edits.toReversed(), args, (edit) => editObject(viewer, edit)),
  };
}

function editObject(viewer: Viewer, edit: Edit): GraphObject {
  return {
    type: "UserContentEdit",
    interfaces: ["Node"],
    fields: {
      id: () => nodeId("UCE_", edit.id),
      createdAt: () => edit.editedAt,
      updatedAt: () => edit.editedAt,
      editedAt: () => edit.editedAt,
      editor: () => actor(viewer.world, edit.editor),
      diff: () => edit.text,
      deletedAt: () => null,
      deletedBy: () => null,
    },
  };
}

export function labelObject(label: Pick<Label, "name" | "color"> & { readonly id?: number }): GraphObject {
  return {
    type: "Label",
    interfaces: ["Node"],
    fields: {
      id: () => nodeId("LA_", label.id ?? 0),
      name: () => label.name,
      color: () => label.color,
    },
  };
}

export function commentObject(viewer: Viewer, repo: Repo, issue: Issue, comment: Comment): GraphObject {
  return {
    type: "IssueComment",
    interfaces: ["Node", "Comment"],
    fields: {
      id: () => nodeId("IC_", comment.id),
      databaseId: () => comment.id,
      fullDatabaseId: () => String(comment.id),
      author: () => actor(viewer.world, comment.author),
      authorAssociation: () => associationOf(repo, comment.author),
      body: () => comment.body,
      createdAt: () => comment.createdAt,
      updatedAt: () => comment.updatedAt,
      url: () => `${issueHtml(viewer.world, repo, issue)}#issuecomment-${comment.id}`,
      ...editing(viewer, comment.edits),
    },
  };
}

/** GraphQL's names of the events; undefined for those that this stand-in shows over REST only. */
const eventTypes: Readonly<Record<IssueEvent["event"], string>> = {
  labeled: "LabeledEvent",
  unlabeled: "UnlabeledEvent",
  closed: "ClosedEvent",
  reopened: "ReopenedEvent",
  transferred: "TransferredEvent",
  renamed: "RenamedTitleEvent",
  assigned: "AssignedEvent",
  unassigned: "UnassignedEvent",
  referenced: "ReferencedEvent",
  blocked_by_added: "BlockedByAddedEvent",
  blocked_by_removed: "BlockedByRemovedEvent",
  blocking_added: "BlockingAddedEvent",
  blocking_removed: "BlockingRemovedEvent",
};

export function timeline(viewer: Viewer, repo: Repo, issue: Issue, args: Args): GraphObject {
  const types = Array.isArray(args["itemTypes"]) ? args["itemTypes"].map((type) => wordType(String(type))) : undefined;
  const events = issue.events.map((event) => ({
    id: event.id,
    at: event.createdAt,
    object: eventObject(viewer, event),
  }));
  const comments = issue.comments.map((comment) => ({
    id: comment.id,
    at: comment.createdAt,
    object: commentObject(viewer, repo, issue, comment),
  }));
  const since = typeof args["since"] === "string" ? Date.parse(args["since"]) : undefined;
  const items = [...events, ...comments]
    .toSorted((a, b) => a.id - b.id)
    .filter(({ object }) => types === undefined || types.includes(object.type))
    .filter(({ at }) => since === undefined || Date.parse(at) >= since)
    .map(({ object }) => object);
  return connection("timelineItems", "IssueTimelineItems", items, args, (item) => item);
}

/** LABELED_EVENT → LabeledEvent */
function wordType(word: string): string {
  return word.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function eventObject(viewer: Viewer, event: IssueEvent): GraphObject {
  return {
    type: eventTypes[event.event],
    interfaces: ["Node"],
    fields: {
      id: () => nodeId("IE_", event.id),
      databaseId: () => event.id,
      createdAt: () => event.createdAt,
      actor: () => actor(viewer.world, event.actor),
      ...eventFields(viewer, event),
    },
  };
}

function eventFields(viewer: Viewer, event: IssueEvent): GraphObject["fields"] {
  switch (event.event) {
    case "labeled":
    case "unlabeled":
      return { label: () => labelObject(event.label) };
    case "closed":
      return {
        stateReason: () => event.stateReason.toUpperCase(),
        closer: () => (event.commitId === null ? null : commitObject(event.commitId)),
      };
    case "renamed":
      return { previousTitle: () => event.from, currentTitle: () => event.to };
    case "assigned":
    case "unassigned":
      return { assignee: () => actor(viewer.world, event.assignee) };
    case "referenced":
      return { commit: () => commitObject(event.commitId) };
    default:
      return {};
  }
}

function commitObject(sha: string): GraphObject {
  return { type: "Commit", interfaces: ["Node"], fields: { oid: () => sha, abbreviatedOid: () => sha.slice(0, 7) } };
}
