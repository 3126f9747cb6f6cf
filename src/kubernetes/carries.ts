// Which commit a workload carries: by its image's tag, or by an annotation, as the repo's rule says.

import type { V1ObjectMeta, V1PodTemplateSpec } from "@kubernetes/client-node";
import type { WorkloadRef } from "../config.ts";
import type { RolloutSeen } from "../domain/evidence.ts";
import type { Sha } from "../domain/repo.ts";

/** Seven digits are the least that GitHub and git show of a commit; `git describe` puts a `g` before it. */
const COMMIT = /(?<![0-9a-z])g?([0-9a-f]{7,64})(?![0-9a-z])/gi;

/** The commits that the workload may name: a date in a tag looks like one too. */
export function commitsOf(
  ref: WorkloadRef,
  image: string,
  metadata: V1ObjectMeta | undefined,
  template: V1PodTemplateSpec | undefined,
): readonly string[] {
  const { annotation } = ref;
  if (annotation === undefined) {
    // A digest after the tag is of the image, not of a commit; a port before it is no tag.
    const [named = ""] = image.split("@");
    return namedIn(/:([^:/]+)$/.exec(named)?.[1] ?? "");
  }
  // The template's own goes before the workload's: it is what the pods are made by.
  const value = template?.metadata?.annotations?.[annotation] ?? metadata?.annotations?.[annotation] ?? "";
  return namedIn(value);
}

export function namedIn(text: string): readonly string[] {
  return [...text.matchAll(COMMIT)].flatMap(([, commit]) => commit?.toLowerCase() ?? []);
}

export async function carriesOf(
  commits: readonly string[],
  sha: Sha,
  contains: (commit: string) => Promise<boolean>,
): Promise<RolloutSeen["carries"]> {
  if (commits.some((commit) => sha.startsWith(commit))) return "landed";
  for (const commit of commits) if (await contains(commit)) return "descendant";
  return "other";
}
