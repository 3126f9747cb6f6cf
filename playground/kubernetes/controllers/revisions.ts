// A Deployment's replica sets: which one is the new one, which revision each is, and making the new one.

import { isDeepStrictEqual } from "node:util";
import type { Deployment, ReplicaSet } from "../objects/workloads.ts";
import { copy, type Store } from "../store.ts";
import { conditionOf, setCondition } from "./deployment-status.ts";
import { bounds, newReplicas } from "./rollout.ts";
import { type Context, ownedBy, ownerReference, templateHash } from "./shared.ts";

const revisionKey = "deployment.kubernetes.io/revision";
const historyKey = "deployment.kubernetes.io/revision-history";
export const desiredKey = "deployment.kubernetes.io/desired-replicas";
export const maxKey = "deployment.kubernetes.io/max-replicas";
const hashKey = "pod-template-hash";
/** Annotations of a Deployment that are not its replica sets' too. */
const ownKeys = [revisionKey, historyKey, desiredKey, maxKey, "kubectl.kubernetes.io/last-applied-configuration"];

export type ReplicaSets = {
  readonly fresh: ReplicaSet | undefined;
  /** Oldest first. */
  readonly old: readonly ReplicaSet[];
};

export function replicaSetsOf(store: Store, deployment: Deployment): ReplicaSets {
  const all = ownedBy(store, "replicasets", deployment).sort(byAge);
  const fresh = all.find(({ spec }) => isDeepStrictEqual(bare(spec.template), bare(deployment.spec.template)));
  return { fresh, old: all.filter((one) => one !== fresh) };
}

/** Makes the new replica set, or finds the old one with the same template and gives it the next revision. */
export function ensureNew(context: Context, deployment: Deployment, sets: ReplicaSets): ReplicaSets {
  const { store } = context;
  const next = Math.max(0, ...sets.old.map(revisionOf)) + 1;
  const { fresh } = sets;
  if (fresh !== undefined) {
    const revised = store.update("replicasets", fresh, (draft) => {
      const annotations = { ...draft.metadata.annotations, ...inherited(deployment) };
      if (revisionOf(fresh) < next) {
        const before = annotations[revisionKey];
        const history = [annotations[historyKey], before].filter((one) => one !== undefined && one !== "");
        annotations[revisionKey] = String(next);
        if (history.length > 0) annotations[historyKey] = history.join(",");
      }
      draft.metadata.annotations = annotations;
      if (deployment.spec.minReadySeconds !== undefined) draft.spec.minReadySeconds = deployment.spec.minReadySeconds;
    });
    const revision = String(Math.max(next, revisionOf(fresh)));
    const message = `Found new replica set "${fresh.metadata.name}"`;
    noteRevision(context, deployment, revision, { reason: "FoundNewReplicaSet", message }, "first");
    return { ...sets, fresh: revised ?? fresh };
  }
  const created = store.create("replicasets", newReplicaSet(deployment, sets, next));
  if (created === undefined) return sets;
  const message = `Created new replica set "${created.metadata.name}"`;
  noteRevision(context, deployment, String(next), { reason: "NewReplicaSetCreated", message }, "always");
  context.record(
    deployment,
    { component: "deployment-controller" },
    scaledText(created.metadata.name, 0, created.spec.replicas),
  );
  return { ...sets, fresh: created };
}

/** The Deployment learns its revision through its status, so that its generation stays. */
function noteRevision(
  { store, clock }: Context,
  deployment: Deployment,
  revision: string,
  told: { readonly reason: string; readonly message: string },
  when: "first" | "always",
): void {
  const note = (draft: Deployment) => {
    draft.metadata.annotations = { ...draft.metadata.annotations, [revisionKey]: revision };
    if (when === "first" && conditionOf(draft, "Progressing") !== undefined) return;
    setCondition(draft, { type: "Progressing", status: "True", ...told }, clock.now());
  };
  store.update("deployments", deployment, note, "status");
}

function newReplicaSet(deployment: Deployment, { old }: ReplicaSets, revision: number): ReplicaSet {
  const hash = templateHash(bare(deployment.spec.template));
  const template = copy(deployment.spec.template);
  template.metadata.labels = { ...template.metadata.labels, [hashKey]: hash };
  const { selector, minReadySeconds } = deployment.spec;
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      uid: "",
      resourceVersion: "",
      creationTimestamp: "",
      labels: { ...template.metadata.labels },
      annotations: { ...inherited(deployment), ...sizes(deployment), [revisionKey]: String(revision) },
      ownerReferences: [ownerReference(deployment)],
    },
    spec: {
      replicas: newReplicas(deployment, undefined, old),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashKey]: hash } },
      template,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
    },
    status: { replicas: 0 },
  };
}

/** What a replica set remembers of the size its Deployment had when it was last scaled. */
export function sizes(deployment: Deployment): Record<string, string> {
  const { replicas } = deployment.spec;
  return { [desiredKey]: String(replicas), [maxKey]: String(replicas + bounds(deployment).maxSurge) };
}

function revisionOf(replicaSet: ReplicaSet): number {
  return Number(replicaSet.metadata.annotations?.[revisionKey] ?? 0);
}

export function scaledText(name: string, from: number, to: number) {
  const message = `Scaled ${to >= from ? "up" : "down"} replica set ${name} from ${from} to ${to}`;
  return { type: "Normal", reason: "ScalingReplicaSet", message } as const;
}

function inherited(deployment: Deployment): Record<string, string> {
  const annotations = Object.entries(deployment.metadata.annotations ?? {});
  return Object.fromEntries(annotations.filter(([key]) => !ownKeys.includes(key)));
}

/** A template without the label that the controller added to it. */
function bare(template: Deployment["spec"]["template"]): unknown {
  const labels = { ...template.metadata.labels };
  delete labels[hashKey];
  return { ...template, metadata: { ...template.metadata, labels } };
}

function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return a.metadata.creationTimestamp === b.metadata.creationTimestamp
    ? revisionOf(a) - revisionOf(b)
    : a.metadata.creationTimestamp < b.metadata.creationTimestamp
      ? -1
      : 1;
}
