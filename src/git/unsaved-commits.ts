// Of the commits that a tree knows of, those that nobody else has.

import type { SimpleGit } from "simple-git";
import type { Sha } from "../domain/repo.ts";
import type { Tip, Tips } from "./tips.ts";

/** Places with commits, and of those commits the ones that no other reaches. */
export type UnsavedCommits = {
  readonly work: readonly Tip[];
  readonly dropped: readonly Tip[];
  readonly heads: ReadonlySet<Sha>;
};

/** Of the tips those that neither the remote nor what was kept has; work is not held by what may be let go. */
export async function unsavedCommits(
  git: SimpleGit,
  tips: Pick<Tips, "work" | "dropped">,
  remotes: string,
): Promise<UnsavedCommits> {
  const remote = `--glob=${remotes}`;
  const kept = "--glob=refs/afk/kept/*";
  const all = await beyond(git, [...tips.work, ...tips.dropped], [remote, "--exclude=refs/afk/kept/*.dropped", kept]);
  const work = tips.work.filter(({ sha }) => all.has(sha));
  const beforeWork = ancestorsIn(all, work);
  const loose = tips.dropped.filter(({ sha }) => all.has(sha));
  const forDropped = await beyond(git, loose, [remote, kept, ...work.map(({ sha }) => sha)]);
  const dropped = loose.filter(({ sha }) => forDropped.has(sha));
  const beforeDropped = new Set([...forDropped.values()].flat());
  const heads = [
    ...work.filter(({ sha }) => !beforeWork.has(sha)),
    ...dropped.filter(({ sha }) => !beforeDropped.has(sha)),
  ];
  return { work, dropped, heads: new Set(heads.map(({ sha }) => sha)) };
}

/** Commits with their parents. */
type Graph = ReadonlyMap<Sha, readonly Sha[]>;

/** The commits that the tips reach and the holders do not. What git no longer has is nobody's. */
async function beyond(git: SimpleGit, tips: readonly Tip[], holders: readonly string[]): Promise<Graph> {
  const found = new Map<Sha, readonly Sha[]>();
  for (let at = 0; at < tips.length; at += 1_000) {
    const shas = tips.slice(at, at + 1_000).map(({ sha }) => sha);
    const out = await git.raw(["rev-list", "--parents", "--ignore-missing", ...shas, "--not", ...holders, "--"]);
    for (const line of out.split("\n").filter(Boolean)) {
      const [commit = "", ...parents] = line.split(" ");
      found.set(commit, parents);
    }
  }
  return found;
}

/** What the tips have before them in the graph. */
function ancestorsIn(graph: Graph, tips: readonly Tip[]): ReadonlySet<Sha> {
  const found = new Set<Sha>();
  const left = tips.map(({ sha }) => sha);
  for (let sha = left.pop(); sha !== undefined; sha = left.pop()) {
    for (const parent of graph.get(sha) ?? []) {
      if (!found.has(parent)) left.push(parent);
      found.add(parent);
    }
  }
  return found;
}
