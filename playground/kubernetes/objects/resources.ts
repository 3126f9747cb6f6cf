// The table of what the cluster serves: discovery, routing, validation and storage all read it.

import type { z } from "zod";
import { type Event, eventSchema, type Lease, leaseSchema, type Namespace, namespaceSchema } from "./core.ts";
import { type Pod, podSchema } from "./pods.ts";
import {
  type ControllerRevision,
  controllerRevisionSchema,
  type DaemonSet,
  type Deployment,
  daemonSetSchema,
  deploymentSchema,
  type ReplicaSet,
  replicaSetSchema,
  type StatefulSet,
  statefulSetSchema,
} from "./workloads.ts";

/** Stored kinds by their plural name. Events of both API groups are one store, as they are in a real cluster. */
export type Kinds = {
  namespaces: Namespace;
  pods: Pod;
  events: Event;
  deployments: Deployment;
  replicasets: ReplicaSet;
  statefulsets: StatefulSet;
  daemonsets: DaemonSet;
  controllerrevisions: ControllerRevision;
  leases: Lease;
};
export type Plural = keyof Kinds;

export type Subresource = "status" | "scale" | "log";

export type Resource = {
  readonly group: string;
  readonly version: string;
  readonly plural: Plural;
  readonly singular: string;
  readonly kind: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly subresources: readonly Subresource[];
  readonly schema: z.ZodType;
  /** May be updated without naming a resourceVersion. */
  readonly unconditionalUpdate: boolean;
  /** A PUT of a name that is not there creates it. */
  readonly createOnUpdate: boolean;
};

const plain = {
  group: "",
  version: "v1",
  namespaced: true,
  subresources: [],
  unconditionalUpdate: true,
  createOnUpdate: false,
} as const;
const apps = { ...plain, group: "apps", subresources: ["scale", "status"] } as const;
const events = {
  ...plain,
  plural: "events",
  singular: "event",
  kind: "Event",
  shortNames: ["ev"],
  schema: eventSchema,
  createOnUpdate: true,
} as const;

export const resources: readonly Resource[] = [
  events,
  {
    ...plain,
    plural: "namespaces",
    singular: "namespace",
    kind: "Namespace",
    shortNames: ["ns"],
    namespaced: false,
    subresources: ["status"],
    schema: namespaceSchema,
  },
  {
    ...plain,
    plural: "pods",
    singular: "pod",
    kind: "Pod",
    shortNames: ["po"],
    subresources: ["log", "status"],
    schema: podSchema,
  },
  {
    ...apps,
    plural: "controllerrevisions",
    singular: "controllerrevision",
    kind: "ControllerRevision",
    shortNames: [],
    subresources: [],
    schema: controllerRevisionSchema,
  },
  {
    ...apps,
    plural: "daemonsets",
    singular: "daemonset",
    kind: "DaemonSet",
    shortNames: ["ds"],
    subresources: ["status"],
    schema: daemonSetSchema,
  },
  {
    ...apps,
    plural: "deployments",
    singular: "deployment",
    kind: "Deployment",
    shortNames: ["deploy"],
    schema: deploymentSchema,
  },
  {
    ...apps,
    plural: "replicasets",
    singular: "replicaset",
    kind: "ReplicaSet",
    shortNames: ["rs"],
    schema: replicaSetSchema,
  },
  {
    ...apps,
    plural: "statefulsets",
    singular: "statefulset",
    kind: "StatefulSet",
    shortNames: ["sts"],
    schema: statefulSetSchema,
  },
  {
    ...plain,
    group: "coordination.k8s.io",
    plural: "leases",
    singular: "lease",
    kind: "Lease",
    shortNames: [],
    schema: leaseSchema,
    // Lease writers elect leaders by optimistic locking, so the API insists on a version, yet creates on PUT.
    unconditionalUpdate: false,
    createOnUpdate: true,
  },
  { ...events, group: "events.k8s.io" },
];

export function findResource(group: string, version: string, plural: string): Resource | undefined {
  return resources.find((one) => one.group === group && one.version === version && one.plural === plural);
}

/** `apps/v1`, or `v1` for the core group. */
export function apiVersionOf(resource: Pick<Resource, "group" | "version">): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

/** `deployments.apps`, or `pods` for the core group: how error sentences name a resource. */
export function qualified(resource: Pick<Resource, "group" | "plural">): string {
  return resource.group === "" ? resource.plural : `${resource.plural}.${resource.group}`;
}

/** The version under which objects are stored: events have one, whichever group they are asked by. */
export function storedVersion(resource: Resource): string {
  return resource.plural === "events" ? "v1" : apiVersionOf(resource);
}
