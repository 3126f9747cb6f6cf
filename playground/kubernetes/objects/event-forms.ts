// One stored event, two forms: `v1` (involvedObject, message, count) and `events.k8s.io/v1` (regarding, note, …).

import type { KubeObject } from "./meta.ts";
import type { Resource } from "./resources.ts";

const renamed = [
  ["involvedObject", "regarding"],
  ["message", "note"],
  ["source", "deprecatedSource"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
  ["reportingComponent", "reportingController"],
] as const;

/** The stored object as this resource's API version shows it. */
export function shown(resource: Resource, object: KubeObject): KubeObject {
  if (resource.group !== "events.k8s.io") return object;
  return { ...rename(object, new Map(renamed)), apiVersion: "events.k8s.io/v1" } as KubeObject;
}

/** A request's body in the form that is stored. */
export function stored(resource: Resource, body: unknown): unknown {
  if (resource.group !== "events.k8s.io" || typeof body !== "object" || body === null) return body;
  const back = new Map<string, string>(renamed.map(([core, event]) => [event, core]));
  return { ...rename(body, back), apiVersion: "v1" };
}

function rename(object: object, names: ReadonlyMap<string, string>): object {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value]));
}
