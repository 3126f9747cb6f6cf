// What kubectl shows in a pod's STATUS column: the most telling of its containers' reasons, else its phase.

import type { Pod } from "../objects/pods.ts";

export function containerReason(pod: Pod): string {
  if (pod.metadata.deletionTimestamp !== undefined) return "Terminating";
  for (const { state } of pod.status.containerStatuses ?? []) {
    if (state.waiting?.reason !== undefined) return state.waiting.reason;
    if (state.terminated !== undefined) return state.terminated.reason ?? `ExitCode:${state.terminated.exitCode}`;
  }
  return pod.status.phase ?? "Unknown";
}
