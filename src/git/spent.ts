// Destroy only with proof: `inspect` alone makes a SpentTree, and only a SpentTree can be removed.

import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";

declare const proof: unique symbol;

/** A tree that holds nothing of its own: nothing uncommitted or untracked, HEAD on the remote or kept. */
export type SpentTree = { readonly path: string; readonly head: Sha; readonly [proof]: true };

export type Inspection =
  | { readonly is: "spent"; readonly tree: SpentTree }
  | { readonly is: "unsaved"; readonly head: Sha; readonly why: readonly string[] };

/** Looks at the worktree `git` is in. Ignored files are not work; a HEAD on no remote or kept ref is. */
export async function inspect(git: SimpleGit, path: string): Promise<Inspection> {
  const head = (await git.revparse(["HEAD"])).trim();
  const changes = (await git.raw(["status", "--porcelain=v1", "--untracked-files=all", "-z"]))
    .split("\0")
    .filter(Boolean);
  const holders = ["refs/remotes/", "refs/afk/kept/"];
  const held = (await git.raw(["for-each-ref", "--contains", head, "--format=%(refname)", ...holders])).trim();
  const why = [
    ...(changes.length > 0 ? [`${changes.length} uncommitted or untracked files`] : []),
    ...(held === "" ? [`commit ${head} is neither pushed nor kept`] : []),
  ];
  if (why.length > 0) return { is: "unsaved", head, why };
  return { is: "spent", tree: { path, head } as SpentTree };
}
