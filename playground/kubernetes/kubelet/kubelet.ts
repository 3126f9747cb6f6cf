// The scheduler and the kubelets of all nodes: gives each new pod a node, runs its containers, and sees it out.

import type { ContainerLogs, LogLine } from "../api/log.ts";
import { type Clock, timestamp } from "../clock.ts";
import type { Recorder } from "../events.ts";
import type { Container, Pod } from "../objects/pods.ts";
import type { Store } from "../store.ts";
import { timings } from "../timings.ts";
import type { Lookup } from "./behaviour.ts";
import { type Host, runContainer } from "./container.ts";
import { setCondition, setContainer } from "./pod-status.ts";

export type Kubelet = {
  logsOf(pod: Pod, container: string): ContainerLogs;
  close(): void;
};

type Life = { readonly abort: AbortController; readonly logs: Map<string, ContainerLogs>; ending: boolean };

type Parts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly record: Recorder;
  readonly lookup: Lookup;
  readonly nodes: readonly string[];
};

export function startKubelet({ store, clock, record, lookup, nodes }: Parts): Kubelet {
  const lives = new Map<string, Life>();
  const images = new Set<string>();
  const closing = new AbortController();
  let placed = 0;
  let addresses = 1;

  const unsubscribe = store.subscribe(({ plural, type, object }) => {
    if (plural !== "pods") return;
    const pod = object as unknown as Pod;
    if (type === "ADDED") begin(pod);
    else if (type === "DELETED") forget(pod);
    else if (pod.metadata.deletionTimestamp !== undefined) seeOut(pod);
  });

  function begin(pod: Pod): void {
    const life: Life = { abort: new AbortController(), logs: new Map(), ending: false };
    lives.set(pod.metadata.uid, life);
    live(pod, life).catch((error: unknown) => console.error(`kubelet: ${pod.metadata.name}:`, error));
  }

  function forget(pod: Pod): void {
    lives.get(pod.metadata.uid)?.abort.abort();
    lives.delete(pod.metadata.uid);
  }

  async function live(pod: Pod, life: Life): Promise<void> {
    const { signal } = life.abort;
    if (!(await clock.sleep(timings.schedule, signal))) return;
    const nodeName = pod.spec.nodeName ?? pickNode(pod);
    bind(pod, nodeName);
    if (!(await clock.sleep(timings.admit, signal))) return;
    admit(pod);
    const host = hostFor(pod, life, nodeName);
    await Promise.all(pod.spec.containers.map((container) => runContainer(host, pod, container)));
  }

  function pickNode(pod: Pod): string {
    const wanted = pod.spec.nodeSelector?.["kubernetes.io/hostname"];
    if (wanted !== undefined) return wanted;
    placed += 1;
    return nodes[placed % nodes.length] ?? "node-1";
  }

  function bind(pod: Pod, nodeName: string): void {
    const message = `Successfully assigned ${pod.metadata.namespace ?? ""}/${pod.metadata.name} to ${nodeName}`;
    record(pod, { component: "default-scheduler" }, { type: "Normal", reason: "Scheduled", message });
    store.update("pods", pod, (draft) => {
      draft.spec.nodeName = nodeName;
      draft.status.phase = "Pending";
      setCondition(draft, { type: "PodScheduled", status: "True" }, clock.now());
    });
  }

  function admit(pod: Pod): void {
    const now = clock.now();
    store.update("pods", pod, (draft) => {
      draft.status.hostIP = "192.0.2.10";
      draft.status.startTime = timestamp(now);
      draft.status.qosClass = "BestEffort";
      for (const { name, image } of draft.spec.containers) {
        const state = { waiting: { reason: "ContainerCreating" } };
        const none = { ready: false, restartCount: 0, image, imageID: "", started: false, lastState: {} };
        setContainer(draft, { name, state, ...none }, now);
      }
    });
  }

  function hostFor(pod: Pod, life: Life, nodeName: string): Host {
    const source = { component: "kubelet", host: nodeName };
    const ip = `10.244.${Math.floor(addresses / 250)}.${(addresses++ % 250) + 1}`;
    return {
      clock,
      lookup,
      signal: life.abort.signal,
      report(status) {
        if (life.abort.signal.aborted) return;
        store.update("pods", pod, (draft) => {
          // The sandbox has its address once the first container is up.
          if (status.state.running !== undefined && draft.status.podIP === undefined) {
            draft.status.podIP = ip;
            draft.status.podIPs = [{ ip }];
          }
          setContainer(draft, status, clock.now());
        });
      },
      event: (container: Container, text) => record(pod, source, text, `spec.containers{${container.name}}`),
      print(container: string, lines: readonly LogLine[]) {
        life.logs.set(container, { current: lines, previous: life.logs.get(container)?.current });
      },
      hasImage: (image) => images.has(`${nodeName} ${image}`),
      keepImage: (image) => images.add(`${nodeName} ${image}`),
    };
  }

  function seeOut(pod: Pod): void {
    const life = lives.get(pod.metadata.uid);
    if (life === undefined || life.ending) return;
    life.ending = true;
    life.abort.abort();
    terminate(pod).catch((error: unknown) => console.error(`kubelet: ${pod.metadata.name}:`, error));
  }

  async function terminate(pod: Pod): Promise<void> {
    const { namespace = "", name, uid } = pod.metadata;
    const { nodeName } = pod.spec;
    if (nodeName !== undefined) {
      for (const container of pod.spec.containers) {
        const text = { type: "Normal", reason: "Killing", message: `Stopping container ${container.name}` } as const;
        record(pod, { component: "kubelet", host: nodeName }, text, `spec.containers{${container.name}}`);
      }
      if (!(await clock.sleep(timings.terminate, closing.signal))) return;
      stopContainers(pod);
    }
    const now = store.get("pods", namespace, name);
    if (now?.metadata.uid === uid) store.remove("pods", namespace, name);
  }

  function stopContainers(pod: Pod): void {
    const now = clock.now();
    store.update("pods", pod, (draft) => {
      for (const status of draft.status.containerStatuses ?? []) {
        const { running } = status.state;
        if (running === undefined) continue;
        const terminated = { exitCode: 0, reason: "Completed", ...running, finishedAt: timestamp(now) };
        setContainer(draft, { ...status, ready: false, started: false, state: { terminated } }, now);
      }
    });
  }

  return {
    logsOf: (pod, container) =>
      lives.get(pod.metadata.uid)?.logs.get(container) ?? { current: undefined, previous: undefined },
    close() {
      unsubscribe();
      closing.abort();
      for (const { abort } of lives.values()) abort.abort();
    },
  };
}
