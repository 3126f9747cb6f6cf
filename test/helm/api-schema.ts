// What a Kubernetes API server says to an object at `kubectl apply --validate=strict`: the validators that
// kubernetes-models compiles from the cluster's own OpenAPI description, and no field that they do not know.
//
// A compiled validator reads each field it knows and no other, so a field that was never read is an unknown one.

import type { Manifest } from "./helm.ts";

type Model = { readonly prototype: { validate(this: object): void } };

/** What is wrong with the object; an empty list: the API takes it. */
export async function problemsOf(manifest: Manifest): Promise<readonly string[]> {
  const { apiVersion, kind } = manifest;
  const library = apiVersion.startsWith("monitoring.coreos.com/")
    ? "@kubernetes-models/prometheus-operator"
    : "kubernetes-models";
  const models = (await import(`${library}/${apiVersion}`)) as Readonly<Record<string, Model>>;
  const model = models[kind];
  if (model === undefined) return [`${apiVersion} knows no ${kind}`];
  const unread = new Set<string>();
  try {
    model.prototype.validate.call(watched(manifest, "", unread));
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  return [...unread].map((path) => `unknown field ${path}`);
}

/** The value, with the paths of its fields in `unread` until somebody reads them. */
function watched<T extends object>(value: T, path: string, unread: Set<string>): T {
  const inner = new Map<string, unknown>();
  for (const [key, field] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
    unread.add(at);
    inner.set(key, typeof field === "object" && field !== null ? watched(field, at, unread) : field);
  }
  return new Proxy(value, {
    get(target, key, receiver) {
      if (typeof key !== "string" || !inner.has(key)) return Reflect.get(target, key, receiver);
      unread.delete(Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`);
      return inner.get(key);
    },
  });
}
