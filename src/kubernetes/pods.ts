import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type { WorkloadRef } from "../config.ts";
import type { RolloutSeen } from "../domain/evidence.ts";
import type { ClusterClients } from "./clients.ts";
import { selectorText, type Workload } from "./workload.ts";

type Trouble = RolloutSeen["podTroubles"][number];

/** Waiting reasons that do not pass by themselves. `ErrImagePull` is the first try of `ImagePullBackOff`. */
const STUCK = new Set([
  "CrashLoopBackOff",
  "ImagePullBackOff",
  "InvalidImageName",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);

/** Troubles of the new revision's pods. Where that revision cannot be told, there are none: older pods prove nothing. */
export async function fetchPodTroubles(
  clients: ClusterClients,
  ref: WorkloadRef,
  workload: Workload,
): Promise<readonly Trouble[]> {
  return (await fetchNewPods(clients, ref, workload)).flatMap(troublesOf);
}

/** The new revision's pods that are not being deleted; none where that revision is not known yet. */
export async function fetchNewPods(
  clients: ClusterClients,
  ref: WorkloadRef,
  { revision, selector }: Workload,
): Promise<readonly V1Pod[]> {
  if (revision === undefined) return [];
  const labelSelector = [selectorText(selector), `${revision.label}=${revision.value}`].filter(Boolean).join(",");
  const { items } = await clients.core.listNamespacedPod({ namespace: ref.namespace, labelSelector });
  return items.filter((pod) => pod.metadata?.deletionTimestamp === undefined);
}

function troublesOf(pod: V1Pod): readonly Trouble[] {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  return statuses.flatMap((status) => {
    const trouble = troubleOf(status);
    return trouble === undefined ? [] : [{ pod: pod.metadata?.name ?? "?", ...trouble }];
  });
}

function troubleOf(status: V1ContainerStatus): Omit<Trouble, "pod"> | undefined {
  const { waiting } = status.state ?? {};
  const ended = status.state?.terminated ?? status.lastState?.terminated;
  if (ended?.reason === "OOMKilled" && status.ready === false) {
    return { reason: "OOMKilled", message: `container ${status.name} ran out of memory` };
  }
  if (waiting?.reason === undefined || !STUCK.has(waiting.reason)) return undefined;
  return { reason: waiting.reason, message: waiting.message ?? `container ${status.name}` };
}
