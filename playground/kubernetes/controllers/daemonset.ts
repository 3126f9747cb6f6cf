// The DaemonSet controller: one pod on every node, renewed by deleting old ones within maxUnavailable.

import { isReady } from "../kubelet/pod-status.ts";
import type { KubeObject } from "../objects/meta.ts";
import type { Pod } from "../objects/pods.ts";
import type { DaemonSet } from "../objects/workloads.ts";
import { copy } from "../store.ts";
import { ensureRevision, revisionHashKey } from "./histories.ts";
import { activePods, type Context, deletePod, isAvailable, newPod, omitZero, resolveCount } from "./shared.ts";

const source = { component: "daemonset-controller" };
const nodeKey = "kubernetes.io/hostname";

export function syncDaemonSet(context: Context, set: DaemonSet): void {
  if (set.metadata.deletionTimestamp !== undefined) return;
  const revision = ensureRevision(context, set as KubeObject, set.spec.template);
  const hash = revision.metadata.labels?.[revisionHashKey] ?? "";
  const pods = activePods(context.store, set as KubeObject);
  for (const node of context.nodes) {
    if (!pods.some((pod) => nodeOf(pod) === node)) createPod(context, set, node, hash);
  }
  if (set.spec.updateStrategy.type === "RollingUpdate") renew(context, set, pods, hash);
  writeStatus(context, set, hash);
}

function createPod(context: Context, set: DaemonSet, node: string, hash: string): void {
  const template = copy(set.spec.template);
  template.metadata.labels = {
    ...template.metadata.labels,
    [revisionHashKey]: hash,
    "pod-template-generation": String(set.metadata.generation ?? 1),
  };
  template.spec.nodeSelector = { ...template.spec.nodeSelector, [nodeKey]: node };
  const pod = newPod(set as KubeObject, template);
  context.store.create("pods", pod);
  const message = `Created pod: ${pod.metadata.name}`;
  context.record(set as KubeObject, source, { type: "Normal", reason: "SuccessfulCreate", message });
}

/** Old pods that are not available go at once, available ones only while enough others are. */
function renew(context: Context, set: DaemonSet, pods: readonly Pod[], hash: string): void {
  const most = Math.max(
    1,
    resolveCount(set.spec.updateStrategy.rollingUpdate.maxUnavailable, context.nodes.length, "up"),
  );
  const outdated = pods.filter((pod) => pod.metadata.labels?.[revisionHashKey] !== hash);
  const unavailable = context.nodes.length - pods.filter(isReady).length;
  const broken = outdated.filter((pod) => !isReady(pod));
  const working = outdated.filter(isReady).slice(0, Math.max(0, most - unavailable));
  for (const pod of [...broken, ...working]) {
    deletePod(context, pod);
    const message = `Deleted pod: ${pod.metadata.name}`;
    context.record(set as KubeObject, source, { type: "Normal", reason: "SuccessfulDelete", message });
  }
}

function writeStatus(context: Context, set: DaemonSet, hash: string): void {
  const pods = activePods(context.store, set as KubeObject);
  const desired = context.nodes.length;
  const { minReadySeconds } = set.spec;
  const available = pods.filter((pod) => isAvailable(context, set as KubeObject, "daemonsets", pod, minReadySeconds));
  context.store.update("daemonsets", set, (draft) => {
    draft.status = {
      currentNumberScheduled: pods.length,
      numberMisscheduled: 0,
      desiredNumberScheduled: desired,
      numberReady: pods.filter(isReady).length,
      ...omitZero({
        observedGeneration: set.metadata.generation ?? 0,
        updatedNumberScheduled: pods.filter((pod) => pod.metadata.labels?.[revisionHashKey] === hash).length,
        numberAvailable: available.length,
        numberUnavailable: desired - available.length,
      }),
    };
  });
}

function nodeOf(pod: Pod): string {
  return pod.spec.nodeName ?? pod.spec.nodeSelector?.[nodeKey] ?? "";
}
