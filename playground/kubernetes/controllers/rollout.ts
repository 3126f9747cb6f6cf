// The arithmetic of a rollout, as the Deployment controller does it. Pure: replica sets in, wanted sizes out.

import type { Deployment, ReplicaSet } from "../objects/workloads.ts";
import { resolveCount } from "./shared.ts";

export type Sizing = { readonly set: ReplicaSet; readonly to: number };

/** maxSurge rounds up, maxUnavailable down; were both zero nothing could move, so then one may be unavailable. */
export function bounds(deployment: Deployment): { readonly maxSurge: number; readonly maxUnavailable: number } {
  const { replicas, strategy } = deployment.spec;
  if (strategy.type !== "RollingUpdate") return { maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = "25%", maxUnavailable = "25%" } = strategy.rollingUpdate ?? {};
  const surge = resolveCount(maxSurge, replicas, "up");
  const unavailable = resolveCount(maxUnavailable, replicas, "down");
  return { maxSurge: surge, maxUnavailable: Math.min(replicas, surge === 0 && unavailable === 0 ? 1 : unavailable) };
}

/** How large the new replica set may be now. */
export function newReplicas(deployment: Deployment, fresh: ReplicaSet | undefined, old: readonly ReplicaSet[]): number {
  const { replicas, strategy } = deployment.spec;
  if (strategy.type === "Recreate") return replicas;
  const own = fresh?.spec.replicas ?? 0;
  const most = replicas + bounds(deployment).maxSurge;
  const current = own + sum(old, (set) => set.spec.replicas);
  if (current >= most) return own;
  return own + Math.min(most - current, replicas - own);
}

/** Which old replica sets to make smaller now: first those whose pods are not available anyway, then the oldest. */
export function shrinkOld(deployment: Deployment, fresh: ReplicaSet, old: readonly ReplicaSet[]): readonly Sizing[] {
  const all = [...old, fresh];
  if (sum(old, (set) => set.spec.replicas) === 0) return [];
  const least = deployment.spec.replicas - bounds(deployment).maxUnavailable;
  const freshUnavailable = fresh.spec.replicas - (fresh.status.availableReplicas ?? 0);
  const spare = sum(all, (set) => set.spec.replicas) - least - freshUnavailable;
  if (spare <= 0) return [];

  const sized = new Map(old.map((set) => [set, set.spec.replicas]));
  let cleanups = spare;
  for (const set of old) {
    const unhealthy = Math.max(0, set.spec.replicas - (set.status.availableReplicas ?? 0));
    const drop = Math.min(cleanups, unhealthy);
    sized.set(set, set.spec.replicas - drop);
    cleanups -= drop;
  }
  let surplus = sum(all, (set) => set.status.availableReplicas ?? 0) - least;
  for (const set of old) {
    const size = sized.get(set) ?? 0;
    const drop = Math.max(0, Math.min(surplus, size));
    sized.set(set, size - drop);
    surplus -= drop;
  }
  return [...sized].filter(([set, to]) => to !== set.spec.replicas).map(([set, to]) => ({ set, to }));
}

/** A Deployment was scaled while several of its replica sets have pods: each takes its share of the difference. */
export function proportional(deployment: Deployment, active: readonly ReplicaSet[], maxKey: string): readonly Sizing[] {
  const { replicas } = deployment.spec;
  const allowed = replicas === 0 ? 0 : replicas + bounds(deployment).maxSurge;
  const total = sum(active, (set) => set.spec.replicas);
  let left = allowed - total;
  const largestFirst = [...active].sort((a, b) => b.spec.replicas - a.spec.replicas);
  const sized = largestFirst.map((set) => {
    const max = Number(set.metadata.annotations?.[maxKey] ?? total) || total;
    const fair = Math.round((set.spec.replicas * allowed) / max) - set.spec.replicas;
    const share = left > 0 ? Math.max(0, Math.min(fair, left)) : Math.min(0, Math.max(fair, left));
    left -= share;
    return { set, to: set.spec.replicas + share };
  });
  return sized.map(({ set, to }, at) => ({ set, to: Math.max(0, at === 0 ? to + left : to) }));
}

export function sum(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + count(set), 0);
}
