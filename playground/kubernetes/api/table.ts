// `kubectl get` asks for Tables: the server decides on the columns. Only those of a plain `get` are filled in.

import type { KubeObject } from "../objects/meta.ts";
import type { Kinds, Plural, Resource } from "../objects/resources.ts";
import { containerReason } from "./pod-reason.ts";

type Cell = string | number;
type Columns<P extends Plural> = {
  readonly names: readonly string[];
  readonly cells: (object: Kinds[P]) => readonly Cell[];
};

const columns: { readonly [P in Plural]: Columns<P> } = {
  namespaces: { names: ["Status"], cells: ({ status }) => [status.phase] },
  pods: {
    names: ["Ready", "Status", "Restarts"],
    cells: (pod) => {
      const statuses = pod.status.containerStatuses ?? [];
      const ready = statuses.filter((one) => one.ready).length;
      const restarts = statuses.reduce((sum, one) => sum + one.restartCount, 0);
      return [`${ready}/${pod.spec.containers.length}`, containerReason(pod), restarts];
    },
  },
  events: {
    names: ["Type", "Reason", "Object", "Message"],
    cells: ({ type = "", reason = "", involvedObject: { kind = "", name = "" }, message = "" }) => [
      type,
      reason,
      `${kind.toLowerCase()}/${name}`,
      message.trim(),
    ],
  },
  deployments: {
    names: ["Ready", "Up-to-date", "Available"],
    cells: ({ spec, status }) => [
      `${status.readyReplicas ?? 0}/${spec.replicas}`,
      status.updatedReplicas ?? 0,
      status.availableReplicas ?? 0,
    ],
  },
  replicasets: {
    names: ["Desired", "Current", "Ready"],
    cells: ({ spec, status }) => [spec.replicas, status.replicas, status.readyReplicas ?? 0],
  },
  statefulsets: {
    names: ["Ready"],
    cells: ({ spec, status }) => [`${status.readyReplicas ?? 0}/${spec.replicas}`],
  },
  daemonsets: {
    names: ["Desired", "Current", "Ready", "Up-to-date", "Available"],
    cells: ({ status }) => [
      status.desiredNumberScheduled,
      status.currentNumberScheduled,
      status.numberReady,
      status.updatedNumberScheduled ?? 0,
      status.numberAvailable ?? 0,
    ],
  },
  controllerrevisions: {
    names: ["Controller", "Revision"],
    cells: ({ metadata, revision }) => {
      const owner = metadata.ownerReferences?.[0];
      return [owner === undefined ? "<none>" : `${owner.kind.toLowerCase()}/${owner.name}`, revision];
    },
  },
  leases: { names: ["Holder"], cells: ({ spec }) => [spec.holderIdentity ?? ""] },
};

/** True where the client would rather have a Table than the objects themselves. */
export function wantsTable(accept: string | undefined): boolean {
  return (
    accept !== undefined && /as=Table/.test(accept.split(",")[0] ?? "") && /v=v1(;|$)/.test(accept.split(",")[0] ?? "")
  );
}

export function tableOf(resource: Resource, objects: readonly KubeObject[], metadata: object, now: Date): object {
  const { names, cells } = columns[resource.plural] as Columns<Plural>;
  const dated = resource.plural === "events" ? ["Last Seen", ...names] : ["Name", ...names, "Age"];
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: dated.map((name) => ({
      name,
      type: "string",
      format: name === "Name" ? "name" : "",
      description: "",
      priority: 0,
    })),
    rows: objects.map((object) => {
      const { name, creationTimestamp } = object.metadata;
      const own = isPlaceholder(object) ? names.map(() => "") : cells(object as Kinds[Plural]);
      const age = ageOf(creationTimestamp, now);
      return {
        cells: resource.plural === "events" ? [age, ...own] : [name, ...own, age],
        object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata },
      };
    }),
  };
}

/** A watch's bookmark is an object without content. */
function isPlaceholder(object: KubeObject): boolean {
  return object.metadata.name === undefined || object.metadata.name === "";
}

function ageOf(created: string, now: Date): string {
  const seconds = Math.max(0, Math.floor((now.getTime() - Date.parse(created)) / 1000));
  if (Number.isNaN(seconds)) return "<unknown>";
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 2 * 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 48 * 3600 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
