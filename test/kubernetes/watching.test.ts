// The cluster as the bot watches it: changes come by themselves, whatever becomes of the watches.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Cluster, clusterAdmin, startKubernetes } from "../../playground/kubernetes/cluster.ts";
import { createClusterClients } from "../../src/kubernetes/clients.ts";
import { createCluster } from "../../src/kubernetes/cluster.ts";
import { createWatches, type Watches } from "../../src/kubernetes/watches.ts";
import type { Cluster as BotsCluster } from "../../src/ports.ts";
import { createLabelOf } from "../../src/registry/registry.ts";

const OLD = "a".repeat(40);
const NEW = "b".repeat(40);
const image = (sha: string): string => `registry.example/web:${sha}`;
const REPO = "acme/shop";
const log = pino({ level: "silent" });
const waiting = { timeout: 20_000, interval: 20 };

let dir = "";
let cluster: Cluster;
let bot: BotsCluster;
let changes = 0;
const clients = () => createClusterClients(join(dir, "kubeconfig"));

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "afk-kube-"));
  cluster = await startKubernetes({ speed: 20 });
  cluster.addToken("t", { user: "bot", rules: clusterAdmin });
  writeFileSync(join(dir, "kubeconfig"), cluster.kubeconfig("t"));
  cluster.createNamespace("shop");
  await cluster.createDeployment({ namespace: "shop", name: "web", image: image(OLD), replicas: 1, wait: "healthy" });
  const workloads = [{ kind: "Deployment" as const, namespace: "shop", name: "web" }];
  bot = createCluster(clients(), new Map([[REPO, { workloads }]]), async () => false, createLabelOf([]), log);
  changes = 0;
  bot.onChange((repo) => {
    if (repo === REPO) changes += 1;
  });
});
afterEach(async () => {
  bot.close();
  await cluster.close();
  rmSync(dir, { recursive: true, force: true });
});

async function carries(sha: string): Promise<string> {
  const seen = await bot.observeRollouts(REPO, sha);
  return seen.known ? `${seen.value[0]?.carries} ${seen.value[0]?.available}` : `unknown: ${seen.why}`;
}

/** Until looking costs no request any more. */
async function watched(): Promise<void> {
  await vi.waitFor(async () => {
    const before = cluster.listener.count();
    await carries(OLD);
    expect(cluster.listener.count()).toBe(before);
  }, waiting);
}

describe("a watched cluster", () => {
  test("is looked at without a request, and tells of changes by itself", async () => {
    expect(await carries(OLD)).toBe("landed 1");
    await watched();
    changes = 0;
    cluster.setImage({ namespace: "shop", name: "web", image: image(NEW) });
    await vi.waitFor(() => expect(changes).toBeGreaterThan(0), waiting);
    await vi.waitFor(async () => expect(await carries(NEW)).toBe("landed 1"), waiting);
  });

  test.each(["end", "cut", "error"] as const)("whose watches are lost by %s is current again", async (how) => {
    await watched();
    cluster.dropWatches(how);
    cluster.setImage({ namespace: "shop", name: "web", image: image(NEW) });
    await vi.waitFor(async () => expect(await carries(NEW)).toBe("landed 1"), waiting);
    await watched();
  });

  test("that was away is unknown, and then read again", async () => {
    await watched();
    await cluster.listener.off();
    await vi.waitFor(async () => expect(await carries(OLD)).toMatch(/^unknown/), waiting);
    await cluster.listener.on();
    await vi.waitFor(async () => expect(await carries(OLD)).toBe("landed 1"), waiting);
    await watched();
  });

  test("whose history was compacted is listed anew", async () => {
    await watched();
    cluster.setImage({ namespace: "shop", name: "web", image: image(NEW) });
    cluster.expire();
    cluster.dropWatches();
    await vi.waitFor(async () => expect(await carries(NEW)).toBe("landed 1"), waiting);
  });

  test("that has no such workload says so: that is known, and not unhealthy", async () => {
    const workloads = [{ kind: "Deployment" as const, namespace: "nowhere", name: "web" }];
    const other = createCluster(clients(), new Map([[REPO, { workloads }]]), async () => false, createLabelOf([]), log);
    const seen = await other.observeRollouts(REPO, OLD);
    expect(seen).toMatchObject({ known: true, value: [{ absent: true, workload: "Deployment nowhere/web" }] });
    expect(await other.fetchReports(REPO)).toMatchObject({ known: true, value: [{ logs: [] }] });
    other.close();
  });

  test("that the bot may not read is unknown, with the API's own reason in a line", async () => {
    cluster.addToken("nobody", { user: "nobody", rules: [] });
    writeFileSync(join(dir, "kubeconfig"), cluster.kubeconfig("nobody"));
    const workloads = [{ kind: "Deployment" as const, namespace: "shop", name: "web" }];
    const blind = createCluster(clients(), new Map([[REPO, { workloads }]]), async () => false, createLabelOf([]), log);
    const seen = await blind.observeRollouts(REPO, OLD);
    expect(seen.known ? "" : seen.why).toMatch(
      /^the cluster could not be read: the API server answers 403: .*forbidden[^\n]*$/,
    );
    expect(seen.known ? "" : seen.why).not.toContain("{");
    blind.close();
  });

  test("whose watches may not be opened is read instead", async () => {
    const rules = [{ apiGroups: ["", "apps"], resources: ["*"], verbs: ["get", "list"] }];
    cluster.addToken("reader", { user: "reader", rules });
    writeFileSync(join(dir, "kubeconfig"), cluster.kubeconfig("reader"));
    const workloads = [{ kind: "Deployment" as const, namespace: "shop", name: "web" }];
    const reads = createCluster(clients(), new Map([[REPO, { workloads }]]), async () => false, createLabelOf([]), log);
    for (let look = 0; look < 3; look += 1) {
      expect(await reads.observeRollouts(REPO, OLD)).toMatchObject({ known: true });
    }
    reads.close();
  });
});

describe("a list that keeps itself current", () => {
  let watches: Watches;
  const known = (): number | undefined => watches.list("deployments", "shop")?.length;
  afterEach(() => watches.close());

  test("is filled anew at each resync, as a watch may say nothing for ever", async () => {
    watches = createWatches(clients(), log, { resyncMs: 300 });
    const names: string[] = [];
    watches.onChange(({ object }) => names.push(object.metadata?.name ?? ""));
    await vi.waitFor(() => expect(known()).toBe(1), waiting);
    cluster.dropWatches("hang");
    await cluster.createDeployment({ namespace: "shop", name: "api", image: image(OLD), replicas: 0 });
    await vi.waitFor(() => expect(known()).toBe(2), waiting);
    expect(names).toContain("api");
  });

  test("is current no more once it cannot be filled anew, though its watch stays open and silent", async () => {
    watches = createWatches(clients(), log, { resyncMs: 300 });
    await vi.waitFor(() => expect(known()).toBe(1), waiting);
    cluster.dropWatches("hang");
    cluster.listener.intercept({ before: async () => ({ do: "cut" }) });
    await vi.waitFor(() => expect(known()).toBe(undefined), waiting);
    cluster.listener.intercept(undefined);
    await vi.waitFor(() => expect(known()).toBe(1), waiting);
  });

  test.each(["event", "http"] as const)("is filled anew where its version is too old, told by %s", async (how) => {
    watches = createWatches(clients(), log);
    await vi.waitFor(() => expect(known()).toBe(1), waiting);
    cluster.expire(how);
    cluster.dropWatches();
    await cluster.createDeployment({ namespace: "shop", name: "api", image: image(OLD), replicas: 0 });
    await vi.waitFor(() => expect(known()).toBe(2), waiting);
  });

  test("is ended when nobody asks for it any more", async () => {
    watches = createWatches(clients(), log, { resyncMs: 100, idleMs: 200 });
    await vi.waitFor(() => expect(known()).toBe(1), waiting);
    await vi.waitFor(() => expect(cluster.watches()).toBe(0), waiting);
  });
});
