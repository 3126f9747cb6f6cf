// The cluster's memory, as etcd keeps it: every write takes the next number of one global counter, and the history of
// writes stays until it is compacted. Objects are replaced, never changed: whoever holds one holds a snapshot.
//
// Metadata that belongs to the server is kept here: uid, resourceVersion, creationTimestamp, generation, and the
// removal of an object whose deletion waited for its last finalizer.

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { type Clock, timestamp } from "./clock.ts";
import type { KubeObject } from "./objects/meta.ts";
import type { Kinds, Plural } from "./objects/resources.ts";

export type Change = {
  readonly version: number;
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly plural: Plural;
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
};

export type Store = {
  version(): number;
  /** Versions below this are gone: the history starts here. */
  oldest(): number;
  get<P extends Plural>(plural: P, namespace: string, name: string): Kinds[P] | undefined;
  /** In order of namespace and name. An empty namespace means all of them. */
  list<P extends Plural>(plural: P, namespace?: string): Kinds[P][];
  /** The list as it was at an earlier version; undefined where the history no longer reaches back. */
  listAt<P extends Plural>(plural: P, namespace: string, version: number): Kinds[P][] | undefined;
  /** Undefined where the name is taken. */
  create<P extends Plural>(plural: P, object: Kinds[P]): Kinds[P] | undefined;
  /**
   * Changes a copy of the newest object and stores it. Undefined where there is none. No change, no new version.
   * A write through the status subresource never raises the generation, even where it changes annotations.
   */
  update<P extends Plural>(
    plural: P,
    object: { readonly metadata: { readonly namespace?: string | undefined; readonly name: string } },
    change: (draft: Kinds[P]) => void,
    through?: "status",
  ): Kinds[P] | undefined;
  remove(plural: Plural, namespace: string, name: string): KubeObject | undefined;
  since(version: number): readonly Change[];
  subscribe(listener: (change: Change) => void): () => void;
  compact(): void;
};

const keepHistory = 20_000;
const withGeneration: readonly Plural[] = ["deployments", "replicasets", "statefulsets", "daemonsets"];

export function createStore(clock: Clock): Store {
  // A real cluster never starts at 1, and clients that take "0" or "1" for special should notice.
  let version = 1000;
  let oldest = version;
  let history: Change[] = [];
  const objects = new Map<Plural, Map<string, KubeObject>>();
  const listeners = new Set<(change: Change) => void>();

  function shelf(plural: Plural): Map<string, KubeObject> {
    const found = objects.get(plural) ?? new Map<string, KubeObject>();
    objects.set(plural, found);
    return found;
  }

  function record(type: Change["type"], plural: Plural, object: KubeObject, previous: KubeObject | undefined): void {
    version += 1;
    object.metadata.resourceVersion = String(version);
    const change: Change = { version, type, plural, object, previous };
    history.push(change);
    if (history.length > keepHistory) {
      history = history.slice(keepHistory / 2);
      oldest = (history[0]?.version ?? version) - 1;
    }
    if (type === "DELETED") shelf(plural).delete(keyOf(object));
    else shelf(plural).set(keyOf(object), object);
    deliver(change);
  }

  // A listener that writes must not overtake the change it was told of.
  const undelivered: Change[] = [];
  let delivering = false;
  function deliver(change: Change): void {
    undelivered.push(change);
    if (delivering) return;
    delivering = true;
    for (let next = undelivered.shift(); next !== undefined; next = undelivered.shift()) {
      for (const listener of [...listeners]) {
        try {
          listener(next);
        } catch (error) {
          console.error("kubernetes: a listener failed:", error);
        }
      }
    }
    delivering = false;
  }

  function list<P extends Plural>(plural: P, namespace = ""): Kinds[P][] {
    return sorted([...shelf(plural).values()], namespace) as Kinds[P][];
  }

  function update<P extends Plural>(
    plural: P,
    at: { readonly metadata: { readonly namespace?: string | undefined; readonly name: string } },
    change: (draft: Kinds[P]) => void,
    through?: "status",
  ): Kinds[P] | undefined {
    const previous = shelf(plural).get(`${at.metadata.namespace ?? ""}/${at.metadata.name}`) as Kinds[P] | undefined;
    if (previous === undefined) return undefined;
    const draft = copy(previous);
    change(draft);
    const next = copy(draft);
    next.metadata.resourceVersion = previous.metadata.resourceVersion;
    if (isDeepStrictEqual(next, previous)) return previous;
    if (through !== "status" && bumpsGeneration(plural, previous, next)) {
      next.metadata.generation = (previous.metadata.generation ?? 0) + 1;
    }
    if (next.metadata.deletionTimestamp !== undefined && releasedLast(previous, next)) {
      record("DELETED", plural, next, previous);
    } else record("MODIFIED", plural, next, previous);
    return next;
  }

  return {
    version: () => version,
    oldest: () => oldest,
    get: <P extends Plural>(plural: P, namespace: string, name: string) =>
      shelf(plural).get(`${namespace}/${name}`) as Kinds[P] | undefined,
    list,
    listAt<P extends Plural>(plural: P, namespace: string, at: number) {
      if (at < oldest) return undefined;
      const then = new Map(shelf(plural));
      for (const change of history.filter((one) => one.plural === plural && one.version > at).reverse()) {
        if (change.previous === undefined) then.delete(keyOf(change.object));
        else then.set(keyOf(change.object), change.previous);
      }
      return sorted([...then.values()], namespace) as Kinds[P][];
    },
    create<P extends Plural>(plural: P, object: Kinds[P]) {
      if (shelf(plural).has(keyOf(object))) return undefined;
      const fresh = copy(object);
      fresh.metadata.uid = randomUUID();
      fresh.metadata.creationTimestamp = timestamp(clock.now());
      delete fresh.metadata.deletionTimestamp;
      if (withGeneration.includes(plural)) fresh.metadata.generation = 1;
      else delete fresh.metadata.generation;
      record("ADDED", plural, fresh, undefined);
      return fresh;
    },
    update,
    remove(plural, namespace, name) {
      const previous = shelf(plural).get(`${namespace}/${name}`);
      if (previous === undefined) return undefined;
      const last = copy(previous);
      record("DELETED", plural, last, previous);
      return last;
    },
    since: (after) => history.filter((change) => change.version > after),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    compact() {
      history = [];
      oldest = version;
    },
  };
}

/** A deep copy in JSON's terms: fields set to undefined are gone. */
export function copy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ""}/${object.metadata.name}`;
}

function sorted(all: readonly KubeObject[], namespace: string): KubeObject[] {
  const found = namespace === "" ? [...all] : all.filter((one) => one.metadata.namespace === namespace);
  return found.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** A Deployment's annotations count too, because they are copied to its replica sets (the API server's strategy). */
function bumpsGeneration(plural: Plural, previous: KubeObject, next: KubeObject): boolean {
  if (!withGeneration.includes(plural)) return false;
  if (!isDeepStrictEqual(previous["spec"], next["spec"])) return true;
  return (
    plural === "deployments" && !isDeepStrictEqual(previous.metadata.annotations ?? {}, next.metadata.annotations ?? {})
  );
}

function releasedLast(previous: KubeObject, next: KubeObject): boolean {
  return (previous.metadata.finalizers ?? []).length > 0 && (next.metadata.finalizers ?? []).length === 0;
}
