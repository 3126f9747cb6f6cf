// The StatefulSet controller: pods by ordinal, made upwards one after the other and renewed downwards. As the real
// one, it waits for a pod that never becomes ready, even after its template was mended: someone has to delete it
// (kubernetes.io/docs/concepts/workloads/controllers/statefulset, "Forced rollback").

import { isReady } from "../kubelet/pod-status.ts";
import type { KubeObject } from "../objects/meta.ts";
import type { Pod, PodTemplate } from "../objects/pods.ts";
import type { StatefulSet } from "../objects/workloads.ts";
import { copy } from "../store.ts";
import { ensureRevision, revisionHashKey, templateAt } from "./histories.ts";
import { type Context, deletePod, isAvailable, newPod, omitZero, ownedBy } from "./shared.ts";

const source = { component: "statefulset-controller" };

export function syncStatefulSet(context: Context, set: StatefulSet): void {
  if (set.metadata.deletionTimestamp !== undefined) return;
  const update = ensureRevision(context, set, set.spec.template).metadata.name;
  const current = set.status.currentRevision ?? update;
  const pods = ownedBy(context.store, "pods", set as KubeObject).sort((a, b) => ordinalOf(a) - ordinalOf(b));
  if (fill(context, set, pods, { current, update }) && shrink(context, set, pods)) renew(context, set, pods, update);
  writeStatus(context, set, { current, update });
}

type Revisions = { readonly current: string; readonly update: string };

/** True where every ordinal has a pod, and, if ordered, a ready one. */
function fill(context: Context, set: StatefulSet, pods: readonly Pod[], { current, update }: Revisions): boolean {
  const ordered = set.spec.podManagementPolicy === "OrderedReady";
  let filled = true;
  for (let ordinal = 0; ordinal < set.spec.replicas; ordinal += 1) {
    const pod = pods.find((one) => ordinalOf(one) === ordinal);
    if (pod === undefined) {
      const old = ordinal < set.spec.updateStrategy.rollingUpdate.partition ? current : update;
      createPod(context, set, ordinal, old, templateAt(context, set as KubeObject, old) ?? set.spec.template);
      filled = false;
    }
    const settled = pod !== undefined && pod.metadata.deletionTimestamp === undefined && isReady(pod);
    if (ordered && !settled) return false;
  }
  return filled;
}

function createPod(context: Context, set: StatefulSet, ordinal: number, revision: string, template: PodTemplate): void {
  const name = `${set.metadata.name}-${ordinal}`;
  const labelled = copy(template);
  labelled.metadata.labels = {
    ...labelled.metadata.labels,
    "apps.kubernetes.io/pod-index": String(ordinal),
    [revisionHashKey]: revision,
    "statefulset.kubernetes.io/pod-name": name,
  };
  const made = context.store.create("pods", newPod(set as KubeObject, labelled, name));
  if (made === undefined) return;
  const message = `create Pod ${name} in StatefulSet ${set.metadata.name} successful`;
  context.record(set as KubeObject, source, { type: "Normal", reason: "SuccessfulCreate", message });
}

/** Highest ordinal first. True where none is too many. */
function shrink(context: Context, set: StatefulSet, pods: readonly Pod[]): boolean {
  const surplus = pods.filter((pod) => ordinalOf(pod) >= set.spec.replicas).reverse();
  const ordered = set.spec.podManagementPolicy === "OrderedReady";
  for (const pod of ordered ? surplus.slice(0, 1) : surplus) drop(context, set, pod);
  return surplus.length === 0;
}

function renew(context: Context, set: StatefulSet, pods: readonly Pod[], update: string): void {
  const { type, rollingUpdate } = set.spec.updateStrategy;
  if (type === "OnDelete") return;
  for (const pod of [...pods].reverse()) {
    if (ordinalOf(pod) < rollingUpdate.partition) return;
    if (pod.metadata.labels?.[revisionHashKey] !== update) {
      drop(context, set, pod);
      return;
    }
    if (!isReady(pod)) return;
  }
}

function drop(context: Context, set: StatefulSet, pod: Pod): void {
  if (pod.metadata.deletionTimestamp !== undefined) return;
  deletePod(context, pod);
  const message = `delete Pod ${pod.metadata.name} in StatefulSet ${set.metadata.name} successful`;
  context.record(set as KubeObject, source, { type: "Normal", reason: "SuccessfulDelete", message });
}

function writeStatus(context: Context, set: StatefulSet, { current, update }: Revisions): void {
  const all = ownedBy(context.store, "pods", set as KubeObject);
  const ready = all.filter(isReady);
  const { minReadySeconds, replicas, updateStrategy } = set.spec;
  const available = ready.filter((pod) =>
    isAvailable(context, set as KubeObject, "statefulsets", pod, minReadySeconds),
  );
  const alive = all.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  const at = (revision: string) => alive.filter((pod) => pod.metadata.labels?.[revisionHashKey] === revision).length;
  const renewed = updateStrategy.type === "RollingUpdate" && at(update) === replicas && ready.length === replicas;
  const settled = renewed && all.length === replicas;
  context.store.update("statefulsets", set, (draft) => {
    draft.status = {
      ...omitZero({
        observedGeneration: set.metadata.generation ?? 0,
        readyReplicas: ready.length,
        currentReplicas: at(settled ? update : current),
        updatedReplicas: at(update),
      }),
      replicas: all.length,
      availableReplicas: available.length,
      currentRevision: settled ? update : current,
      updateRevision: update,
      collisionCount: 0,
    };
  });
}

function ordinalOf(pod: Pod): number {
  return Number(pod.metadata.name.slice(pod.metadata.name.lastIndexOf("-") + 1));
}
