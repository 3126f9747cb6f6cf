// What a request asks for, read from its path and query alone, as the API server does before it authorizes.

import { apiVersionOf, findResource, type Resource, type Subresource } from "../objects/resources.ts";
import { badRequest, methodNotAllowed, noSuchResource } from "../status.ts";
import { pinnedName } from "./selectors.ts";

type Verb = "get" | "list" | "watch" | "create" | "update" | "patch" | "delete" | "deletecollection";

export type Ask = {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly subresource: Subresource | undefined;
  /** Empty for all namespaces, and for kinds that have none. */
  readonly namespace: string;
  /** Empty for a whole collection. */
  readonly name: string;
  readonly query: URLSearchParams;
};

/** Undefined for a path that is no resource's. Throws a Status error for a resource or method that does not exist. */
export function readAsk(method: string, url: URL): Ask | undefined {
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const root = parts[0];
  const prefix = root === "api" ? 2 : root === "apis" ? 3 : 0;
  if (prefix === 0 || parts.length <= prefix) return undefined;
  const group = root === "apis" ? (parts[1] ?? "") : "";
  const version = parts[prefix - 1] ?? "";
  const rest = parts.slice(prefix).map(decodeURIComponent);

  const nested = rest[0] === "namespaces" && rest.length > 2 && !(group === "" && rest[2] === "status");
  const namespace = nested ? (rest[1] ?? "") : "";
  const [plural = "", name = "", subresource] = nested ? rest.slice(2) : rest;
  const resource = findResource(group, version, plural);
  if (resource === undefined || (nested && !resource.namespaced)) throw noSuchResource();
  const part = resource.subresources.find((one) => one === subresource);
  if (subresource !== undefined && part === undefined) throw noSuchResource();
  if (resource.namespaced && name !== "" && namespace === "") throw noSuchResource();

  const query = url.searchParams;
  const verb = verbOf(method, name, query);
  if (verb === "create" && resource.namespaced && namespace === "") throw methodNotAllowed();
  if (part === "log" && verb !== "get") throw methodNotAllowed();
  return {
    verb,
    resource,
    subresource: part,
    namespace: resource.plural === "namespaces" ? name : namespace,
    name: name === "" ? pinnedName(query.get("fieldSelector") ?? "") : name,
    query,
  };
}

/** The namespace under which the object is stored: none for kinds without one. */
export function storedNamespace(ask: Ask): string {
  return ask.resource.namespaced ? ask.namespace : "";
}

function verbOf(method: string, name: string, query: URLSearchParams): Verb {
  const watching = ["true", "1"].includes(query.get("watch") ?? "");
  if (method === "GET" && name === "") return watching ? "watch" : "list";
  if (method === "GET") return "get";
  if (method === "POST" && name === "") return "create";
  if (method === "PUT" && name !== "") return "update";
  if (method === "PATCH" && name !== "") return "patch";
  if (method === "DELETE") return name === "" ? "deletecollection" : "delete";
  throw methodNotAllowed();
}

/** A non-negative number of the query; undefined where absent. Throws a 400 for anything else. */
export function numberOf(query: URLSearchParams, key: string): number | undefined {
  const text = query.get(key);
  if (text === null || text === "") return undefined;
  if (!/^\d+$/.test(text)) {
    throw badRequest(`strconv.ParseUint: parsing "${text}": invalid syntax`);
  }
  return Number(text);
}

export function listKind(resource: Resource): { readonly kind: string; readonly apiVersion: string } {
  return { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource) };
}
