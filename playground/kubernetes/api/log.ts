// `pods/log`: what a container printed, as plain text.

import type { Container, Pod } from "../objects/pods.ts";
import { badRequest } from "../status.ts";
import { type Ask, numberOf } from "./request.ts";

export type LogLine = { readonly at: Date; readonly text: string };

/** A container's output by life: what its running or last instance printed, and the instance before that. */
export type ContainerLogs = {
  readonly current: readonly LogLine[] | undefined;
  readonly previous: readonly LogLine[] | undefined;
};

/** Throws a 400 where the container is not named or not known, has not started, or has no earlier life. */
export function readLog(ask: Ask, pod: Pod, logsOf: (container: string) => ContainerLogs): string {
  const container = chooseContainer(ask, pod);
  const { name } = pod.metadata;
  const logs = logsOf(container.name);
  const previous = ["true", "1"].includes(ask.query.get("previous") ?? "");
  if (previous && logs.previous === undefined) {
    throw badRequest(`previous terminated container "${container.name}" in pod "${name}" not found`);
  }
  const lines = previous ? logs.previous : logs.current;
  if (lines === undefined) throw badRequest(waitingSentence(container, pod));
  const since = numberOf(ask.query, "sinceSeconds");
  const recent = since === undefined ? lines : lines.filter(({ at }) => Date.now() - at.getTime() <= since * 1000);
  const tail = numberOf(ask.query, "tailLines");
  const kept = tail === undefined ? recent : recent.slice(Math.max(0, recent.length - tail));
  const stamped = ["true", "1"].includes(ask.query.get("timestamps") ?? "");
  const text = kept.map((line) => `${stamped ? `${line.at.toISOString()} ` : ""}${line.text}\n`).join("");
  const limit = numberOf(ask.query, "limitBytes");
  return limit === undefined ? text : Buffer.from(text).subarray(0, limit).toString();
}

function chooseContainer(ask: Ask, pod: Pod): Container {
  const asked = ask.query.get("container") ?? "";
  const { containers } = pod.spec;
  const [first] = containers;
  if (asked === "" && containers.length === 1 && first !== undefined) return first;
  if (asked === "") {
    const names = containers.map(({ name }) => name).join(" ");
    throw badRequest(`a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names}]`);
  }
  const found = containers.find(({ name }) => name === asked);
  if (found === undefined) throw badRequest(`container ${asked} is not valid for pod ${pod.metadata.name}`);
  return found;
}

function waitingSentence(container: Container, pod: Pod): string {
  const status = pod.status.containerStatuses?.find(({ name }) => name === container.name);
  const reason = status?.state.waiting?.reason;
  const subject = `container "${container.name}" in pod "${pod.metadata.name}" is waiting to start`;
  if (reason === "ErrImagePull" || reason === "ImagePullBackOff") return `${subject}: trying and failing to pull image`;
  return reason === undefined ? subject : `${subject}: ${reason}`;
}
