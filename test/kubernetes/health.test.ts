// Objects as a real API server shows them (kubernetes.io, API reference), and what the bot makes of them.

import type {
  V1ContainerStatus,
  V1DaemonSet,
  V1Deployment,
  V1Pod,
  V1ReplicaSet,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { describe, expect, test } from "vitest";
import { judgeRollout } from "../../src/domain/rollout.ts";
import { fetchPodTroubles } from "../../src/kubernetes/pods.ts";
import type { Reader } from "../../src/kubernetes/reader.ts";
import { fetchWorkload } from "../../src/kubernetes/workload.ts";
import { rollout, SHA } from "../support/build.ts";

type Objects = {
  readonly deployment?: V1Deployment;
  readonly statefulSet?: V1StatefulSet;
  readonly daemonSet?: V1DaemonSet;
  readonly replicaSets?: readonly V1ReplicaSet[];
  readonly pods?: readonly V1Pod[];
};
function readerOf(objects: Objects): Reader {
  const give = <T>(object: T | undefined): Promise<T> =>
    object === undefined ? Promise.reject(new Error("none")) : Promise.resolve(object);
  return {
    deployment: () => give(objects.deployment),
    statefulSet: () => give(objects.statefulSet),
    daemonSet: () => give(objects.daemonSet),
    replicaSets: async () => objects.replicaSets ?? [],
    pods: async (_, selector) =>
      (objects.pods ?? []).filter(({ metadata }) =>
        Object.entries(selector?.matchLabels ?? {}).every(([key, value]) => metadata?.labels?.[key] === value),
      ),
  };
}
const named = { namespace: "shop", name: "web" };
const selector = { matchLabels: { app: "web" } };
const template = { spec: { containers: [{ name: "app", image: `registry.example/web:${SHA}` }] } };

async function verdict(kind: "Deployment" | "StatefulSet" | "DaemonSet", objects: Objects): Promise<string> {
  const reader = readerOf(objects);
  const ref = { ...named, kind };
  const workload = await fetchWorkload(reader, ref);
  const podTroubles = await fetchPodTroubles(reader, ref, workload);
  const said = judgeRollout(rollout({ ...workload.figures, podTroubles }));
  return said.is === "pending" ? `waits: ${said.waitingFor.replace("Deployment shop/web", "it")}` : said.is;
}

const status = (over: Partial<V1ContainerStatus>): V1ContainerStatus => ({
  name: "app",
  image: "",
  imageID: "",
  ready: false,
  restartCount: 0,
  ...over,
});
const waitingFor = (reason: string): V1ContainerStatus => status({ state: { waiting: { reason, message: "m" } } });
const oom = { exitCode: 137, reason: "OOMKilled" };

describe("a Deployment", () => {
  const revision = (n: string) => ({ "deployment.kubernetes.io/revision": n });
  const owner = [{ apiVersion: "apps/v1", kind: "Deployment", name: "web", uid: "u" }];
  const set = (n: string, hash: string): V1ReplicaSet => ({
    metadata: { annotations: revision(n), ownerReferences: owner, labels: { app: "web", "pod-template-hash": hash } },
  });
  const replicaSets = [set("1", "old"), set("2", "new")];
  const deployment = (over: V1Deployment["status"] = {}, paused = false): V1Deployment => ({
    metadata: { name: "web", uid: "u", generation: 2, annotations: revision("2") },
    spec: { replicas: 2, selector, template, paused },
    status: { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2, ...over },
  });
  const exceeded = [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "late" }];
  const pod = (hash: string, one: V1ContainerStatus, over: V1Pod = {}): V1Pod => ({
    metadata: { name: `web-${hash}-1`, labels: { app: "web", "pod-template-hash": hash }, ...over.metadata },
    status: { phase: "Running", containerStatuses: [one], ...over.status },
  });

  test.each<[string, V1Deployment, readonly V1Pod[], string]>([
    ["healthy", deployment(), [], "green"],
    [
      "whose controller has not looked yet: its counts are the old spec's",
      deployment({ observedGeneration: 1 }),
      [],
      "waits: it to observe its new spec",
    ],
    [
      "old pods' crashes are not the new revision's",
      deployment(),
      [pod("old", waitingFor("CrashLoopBackOff"))],
      "green",
    ],
    ["the new pods crash", deployment({ updatedReplicas: 1 }), [pod("new", waitingFor("CrashLoopBackOff"))], "red"],
    ["the new pods' image is not there", deployment(), [pod("new", waitingFor("ImagePullBackOff"))], "red"],
    ["a first try of a pull is no failure", deployment(), [pod("new", waitingFor("ErrImagePull"))], "green"],
    ["a Secret that they name is missing", deployment(), [pod("new", waitingFor("CreateContainerConfigError"))], "red"],
    [
      "they are being made",
      deployment({ availableReplicas: 1 }),
      [pod("new", waitingFor("ContainerCreating"))],
      "waits: it: 1 of 2 available",
    ],
    [
      "one ran out of memory and is back, not ready",
      deployment({ availableReplicas: 1 }),
      [pod("new", status({ state: { running: {} }, lastState: { terminated: oom }, restartCount: 1 }))],
      "red",
    ],
    [
      "one ran out of memory once and is ready again",
      deployment(),
      [pod("new", status({ ready: true, state: { running: {} }, lastState: { terminated: oom } }))],
      "green",
    ],
    [
      "what was evicted and replaced stays behind as Failed",
      deployment(),
      [pod("new", status({ state: { terminated: oom } }), { status: { phase: "Failed", reason: "Evicted" } })],
      "green",
    ],
    [
      "one that is being deleted",
      deployment(),
      [pod("new", waitingFor("CrashLoopBackOff"), { metadata: { deletionTimestamp: new Date(0) } })],
      "green",
    ],
    [
      "an init container crashes",
      deployment({ availableReplicas: 0 }),
      [
        {
          ...pod("new", waitingFor("PodInitializing")),
          status: { phase: "Pending", initContainerStatuses: [waitingFor("CrashLoopBackOff")] },
        },
      ],
      "red",
    ],
    ["it does not progress", deployment({ conditions: exceeded, updatedReplicas: 1 }), [], "red"],
    ["a person paused it", deployment({ updatedReplicas: 0 }, true), [], "waits: it, whose rollout is paused"],
    ["old replicas end", deployment({ replicas: 3 }), [], "waits: it: 1 old replicas still there"],
    [
      "counts of zero are left out by the API",
      deployment({ updatedReplicas: undefined, availableReplicas: undefined } as never),
      [],
      "waits: it: 0 of 2 replicas updated",
    ],
  ])("%s", async (_case, object, pods, expected) => {
    expect(await verdict("Deployment", { deployment: object, replicaSets, pods })).toBe(expected);
  });

  test("whose ReplicaSet is not in sight yet blames no pod", async () => {
    const pods = [pod("old", waitingFor("CrashLoopBackOff"))];
    expect(await verdict("Deployment", { deployment: deployment(), replicaSets: [set("1", "old")], pods })).toBe(
      "green",
    );
  });
});

describe("a StatefulSet", () => {
  const statefulSet = (over: Partial<V1StatefulSet["status"]>, strategy = {}): V1StatefulSet => ({
    metadata: { name: "web", generation: 3 },
    spec: { replicas: 3, serviceName: "web", selector, template, updateStrategy: strategy },
    status: {
      observedGeneration: 3,
      replicas: 3,
      readyReplicas: 3,
      currentRevision: "web-a",
      updateRevision: "web-b",
      ...over,
    },
  });
  const pod = (revision: string): V1Pod => ({
    metadata: { name: "web-2", labels: { app: "web", "controller-revision-hash": revision } },
    status: { phase: "Running", containerStatuses: [waitingFor("CrashLoopBackOff")] },
  });
  test.each<[string, V1StatefulSet, readonly V1Pod[], string]>([
    ["all are of the new revision", statefulSet({ updatedReplicas: 3, availableReplicas: 3 }), [], "green"],
    [
      "one by one, the last first",
      statefulSet({ updatedReplicas: 1, availableReplicas: 3 }),
      [],
      "waits: it: 1 of 3 replicas updated",
    ],
    [
      "the newest is not ready yet",
      statefulSet({ updatedReplicas: 3, availableReplicas: 2 }),
      [],
      "waits: it: 2 of 3 available",
    ],
    ["its first new pod crashes, and holds up the others", statefulSet({ updatedReplicas: 1 }), [pod("web-b")], "red"],
    ["an old pod crashes", statefulSet({ updatedReplicas: 1 }), [pod("web-a")], "waits: it: 1 of 3 replicas updated"],
    [
      "from a partition on",
      statefulSet(
        { updatedReplicas: 1, availableReplicas: 3 },
        { type: "RollingUpdate", rollingUpdate: { partition: 2 } },
      ),
      [],
      "green",
    ],
    [
      "updated by deleting: that is somebody's to do",
      statefulSet({ availableReplicas: 3 }, { type: "OnDelete" }),
      [],
      "green",
    ],
    [
      "of an API server that counts no available ones: the ready ones",
      statefulSet({ updatedReplicas: 3, readyReplicas: 2 }),
      [],
      "waits: it: 2 of 3 available",
    ],
  ])("%s", async (_case, object, pods, expected) => {
    expect(await verdict("StatefulSet", { statefulSet: object, pods })).toBe(expected);
  });
});

describe("a DaemonSet", () => {
  const daemonSet = (over: Partial<V1DaemonSet["status"]>, type = "RollingUpdate"): V1DaemonSet => ({
    metadata: { name: "web", generation: 5, annotations: { "deprecated.daemonset.template.generation": "4" } },
    spec: { selector, template, updateStrategy: { type } },
    status: {
      observedGeneration: 5,
      currentNumberScheduled: 3,
      desiredNumberScheduled: 3,
      numberMisscheduled: 0,
      numberReady: 3,
      ...over,
    },
  });
  const pod = (generation: string): V1Pod => ({
    metadata: { name: "web-x", labels: { app: "web", "pod-template-generation": generation } },
    status: { phase: "Running", containerStatuses: [waitingFor("CrashLoopBackOff")] },
  });
  test.each<[string, V1DaemonSet, readonly V1Pod[], string]>([
    ["on every node", daemonSet({ updatedNumberScheduled: 3, numberAvailable: 3 }), [], "green"],
    [
      "node by node",
      daemonSet({ updatedNumberScheduled: 1, numberAvailable: 3 }),
      [],
      "waits: it: 1 of 3 replicas updated",
    ],
    [
      "not available everywhere",
      daemonSet({ updatedNumberScheduled: 3, numberAvailable: 2 }),
      [],
      "waits: it: 2 of 3 available",
    ],
    ["no node wants it", daemonSet({ desiredNumberScheduled: 0 }), [], "green"],
    ["a new pod crashes", daemonSet({ updatedNumberScheduled: 1 }), [pod("4")], "red"],
    ["an old one does", daemonSet({ updatedNumberScheduled: 1 }), [pod("3")], "waits: it: 1 of 3 replicas updated"],
    ["updated by deleting", daemonSet({ numberAvailable: 3 }, "OnDelete"), [], "green"],
  ])("%s", async (_case, object, pods, expected) => {
    expect(await verdict("DaemonSet", { daemonSet: object, pods })).toBe(expected);
  });
});
