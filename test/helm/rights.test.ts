// The rights that the chart gives, tried on a cluster that keeps to them: the bot's own reads, and nothing beyond.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, type Rule, startKubernetes } from "../../playground/kubernetes/cluster.ts";
import type { RepoConfig } from "../../src/config.ts";
import { createClusterClients } from "../../src/kubernetes/clients.ts";
import { createCluster } from "../../src/kubernetes/cluster.ts";
import { createLabelOf } from "../../src/registry/registry.ts";
import { helmRuns, type Manifest, template, values } from "./helm.ts";

const workloads: RepoConfig["workloads"] = [
  { kind: "Deployment", namespace: "shop", name: "web" },
  { kind: "StatefulSet", namespace: "shop", name: "worker" },
  { kind: "DaemonSet", namespace: "node-agents", name: "agent" },
];

describe.skipIf(!helmRuns)(helmRuns ? "the bot's rights" : "the bot's rights (skipped: no Helm here)", () => {
  const home = mkdtempSync(join(tmpdir(), "afk-rights-"));
  let cluster: Cluster;
  let kubeconfig: string;

  beforeAll(async () => {
    cluster = await startKubernetes({ speed: 50 });
    for (const namespace of ["shop", "node-agents", "secrets"]) cluster.createNamespace(namespace);
    const { createDeployment, createStatefulSet, createDaemonSet } = cluster;
    const image = `registry.example/shop:${"a".repeat(40)}`;
    await createDeployment({ namespace: "shop", name: "web", image, replicas: 1, wait: "healthy" });
    await createStatefulSet({ namespace: "shop", name: "worker", image, replicas: 1, wait: "healthy" });
    await createDaemonSet({ namespace: "node-agents", name: "agent", image, wait: "healthy" });
    const rules = rulesOf(await template(...values("dedicated-t3")));
    cluster.addToken("bot", { user: "system:serviceaccount:afk:afk", rules });
    kubeconfig = join(home, "kubeconfig");
    writeFileSync(kubeconfig, cluster.kubeconfig("bot"));
  });
  afterAll(async () => {
    await cluster.close();
    rmSync(home, { recursive: true, force: true });
  });

  test("are enough to follow each kind of workload", async () => {
    const repos = new Map([["acme/shop", { repo: "acme/shop", workloads, owners: [] }]]);
    const bot = createCluster(
      createClusterClients(kubeconfig),
      repos,
      async () => false,
      createLabelOf([]),
      pino({ level: "silent" }),
    );
    const seen = await bot.observeRollouts("acme/shop", "a".repeat(40));
    expect(seen).toMatchObject({ known: true });
    expect(seen.known && seen.value.map(({ carries, available }) => `${carries} ${available}`)).toEqual([
      "landed 1",
      "landed 1",
      "landed 2",
    ]);
  });

  test.each([
    ["GET", "/api/v1/namespaces/shop/pods/web/log", 404],
    ["GET", "/api/v1/namespaces/shop/events", 200],
    ["GET", "/api/v1/namespaces/secrets/pods", 403],
    ["GET", "/api/v1/pods", 403],
    ["GET", "/api/v1/namespaces", 403],
    ["DELETE", "/apis/apps/v1/namespaces/shop/deployments/web", 403],
    ["PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale", 403],
    ["DELETE", "/api/v1/namespaces/shop/pods/web", 403],
    ["PUT", "/apis/coordination.k8s.io/v1/namespaces/shop/leases/afk", 403],
  ])("%s %s is answered with %i", async (method, path, status) => {
    const headers = { authorization: "Bearer bot", "content-type": "application/merge-patch+json" };
    const body = method === "PATCH" || method === "PUT" ? { body: "{}" } : {};
    expect((await fetch(`${cluster.url}${path}`, { method, headers, ...body })).status).toBe(status);
  });
});

/** What the RoleBindings give to the bot's service account, in the stand-in cluster's words. */
function rulesOf(manifests: readonly Manifest[]): readonly Rule[] {
  const bindings = manifests.filter(({ kind }) => kind === "RoleBinding");
  return bindings.flatMap(({ metadata, roleRef }) => {
    const role = manifests.find(
      (one) =>
        one.kind === "Role" && one.metadata.name === roleRef.name && one.metadata.namespace === metadata.namespace,
    );
    return (role?.["rules"] ?? []).map((rule: Rule) => ({ ...rule, namespaces: [metadata.namespace ?? ""] }));
  });
}
