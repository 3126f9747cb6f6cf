import type { Cluster } from "../../kubernetes/cluster.ts";
import type { ClusterSection } from "../protocol.ts";

const EVENTS = 30;

export function lookAtCluster(cluster: Cluster, namespace: string): ClusterSection {
  const { workloads, events } = cluster.snapshot();
  return {
    workloads: workloads.filter((one) => one.namespace === namespace),
    events: events.filter((one) => one.namespace === namespace).slice(0, EVENTS),
  };
}
