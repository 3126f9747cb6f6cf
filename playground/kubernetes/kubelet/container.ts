// One container's life: pull the image, start, become ready or fail, wait out the back-off, start again.

import { createHash, randomBytes } from "node:crypto";
import type { LogLine } from "../api/log.ts";
import { type Clock, timestamp } from "../clock.ts";
import type { EventText } from "../events.ts";
import type { Container, ContainerState, ContainerStatus, Pod } from "../objects/pods.ts";
import { timings } from "../timings.ts";
import { type Behaviour, type Lookup, logLines, type Outcome } from "./behaviour.ts";

/** What a container needs of the kubelet that runs it. */
export type Host = {
  readonly clock: Clock;
  readonly lookup: Lookup;
  /** Aborted when the pod is to end. */
  readonly signal: AbortSignal;
  report(status: ContainerStatus): void;
  event(container: Container, text: EventText): void;
  /** A new instance begins to print; what the last one printed becomes `previous`. */
  print(container: string, lines: readonly LogLine[]): void;
  hasImage(image: string): boolean;
  keepImage(image: string): void;
};

export async function runContainer(host: Host, pod: Pod, container: Container): Promise<void> {
  const waiting: ContainerStatus = {
    ...{ name: container.name, image: container.image, imageID: "", restartCount: 0, ready: false, started: false },
    state: { waiting: { reason: "ContainerCreating" } },
    lastState: {},
  };
  if (!(await pull(host, pod, container, waiting))) return;
  let last = waiting;
  for (let restarts = 0; ; restarts += 1) {
    const outcome = await host.lookup(pod, container.image).catch(() => ({ behaviour: "healthy" }) as const);
    const ended = await runOnce(host, pod, container, outcome, { ...last, restartCount: restarts });
    if (ended === undefined || pod.spec.restartPolicy === "Never") return;
    if (!(await host.clock.sleep(timings.terminated, host.signal))) return;
    // The first restart is at once; only a container that ends again is held back.
    if (restarts > 0 && !(await backOff(host, pod, container, ended, restarts))) return;
    last = { ...ended, lastState: ended.state };
  }
}

/** False where the pod ended before the image was there. */
async function pull(host: Host, pod: Pod, container: Container, status: ContainerStatus): Promise<boolean> {
  const { image } = container;
  if (container.imagePullPolicy === "IfNotPresent" && host.hasImage(image)) {
    const message = `Container image "${image}" already present on machine`;
    host.event(container, { type: "Normal", reason: "Pulled", message });
    return host.clock.sleep(timings.start, host.signal);
  }
  for (let failures = 0; ; failures += 1) {
    host.event(container, { type: "Normal", reason: "Pulling", message: `Pulling image "${image}"` });
    const { behaviour, error } = await lookUp(host, pod, image);
    const seconds = pullSeconds(behaviour);
    if (!(await host.clock.sleep(seconds, host.signal))) return false;
    if (behaviour !== "pull") {
      const took = `${seconds}s`;
      const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: 71300403 bytes.`;
      host.event(container, { type: "Normal", reason: "Pulled", message });
      host.keepImage(image);
      return host.clock.sleep(timings.start, host.signal);
    }
    const why = `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${error}`;
    const message = `rpc error: code = NotFound desc = ${why}`;
    host.event(container, {
      type: "Warning",
      reason: "Failed",
      message: `Failed to pull image "${image}": ${message}`,
    });
    host.event(container, { type: "Warning", reason: "Failed", message: "Error: ErrImagePull" });
    host.report({ ...status, state: { waiting: { reason: "ErrImagePull", message } } });
    if (!(await host.clock.sleep(timings.pullFails, host.signal))) return false;
    const held = `Back-off pulling image "${image}"`;
    host.event(container, { type: "Normal", reason: "BackOff", message: held });
    host.event(container, { type: "Warning", reason: "Failed", message: "Error: ImagePullBackOff" });
    host.report({
      ...status,
      state: { waiting: { reason: "ImagePullBackOff", message: `${held}: ErrImagePull: ${message}` } },
    });
    if (!(await host.clock.sleep(backOffSeconds(failures), host.signal))) return false;
  }
}

/** A lookup that fails is a registry that does. */
async function lookUp(host: Host, pod: Pod, image: string): Promise<{ behaviour: Behaviour; error: string }> {
  try {
    const { behaviour } = await host.lookup(pod, image);
    return { behaviour, error: `${image}: not found` };
  } catch (error) {
    return { behaviour: "pull", error: String(error) };
  }
}

/** One instance, from start to end. Undefined where the pod ends first, which for a healthy one is the only end. */
async function runOnce(
  host: Host,
  pod: Pod,
  container: Container,
  outcome: Outcome,
  before: ContainerStatus,
): Promise<ContainerStatus | undefined> {
  if (host.signal.aborted) return undefined;
  const { clock } = host;
  const startedAt = timestamp(clock.now());
  const containerID = `containerd://${randomBytes(32).toString("hex")}`;
  host.event(container, { type: "Normal", reason: "Created", message: `Created container: ${container.name}` });
  host.event(container, { type: "Normal", reason: "Started", message: `Started container ${container.name}` });
  host.print(
    container.name,
    logLines(outcome, container.image).map((text) => ({ at: clock.now(), text })),
  );
  const running: ContainerStatus = {
    ...before,
    state: { running: { startedAt } },
    ready: false,
    started: true,
    imageID: imageId(container.image),
    containerID,
  };
  host.report(running);
  const { behaviour } = outcome;
  if (behaviour === "crash" || behaviour === "oom") {
    if (!(await clock.sleep(timings.crash, host.signal))) return undefined;
    const end = behaviour === "oom" ? { exitCode: 137, reason: "OOMKilled" } : { exitCode: 1, reason: "Error" };
    const terminated = { ...end, startedAt, finishedAt: timestamp(clock.now()), containerID };
    const ended = { ...running, state: { terminated }, started: false };
    host.report(ended);
    return ended;
  }
  if (await becomesReady(host, pod, container, behaviour)) host.report({ ...running, ready: true });
  return undefined;
}

async function becomesReady(host: Host, pod: Pod, container: Container, first: Behaviour): Promise<boolean> {
  const seconds = first === "slow" ? timings.readySlow : timings.ready;
  if (!(await host.clock.sleep(seconds, host.signal))) return false;
  let behaviour = first;
  while (behaviour === "never-ready") {
    const message = "Readiness probe failed: HTTP probe failed with statuscode: 503";
    host.event(container, { type: "Warning", reason: "Unhealthy", message });
    if (!(await host.clock.sleep(timings.probePeriod, host.signal))) return false;
    behaviour = (await lookUp(host, pod, container.image)).behaviour;
  }
  return true;
}

async function backOff(
  host: Host,
  pod: Pod,
  container: Container,
  ended: ContainerStatus,
  restarts: number,
): Promise<boolean> {
  const seconds = backOffSeconds(restarts - 1);
  const { name, namespace, uid } = pod.metadata;
  const whole = `${name}_${namespace ?? ""}(${uid})`;
  const message = `back-off ${goDuration(seconds)} restarting failed container=${container.name} pod=${whole}`;
  const state: ContainerState = { waiting: { reason: "CrashLoopBackOff", message } };
  const told = `Back-off restarting failed container ${container.name} in pod ${whole}`;
  host.event(container, { type: "Warning", reason: "BackOff", message: told });
  host.report({ ...ended, state, lastState: ended.state });
  return host.clock.sleep(seconds, host.signal);
}

function pullSeconds(behaviour: Behaviour): number {
  if (behaviour === "pull") return timings.pullFails;
  return behaviour === "slow" ? timings.pullSlow : timings.pull;
}

function backOffSeconds(failures: number): number {
  return Math.min(timings.backOff * 2 ** failures, timings.backOffCeiling);
}

/** As Go prints it: `10s`, `1m20s`, `5m0s`. */
function goDuration(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

/** The digest an image reference resolves to: its own where it names one, else one that follows from its name. */
function imageId(image: string): string {
  if (image.includes("@")) return image;
  const repository = image.replace(/:[^/:]*$/, "");
  return `${repository}@sha256:${createHash("sha256").update(image).digest("hex")}`;
}
