import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type { WorkloadRef } from "../config.ts";
import type { RolloutSeen } from "../domain/evidence.ts";
import type { Reader } from "./reader.ts";
import type { Workload } from "./workload.ts";

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

const OVER: ReadonlySet<string> = new Set(["Failed", "Succeeded"]);

/** Troubles of the new revision's pods. Where that revision cannot be told, there are none: older pods prove nothing. */
export async function fetchPodTroubles(
  reader: Reader,
  ref: WorkloadRef,
  workload: Workload,
): Promise<readonly Trouble[]> {
  return (await fetchNewPods(reader, ref, workload)).flatMap(troublesOf);
}

/**
 * The new revision's pods that are to live; none where that revision is not known yet. One that was evicted, or whose node
 * went away, stays behind as `Failed` and is replaced: it says nothing of those that run.
 */
export async function fetchNewPods(
  reader: Reader,
  ref: WorkloadRef,
  { revision, selector }: Workload,
): Promise<readonly V1Pod[]> {
  if (revision === undefined) return [];
  const items = await reader.pods(ref.namespace, {
    ...selector,
    matchLabels: { ...selector?.matchLabels, [revision.label]: revision.value },
  });
  return items.filter(
    ({ metadata, status }) => metadata?.deletionTimestamp === undefined && !OVER.has(status?.phase ?? ""),
  );
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
