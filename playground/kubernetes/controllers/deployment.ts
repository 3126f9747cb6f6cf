// The Deployment controller, step by step as the real one goes (kubernetes.io/docs/concepts/workloads/controllers/deployment):
// note a pause or its end; while paused, or after a change of size, only scale; else roll out by strategy. A pass takes
// one step at most and leaves the rest to the next, which is why a client sees every stage in the status.

import type { KubeObject } from "../objects/meta.ts";
import type { Deployment, ReplicaSet } from "../objects/workloads.ts";
import {
  availableCondition,
  conditionOf,
  countStatus,
  hasProgressed,
  isComplete,
  putCondition,
  setCondition,
} from "./deployment-status.ts";
import { desiredKey, ensureNew, maxKey, type ReplicaSets, replicaSetsOf, scaledText, sizes } from "./revisions.ts";
import { newReplicas, proportional, type Sizing, shrinkOld } from "./rollout.ts";
import { type Context, ownedBy } from "./shared.ts";

const source = { component: "deployment-controller" };

export type DeploymentController = { sync(deployment: Deployment): void; forget(uid: string): void };

export function createDeploymentController(context: Context): DeploymentController {
  const { store, clock } = context;
  /** When each Deployment last moved, to the millisecond: its own condition is written to the second. */
  const movedAt = new Map<string, number>();

  function sync(given: Deployment): void {
    if (given.metadata.deletionTimestamp !== undefined) return;
    const deployment = notePause(given);
    const sets = replicaSetsOf(store, deployment);
    if (deployment.spec.paused === true || wasScaled(deployment, sets)) syncSize(deployment, sets);
    else if (deployment.spec.strategy.type === "Recreate") recreate(deployment, sets);
    else roll(deployment, sets);
  }

  function notePause(deployment: Deployment): Deployment {
    const { reason } = conditionOf(deployment, "Progressing") ?? {};
    if (reason === "ProgressDeadlineExceeded") return deployment;
    const paused = deployment.spec.paused === true;
    if (paused === (reason === "DeploymentPaused")) return deployment;
    const told = paused
      ? { reason: "DeploymentPaused", message: "Deployment is paused" }
      : { reason: "DeploymentResumed", message: "Deployment is resumed" };
    movedAt.set(deployment.metadata.uid, clock.now().getTime());
    const noted = store.update("deployments", deployment, (draft) => {
      setCondition(draft, { type: "Progressing", status: "Unknown", ...told }, clock.now());
    });
    return noted ?? deployment;
  }

  function wasScaled(deployment: Deployment, { fresh, old }: ReplicaSets): boolean {
    return [...old, ...(fresh === undefined ? [] : [fresh])].some(({ spec, metadata }) => {
      const remembered = metadata.annotations?.[desiredKey];
      return spec.replicas > 0 && remembered !== undefined && Number(remembered) !== deployment.spec.replicas;
    });
  }

  function syncSize(deployment: Deployment, sets: ReplicaSets): void {
    const { replicas } = deployment.spec;
    const { fresh, old } = sets;
    const active = [...old, ...(fresh === undefined ? [] : [fresh])].filter(({ spec }) => spec.replicas > 0);
    const only = active.length === 1 ? active[0] : active.length === 0 ? (fresh ?? old.at(-1)) : undefined;
    if (only !== undefined) resize(deployment, [{ set: only, to: replicas }]);
    else if (fresh !== undefined && isSaturated(deployment, fresh)) {
      resize(
        deployment,
        old.map((set) => ({ set, to: 0 })),
      );
    } else if (deployment.spec.strategy.type === "RollingUpdate") {
      resize(deployment, proportional(deployment, active, maxKey));
    }
    writeStatus(deployment, replicaSetsOf(store, deployment), { judge: false });
  }

  function roll(deployment: Deployment, found: ReplicaSets): void {
    const { fresh, old } = ensure(deployment, found);
    if (fresh === undefined) return;
    const to = newReplicas(deployment, fresh, old);
    const grow: readonly Sizing[] = to === fresh.spec.replicas ? [] : [{ set: fresh, to }];
    if (!resize(deployment, grow) && !resize(deployment, shrinkOld(deployment, fresh, old))) tidy(deployment);
    writeStatus(deployment, replicaSetsOf(store, deployment), { judge: true });
  }

  /** Recreate: the old pods are all gone before there is a new one. */
  function recreate(deployment: Deployment, found: ReplicaSets): void {
    const shrunk = resize(
      deployment,
      found.old.map((set) => ({ set, to: 0 })),
    );
    const oldPods = found.old.flatMap((set) => ownedBy(store, "pods", set as unknown as KubeObject));
    if (!shrunk && oldPods.length === 0) {
      const { fresh } = ensure(deployment, found);
      if (fresh !== undefined) resize(deployment, [{ set: fresh, to: deployment.spec.replicas }]);
      tidy(deployment);
    }
    writeStatus(deployment, replicaSetsOf(store, deployment), { judge: true });
  }

  function ensure(deployment: Deployment, sets: ReplicaSets): ReplicaSets {
    if (sets.fresh === undefined) movedAt.set(deployment.metadata.uid, clock.now().getTime());
    return ensureNew(context, deployment, sets);
  }

  /** True where any replica set was given another size. */
  function resize(deployment: Deployment, wanted: readonly Sizing[]): boolean {
    let changed = false;
    for (const { set, to } of wanted) {
      const from = set.spec.replicas;
      if (from !== to) {
        changed = true;
        context.record(deployment, source, scaledText(set.metadata.name, from, to));
      }
      store.update("replicasets", set, (draft) => {
        draft.spec.replicas = to;
        draft.metadata.annotations = { ...draft.metadata.annotations, ...sizes(deployment) };
      });
    }
    return changed;
  }

  /** Removes empty old replica sets beyond the history limit, once the rollout is complete. */
  function tidy(deployment: Deployment): void {
    const { fresh, old } = replicaSetsOf(store, deployment);
    if (!isComplete(deployment, countStatus(deployment, { fresh, old }))) return;
    const empty = old.filter(({ spec, status }) => spec.replicas === 0 && status.replicas === 0);
    const surplus = empty.slice(0, Math.max(0, old.length - deployment.spec.revisionHistoryLimit));
    for (const { metadata } of surplus) store.remove("replicasets", metadata.namespace ?? "", metadata.name);
  }

  /** `judge`: whether this pass may say that the rollout moved, finished or timed out. */
  function writeStatus(deployment: Deployment, sets: ReplicaSets, { judge }: { readonly judge: boolean }): void {
    store.update("deployments", deployment, (draft) => {
      const before = draft.status;
      const observed = { ...draft, metadata: { ...draft.metadata, generation: deployment.metadata.generation } };
      draft.status = countStatus(observed, sets);
      setCondition(draft, availableCondition(draft, draft.status), clock.now());
      if (judge) judgeProgress(draft, before, sets.fresh);
    });
  }

  function judgeProgress(draft: Deployment, before: Deployment["status"], fresh: ReplicaSet | undefined): void {
    const progressing = conditionOf(draft, "Progressing");
    const { status, metadata } = draft;
    const done = progressing?.reason === "NewReplicaSetAvailable";
    if (done && (status.replicas ?? 0) === (status.updatedReplicas ?? 0)) return;
    const subject = fresh === undefined ? `Deployment "${metadata.name}"` : `ReplicaSet "${fresh.metadata.name}"`;
    const now = clock.now();
    if (isComplete(draft, status)) {
      const message = `${subject} has successfully progressed.`;
      setCondition(draft, { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message }, now);
    } else if (hasProgressed(before, status)) {
      movedAt.set(metadata.uid, now.getTime());
      const message = `${subject} is progressing.`;
      putCondition(draft, { type: "Progressing", status: "True", reason: "ReplicaSetUpdated", message }, now);
    } else if (progressing !== undefined && !done) timeOut(draft, subject);
  }

  function timeOut(draft: Deployment, subject: string): void {
    const { uid } = draft.metadata;
    const now = clock.now();
    const moved = movedAt.get(uid) ?? now.getTime();
    movedAt.set(uid, moved);
    const leftMs = (draft.spec.progressDeadlineSeconds * 1000) / clock.speed - (now.getTime() - moved);
    if (leftMs > 0) {
      context.again("deployments", draft, (leftMs / 1000) * clock.speed);
      return;
    }
    const message = `${subject} has timed out progressing.`;
    setCondition(draft, { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message }, now);
  }

  return { sync, forget: (uid) => movedAt.delete(uid) };
}

function isSaturated(deployment: Deployment, fresh: ReplicaSet): boolean {
  const { replicas } = deployment.spec;
  return fresh.spec.replicas === replicas && (fresh.status.availableReplicas ?? 0) === replicas;
}
