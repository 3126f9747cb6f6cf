// The cluster port over client-node: each workload of a repo with its pods, translated into the figures that the
// verdict reads. A read that fails makes the whole observation unknown: a cluster that is away is never red.

import type { V1PodTemplateSpec } from "@kubernetes/client-node";
import type { RepoConfig, WorkloadRef } from "../config.ts";
import type { RolloutSeen } from "../domain/evidence.ts";
import type { WorkloadReport } from "../domain/message.ts";
import { known, unknown } from "../domain/observed.ts";
import type { RepoKey, Sha } from "../domain/repo.ts";
import { AfkError, messageOf } from "../errors.ts";
import type { Cluster, Trees } from "../ports.ts";
import type { ClusterClients } from "./clients.ts";
import { fetchPodTroubles } from "./pods.ts";
import { reportOf } from "./report.ts";
import { fetchWorkload } from "./workload.ts";

export function createCluster(
  clients: ClusterClients,
  repos: ReadonlyMap<RepoKey, Pick<RepoConfig, "workloads">>,
  contains: Trees["contains"],
): Cluster {
  return {
    async observeRollouts(repo, sha) {
      const workloads = repos.get(repo)?.workloads;
      if (workloads === undefined) return unknown(`${repo} is not in the config any more: its workloads are not known`);
      try {
        return known(await Promise.all(workloads.map((ref) => observe(clients, repo, ref, sha, contains))));
      } catch (error) {
        return unknown(`the cluster could not be read: ${messageOf(error)}`);
      }
    },

    async fetchReports(repo) {
      const workloads = repos.get(repo)?.workloads ?? [];
      try {
        return known(await Promise.all(workloads.map((ref) => report(clients, ref))));
      } catch (error) {
        return unknown(`the cluster could not be read: ${messageOf(error)}`);
      }
    },
  };
}

async function report(clients: ClusterClients, ref: WorkloadRef): Promise<WorkloadReport> {
  const workload = await fetchWorkload(clients.apps, ref);
  return await reportOf(clients, ref, workload, imageOf(workload.template, ref));
}

async function observe(
  clients: ClusterClients,
  repo: RepoKey,
  ref: WorkloadRef,
  sha: Sha,
  contains: Trees["contains"],
): Promise<RolloutSeen> {
  const workload = await fetchWorkload(clients.apps, ref);
  const image = imageOf(workload.template, ref);
  const carries = await carriesOf(image, sha, (tag) => contains(repo, sha, tag));
  return {
    ...workload.figures,
    workload: `${ref.kind} ${ref.namespace}/${ref.name}`,
    image,
    carries,
    podTroubles: carries === "other" ? [] : await fetchPodTroubles(clients, ref, workload),
  };
}

function imageOf(template: V1PodTemplateSpec | undefined, ref: WorkloadRef): string {
  const containers = template?.spec?.containers ?? [];
  const container = ref.container === undefined ? containers[0] : containers.find(({ name }) => name === ref.container);
  if (container === undefined)
    throw new AfkError("config", `${ref.namespace}/${ref.name} has no container ${ref.container ?? ""}`);
  return container.image ?? "";
}

/** By the image's tag: the landed commit itself, or a commit that contains it. */
async function carriesOf(
  image: string,
  sha: Sha,
  contains: (tag: string) => Promise<boolean>,
): Promise<RolloutSeen["carries"]> {
  const tag = /:([^:/@]+)(?:@.*)?$/.exec(image)?.[1] ?? "";
  const commit = /(?:^|[^0-9a-f])([0-9a-f]{7,64})$/.exec(tag)?.[1];
  if (commit === undefined) return "other";
  if (sha.startsWith(commit)) return "landed";
  return (await contains(commit)) ? "descendant" : "other";
}
