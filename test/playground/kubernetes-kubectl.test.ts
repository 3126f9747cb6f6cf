// The same cluster through the real kubectl, which comes with the development packages.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cluster, clusterAdmin, startKubernetes } from "../../playground/kubernetes/cluster.ts";
import { helmRuns, tool } from "../helm/helm.ts";

const run = promisify(execFile);

describe.skipIf(!helmRuns)(helmRuns ? "kubectl" : "kubectl (skipped: it comes for Linux on x64 only)", () => {
  let cluster: Cluster;
  const home = mkdtempSync(join(tmpdir(), "kubectl-"));

  beforeAll(async () => {
    cluster = await startKubernetes({ speed: 20 });
    cluster.grantAnonymous(clusterAdmin);
    cluster.createNamespace("shop");
    writeFileSync(join(home, "config"), cluster.kubeconfig("unused", "shop"));
    await cluster.createDeployment({
      namespace: "shop",
      name: "web",
      image: "registry.example/web:1",
      replicas: 2,
      wait: "healthy",
    });
  });
  afterAll(async () => {
    await cluster.close();
    rmSync(home, { recursive: true, force: true });
  });

  async function kubectl(...args: string[]): Promise<string> {
    const env = { PATH: process.env["PATH"], HOME: home };
    const { stdout } = await run(tool("kubectl"), ["--kubeconfig", join(home, "config"), ...args], {
      env,
      timeout: 20_000,
    });
    return stdout;
  }

  test("get shows what is ready, up to date and available", async () => {
    const [header, row] = (await kubectl("get", "deploy")).split("\n");
    expect(header?.split(/\s+/)).toEqual(["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]);
    expect(row?.split(/\s+/).slice(0, 4)).toEqual(["web", "2/2", "2", "2"]);
  });

  test("set image and rollout status follow a rollout to its end, and undo takes it back", async () => {
    await kubectl("set", "image", "deploy/web", "web=registry.example/web:2");
    expect(await kubectl("rollout", "status", "deploy/web", "--timeout=15s")).toContain("successfully rolled out");
    await kubectl("rollout", "undo", "deploy/web");
    await kubectl("rollout", "status", "deploy/web", "--timeout=15s");
    const image = "jsonpath={.spec.template.spec.containers[0].image}";
    expect(await kubectl("get", "deploy", "web", "-o", image)).toBe("registry.example/web:1");
  });

  test("logs prints what a pod printed", async () => {
    expect(await kubectl("logs", "deploy/web", "--tail=1")).toBe("GET /healthz 200\n");
  });

  test("scale and delete take the pods with them", async () => {
    await kubectl("scale", "deploy/web", "--replicas=1");
    await kubectl("delete", "deploy", "web", "--wait=false");
    await kubectl("wait", "--for=delete", "pod", "-l", "app=web", "--timeout=15s");
    expect(await kubectl("get", "deploy,rs,pods", "-o", "name")).toBe("");
  });
});
