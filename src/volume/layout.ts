import { join } from "node:path";
import { type RepoKey, splitRepo } from "../domain/repo.ts";

/** Where things are on the volume. The same absolute paths hold in the bot and in T3. */
export type Layout = {
  readonly volume: string;
  /** What belongs to one repo: its checkout, slots, symlinks. */
  home(repo: RepoKey): string;
  checkout(repo: RepoKey): string;
  slot(repo: RepoKey, slot: number): string;
  /** The run's own path: a symlink to its slot, gone once the run is over. */
  tree(repo: RepoKey, run: string): string;
  /** What the last setup in a slot printed. */
  setupLog(repo: RepoKey, slot: number): string;
  /** The folder of all caches, and one tool's own in it (see caches.ts). */
  readonly caches: string;
  cache(tool: string): string;
  /** What was taken away by a rename, on its way to be deleted. Nothing in it is needed any more. */
  readonly trash: string;
  /** What was saved from checkouts that had to be given up: bundles of refs. */
  kept(repo: RepoKey): string;
};

export function layoutOf(volume: string): Layout {
  const home = (repo: RepoKey): string => {
    const { owner, name } = splitRepo(repo);
    return join(volume, "repos", owner, name);
  };
  const caches = join(volume, "caches");
  return {
    volume,
    home,
    checkout: (repo) => join(home(repo), "checkout"),
    slot: (repo, slot) => join(home(repo), "slots", String(slot)),
    tree: (repo, run) => join(home(repo), "runs", run),
    setupLog: (repo, slot) => join(home(repo), "setup", `${slot}.log`),
    caches,
    cache: (tool) => join(caches, tool),
    trash: join(volume, "trash"),
    kept(repo) {
      const { owner, name } = splitRepo(repo);
      return join(volume, "kept", owner, name);
    },
  };
}
