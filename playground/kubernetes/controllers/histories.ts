// ControllerRevisions: the remembered templates of StatefulSets and DaemonSets, by whose names pods tell their age.

import type { KubeObject } from "../objects/meta.ts";
import type { PodTemplate } from "../objects/pods.ts";
import type { ControllerRevision } from "../objects/workloads.ts";
import { copy } from "../store.ts";
import { type Context, ownedBy, ownerReference, templateHash } from "./shared.ts";

export const revisionHashKey = "controller-revision-hash";

/** The revision of the template as it is now, made or raised to be the newest. */
export function ensureRevision({ store }: Context, owner: KubeObject, template: PodTemplate): ControllerRevision {
  const history = ownedBy(store, "controllerrevisions", owner);
  const hash = templateHash(template);
  const name = `${owner.metadata.name}-${hash}`;
  const newest = Math.max(0, ...history.map(({ revision }) => revision));
  const same = history.find(({ metadata }) => metadata.name === name);
  if (same !== undefined) {
    if (same.revision === newest) return same;
    const raised = store.update("controllerrevisions", same, (draft) => {
      draft.revision = newest + 1;
    });
    return raised ?? same;
  }
  const revision: ControllerRevision = {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name,
      namespace: owner.metadata.namespace,
      uid: "",
      resourceVersion: "",
      creationTimestamp: "",
      labels: { ...template.metadata.labels, [revisionHashKey]: hash },
      ownerReferences: [ownerReference(owner)],
    },
    data: { spec: { template: { ...copy(template), $patch: "replace" } } },
    revision: newest + 1,
  };
  return store.create("controllerrevisions", revision) ?? revision;
}

/** The template that a revision remembers; undefined where it is gone. */
export function templateAt(context: Context, owner: KubeObject, name: string): PodTemplate | undefined {
  const found = ownedBy(context.store, "controllerrevisions", owner).find(({ metadata }) => metadata.name === name);
  const spec = found?.data?.["spec"] as { template: PodTemplate & { $patch?: string } } | undefined;
  if (spec === undefined) return undefined;
  const { $patch: _, ...template } = spec.template;
  return template as PodTemplate;
}
