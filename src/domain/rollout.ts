import type { RolloutSeen, Verdict } from "./evidence.ts";

/**
 * One workload's verdict on the landed commit, in the order of Argo CD's health checks (gitops-engine `pkg/health`):
 * paused, generation not observed, progress deadline, updated, old replicas, available. Conditions alone are not
 * enough, as they lag behind the spec. Before all of these: a workload that does not carry the commit yet says nothing.
 */
export function judgeRollout(seen: RolloutSeen): Verdict {
  const { workload } = seen;
  if (seen.absent) return pending(`${workload} to appear: the cluster has none of that name`);
  if (seen.carries === "other") return pending(`${workload} to carry the commit (it runs ${seen.image})`);
  if (seen.paused) return pending(`${workload}, whose rollout is paused`);
  if (seen.observedGeneration < seen.generation) return pending(`${workload} to observe its new spec`);
  // What is wrong with a later commit is not ours: its own author hears of it.
  const trouble = seen.podTroubles[0]?.reason ?? seen.progressDeadlineExceeded;
  if (seen.carries === "descendant" && trouble)
    return pending(`${workload}, which is unhealthy on a later commit (${trouble})`);
  if (seen.podTroubles.length > 0) {
    return {
      is: "red",
      reasons: seen.podTroubles.map(({ pod, reason, message }) => `${workload}: pod ${pod} ${reason}: ${message}`),
    };
  }
  if (seen.progressDeadlineExceeded !== null) {
    return { is: "red", reasons: [`${workload}: ${seen.progressDeadlineExceeded}`] };
  }
  if (seen.updated < seen.desired) return pending(`${workload}: ${seen.updated} of ${seen.desired} replicas updated`);
  if (seen.replicas > seen.updated) {
    return pending(`${workload}: ${seen.replicas - seen.updated} old replicas still there`);
  }
  if (seen.available < seen.updated) return pending(`${workload}: ${seen.available} of ${seen.updated} available`);
  return { is: "green", evidence: [`${workload} healthy, ${seen.available}/${seen.desired} available`] };
}

/** All workloads of a repo together: any red is red, all green is green. No workload: CI alone decides. */
export function judgeRollouts(seen: readonly RolloutSeen[]): Verdict {
  const verdicts = seen.map(judgeRollout);
  const reasons = verdicts.flatMap((verdict) => (verdict.is === "red" ? verdict.reasons : []));
  if (reasons.length > 0) return { is: "red", reasons };
  const waiting = verdicts.flatMap((verdict) => (verdict.is === "pending" ? [verdict.waitingFor] : []));
  if (waiting.length > 0) return pending(waiting.join("; "));
  return { is: "green", evidence: verdicts.flatMap((verdict) => (verdict.is === "green" ? verdict.evidence : [])) };
}

function pending(waitingFor: string): Verdict {
  return { is: "pending", waitingFor };
}
