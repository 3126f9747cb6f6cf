// The three ways to change part of an object: JSON patch (RFC 6902), JSON merge patch (RFC 7386) and the API's own
// strategic merge patch, which merges some lists by a key instead of replacing them.

import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { ApiError, badRequest } from "../status.ts";
import { copy } from "../store.ts";

export const patchTypes = {
  json: "application/json-patch+json",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

type Json = Record<string, unknown>;

export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** Lists that are merged by a key, from the patchMergeKey tags of the API's Go types; all others are replaced. */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  containers: ["name"],
  initContainers: ["name"],
  ephemeralContainers: ["name"],
  volumes: ["name"],
  env: ["name"],
  volumeMounts: ["mountPath"],
  volumeDevices: ["devicePath"],
  imagePullSecrets: ["name"],
  hostAliases: ["ip"],
  topologySpreadConstraints: ["topologyKey"],
  ownerReferences: ["uid"],
  conditions: ["type"],
  ports: ["containerPort", "port"],
};

/** Lists of plain values that are merged as sets. */
const sets = ["finalizers"];

export function strategicMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  if (patch["$patch"] === "replace") return without(patch, ["$patch"]);
  if (patch["$patch"] === "delete") return {};
  const merged: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith("$setElementOrder/") || key === "$retainKeys") continue;
    const removed = /^\$deleteFromPrimitiveList\/(.+)$/.exec(key)?.[1];
    if (removed !== undefined) merged[removed] = asList(merged[removed]).filter((one) => !asList(value).includes(one));
    else if (value === null) delete merged[key];
    else if (Array.isArray(value)) merged[key] = mergeList(key, asList(merged[key]), value);
    else merged[key] = strategicMergePatch(merged[key], value);
  }
  const retained = patch["$retainKeys"];
  return Array.isArray(retained) ? pick(merged, retained) : merged;
}

function mergeList(field: string, target: readonly unknown[], patch: readonly unknown[]): unknown[] {
  if (patch.some((item) => isObject(item) && item["$patch"] === "replace")) {
    return patch.filter((item) => !(isObject(item) && item["$patch"] === "replace"));
  }
  if (sets.includes(field)) return [...new Set([...target, ...patch])];
  const candidates = mergeKeys[field];
  const key = candidates?.find((name) => [...target, ...patch].every((item) => isObject(item) && name in item));
  if (key === undefined) {
    if (candidates === undefined) return [...patch];
    throw badRequest(`map: does not contain declared merge key: ${candidates[0] ?? ""}`);
  }
  const merged = [...target];
  for (const item of patch) {
    if (!isObject(item)) continue;
    const at = merged.findIndex((one) => isObject(one) && one[key] === item[key]);
    if (item["$patch"] === "delete") {
      if (at >= 0) merged.splice(at, 1);
    } else if (at >= 0) merged[at] = strategicMergePatch(merged[at], item);
    else merged.push(strategicMergePatch({}, item));
  }
  return merged;
}

const operationSchema = z.array(
  z.discriminatedUnion("op", [
    z.object({ op: z.literal("add"), path: z.string(), value: z.unknown() }),
    z.object({ op: z.literal("replace"), path: z.string(), value: z.unknown() }),
    z.object({ op: z.literal("test"), path: z.string(), value: z.unknown() }),
    z.object({ op: z.literal("remove"), path: z.string() }),
    z.object({ op: z.literal("move"), path: z.string(), from: z.string() }),
    z.object({ op: z.literal("copy"), path: z.string(), from: z.string() }),
  ]),
);

/** Throws a 400 for what is no patch, and the API's 422 where a path is missing or a test fails. */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  const read = operationSchema.safeParse(patch);
  if (!read.success)
    throw badRequest("error decoding patch: json: cannot unmarshal into Go value of type jsonpatch.Patch");
  const root = { document: copy(target) };
  for (const operation of read.data) {
    const at = locate(root, operation.path);
    if (operation.op === "add") add(at, copy(operation.value ?? null));
    else if (operation.op === "remove") removeAt(at, operation.path);
    else if (operation.op === "move") {
      const from = locate(root, operation.from);
      const value = valueAt(from, operation.from);
      removeAt(from, operation.from);
      add(locate(root, operation.path), value);
    } else if (operation.op === "copy") add(at, copy(valueAt(locate(root, operation.from), operation.from)));
    else if (operation.op === "replace") {
      valueAt(at, operation.path);
      set(at, copy(operation.value ?? null));
    } else if (!isDeepStrictEqual(valueAt(at, operation.path), operation.value)) {
      throw refused(`testing value ${operation.path} failed`);
    }
  }
  return root.document;
}

type Place = { readonly parent: Json | unknown[]; readonly key: string };

function locate(root: { document: unknown }, path: string): Place {
  const steps = path.split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  let parent: Json | unknown[] = root;
  let key = "document";
  for (const step of steps.slice(1)) {
    const next: unknown = Array.isArray(parent) ? parent[Number(key)] : parent[key];
    if (!Array.isArray(next) && !isObject(next)) throw refused(`doc is missing path: ${path}: missing value`);
    parent = next;
    key = step;
  }
  return { parent, key };
}

function valueAt({ parent, key }: Place, path: string): unknown {
  const value = Array.isArray(parent) ? parent[Number(key)] : parent[key];
  if (value === undefined) throw refused(`doc is missing key: ${path}: missing value`);
  return value;
}

function set({ parent, key }: Place, value: unknown): void {
  if (Array.isArray(parent)) parent[Number(key)] = value;
  else parent[key] = value;
}

function add({ parent, key }: Place, value: unknown): void {
  if (!Array.isArray(parent)) parent[key] = value;
  else parent.splice(key === "-" ? parent.length : Number(key), 0, value);
}

function removeAt(place: Place, path: string): void {
  valueAt(place, path);
  if (Array.isArray(place.parent)) place.parent.splice(Number(place.key), 1);
  else delete place.parent[place.key];
}

function refused(why: string): ApiError {
  return new ApiError(422, "Invalid", `the server rejected our request due to an error in our request: ${why}`, {});
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function without(object: Json, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

function pick(object: Json, keys: readonly unknown[]): Json {
  return Object.fromEntries(Object.entries(object).filter(([key]) => keys.includes(key)));
}
