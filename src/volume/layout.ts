import { join } from "node:path";
import { type RepoKey, splitRepo } from "../domain/repo.ts";

/** Where things are on the volume. The same absolute paths hold in the bot and in T3. */
export type Layout = {
  checkout(repo: RepoKey): string;
  slot(repo: RepoKey, slot: number): string;
  /** The run's own path: a symlink to its slot, gone once the run is over. */
  tree(repo: RepoKey, run: string): string;
  readonly trash: string;
};

export function layoutOf(volume: string): Layout {
  const home = (repo: RepoKey): string => {
    const { owner, name } = splitRepo(repo);
    return join(volume, "repos", owner, name);
  };
  return {
    checkout: (repo) => join(home(repo), "checkout"),
    slot: (repo, slot) => join(home(repo), "slots", String(slot)),
    tree: (repo, run) => join(home(repo), "runs", run),
    trash: join(volume, "trash"),
  };
}
