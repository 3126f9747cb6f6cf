// Discovery: what kubectl reads before anything else to learn which kinds there are.

import { apiVersionOf, type Resource, resources } from "../objects/resources.ts";

const verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
const reviews = { group: "authorization.k8s.io", version: "v1" } as const;

type Group = { readonly group: string; readonly version: string };

function groups(): readonly Group[] {
  const named = [...resources, reviews].filter((one) => one.group !== "");
  return named.filter((one, at) => named.findIndex((other) => other.group === one.group) === at);
}

/** The document at a discovery path; undefined where the path is none. */
export function discover(path: string, address: string): object | undefined {
  if (path === "/api") {
    return {
      kind: "APIVersions",
      versions: ["v1"],
      serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: address }],
    };
  }
  if (path === "/apis") return { kind: "APIGroupList", apiVersion: "v1", groups: groups().map(groupEntry) };
  if (path === "/api/v1") return resourceList({ group: "", version: "v1" });
  const group = groups().find((one) => path === `/apis/${one.group}` || path === `/apis/${one.group}/${one.version}`);
  if (group === undefined) return undefined;
  if (path === `/apis/${group.group}`) return { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) };
  return resourceList(group);
}

function groupEntry(group: Group): object {
  const version = { groupVersion: apiVersionOf(group), version: group.version };
  return { name: group.group, versions: [version], preferredVersion: version };
}

function resourceList(group: Group): object {
  const own = resources.filter((one) => one.group === group.group);
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: apiVersionOf(group),
    resources: group.group === reviews.group ? reviewEntries() : own.flatMap(entries),
  };
}

function entries(resource: Resource): object[] {
  const { plural, singular, kind, shortNames, namespaced } = resource;
  const main = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(["events", "leases", "namespaces", "controllerrevisions"].includes(plural) ? {} : { categories: ["all"] }),
  };
  const parts = resource.subresources.map((part) => {
    const name = `${plural}/${part}`;
    if (part === "log") return { name, singularName: "", namespaced, kind, verbs: ["get"] };
    if (part === "status") return { name, singularName: "", namespaced, kind, verbs: ["get", "patch", "update"] };
    const scale = { group: "autoscaling", version: "v1", kind: "Scale" };
    return { name, singularName: "", namespaced, ...scale, verbs: ["get", "patch", "update"] };
  });
  return [main, ...parts];
}

function reviewEntries(): object[] {
  return ["SelfSubjectAccessReview", "SelfSubjectRulesReview"].map((kind) => ({
    name: `${kind.toLowerCase()}s`,
    singularName: kind.toLowerCase(),
    namespaced: false,
    kind,
    verbs: ["create"],
  }));
}

export const versionInfo = {
  major: "1",
  minor: "32",
  gitVersion: "v1.32.4",
  gitCommit: "0000000000000000000000000000000000000000",
  gitTreeState: "clean",
  buildDate: "2025-04-22T15:56:35Z",
  goVersion: "go1.23.6",
  compiler: "gc",
  platform: "linux/amd64",
} as const;
