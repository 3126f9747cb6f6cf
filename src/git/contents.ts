// What a repo's config adds to a worktree's files: other repositories within it, and large files from LFS.

import type { SimpleGit } from "simple-git";
import { AfkError } from "../errors.ts";
import { type GitAuth, gitIn, type Place, withGit } from "./git.ts";
import { namedFilters } from "./settings.ts";
import { requireStraightWay } from "./way.ts";

export type Contents = { readonly submodules: boolean; readonly lfs: boolean };

/** After the worktree was switched. What is there already costs nothing but the look. */
export async function fillTree(place: Place, { submodules, lfs }: Contents, auth: GitAuth): Promise<void> {
  if (!submodules && !lfs) return;
  await requireStraightWay(place);
  const named = await namedFilters(place);
  const git = gitIn(place.tree, { auth, named, filters: filtersOf({ lfs }) });
  if (submodules) {
    await withGit(`updating the submodules of ${place.tree}`, () =>
      // `--checkout` overrules an update command that a config may name.
      git.raw(["submodule", "--quiet", "update", "--init", "--recursive", "--force", "--checkout"]),
    );
  }
  if (lfs) await pullLfs(git, place);
}

async function pullLfs(git: SimpleGit, { tree }: Place): Promise<void> {
  const there = await git.raw(["lfs", "version"]).then(
    () => true,
    () => false,
  );
  if (!there)
    throw new AfkError("conflict", "The repo's config says lfs: true, and git-lfs is not installed for the bot.");
  await withGit(`fetching the large files of ${tree}`, () => git.raw(["lfs", "pull"]));
}

/** The filters that may run: those that the config asks for. */
export function filtersOf({ lfs }: Pick<Contents, "lfs">): readonly string[] {
  return lfs ? ["lfs"] : [];
}
