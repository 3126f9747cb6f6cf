// Events, as controllers and kubelets write them: the same thing said again is counted on the event that is there.

import { createHash } from "node:crypto";
import { type Clock, timestamp } from "./clock.ts";
import type { KubeObject } from "./objects/meta.ts";
import type { Store } from "./store.ts";

export type EventText = {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
};

export type Recorder = (
  about: KubeObject,
  source: { readonly component: string; readonly host?: string },
  text: EventText,
  fieldPath?: string,
) => void;

/** A real cluster forgets events after an hour; here the oldest go once there are this many. */
const keepEvents = 2000;

export function createRecorder(store: Store, clock: Clock): Recorder {
  return (about, source, text, fieldPath) => {
    const now = timestamp(clock.now());
    const namespace = about.metadata.namespace ?? "default";
    const digest = createHash("sha256")
      .update(JSON.stringify([about.metadata.uid, source, text, fieldPath]))
      .digest("hex");
    const name = `${about.metadata.name}.${digest.slice(0, 16)}`;
    const repeated = store.update("events", { metadata: { namespace, name } }, (draft) => {
      draft.count = (draft.count ?? 1) + 1;
      draft.lastTimestamp = now;
    });
    if (repeated !== undefined) return;
    const { uid, resourceVersion } = about.metadata;
    store.create("events", {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace, uid: "", resourceVersion: "", creationTimestamp: "" },
      involvedObject: {
        kind: about.kind,
        ...(about.kind === "Namespace" ? {} : { namespace }),
        name: about.metadata.name,
        uid,
        apiVersion: about.apiVersion,
        resourceVersion,
        ...(fieldPath === undefined ? {} : { fieldPath }),
      },
      ...text,
      source,
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
      eventTime: null,
      reportingComponent: source.component,
      reportingInstance: source.host ?? "",
    });
    forgetOldest(store);
  };
}

function forgetOldest(store: Store): void {
  const all = store.list("events");
  if (all.length <= keepEvents) return;
  const [oldest] = all.sort((a, b) => (String(a.lastTimestamp) < String(b.lastTimestamp) ? -1 : 1));
  if (oldest !== undefined) store.remove("events", oldest.metadata.namespace ?? "", oldest.metadata.name);
}
