// Where a branch is. Asked by the poll's own way, as it is asked again and again of branches that do not move.

import { z } from "zod";
import { type RepoKey, type Sha, splitRepo } from "../domain/repo.ts";
import type { Reader } from "./candidates.ts";

const refSchema = z.object({ object: z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) }) });

/** Throws with GitHub's status where there is no such branch, or no answer. */
export async function fetchHead(
  { client, poll }: Pick<Reader, "client" | "poll">,
  repo: RepoKey,
  branch: string,
): Promise<Sha> {
  const { owner, name } = splitRepo(repo);
  const asked = { owner, repo: name, ref: `heads/${branch}` };
  const seen = await poll.fetch(client.rest.git.getRef.endpoint(asked).url);
  const data: unknown = seen === undefined ? (await client.rest.git.getRef(asked)).data : JSON.parse(seen.text);
  return refSchema.parse(data).object.sha;
}
