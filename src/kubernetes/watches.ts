// Lists that keep themselves current: an informer for each kind and namespace that somebody looks at.
//
// client-node's informers stop at an error and say so; some stop and say nothing. So a list counts as current only while its
// informer is connected and was filled not too long ago: it is replaced by a fresh one at every resync, and after an error
// with a back-off. What is not current is not given: whoever asks reads the API itself. One that nobody asked for in a
// while is ended.

import { type KubernetesObject, ListWatch, type V1ReplicaSet, Watch } from "@kubernetes/client-node";
import type { Logger } from "pino";
import { apiText, type ClusterClients } from "./clients.ts";

export type Kind = "deployments" | "statefulsets" | "daemonsets" | "replicasets" | "pods";

export type Change = { readonly kind: Kind; readonly namespace: string; readonly object: KubernetesObject };

export type Watches = {
  /** All objects of the kind in the namespace, as they are now; undefined = not known well enough. Begins to watch. */
  list<T extends KubernetesObject>(kind: Kind, namespace: string): readonly T[] | undefined;
  /** Called with each change, of a connected list. */
  onChange(heard: (change: Change) => void): void;
  close(): void;
};

type Entry = {
  informer: ListWatch<KubernetesObject>;
  current: boolean;
  failures: number;
  usedAt: number;
  timer: NodeJS.Timeout | undefined;
};

const RESYNC_MS = 2 * 60_000;
const IDLE_MS = 15 * 60_000;
const BACKOFF = { firstMs: 1_000, ceilingMs: 60_000 };

export function createWatches(
  clients: Pick<ClusterClients, "config" | "apps" | "core">,
  log: Logger,
  { resyncMs = RESYNC_MS, idleMs = IDLE_MS }: { readonly resyncMs?: number; readonly idleMs?: number } = {},
): Watches {
  const entries = new Map<string, Entry>();
  const listeners: ((change: Change) => void)[] = [];
  let closed = false;

  function begin(kind: Kind, namespace: string): Entry {
    const entry: Entry = {
      informer: informerOf(clients, kind, namespace),
      current: false,
      failures: 0,
      usedAt: performance.now(),
      timer: undefined,
    };
    entries.set(`${kind} ${namespace}`, entry);
    void connect(entry, entry.informer, kind, namespace);
    return entry;
  }

  async function connect(entry: Entry, informer: Entry["informer"], kind: Kind, namespace: string): Promise<void> {
    let failed: unknown;
    let filled = false;
    informer.on("error", (error) => {
      // It goes on to complain of being stopped; only its first word counts.
      if (failed !== undefined) return;
      failed = error ?? new Error("the watch ended");
      if (filled && entry.informer === informer) lost(entry, informer, kind, namespace, failed);
    });
    informer.on("change", (object) => {
      if (entry.informer !== informer || !entry.current) return;
      for (const heard of listeners) heard({ kind, namespace, object });
    });
    try {
      await informer.start();
    } catch (error) {
      failed ??= error;
    }
    if (!isOpen(entry, kind, namespace)) return void informer.stop();
    // Of a resync too: an open watch proves nothing while the API cannot be listed.
    if (failed !== undefined) return lost(entry, informer, kind, namespace, failed);
    filled = true;
    // A fresh list may show what the one before did not hear of.
    const before = entry.informer;
    const missed = before === informer ? [] : newerIn(informer, before);
    entry.informer = informer;
    if (before !== informer) void before.stop();
    entry.current = true;
    entry.failures = 0;
    for (const object of missed) for (const heard of listeners) heard({ kind, namespace, object });
    later(entry, kind, namespace, resyncMs);
  }

  function isOpen(entry: Entry, kind: Kind, namespace: string): boolean {
    return !closed && entries.get(`${kind} ${namespace}`) === entry;
  }

  function lost(entry: Entry, informer: Entry["informer"], kind: Kind, namespace: string, error: unknown): void {
    if (!isOpen(entry, kind, namespace)) return;
    entry.current = false;
    void informer.stop();
    if (entry.failures === 0) log.warn({ kind, namespace, why: apiText(error) }, "watch lost, reading instead");
    entry.failures += 1;
    later(entry, kind, namespace, Math.min(BACKOFF.firstMs * 2 ** (entry.failures - 1), BACKOFF.ceilingMs));
  }

  function later(entry: Entry, kind: Kind, namespace: string, afterMs: number): void {
    clearTimeout(entry.timer);
    entry.timer = setTimeout(() => {
      if (closed) return;
      if (performance.now() - entry.usedAt > idleMs) return end(entry, `${kind} ${namespace}`);
      void connect(entry, informerOf(clients, kind, namespace), kind, namespace);
    }, afterMs).unref();
  }

  function end(entry: Entry, key: string): void {
    clearTimeout(entry.timer);
    entry.current = false;
    entries.delete(key);
    void entry.informer.stop();
  }

  return {
    list<T extends KubernetesObject>(kind: Kind, namespace: string) {
      const entry = entries.get(`${kind} ${namespace}`) ?? (closed ? undefined : begin(kind, namespace));
      if (entry === undefined) return undefined;
      entry.usedAt = performance.now();
      return entry.current ? (entry.informer.list(namespace) as readonly T[]) : undefined;
    },
    onChange(heard) {
      listeners.push(heard);
    },
    close() {
      closed = true;
      for (const [key, entry] of entries) end(entry, key);
    },
  };
}

function newerIn(fresh: ListWatch<KubernetesObject>, before: ListWatch<KubernetesObject>): readonly KubernetesObject[] {
  const known = new Map(before.list().map(({ metadata }) => [metadata?.uid, metadata?.resourceVersion]));
  return fresh.list().filter(({ metadata }) => known.get(metadata?.uid) !== metadata?.resourceVersion);
}

function informerOf(
  { config, apps, core }: Pick<ClusterClients, "config" | "apps" | "core">,
  kind: Kind,
  namespace: string,
): ListWatch<KubernetesObject> {
  const group = kind === "pods" ? "/api/v1" : "/apis/apps/v1";
  const path = `${group}/namespaces/${encodeURIComponent(namespace)}/${kind}`;
  return new ListWatch<KubernetesObject>(path, new Watch(config), listOf, false);

  async function listOf(): Promise<{ items: KubernetesObject[]; metadata?: { resourceVersion?: string } }> {
    switch (kind) {
      case "deployments":
        return await apps.listNamespacedDeployment({ namespace });
      case "statefulsets":
        return await apps.listNamespacedStatefulSet({ namespace });
      case "daemonsets":
        return await apps.listNamespacedDaemonSet({ namespace });
      case "replicasets":
        return (await apps.listNamespacedReplicaSet({ namespace })) as { items: V1ReplicaSet[] };
      case "pods":
        return await core.listNamespacedPod({ namespace });
      default:
        return kind satisfies never;
    }
  }
}
