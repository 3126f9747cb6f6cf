// The ReplicaSet controller: as many pods as wanted, and a count of how they are.

import { isReady } from "../kubelet/pod-status.ts";
import type { Pod } from "../objects/pods.ts";
import type { ReplicaSet } from "../objects/workloads.ts";
import { activePods, type Context, deletePod, isAvailable, newPod, omitZero } from "./shared.ts";

const source = { component: "replicaset-controller" };

export function syncReplicaSet(context: Context, replicaSet: ReplicaSet): void {
  const { store, record } = context;
  if (replicaSet.metadata.deletionTimestamp !== undefined) return;
  const pods = activePods(store, replicaSet);
  const missing = replicaSet.spec.replicas - pods.length;
  for (let n = 0; n < missing; n += 1) {
    const pod = newPod(replicaSet, replicaSet.spec.template);
    store.create("pods", pod);
    const message = `Created pod: ${pod.metadata.name}`;
    record(replicaSet, source, { type: "Normal", reason: "SuccessfulCreate", message });
  }
  for (const pod of pods.sort(leastWorthKeeping).slice(0, Math.max(0, -missing))) {
    deletePod(context, pod);
    const message = `Deleted pod: ${pod.metadata.name}`;
    record(replicaSet, source, { type: "Normal", reason: "SuccessfulDelete", message });
  }
  writeStatus(context, replicaSet, pods);
}

/** Counted from the pods as they were before this pass, as the real one does: what it made shows up in the next. */
function writeStatus(context: Context, replicaSet: ReplicaSet, pods: readonly Pod[]): void {
  const { minReadySeconds } = replicaSet.spec;
  const available = pods.filter((pod) => isAvailable(context, replicaSet, "replicasets", pod, minReadySeconds));
  context.store.update("replicasets", replicaSet, (draft) => {
    const { conditions } = draft.status;
    draft.status = {
      replicas: pods.length,
      ...omitZero({
        fullyLabeledReplicas: pods.length,
        readyReplicas: pods.filter(isReady).length,
        availableReplicas: available.length,
        observedGeneration: replicaSet.metadata.generation ?? 0,
      }),
      ...(conditions === undefined ? {} : { conditions }),
    };
  });
}

/** Deleted first: without a node, then pending, then not ready, then the youngest. */
function leastWorthKeeping(a: Pod, b: Pod): number {
  const worth = (pod: Pod) =>
    (pod.spec.nodeName === undefined ? 0 : 4) + (pod.status.phase === "Running" ? 2 : 0) + (isReady(pod) ? 1 : 0);
  if (worth(a) !== worth(b)) return worth(a) - worth(b);
  return Number(b.metadata.resourceVersion) - Number(a.metadata.resourceVersion);
}
