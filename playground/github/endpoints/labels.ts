// Labels of the repository and of an issue.

import { z } from "zod";
import { type Answer, created, invalid, json, noContent, notFound, page, Refusal } from "../answers.ts";
import * as act from "../issues.ts";
import type { Issue, Label } from "../model.ts";
import { issueOf, parseBody, type RepoCall, type Route, repoRoute, requireCaller } from "../route.ts";
import { labelShape } from "../shapes/issue.ts";
import { nextId } from "../world.ts";

const name = z.string().min(1).max(50, "is too long (maximum is 50 characters)");
const color = z.string().regex(/^[0-9a-f]{6}$/i, "must be six hexadecimal digits without #");
const description = z.string().max(100, "is too long (maximum is 100 characters)").nullish();
const newLabel = z.object({ name, color: color.optional(), description });
const labelChange = z.object({ new_name: name.optional(), color: color.optional(), description });

/** `{labels: […]}`, a bare list, or one bare name: all are taken. */
const labelList = z.union([
  z.object({ labels: z.array(z.union([name, z.object({ name }).transform((label) => label.name)])).default([]) }),
  z.array(name).transform((labels) => ({ labels })),
]);

function find(call: RepoCall): Label {
  const label = act.findLabel(call.repo, call.params["name"] ?? "");
  if (label === undefined) throw notFound();
  return label;
}

function create(call: RepoCall): Answer {
  const fresh = parseBody(call, "Label", newLabel);
  if (act.findLabel(call.repo, fresh.name)) {
    throw invalid({ resource: "Label", code: "already_exists", field: "name" });
  }
  const label: Label = {
    id: nextId(call.world),
    name: fresh.name,
    color: (fresh.color ?? "ededed").toLowerCase(),
    description: fresh.description ?? null,
    isDefault: false,
  };
  call.repo.labels.push(label);
  return created(labelShape(call.world, call.repo, label));
}

function change(call: RepoCall): Answer {
  const label = find(call);
  const wanted = parseBody(call, "Label", labelChange);
  const taken = wanted.new_name === undefined ? undefined : act.findLabel(call.repo, wanted.new_name);
  if (taken !== undefined && taken !== label) {
    throw invalid({ resource: "Label", code: "already_exists", field: "name" });
  }
  if (wanted.new_name !== undefined) label.name = wanted.new_name;
  if (wanted.color !== undefined) label.color = wanted.color.toLowerCase();
  if (wanted.description !== undefined) label.description = wanted.description;
  return json(labelShape(call.world, call.repo, label));
}

function labelsOn(call: RepoCall, issue: Issue): Answer {
  return page(issue.labels, (label) => labelShape(call.world, call.repo, label));
}

function add(call: RepoCall): Answer {
  const issue = issueOf(call);
  const { labels } = parseBody(call, "Label", labelList);
  act.addLabels(call.world, call.repo, issue, requireCaller(call).login, labels);
  return json(issue.labels.map((label) => labelShape(call.world, call.repo, label)));
}

function set(call: RepoCall): Answer {
  const issue = issueOf(call);
  const { labels } = parseBody(call, "Label", labelList);
  act.setLabels(call.world, call.repo, issue, requireCaller(call).login, labels);
  return json(issue.labels.map((label) => labelShape(call.world, call.repo, label)));
}

function removeOne(call: RepoCall): Answer {
  const issue = issueOf(call);
  const removed = act.removeLabel(call.world, issue, requireCaller(call).login, call.params["name"] ?? "");
  if (!removed) throw new Refusal(404, "Label does not exist");
  return json(issue.labels.map((label) => labelShape(call.world, call.repo, label)));
}

export const labelRoutes: readonly Route[] = [
  repoRoute("get", "/labels", (call) => page(call.repo.labels, (label) => labelShape(call.world, call.repo, label))),
  repoRoute("post", "/labels", create, "write"),
  repoRoute("get", "/labels/:name", (call) => json(labelShape(call.world, call.repo, find(call)))),
  repoRoute("patch", "/labels/:name", change, "write"),
  repoRoute(
    "delete",
    "/labels/:name",
    (call) => {
      act.deleteLabel(call.repo, find(call));
      return noContent;
    },
    "write",
  ),
  repoRoute("get", "/issues/:number/labels", (call) => labelsOn(call, issueOf(call))),
  repoRoute("post", "/issues/:number/labels", add, "triage"),
  repoRoute("put", "/issues/:number/labels", set, "triage"),
  repoRoute("delete", "/issues/:number/labels/:name", removeOne, "triage"),
  repoRoute(
    "delete",
    "/issues/:number/labels",
    (call) => {
      act.setLabels(call.world, call.repo, issueOf(call), requireCaller(call).login, []);
      return noContent;
    },
    "triage",
  ),
];
