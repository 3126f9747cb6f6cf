// The cluster at a glance, for a page: workloads with their pods, and the latest events.

import { containerReason } from "./api/pod-reason.ts";
import { ownerOf } from "./controllers/shared.ts";
import type { Condition, KubeObject } from "./objects/meta.ts";
import type { Pod } from "./objects/pods.ts";
import type { Store } from "./store.ts";

export type PodView = {
  readonly name: string;
  readonly node: string;
  readonly images: readonly string[];
  /** As kubectl's STATUS column: `Running`, `CrashLoopBackOff`, `Terminating`, … */
  readonly status: string;
  readonly ready: boolean;
  readonly restarts: number;
};

export type WorkloadView = {
  readonly kind: "Deployment" | "StatefulSet" | "DaemonSet";
  readonly namespace: string;
  readonly name: string;
  readonly images: readonly string[];
  readonly paused: boolean;
  readonly desired: number;
  readonly updated: number;
  readonly available: number;
  readonly conditions: readonly Condition[];
  readonly pods: readonly PodView[];
};

export type EventView = {
  readonly at: string;
  readonly namespace: string;
  readonly type: string;
  readonly reason: string;
  readonly object: string;
  readonly message: string;
  readonly count: number;
};

export type Snapshot = {
  readonly version: number;
  readonly namespaces: readonly string[];
  readonly workloads: readonly WorkloadView[];
  /** The latest first, at most 100. */
  readonly events: readonly EventView[];
};

export function snapshotOf(store: Store): Snapshot {
  return {
    version: store.version(),
    namespaces: store.list("namespaces").map(({ metadata }) => metadata.name),
    workloads: [...deployments(store), ...statefulSets(store), ...daemonSets(store)],
    events: latestEvents(store),
  };
}

function deployments(store: Store): WorkloadView[] {
  return store.list("deployments").map((one) => ({
    kind: "Deployment",
    ...common(store, one, one.spec.template.spec.containers),
    paused: one.spec.paused === true,
    desired: one.spec.replicas,
    updated: one.status.updatedReplicas ?? 0,
    available: one.status.availableReplicas ?? 0,
    conditions: one.status.conditions ?? [],
  }));
}

function statefulSets(store: Store): WorkloadView[] {
  return store.list("statefulsets").map((one) => ({
    kind: "StatefulSet",
    ...common(store, one as KubeObject, one.spec.template.spec.containers),
    paused: false,
    desired: one.spec.replicas,
    updated: one.status.updatedReplicas ?? 0,
    available: one.status.availableReplicas,
    conditions: [],
  }));
}

function daemonSets(store: Store): WorkloadView[] {
  return store.list("daemonsets").map((one) => ({
    kind: "DaemonSet",
    ...common(store, one as KubeObject, one.spec.template.spec.containers),
    paused: false,
    desired: one.status.desiredNumberScheduled,
    updated: one.status.updatedNumberScheduled ?? 0,
    available: one.status.numberAvailable ?? 0,
    conditions: [],
  }));
}

function common(store: Store, workload: KubeObject, containers: readonly { readonly image: string }[]) {
  const { namespace = "", name, uid } = workload.metadata;
  const replicaSets = store.list("replicasets", namespace).filter((one) => ownerOf(one)?.uid === uid);
  const owners = [uid, ...replicaSets.map(({ metadata }) => metadata.uid)];
  const pods = store.list("pods", namespace).filter((pod) => owners.includes(ownerOf(pod)?.uid ?? "none"));
  return { namespace, name, images: containers.map(({ image }) => image), pods: pods.map(viewPod) };
}

function viewPod(pod: Pod): PodView {
  const statuses = pod.status.containerStatuses ?? [];
  return {
    name: pod.metadata.name,
    node: pod.spec.nodeName ?? "",
    images: pod.spec.containers.map(({ image }) => image),
    status: containerReason(pod),
    ready: statuses.length > 0 && statuses.every(({ ready }) => ready),
    restarts: statuses.reduce((sum, { restartCount }) => sum + restartCount, 0),
  };
}

function latestEvents(store: Store): EventView[] {
  const byVersion = store
    .list("events")
    .sort((a, b) => Number(b.metadata.resourceVersion) - Number(a.metadata.resourceVersion));
  return byVersion.slice(0, 100).map((event) => ({
    at: event.lastTimestamp ?? event.metadata.creationTimestamp,
    namespace: event.metadata.namespace ?? "",
    type: event.type ?? "Normal",
    reason: event.reason ?? "",
    object: `${event.involvedObject.kind ?? ""}/${event.involvedObject.name ?? ""}`,
    message: event.message ?? "",
    count: event.count ?? 1,
  }));
}
