// A pod's phase and conditions, as they follow from its containers. Pure.

import { timestamp } from "../clock.ts";
import type { Condition } from "../objects/meta.ts";
import type { ContainerStatus, Pod } from "../objects/pods.ts";

/** Sets one container's status on a draft and everything that follows from it. */
export function setContainer(pod: Pod, status: ContainerStatus, now: Date): void {
  const statuses = pod.status.containerStatuses ?? [];
  const at = statuses.findIndex(({ name }) => name === status.name);
  if (at >= 0) statuses[at] = status;
  else statuses.push(status);
  pod.status.containerStatuses = statuses;
  pod.status.phase = phaseOf(pod, statuses);
  const unready = statuses.filter(({ ready }) => !ready).map(({ name }) => name);
  const readiness: Partial<Condition> =
    unready.length === 0
      ? { status: "True" }
      : {
          status: "False",
          reason: "ContainersNotReady",
          message: `containers with unready status: [${unready.join(" ")}]`,
        };
  const sandbox = pod.status.podIP === undefined ? "False" : "True";
  setCondition(pod, { type: "PodReadyToStartContainers", status: sandbox }, now);
  setCondition(pod, { type: "Initialized", status: "True" }, now);
  setCondition(pod, { type: "Ready", status: "False", ...readiness }, now);
  setCondition(pod, { type: "ContainersReady", status: "False", ...readiness }, now);
}

/** The transition time moves only when the status does. */
export function setCondition(pod: Pod, condition: Condition, now: Date): void {
  const conditions = pod.status.conditions ?? [];
  const at = conditions.findIndex(({ type }) => type === condition.type);
  const before = conditions[at];
  const moved = before?.status !== condition.status;
  const since = moved ? timestamp(now) : before?.lastTransitionTime;
  const next = { ...condition, lastProbeTime: null, ...(since === undefined ? {} : { lastTransitionTime: since }) };
  if (at >= 0) conditions[at] = next;
  else conditions.push(next);
  pod.status.conditions = conditions;
}

/** Pending until every container has been started once. */
function phaseOf(pod: Pod, statuses: readonly ContainerStatus[]): NonNullable<Pod["status"]["phase"]> {
  const before = pod.status.phase ?? "Pending";
  if (statuses.every(({ state }) => state.terminated !== undefined) && pod.spec.restartPolicy !== "Always") {
    const codes = statuses.map(({ state }) => state.terminated?.exitCode ?? 0);
    if (codes.every((code) => code === 0)) return "Succeeded";
    if (pod.spec.restartPolicy === "Never") return "Failed";
  }
  const begun = statuses.every(
    ({ state, lastState }) => state.waiting === undefined || lastState.terminated !== undefined,
  );
  return begun ? "Running" : before;
}

export function isReady(pod: Pod): boolean {
  return pod.status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") === true;
}

/** Neither ended nor being deleted: what controllers count. */
export function isActive(pod: Pod): boolean {
  const { phase } = pod.status;
  return phase !== "Succeeded" && phase !== "Failed" && pod.metadata.deletionTimestamp === undefined;
}
