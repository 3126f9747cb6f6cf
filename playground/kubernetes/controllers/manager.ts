// The controller manager: turns changes into "look at this object again", one look per object at a time, and collects
// what lost its owner or its namespace.

import type { Cancel } from "../clock.ts";
import type { KubeObject } from "../objects/meta.ts";
import type { Plural } from "../objects/resources.ts";
import type { Change } from "../store.ts";
import { timings } from "../timings.ts";
import { syncDaemonSet } from "./daemonset.ts";
import { createDeploymentController } from "./deployment.ts";
import { syncReplicaSet } from "./replicaset.ts";
import { type Context, deletePod, ownedBy, ownerOf } from "./shared.ts";
import { syncStatefulSet } from "./statefulset.ts";

type Parts = Omit<Context, "again">;

const plurals: Readonly<Record<string, Plural>> = {
  Deployment: "deployments",
  ReplicaSet: "replicasets",
  StatefulSet: "statefulsets",
  DaemonSet: "daemonsets",
};

/** What an owner may leave behind. */
const dependents = ["replicasets", "controllerrevisions", "pods"] as const;

export function startControllers(parts: Parts): { close(): void } {
  const { store, clock } = parts;
  const queued = new Set<string>();
  const later = new Map<string, Cancel>();
  const context: Context = { ...parts, again };
  const deployments = createDeploymentController(context);

  const unsubscribe = store.subscribe((change) => {
    wake(change);
    if (change.type === "DELETED") collect(change);
    if (change.plural === "namespaces" && change.object.metadata.deletionTimestamp !== undefined) empty(change.object);
  });

  function wake({ plural, object }: Change): void {
    enqueue(plural, object);
    // A pod wakes its ReplicaSet, and that one's Deployment, which may wait for the last old pod to be gone.
    let child = object;
    for (let depth = 0; depth < 2; depth += 1) {
      const owner = ownerOf(child);
      const kind = owner === undefined ? undefined : plurals[owner.kind];
      if (owner === undefined || kind === undefined) return;
      const parent = store.get(kind, child.metadata.namespace ?? "", owner.name) as KubeObject | undefined;
      if (parent === undefined) return;
      enqueue(kind, parent);
      child = parent;
    }
  }

  function enqueue(plural: Plural, { metadata }: KubeObject): void {
    if (!Object.values(plurals).includes(plural)) return;
    const key = `${plural} ${metadata.namespace ?? ""} ${metadata.name}`;
    if (queued.has(key)) return;
    queued.add(key);
    clock.after(timings.reconcile, () => {
      queued.delete(key);
      sync(plural, metadata.namespace ?? "", metadata.name);
    });
  }

  function again(plural: Plural, object: KubeObject, seconds: number): void {
    const key = `${plural} ${object.metadata.namespace ?? ""} ${object.metadata.name}`;
    later.get(key)?.();
    later.set(
      key,
      clock.after(seconds, () => enqueue(plural, object)),
    );
  }

  function sync(plural: Plural, namespace: string, name: string): void {
    if (plural === "deployments") withObject(store.get("deployments", namespace, name), deployments.sync);
    if (plural === "replicasets")
      withObject(store.get("replicasets", namespace, name), (one) => syncReplicaSet(context, one));
    if (plural === "statefulsets")
      withObject(store.get("statefulsets", namespace, name), (one) => syncStatefulSet(context, one));
    if (plural === "daemonsets")
      withObject(store.get("daemonsets", namespace, name), (one) => syncDaemonSet(context, one));
  }

  /** The garbage collector: what the deleted object owned is deleted too. */
  function collect({ plural: deleted, object }: Change): void {
    deployments.forget(object.metadata.uid);
    const owned = Object.values(plurals).includes(deleted) ? dependents : [];
    for (const plural of owned) {
      for (const dependent of ownedBy(store, plural, object) as KubeObject[]) discard(plural, dependent);
    }
    const { namespace } = object.metadata;
    if (namespace !== undefined) finish(namespace);
  }

  function discard(plural: Plural, { metadata }: KubeObject): void {
    const { namespace = "", name } = metadata;
    const pod = plural === "pods" ? store.get("pods", namespace, name) : undefined;
    if (pod !== undefined) deletePod(context, pod);
    else store.remove(plural, namespace, name);
  }

  const contents = ["deployments", "statefulsets", "daemonsets", ...dependents, "leases", "events"] as const;

  function empty({ metadata: { name } }: KubeObject): void {
    for (const plural of contents) {
      for (const object of store.list(plural, name) as KubeObject[]) discard(plural, object);
    }
    finish(name);
  }

  /** A namespace that is being deleted is gone once it is empty. */
  function finish(namespace: string): void {
    const found = store.get("namespaces", "", namespace);
    if (found?.metadata.deletionTimestamp === undefined) return;
    if (contents.some((plural) => plural !== "events" && store.list(plural, namespace).length > 0)) return;
    for (const { metadata } of store.list("events", namespace)) store.remove("events", namespace, metadata.name);
    store.remove("namespaces", "", namespace);
  }

  return { close: unsubscribe };
}

function withObject<T>(object: T | undefined, then: (object: T) => void): void {
  if (object !== undefined) then(object);
}
