// What the workload controllers have in common.

import { createHash } from "node:crypto";
import { suffix } from "../api/write.ts";
import type { Clock } from "../clock.ts";
import type { Recorder } from "../events.ts";
import { isActive, isReady } from "../kubelet/pod-status.ts";
import type { IntOrPercent, KubeObject, Owner } from "../objects/meta.ts";
import type { Pod, PodTemplate } from "../objects/pods.ts";
import type { Kinds, Plural } from "../objects/resources.ts";
import { copy, type Store } from "../store.ts";

export type Context = {
  readonly store: Store;
  readonly clock: Clock;
  readonly record: Recorder;
  readonly nodes: readonly string[];
  /** Looks at the object again after `seconds` of cluster time. */
  again(plural: Plural, object: KubeObject, seconds: number): void;
};

export function ownerReference(owner: KubeObject): Owner {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function ownerOf(object: KubeObject): Owner | undefined {
  return object.metadata.ownerReferences?.find((one) => one.controller === true);
}

export function ownedBy<P extends Plural>(store: Store, plural: P, owner: KubeObject): Kinds[P][] {
  return store
    .list(plural, owner.metadata.namespace ?? "")
    .filter((one) => ownerOf(one as KubeObject)?.uid === owner.metadata.uid);
}

/** The pods a controller counts: its own, neither ended nor being deleted. */
export function activePods(store: Store, owner: KubeObject): Pod[] {
  return ownedBy(store, "pods", owner).filter(isActive);
}

export function newPod(owner: KubeObject, template: PodTemplate, name?: string): Pod {
  const { labels, annotations } = copy(template.metadata);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: name ?? `${owner.metadata.name}-${suffix()}`,
      ...(name === undefined ? { generateName: `${owner.metadata.name}-` } : {}),
      namespace: owner.metadata.namespace,
      uid: "",
      resourceVersion: "",
      creationTimestamp: "",
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [ownerReference(owner)],
    },
    spec: copy(template.spec),
    status: { phase: "Pending", qosClass: "BestEffort" },
  };
}

/** Marks a pod as being deleted, which is all a controller does; its kubelet does the rest. */
export function deletePod({ store, clock }: Context, pod: Pod): void {
  const grace = pod.spec.terminationGracePeriodSeconds;
  store.update("pods", pod, ({ metadata }) => {
    const at = new Date(clock.now().getTime() + grace * 1000);
    metadata.deletionTimestamp ??= `${at.toISOString().slice(0, 19)}Z`;
    metadata.deletionGracePeriodSeconds ??= grace;
  });
}

/** Ready, and for `minReadySeconds` of cluster time; asks to be looked at again where that is yet to come. */
export function isAvailable(
  context: Context,
  owner: KubeObject,
  plural: Plural,
  pod: Pod,
  minReadySeconds = 0,
): boolean {
  if (!isReady(pod)) return false;
  if (minReadySeconds === 0) return true;
  const since = pod.status.conditions?.find(({ type }) => type === "Ready")?.lastTransitionTime ?? "";
  // Written to the second, so up to one second of wall time may be counted twice; never too little.
  const waitedMs = context.clock.now().getTime() - Date.parse(since) - 1000;
  const leftMs = (minReadySeconds * 1000) / context.clock.speed - waitedMs;
  if (leftMs <= 0) return true;
  context.again(plural, owner, (leftMs / 1000) * context.clock.speed);
  return false;
}

/** Resolves `25%` or `2` against a number of replicas. */
export function resolveCount(value: IntOrPercent, replicas: number, round: "up" | "down"): number {
  if (typeof value === "number") return value;
  const share = (Number.parseInt(value, 10) * replicas) / 100;
  return round === "up" ? Math.ceil(share) : Math.floor(share);
}

/** A short hash in the alphabet the controllers use, stable for equal templates. */
export function templateHash(template: unknown): string {
  const alphabet = "bcdfghjklmnpqrstvwxz2456789";
  const digest = createHash("sha256")
    .update(JSON.stringify(ordered(template)))
    .digest();
  return [...digest.subarray(0, 10)].map((byte) => alphabet[byte % alphabet.length]).join("");
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, field]) => [key, ordered(field)]));
}

/** Leaves counts of zero out, as omitempty does. */
export function omitZero<T extends Record<string, number>>(counts: T): Partial<T> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0)) as Partial<T>;
}
