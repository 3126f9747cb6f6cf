// Where a branch is, by the poll's own way, as it is asked again and again of branches that do not move. An answer of a
// moment ago is given again: a repo may be looked at many times a second.

import { z } from "zod";
import { type RepoKey, type Sha, splitRepo } from "../domain/repo.ts";
import type { Clock } from "../ports.ts";
import type { Reader } from "./candidates.ts";

const refSchema = z.object({ object: z.object({ sha: z.string().regex(/^[0-9a-f]{40,64}$/) }) });

export type Heads = {
  /** Throws with GitHub's status where there is no such branch, or no answer. */
  fetch(repo: RepoKey, branch: string, maxAgeMs?: number): Promise<Sha>;
};

/** An answer of the last `freshMs` is given again where nothing else is asked for. */
export function createHeads({ client, poll }: Pick<Reader, "client" | "poll">, freshMs: number, clock: Clock): Heads {
  const before = new Map<string, { readonly at: number; readonly sha: Sha }>();

  return {
    async fetch(repo, branch, maxAgeMs = freshMs) {
      const key = `${repo} ${branch}`;
      const known = before.get(key);
      const now = clock.now();
      if (known !== undefined && Math.abs(now - known.at) < maxAgeMs) return known.sha;
      const { owner, name } = splitRepo(repo);
      const asked = { owner, repo: name, ref: `heads/${branch}` };
      const seen = await poll.fetch(client.rest.git.getRef.endpoint(asked).url);
      const data: unknown = seen === undefined ? (await client.rest.git.getRef(asked)).data : JSON.parse(seen.text);
      const { sha } = refSchema.parse(data).object;
      before.set(key, { at: now, sha });
      return sha;
    },
  };
}
