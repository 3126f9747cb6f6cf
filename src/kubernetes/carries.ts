// Which commit a workload carries: by its image's tag, or by an annotation, as the repo's rule says.

import type { V1ObjectMeta, V1PodTemplateSpec } from "@kubernetes/client-node";
import type { WorkloadRef } from "../config.ts";
import type { RolloutSeen } from "../domain/evidence.ts";
import type { Sha } from "../domain/repo.ts";

/** Seven digits are the least that GitHub and git show of a commit. */
const COMMIT = /(?:^|[^0-9a-f])([0-9a-f]{7,64})(?![0-9a-f])/;

/** The commit that the workload names; undefined = none. */
export function commitOf(
  ref: WorkloadRef,
  image: string,
  metadata: V1ObjectMeta | undefined,
  template: V1PodTemplateSpec | undefined,
): string | undefined {
  const { annotation } = ref;
  if (annotation === undefined) {
    // A digest after the tag is of the image, not of a commit; a port before it is no tag.
    const tag = /:([^:/@]+)(?:@[^@]*)?$/.exec(image)?.[1] ?? "";
    return COMMIT.exec(tag)?.[1];
  }
  // The template's own goes before the workload's: it is what the pods are made by.
  const value = template?.metadata?.annotations?.[annotation] ?? metadata?.annotations?.[annotation] ?? "";
  return COMMIT.exec(value)?.[1];
}

export async function carriesOf(
  commit: string | undefined,
  sha: Sha,
  contains: (commit: string) => Promise<boolean>,
): Promise<RolloutSeen["carries"]> {
  if (commit === undefined) return "other";
  if (sha.startsWith(commit)) return "landed";
  return (await contains(commit)) ? "descendant" : "other";
}
