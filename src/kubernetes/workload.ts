import type { V1LabelSelector, V1ObjectMeta, V1PodTemplateSpec } from "@kubernetes/client-node";
import type { WorkloadRef } from "../config.ts";
import type { RolloutSeen } from "../domain/evidence.ts";
import type { Reader } from "./reader.ts";

type Figures = Omit<RolloutSeen, "workload" | "carries" | "image" | "podTroubles" | "absent">;

export type Workload = {
  readonly metadata: V1ObjectMeta | undefined;
  readonly figures: Figures;
  readonly template: V1PodTemplateSpec | undefined;
  readonly selector: V1LabelSelector | undefined;
  /** As the API shows them; some kinds have none. */
  readonly conditions: readonly string[];
  /** What tells pods of the new revision from older ones: a label and its value; undefined = not known yet. */
  readonly revision: { readonly label: string; readonly value: string } | undefined;
};

/** Reads one workload. The API leaves out counts that are zero. Throws as client-node does. */
export async function fetchWorkload(reader: Reader, ref: WorkloadRef): Promise<Workload> {
  const { kind, name, namespace } = ref;
  switch (kind) {
    case "Deployment": {
      const { metadata, spec, status } = await reader.deployment({ name, namespace });
      const exceeded = status?.conditions?.find(
        (condition) => condition.type === "Progressing" && condition.reason === "ProgressDeadlineExceeded",
      );
      return {
        metadata,
        figures: {
          ...generations(metadata, status),
          paused: spec?.paused ?? false,
          desired: spec?.replicas ?? 1,
          updated: status?.updatedReplicas ?? 0,
          replicas: status?.replicas ?? 0,
          available: status?.availableReplicas ?? 0,
          progressDeadlineExceeded: exceeded === undefined ? null : (exceeded.message ?? "progress deadline exceeded"),
        },
        template: spec?.template,
        selector: spec?.selector,
        conditions: conditionLines(status?.conditions),
        revision: await newReplicaSet(reader, namespace, metadata, spec?.selector),
      };
    }
    case "StatefulSet": {
      const { metadata, spec, status } = await reader.statefulSet({ name, namespace });
      const value = status?.updateRevision;
      const desired = spec?.replicas ?? 1;
      const { type, rollingUpdate } = spec?.updateStrategy ?? {};
      // Pods below the partition keep the old revision, and those of `OnDelete` until somebody deletes them.
      const partition = type === "OnDelete" ? desired : (rollingUpdate?.partition ?? 0);
      const updated = status?.updatedReplicas ?? 0;
      return {
        metadata,
        figures: {
          ...generations(metadata, status),
          paused: false,
          desired: Math.max(0, desired - partition),
          updated,
          replicas: updated,
          available: Math.max(0, updated - (desired - (status?.availableReplicas ?? status?.readyReplicas ?? 0))),
          progressDeadlineExceeded: null,
        },
        template: spec?.template,
        selector: spec?.selector,
        conditions: conditionLines(status?.conditions),
        revision: value === undefined ? undefined : { label: "controller-revision-hash", value },
      };
    }
    case "DaemonSet": {
      const { metadata, spec, status } = await reader.daemonSet({ name, namespace });
      const generation = metadata?.annotations?.["deprecated.daemonset.template.generation"];
      const updated = status?.updatedNumberScheduled ?? 0;
      return {
        metadata,
        figures: {
          ...generations(metadata, status),
          paused: false,
          desired: spec?.updateStrategy?.type === "OnDelete" ? updated : (status?.desiredNumberScheduled ?? 0),
          updated,
          replicas: updated,
          available: status?.numberAvailable ?? 0,
          progressDeadlineExceeded: null,
        },
        template: spec?.template,
        selector: spec?.selector,
        conditions: conditionLines(status?.conditions),
        // Kubernetes has kept both since DaemonSets had template generations.
        revision: generation === undefined ? undefined : { label: "pod-template-generation", value: generation },
      };
    }
    default:
      return kind satisfies never;
  }
}

type Condition = {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
};

function conditionLines(conditions: readonly Condition[] = []): readonly string[] {
  return conditions.map(({ type, status, reason = "", message = "" }) =>
    `condition ${type}=${status} ${reason} ${message}`.replaceAll(/\s+/g, " ").trim(),
  );
}

function generations(
  metadata: V1ObjectMeta | undefined,
  status: { observedGeneration?: number } | undefined,
): Pick<Figures, "generation" | "observedGeneration"> {
  return { generation: metadata?.generation ?? 0, observedGeneration: status?.observedGeneration ?? 0 };
}

/** The Deployment's newest ReplicaSet: the one with the Deployment's own revision annotation. */
async function newReplicaSet(
  reader: Reader,
  namespace: string,
  metadata: V1ObjectMeta | undefined,
  selector: V1LabelSelector | undefined,
): Promise<Workload["revision"]> {
  const revision = metadata?.annotations?.["deployment.kubernetes.io/revision"];
  if (revision === undefined) return undefined;
  const items = await reader.replicaSets(namespace, selector);
  const own = items.find(
    (set) =>
      set.metadata?.annotations?.["deployment.kubernetes.io/revision"] === revision &&
      set.metadata.ownerReferences?.some((owner) => owner.uid === metadata?.uid),
  );
  const value = own?.metadata?.labels?.["pod-template-hash"];
  return value === undefined ? undefined : { label: "pod-template-hash", value };
}
