// The cluster: whether it answers, knows us, lets us do what the bot does (asked as `kubectl auth can-i` does), and has
// the workloads that the config names.

import type { Config, WorkloadRef } from "../config.ts";
import type { RepoKey } from "../domain/repo.ts";
import { messageOf } from "../errors.ts";
import { type ClusterClients, createClusterClients, statusOf } from "../kubernetes/clients.ts";
import { createReader } from "../kubernetes/reader.ts";
import { fetchWorkload } from "../kubernetes/workload.ts";
import { type Area, attempt, type Finding, fail, pass, untried } from "./finding.ts";

type Right = {
  readonly group: string;
  readonly resource: string;
  readonly verbs: readonly string[];
  readonly name?: string;
};

const READ = ["get", "list", "watch"];
const WORKLOAD_RIGHTS: readonly Right[] = [
  ...["deployments", "statefulsets", "daemonsets", "replicasets"].map((resource) => ({
    group: "apps",
    resource,
    verbs: READ,
  })),
  { group: "", resource: "pods", verbs: READ },
  { group: "", resource: "events", verbs: READ },
  { group: "", resource: "pods/log", verbs: ["get"] },
];

export async function checkCluster(config: Config): Promise<Area> {
  const { kubernetes, repos, leaderElection } = config;
  const reach = "See kubernetes.kubeconfig, or in a pod its service account and automountServiceAccountToken.";
  let clients: ClusterClients;
  try {
    clients = createClusterClients(kubernetes.kubeconfig);
  } catch (error) {
    return { area: "cluster", findings: [fail("answers", messageOf(error), reach)] };
  }
  const answers = await attempt("answers", { unauthorised: reach, otherwise: reach }, async () => {
    try {
      return `Kubernetes ${(await clients.version.getCode()).gitVersion} at ${clients.server}`;
    } catch (error) {
      const status = statusOf(error);
      const remedy = "Renew the token in the kubeconfig, or the pod's service account.";
      if (status === 401) return fail("answers", `${clients.server} does not know us (401)`, remedy);
      return fail("answers", `${clients.server} does not answer: ${whyOf(error)}`, reach);
    }
  });
  const workloads = [...repos].flatMap(([repo, { workloads: refs }]) => refs.map((ref) => ({ repo, ref })));
  const namespaces = [...new Set(workloads.map(({ ref }) => ref.namespace))].sort();
  if (answers.result !== "pass") {
    return {
      area: "cluster",
      findings: [answers, ...namespaces.map((name) => untried(`rights in ${name}`, "answers"))],
    };
  }
  const lease = leaderElection.namespace ?? clients.namespace;
  return {
    area: "cluster",
    findings: [
      answers,
      ...(await Promise.all(namespaces.map((name) => checkRights(clients, name, WORKLOAD_RIGHTS)))),
      ...(leaderElection.enabled ? [await checkLease(clients, lease, leaderElection.lease)] : []),
      ...(await Promise.all(workloads.map(({ repo, ref }) => checkWorkload(clients, repo, ref)))),
    ],
  };
}

async function checkRights(clients: ClusterClients, namespace: string, rights: readonly Right[]): Promise<Finding> {
  const check = `rights in ${namespace}`;
  const remedy = "Bind the bot's service account to the Role of the chart in that namespace (its rbac values).";
  return await attempt(check, { unauthorised: remedy, otherwise: remedy }, async () => {
    const asked = rights.flatMap((right) => right.verbs.map((verb) => ({ right, verb })));
    const answers = await Promise.all(
      asked.map(async ({ right, verb }) =>
        (await mayI(clients, namespace, right, verb)) ? undefined : `${verb} ${right.resource}`,
      ),
    );
    const missing = answers.filter((one) => one !== undefined);
    return missing.length === 0
      ? "may read workloads, pods, events and logs"
      : fail(check, `may not ${missing.join(", ")}`, remedy);
  });
}

async function checkLease(clients: ClusterClients, namespace: string, name: string): Promise<Finding> {
  const check = "lease";
  const remedy = `Let the bot's service account get and update the Lease ${namespace}/${name}, and create leases there.`;
  return await attempt(check, { unauthorised: remedy, otherwise: remedy }, async () => {
    const group = "coordination.k8s.io";
    const named: Right = { group, resource: "leases", verbs: ["get", "update"], name };
    const missing: string[] = [];
    for (const verb of named.verbs) if (!(await mayI(clients, namespace, named, verb))) missing.push(verb);
    // A create carries its name in the body, so that no rule can be about it.
    if (!(await mayI(clients, namespace, { group, resource: "leases", verbs: [] }, "create"))) missing.push("create");
    const whole = `the Lease ${namespace}/${name}`;
    return missing.length === 0 ? `may hold ${whole}` : fail(check, `may not ${missing.join(", ")} ${whole}`, remedy);
  });
}

async function mayI(clients: ClusterClients, namespace: string, right: Right, verb: string): Promise<boolean> {
  const [resource = "", subresource] = right.resource.split("/");
  const { status } = await clients.authorization.createSelfSubjectAccessReview({
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectAccessReview",
      spec: {
        resourceAttributes: {
          namespace,
          verb,
          group: right.group,
          resource,
          ...(subresource === undefined ? {} : { subresource }),
          ...(right.name === undefined ? {} : { name: right.name }),
        },
      },
    },
  });
  return status?.allowed === true;
}

async function checkWorkload(clients: ClusterClients, repo: RepoKey, ref: WorkloadRef): Promise<Finding> {
  const name = `${ref.kind} ${ref.namespace}/${ref.name}`;
  const check = `workload of ${repo}`;
  try {
    const { template } = await fetchWorkload(createReader(clients), ref);
    const containers = template?.spec?.containers.map((container) => container.name) ?? [];
    if (ref.container === undefined || containers.includes(ref.container)) return pass(check, `${name} is there`);
    const remedy = `Set its container to one of ${containers.join(", ")}.`;
    return fail(check, `${name} has no container ${ref.container}`, remedy);
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return fail(check, `${name} is not there`, "Correct the repo's workloads in the config.");
    if (status === 403) return fail(check, `${name} may not be read`, `Mend the rights in ${ref.namespace} first.`);
    return fail(check, `${name} cannot be read: ${whyOf(error)}`, "Try again once the cluster answers.");
  }
}

/** client-node's messages hold the whole answer, headers and all. */
function whyOf(error: unknown): string {
  const status = statusOf(error);
  return status === undefined ? (messageOf(error).split("\n")[0] ?? "") : `it says ${status}`;
}
