// The controllers and the kubelet: what a client sees of a rollout.

import {
  AppsV1Api,
  CoreV1Api,
  EventsV1Api,
  KubeConfig,
  makeInformer,
  type V1Deployment,
  type V1Pod,
} from "@kubernetes/client-node";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type Behaviour, type Cluster, clusterAdmin, startKubernetes } from "../../playground/kubernetes/cluster.ts";

let cluster: Cluster;
let namespace = "";
let count = 0;
const asked: string[] = [];

beforeAll(async () => {
  cluster = await startKubernetes({
    speed: 20,
    imageBehaviour: async (image): Promise<Behaviour> => {
      asked.push(image);
      const tag = image.split(":")[1] ?? "";
      return tag.startsWith("crash") ? "crash" : tag.startsWith("stuck") ? "never-ready" : "healthy";
    },
  });
  cluster.addToken("admin-token", { user: "admin", rules: clusterAdmin });
});
afterAll(() => cluster.close());
beforeEach(() => {
  count += 1;
  namespace = `shop-${count}`;
  cluster.createNamespace(namespace);
});

function config(): KubeConfig {
  const loaded = new KubeConfig();
  loaded.loadFromString(cluster.kubeconfig("admin-token", namespace));
  return loaded;
}

const apps = () => config().makeApiClient(AppsV1Api);
const core = () => config().makeApiClient(CoreV1Api);
const read = (name = "web") => apps().readNamespacedDeployment({ namespace, name });
const web = (tag: string) => `registry.example/web:${tag}`;
const at = () => ({ namespace, name: "web" });

async function pods(selector = "app=web"): Promise<V1Pod[]> {
  return (await core().listNamespacedPod({ namespace, labelSelector: selector })).items;
}

async function reasons(regarding: string): Promise<string[]> {
  const { items } = await core().listNamespacedEvent({ namespace, fieldSelector: `involvedObject.name=${regarding}` });
  return items.map(({ reason }) => reason ?? "");
}

function progressing({ status }: V1Deployment): string {
  const found = status?.conditions?.find(({ type }) => type === "Progressing");
  return `${found?.status} ${found?.reason}`;
}

test("an informer sees a rollout go through its stages, and the generation observed only after it was raised", async () => {
  await cluster.createDeployment({ ...at(), image: web("1"), replicas: 2, wait: "healthy" });
  const seen: V1Deployment[] = [];
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const informer = makeInformer<V1Deployment>(config(), path, () => apps().listNamespacedDeployment({ namespace }));
  informer.on("update", (deployment) => seen.push(deployment));
  await informer.start();
  await vi.waitFor(() => expect(cluster.watches()).toBe(1), 5000);
  cluster.setImage({ ...at(), image: web("2") });
  await cluster.healthy(at());
  await vi.waitFor(() => expect(seen.at(-1)?.status?.updatedReplicas).toBe(2), 5000);
  await vi.waitFor(() => expect(progressing(seen.at(-1) ?? {})).toBe("True NewReplicaSetAvailable"), 5000);
  await informer.stop();

  expect(seen[0]?.metadata?.generation).toBe(2);
  expect(seen[0]?.status?.observedGeneration).toBe(1);
  const stages = new Set(seen.map(progressing));
  expect(stages).toContain("True NewReplicaSetCreated");
  expect(stages).toContain("True ReplicaSetUpdated");
  // maxSurge 25% of two is one, maxUnavailable is none.
  expect(Math.max(...seen.map(({ status }) => status?.replicas ?? 0))).toBe(3);
  expect(Math.min(...seen.map(({ status }) => status?.availableReplicas ?? 0))).toBe(2);
  expect(seen.at(-1)?.status).not.toHaveProperty("unavailableReplicas", 0);
});

test("a new template is a new replica set and a new revision; going back takes the old set up again", async () => {
  await cluster.createDeployment({ ...at(), image: web("1"), wait: "healthy" });
  cluster.setImage({ ...at(), image: web("2") });
  await cluster.healthy(at());
  cluster.setImage({ ...at(), image: web("1") });
  await cluster.healthy(at());
  const { items } = await apps().listNamespacedReplicaSet({ namespace });
  const revision = "deployment.kubernetes.io/revision";
  const revisions = items.map(({ spec, metadata }) => [
    spec?.template?.spec?.containers[0]?.image,
    metadata?.annotations?.[revision],
    spec?.replicas,
  ]);
  expect(revisions.sort()).toEqual([
    [web("1"), "3", 1],
    [web("2"), "2", 0],
  ]);
  expect((await read()).metadata?.annotations?.[revision]).toBe("3");
  for (const { metadata } of items) {
    expect(metadata?.name).toBe(`web-${metadata?.labels?.["pod-template-hash"]}`);
    expect(metadata?.ownerReferences?.[0]).toMatchObject({ kind: "Deployment", name: "web", controller: true });
  }
});

test("a crash loop shows in the pod's status, its events and its logs, while the old pods go on", async () => {
  await cluster.createDeployment({ ...at(), image: web("1"), replicas: 2, wait: "healthy" });
  cluster.setImage({ ...at(), image: web("crash") });
  const crashing = await vi.waitFor(async () => {
    const found = (await pods()).find(
      ({ status }) => status?.containerStatuses?.[0]?.state?.waiting?.reason === "CrashLoopBackOff",
    );
    expect(found).toBeDefined();
    return found as V1Pod;
  }, 5000);
  const [status] = crashing.status?.containerStatuses ?? [];
  expect(status).toMatchObject({ ready: false, lastState: { terminated: { exitCode: 1, reason: "Error" } } });
  expect(status?.restartCount).toBeGreaterThan(0);
  expect(status?.state?.waiting?.message).toMatch(/^back-off 10s restarting failed container=web pod=/);
  expect(status?.imageID).toMatch(/^registry\.example\/web@sha256:[0-9a-f]{64}$/);
  const name = crashing.metadata?.name ?? "";
  expect(await reasons(name)).toEqual(expect.arrayContaining(["Scheduled", "Pulling", "Pulled", "Started", "BackOff"]));
  const log = await core().readNamespacedPodLog({ namespace, name, tailLines: 2, previous: true });
  expect(log).toMatch(/^ {4}at .*\nexiting with code 1\n$/);
  expect((await read()).status).toMatchObject({ availableReplicas: 2, updatedReplicas: 1, unavailableReplicas: 1 });
});

test("an image that is not there is backed off from, and pulled once it was pushed", async () => {
  cluster.image(web("late"), "pull");
  await cluster.createDeployment({ ...at(), image: web("late") });
  const waiting = async () => (await pods())[0]?.status?.containerStatuses?.[0]?.state?.waiting?.reason;
  await vi.waitFor(async () => expect(await waiting()).toBe("ImagePullBackOff"), 5000);
  const [pod] = await pods();
  const name = pod?.metadata?.name ?? "";
  expect(pod?.status?.phase).toBe("Pending");
  await expect(core().readNamespacedPodLog({ namespace, name })).rejects.toThrow(/trying and failing to pull image/);
  cluster.image(web("late"), "healthy");
  await cluster.healthy(at());
});

test("a container over its memory is OOMKilled with exit code 137", async () => {
  cluster.image(web("hungry"), "oom");
  await cluster.createDeployment({ ...at(), image: web("hungry") });
  await vi.waitFor(async () => {
    const status = (await pods())[0]?.status?.containerStatuses?.[0];
    expect(status?.lastState?.terminated).toMatchObject({ exitCode: 137, reason: "OOMKilled" });
  }, 5000);
});

test("a rollout that never gets ready exceeds its deadline, and a new image gets it going again", async () => {
  await cluster.createDeployment({ ...at(), image: web("1"), progressDeadlineSeconds: 15, wait: "healthy" });
  cluster.setImage({ ...at(), image: web("stuck") });
  await vi.waitFor(async () => expect(progressing(await read())).toBe("False ProgressDeadlineExceeded"), 5000);
  const stuck = (await pods()).find(({ spec }) => spec?.containers[0]?.image === web("stuck"));
  expect(await reasons(stuck?.metadata?.name ?? "")).toContain("Unhealthy");
  expect((await read()).status?.conditions?.find(({ type }) => type === "Available")?.status).toBe("True");
  cluster.setImage({ ...at(), image: web("3") });
  await cluster.healthy(at());
  expect(progressing(await read())).toBe("True NewReplicaSetAvailable");
  expect(asked).toContain(web("stuck"));
});

test("a paused Deployment takes a new template only when it is resumed, and size changes at once", async () => {
  await cluster.createDeployment({ ...at(), image: web("1"), wait: "healthy" });
  cluster.pause(at());
  cluster.setImage({ ...at(), image: web("2") });
  cluster.scale(at(), 2);
  await vi.waitFor(async () => expect((await read()).status?.availableReplicas).toBe(2), 5000);
  expect(progressing(await read())).toBe("Unknown DeploymentPaused");
  expect(new Set((await pods()).map(({ spec }) => spec?.containers[0]?.image))).toEqual(new Set([web("1")]));
  cluster.resume(at());
  await cluster.healthy(at());
  expect(progressing(await read())).toBe("True NewReplicaSetAvailable");
});

test("scaled to nothing, a Deployment shows no counts at all", async () => {
  await cluster.createDeployment({ ...at(), image: web("1"), wait: "healthy" });
  await apps().patchNamespacedDeploymentScale({
    ...at(),
    body: [{ op: "add", path: "/spec/replicas", value: 0 }],
  });
  await vi.waitFor(async () => expect(await pods()).toEqual([]), 5000);
  const { status } = await read();
  const counts = [status?.replicas, status?.readyReplicas, status?.availableReplicas, status?.unavailableReplicas];
  expect(counts).toEqual([undefined, undefined, undefined, undefined]);
});

test("Recreate has no new pod before the last old one is gone", async () => {
  await cluster.createDeployment({ ...at(), image: web("1"), replicas: 2, strategy: "Recreate", wait: "healthy" });
  const mixed: string[] = [];
  const stop = cluster.onChange(() => {
    const images = new Set(
      cluster
        .snapshot()
        .workloads.find((one) => one.namespace === namespace)
        ?.pods.flatMap((pod) => pod.images),
    );
    if (images.size > 1) mixed.push([...images].join(" "));
  });
  cluster.setImage({ ...at(), image: web("2") });
  await cluster.healthy(at());
  stop();
  expect(mixed).toEqual([]);
});

test("a StatefulSet renews its pods from the highest ordinal down, and stops at its partition", async () => {
  await cluster.createStatefulSet({
    namespace,
    name: "db",
    image: "registry.example/db:1",
    replicas: 2,
    wait: "healthy",
  });
  const before = await apps().readNamespacedStatefulSet({ namespace, name: "db" });
  expect(before.status).toMatchObject({ replicas: 2, currentReplicas: 2, updatedReplicas: 2, availableReplicas: 2 });
  await apps().patchNamespacedStatefulSet({
    namespace,
    name: "db",
    body: [
      { op: "replace", path: "/spec/updateStrategy/rollingUpdate/partition", value: 1 },
      { op: "replace", path: "/spec/template/spec/containers/0/image", value: "registry.example/db:2" },
    ],
  });
  await vi.waitFor(async () => {
    const { status } = await apps().readNamespacedStatefulSet({ namespace, name: "db" });
    expect(status).toMatchObject({ observedGeneration: 2, updatedReplicas: 1, currentReplicas: 1, readyReplicas: 2 });
    expect(status?.updateRevision).not.toBe(status?.currentRevision);
  }, 5000);
  const images = (await pods("app=db")).map(({ metadata, spec }) => [metadata?.name, spec?.containers[0]?.image]);
  expect(images).toEqual([
    ["db-0", "registry.example/db:1"],
    ["db-1", "registry.example/db:2"],
  ]);
});

test("a DaemonSet runs on every node and counts what it renewed", async () => {
  const agent = { namespace, name: "agent", kind: "DaemonSet" } as const;
  await cluster.createDaemonSet({ ...agent, image: "registry.example/agent:1", wait: "healthy" });
  cluster.setImage({ ...agent, image: "registry.example/agent:2" });
  await cluster.healthy(agent);
  const { status } = await apps().readNamespacedDaemonSet({ namespace, name: "agent" });
  expect(status).toMatchObject({ desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 });
  const running = (await pods("app=agent")).filter(({ metadata }) => metadata?.deletionTimestamp === undefined);
  expect(new Set(running.map(({ spec }) => spec?.nodeName))).toEqual(new Set(["node-1", "node-2"]));
});

test("events are told in both API versions", async () => {
  await cluster.createDeployment({ ...at(), image: web("1"), wait: "healthy" });
  const { items } = await config().makeApiClient(EventsV1Api).listNamespacedEvent({ namespace });
  const scaled = items.find(({ reason }) => reason === "ScalingReplicaSet");
  expect(scaled?.note).toMatch(/^Scaled up replica set web-\w+ from 0 to 1$/);
  expect(scaled?.regarding).toMatchObject({ kind: "Deployment", name: "web" });
});
