// The cluster port over client-node: each workload of a repo with its pods, translated into the figures that the
// verdict reads. A read that fails makes the whole observation unknown: a cluster that is away is never red.

import type { V1PodTemplateSpec } from "@kubernetes/client-node";
import type { Logger } from "pino";
import type { RepoConfig, WorkloadRef } from "../config.ts";
import type { RolloutSeen } from "../domain/evidence.ts";
import type { WorkloadReport } from "../domain/message.ts";
import { known, type Observed, unknown } from "../domain/observed.ts";
import type { RepoKey, Sha } from "../domain/repo.ts";
import { AfkError } from "../errors.ts";
import type { Cluster, Trees } from "../ports.ts";
import type { LabelOf } from "../registry/registry.ts";
import { carriesOf, commitsOf, namedIn } from "./carries.ts";
import { apiText, type ClusterClients, statusOf } from "./clients.ts";
import { fetchPodTroubles } from "./pods.ts";
import { createReader, type Reader } from "./reader.ts";
import { reportOf } from "./report.ts";
import { selects } from "./selector.ts";
import { type Change, createWatches, type Kind } from "./watches.ts";
import { fetchWorkload, type Workload } from "./workload.ts";

const KINDS: Record<WorkloadRef["kind"], Kind> = {
  Deployment: "deployments",
  StatefulSet: "statefulsets",
  DaemonSet: "daemonsets",
};

export function createCluster(
  clients: ClusterClients,
  repos: ReadonlyMap<RepoKey, Pick<RepoConfig, "workloads">>,
  contains: Trees["contains"],
  labelOf: LabelOf,
  log: Logger,
): Cluster {
  const watches = createWatches(clients, log);
  const reader = createReader(clients, watches);
  /** Selectors of workloads as they were last seen: they never change in one's life. */
  const selectors = new Map<string, Parameters<typeof selects>[0]>();

  async function ofEach<T>(repo: RepoKey, read: (ref: WorkloadRef) => Promise<T>): Promise<Observed<readonly T[]>> {
    const workloads = repos.get(repo)?.workloads ?? [];
    try {
      return known(await Promise.all(workloads.map(read)));
    } catch (error) {
      if (error instanceof AfkError) return unknown(error.message);
      return unknown(`the cluster could not be read: ${apiText(error)}`);
    }
  }

  async function observe(repo: RepoKey, ref: WorkloadRef, sha: Sha): Promise<RolloutSeen> {
    const workload = await findWorkload(reader, ref);
    if (workload === undefined) return absent(ref);
    selectors.set(nameOf(ref), workload.selector);
    const image = imageOf(workload.template, ref);
    const commits =
      ref.imageLabel === undefined
        ? commitsOf(ref, image, workload.metadata, workload.template)
        : namedIn((await labelOf(image, ref.imageLabel)) ?? "");
    const carries = await carriesOf(commits, sha, (other) => contains(repo, sha, other));
    return {
      ...workload.figures,
      workload: nameOf(ref),
      image,
      carries,
      podTroubles: carries === "other" ? [] : await fetchPodTroubles(reader, ref, workload),
    };
  }

  /** Whether the change is of the workload, or of something that is its own. */
  function concerns(ref: WorkloadRef, { kind, namespace, object }: Change): boolean {
    if (ref.namespace !== namespace) return false;
    if (kind === KINDS[ref.kind]) return object.metadata?.name === ref.name;
    if (kind !== "pods" && kind !== "replicasets") return false;
    const selector = selectors.get(nameOf(ref));
    return selector !== undefined && selects(selector, object.metadata?.labels);
  }

  return {
    observeRollouts: (repo, sha) => ofEach(repo, (ref) => observe(repo, ref, sha)),
    fetchReports: (repo) => ofEach(repo, (ref) => report(clients, reader, ref)),
    onChange(heard) {
      watches.onChange((change) => {
        for (const [repo, { workloads }] of repos) {
          if (workloads.some((ref) => concerns(ref, change))) heard(repo);
        }
      });
    },
    close: watches.close,
  };
}

/** Undefined = the API server says that there is none: a fact, and often one that the rollout is about to change. */
async function findWorkload(reader: Reader, ref: WorkloadRef): Promise<Workload | undefined> {
  try {
    return await fetchWorkload(reader, ref);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

function absent(ref: WorkloadRef): RolloutSeen {
  const none = { generation: 0, observedGeneration: 0, desired: 0, updated: 0, replicas: 0, available: 0 };
  const figures = { ...none, paused: false, progressDeadlineExceeded: null, podTroubles: [] };
  return { ...figures, workload: nameOf(ref), carries: "other", image: "", absent: true };
}

async function report(clients: ClusterClients, reader: Reader, ref: WorkloadRef): Promise<WorkloadReport> {
  const workload = await findWorkload(reader, ref);
  if (workload === undefined) return { workload: nameOf(ref), lines: ["the cluster has none of that name"], logs: [] };
  return await reportOf(clients, reader, ref, workload, imageOf(workload.template, ref));
}

function nameOf({ kind, namespace, name }: WorkloadRef): string {
  return `${kind} ${namespace}/${name}`;
}

function imageOf(template: V1PodTemplateSpec | undefined, ref: WorkloadRef): string {
  const containers = template?.spec?.containers ?? [];
  const container = ref.container === undefined ? containers[0] : containers.find(({ name }) => name === ref.container);
  if (container === undefined)
    throw new AfkError("config", `${ref.namespace}/${ref.name} has no container ${ref.container ?? ""}`);
  return container.image ?? "";
}
