// A Deployment's status as it follows from its replica sets, and its conditions. Pure but for drafts.

import { timestamp } from "../clock.ts";
import type { Condition } from "../objects/meta.ts";
import type { Deployment, ReplicaSet } from "../objects/workloads.ts";
import type { ReplicaSets } from "./revisions.ts";
import { bounds, sum } from "./rollout.ts";
import { omitZero } from "./shared.ts";

export type DeploymentStatus = Deployment["status"];

export function conditionOf(deployment: Deployment, type: string): Condition | undefined {
  return deployment.status.conditions?.find((one) => one.type === type);
}

/** Same status and reason: nothing changes, not even the time. The transition time moves with the status alone. */
export function setCondition(deployment: Deployment, condition: Condition, now: Date): void {
  const before = conditionOf(deployment, condition.type);
  if (before !== undefined && before.status === condition.status && before.reason === condition.reason) return;
  putCondition(deployment, condition, now);
}

/** Also when nothing but the time is new: that is how a rollout shows that it moves. */
export function putCondition(deployment: Deployment, condition: Condition, now: Date): void {
  const before = conditionOf(deployment, condition.type);
  const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
  const others = (deployment.status.conditions ?? []).filter(({ type }) => type !== condition.type);
  const at = timestamp(now);
  deployment.status.conditions = [...others, { ...condition, lastUpdateTime: at, lastTransitionTime: since ?? at }];
}

/** The counts of a new status; conditions are as they were. */
export function countStatus(deployment: Deployment, { fresh, old }: ReplicaSets): DeploymentStatus {
  const all = fresh === undefined ? old : [...old, fresh];
  const available = sum(all, (set) => set.status.availableReplicas ?? 0);
  const { conditions } = deployment.status;
  return {
    ...omitZero({
      observedGeneration: deployment.metadata.generation ?? 0,
      replicas: sum(all, (set) => set.status.replicas),
      updatedReplicas: fresh?.status.replicas ?? 0,
      readyReplicas: sum(all, (set) => set.status.readyReplicas ?? 0),
      availableReplicas: available,
      unavailableReplicas: Math.max(0, sum(all, (set: ReplicaSet) => set.spec.replicas) - available),
    }),
    ...(conditions === undefined ? {} : { conditions: [...conditions] }),
  };
}

export function availableCondition(deployment: Deployment, status: DeploymentStatus): Condition {
  const least = deployment.spec.replicas - bounds(deployment).maxUnavailable;
  return (status.availableReplicas ?? 0) >= least
    ? {
        type: "Available",
        status: "True",
        reason: "MinimumReplicasAvailable",
        message: "Deployment has minimum availability.",
      }
    : {
        type: "Available",
        status: "False",
        reason: "MinimumReplicasUnavailable",
        message: "Deployment does not have minimum availability.",
      };
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const { replicas } = deployment.spec;
  return (
    (status.updatedReplicas ?? 0) === replicas &&
    (status.replicas ?? 0) === replicas &&
    (status.availableReplicas ?? 0) === replicas &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

export function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus) => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}
