// What a workload looks like when something is wrong with it: for people, and for the agent that is to mend it. Only what
// belongs to the new revision; of what cannot be read it is said that it could not be.

import type { CoreV1Event, V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import type { WorkloadRef } from "../config.ts";
import type { WorkloadReport } from "../domain/message.ts";
import { known, type Observed, unknown } from "../domain/observed.ts";
import { apiText, type ClusterClients } from "./clients.ts";
import { fetchNewPods } from "./pods.ts";
import type { Reader } from "./reader.ts";
import type { Workload } from "./workload.ts";

const MOST_PODS = 3;
const MOST_EVENTS = 15;
const LOG = { tailLines: 200, limitBytes: 64 * 1024 };

export async function reportOf(
  clients: ClusterClients,
  reader: Reader,
  ref: WorkloadRef,
  workload: Workload,
  image: string,
): Promise<WorkloadReport> {
  const { desired, updated, available, replicas } = workload.figures;
  const pods = worstFirst(await fetchNewPods(reader, ref, workload)).slice(0, MOST_PODS);
  const events = await fetchEvents(clients, ref, pods);
  return {
    workload: `${ref.kind} ${ref.namespace}/${ref.name}`,
    lines: [
      `image ${image}`,
      `${desired} wanted, ${updated} of the new revision, ${available} available, ${replicas} in all`,
      ...workload.conditions,
      ...pods.flatMap((pod) => statusesOf(pod).map((status) => `pod ${nameOf(pod)} ${stateText(status)}`)),
      ...events,
    ],
    logs: await Promise.all(
      pods.flatMap((pod) => statusesOf(pod).map((status) => fetchLog(clients, ref.namespace, nameOf(pod), status))),
    ),
  };
}

function statusesOf(pod: V1Pod): readonly V1ContainerStatus[] {
  return [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
}

function worstFirst(pods: readonly V1Pod[]): readonly V1Pod[] {
  const restarts = (pod: V1Pod): number => Math.max(0, ...statusesOf(pod).map(({ restartCount }) => restartCount));
  const ready = (pod: V1Pod): number => (statusesOf(pod).every((status) => status.ready) ? 1 : 0);
  return pods.toSorted((a, b) => ready(a) - ready(b) || restarts(b) - restarts(a));
}

function nameOf(pod: V1Pod): string {
  return pod.metadata?.name ?? "?";
}

function stateText({ name, state, lastState, restartCount, ready }: V1ContainerStatus): string {
  const waiting = state?.waiting;
  const ended = state?.terminated ?? lastState?.terminated;
  const parts = [
    `container ${name}:`,
    waiting === undefined ? (ready ? "ready" : "not ready") : `${waiting.reason ?? "waiting"} ${waiting.message ?? ""}`,
    restartCount > 0 ? `${restartCount} restarts` : "",
    ended === undefined ? "" : `last ended ${ended.reason ?? ""} with exit code ${ended.exitCode}`,
  ];
  return parts.filter(Boolean).join(" ").replaceAll(/\s+/g, " ").trim();
}

/** Of the workload and its pods, newest last. They are an extra: what cannot be read is said. */
async function fetchEvents(
  clients: ClusterClients,
  ref: WorkloadRef,
  pods: readonly V1Pod[],
): Promise<readonly string[]> {
  const names = [ref.name, ...pods.map(nameOf)];
  try {
    const lists = await Promise.all(
      names.map((name) =>
        clients.core.listNamespacedEvent({
          namespace: ref.namespace,
          fieldSelector: `involvedObject.name=${name}`,
          limit: 50,
        }),
      ),
    );
    const events = lists.flatMap(({ items }) => items).filter(({ type }) => type !== "Normal");
    return events
      .toSorted((a, b) => timeOf(a) - timeOf(b))
      .slice(-MOST_EVENTS)
      .map(({ involvedObject, reason = "", message = "", count }) =>
        `event ${involvedObject.name ?? ""} ${reason}${count && count > 1 ? ` ×${count}` : ""}: ${message}`.replaceAll(
          /\s+/g,
          " ",
        ),
      );
  } catch (error) {
    return [`the events could not be read: ${apiText(error)}`];
  }
}

function timeOf({ lastTimestamp, eventTime, metadata }: CoreV1Event): number {
  // client-node declares dates, and gives micro times as the API's text. Events of the scheduler have no other.
  return new Date(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? 0).getTime() || 0;
}

/** Of a container that crashes, what it printed before it did: what runs now has often said nothing yet. */
async function fetchLog(
  clients: ClusterClients,
  namespace: string,
  name: string,
  { name: container, state, lastState }: V1ContainerStatus,
): Promise<{ readonly pod: string; readonly log: Observed<string> }> {
  const pod = `${name}/${container}`;
  const crashed = lastState?.terminated !== undefined && state?.terminated === undefined;
  try {
    const ask = { name, namespace, container, ...LOG };
    const before = crashed ? await clients.core.readNamespacedPodLog({ ...ask, previous: true }).catch(() => "") : "";
    return { pod, log: known(before || (await clients.core.readNamespacedPodLog(ask))) };
  } catch (error) {
    return { pod, log: unknown(apiText(error)) };
  }
}
