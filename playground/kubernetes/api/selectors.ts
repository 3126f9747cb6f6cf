// Label and field selectors, as query strings and as they stand in a workload's spec.

import type { KubeObject, LabelSelector } from "../objects/meta.ts";
import type { Resource } from "../objects/resources.ts";
import { badRequest } from "../status.ts";

export type Match = (object: KubeObject) => boolean;

type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels) => boolean;

/** `app=web,tier!=cache,env in (a, b),!legacy,release`. Throws a 400 where it cannot be read. */
export function parseLabelSelector(text: string): Match {
  const parts = text.split(/,(?![^(]*\))/).map((part) => part.trim());
  const requirements = parts.filter((part) => part !== "").map(parseRequirement);
  return (object) => requirements.every((holds) => holds(object.metadata.labels ?? {}));
}

function parseRequirement(part: string): Requirement {
  const set = /^([^\s!=()]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(part);
  if (set !== null) {
    const [, key = "", operator, list = ""] = set;
    const values = list.split(",").map((value) => value.trim());
    const among = (labels: Labels) => values.includes(labels[key] ?? "") && key in labels;
    return operator === "in" ? among : (labels) => !among(labels);
  }
  const equal = /^([^\s!=()]+)\s*(==|=|!=)\s*([^\s!=()]*)$/.exec(part);
  if (equal !== null) {
    const [, key = "", operator, value = ""] = equal;
    return operator === "!=" ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const present = /^(!?)\s*([^\s!=(),]+)$/.exec(part);
  if (present === null) throw badRequest(`unable to parse requirement: found '${part}', expected: identifier`);
  const [, not, key = ""] = present;
  return (labels) => key in labels !== (not === "!");
}

export function selects(selector: LabelSelector, labels: Labels = {}): boolean {
  const exact = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value);
  return (
    exact &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      if (operator === "Exists") return key in labels;
      if (operator === "DoesNotExist") return !(key in labels);
      const among = key in labels && values.includes(labels[key] ?? "");
      return operator === "In" ? among : !among;
    })
  );
}

/** A selector in the string form that the scale subresource reports. */
export function selectorText(selector: LabelSelector): string {
  const exact = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const sets = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === "Exists") return key;
    if (operator === "DoesNotExist") return `!${key}`;
    return `${key} ${operator === "In" ? "in" : "notin"} (${values.join(",")})`;
  });
  return [...exact, ...sets].join(",");
}

const common = ["metadata.name", "metadata.namespace"];
const podFields = [
  "spec.nodeName",
  "spec.restartPolicy",
  "spec.schedulerName",
  "spec.serviceAccountName",
  "status.phase",
  "status.podIP",
];
const referenceFields = ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"];

/** `metadata.name=web-0,status.phase!=Running`. Throws a 400 for a field that the kind cannot be selected by. */
export function parseFieldSelector(text: string, resource: Resource): Match {
  const terms = text
    .split(",")
    .filter((part) => part.trim() !== "")
    .map((part) => {
      const read = /^([^=!]+?)\s*(==|=|!=)\s*(.*)$/.exec(part.trim());
      if (read === null) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
      const [, label = "", operator, value = ""] = read;
      const path = fieldPath(label, resource);
      return { path, equal: operator !== "!=", value };
    });
  return (object) => terms.every(({ path, equal, value }) => (fieldAt(object, path) === value) === equal);
}

/** The name that a selector pins, which then counts as the request's name (for RBAC's resourceNames). */
export function pinnedName(fieldSelector: string): string {
  return /(?:^|,)metadata\.name==?([^,=]+)/.exec(fieldSelector)?.[1] ?? "";
}

/** Events are stored in their core form, whichever group they are asked by. */
function fieldPath(label: string, resource: Resource): string {
  if (common.includes(label)) return label;
  if (resource.plural === "pods" && podFields.includes(label)) return label;
  if (resource.plural === "namespaces" && label === "status.phase") return label;
  if (resource.plural === "events") {
    const [head = "", rest = ""] = label.split(".", 2);
    const reference = resource.group === "" ? "involvedObject" : "regarding";
    if (head === reference && referenceFields.includes(rest)) return `involvedObject.${rest}`;
    if (label === "reason" || label === "type") return label;
    if (label === "reportingComponent" || label === "reportingController") return "reportingComponent";
    if (resource.group === "" && label === "source") return "source.component";
  }
  throw badRequest(`field label not supported: ${label}`);
}

function fieldAt(object: KubeObject, path: string): string {
  let at: unknown = object;
  for (const step of path.split(".")) at = isRecord(at) ? at[step] : undefined;
  return typeof at === "string" ? at : "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
