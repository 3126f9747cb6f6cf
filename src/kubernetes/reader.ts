// Reads of workloads and what belongs to them: from a list that keeps itself current where there is one, else from the API.

import type {
  KubernetesObject,
  V1DaemonSet,
  V1Deployment,
  V1LabelSelector,
  V1Pod,
  V1ReplicaSet,
  V1StatefulSet,
} from "@kubernetes/client-node";
import type { ClusterClients } from "./clients.ts";
import { selectorText, selects } from "./selector.ts";
import type { Kind, Watches } from "./watches.ts";

type Name = { readonly namespace: string; readonly name: string };

/** Throws as client-node does. */
export type Reader = {
  deployment(of: Name): Promise<V1Deployment>;
  statefulSet(of: Name): Promise<V1StatefulSet>;
  daemonSet(of: Name): Promise<V1DaemonSet>;
  replicaSets(namespace: string, selector: V1LabelSelector | undefined): Promise<readonly V1ReplicaSet[]>;
  pods(namespace: string, selector: V1LabelSelector | undefined): Promise<readonly V1Pod[]>;
};

/** Without `watches` everything is read from the API. */
export function createReader(
  { apps, core }: Pick<ClusterClients, "apps" | "core">,
  watches: Pick<Watches, "list"> = { list: () => undefined },
): Reader {
  function find<T extends KubernetesObject>(kind: Kind, { namespace, name }: Name): T | undefined {
    return watches.list<T>(kind, namespace)?.find(({ metadata }) => metadata?.name === name);
  }
  function selected<T extends KubernetesObject>(
    kind: Kind,
    namespace: string,
    selector: V1LabelSelector | undefined,
  ): readonly T[] | undefined {
    return watches.list<T>(kind, namespace)?.filter(({ metadata }) => selects(selector, metadata?.labels));
  }
  return {
    deployment: async (of) => find("deployments", of) ?? (await apps.readNamespacedDeployment(of)),
    statefulSet: async (of) => find("statefulsets", of) ?? (await apps.readNamespacedStatefulSet(of)),
    daemonSet: async (of) => find("daemonsets", of) ?? (await apps.readNamespacedDaemonSet(of)),
    async replicaSets(namespace, selector) {
      const known = selected<V1ReplicaSet>("replicasets", namespace, selector);
      const labelSelector = selectorText(selector);
      return known ?? (await apps.listNamespacedReplicaSet({ namespace, labelSelector })).items;
    },
    async pods(namespace, selector) {
      const known = selected<V1Pod>("pods", namespace, selector);
      return known ?? (await core.listNamespacedPod({ namespace, labelSelector: selectorText(selector) })).items;
    },
  };
}
