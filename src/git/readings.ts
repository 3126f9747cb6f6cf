// What is read of a repo's history: what landed, what a run committed and changed.

import { known, unknown } from "../domain/observed.ts";
import { messageOf } from "../errors.ts";
import type { Trees } from "../ports.ts";
import type { Checkouts } from "./checkout.ts";
import { gitIn, withGit } from "./git.ts";
import { contains } from "./inspect.ts";
import { findOwnCommits } from "./landed.ts";

type Readings = Pick<Trees, "findLanded" | "findCommits" | "diffOf" | "contains">;

export function createReadings({ gitDir, fetched, headOf }: Checkouts): Readings {
  /** The repo as it was fetched last. */
  const asItIs = (repo: string) => gitIn(gitDir(repo), { place: { tree: gitDir(repo), gitDir: gitDir(repo) } });
  return {
    async findLanded(run) {
      if (run.tree === null) return known(null);
      try {
        const git = await fetched(run.repo);
        const { base } = run.tree;
        const own = await withGit("looking for the run's commits", async () => {
          const { sha } = await headOf(git, run.repo, run.defaultBranch);
          return await findOwnCommits(git, base, sha, run.id);
        });
        return known(own[0] === undefined ? null : { sha: own[0], commits: own.length });
      } catch (error) {
        return unknown(messageOf(error));
      }
    },

    async findCommits(run) {
      if (run.tree === null) return unknown("the run has no tree");
      try {
        const git = asItIs(run.repo);
        const { sha } = await headOf(git, run.repo, run.defaultBranch);
        return known(await findOwnCommits(git, run.tree.base, sha, run.id));
      } catch (error) {
        return unknown(messageOf(error));
      }
    },

    async diffOf(run, sha) {
      if (run.tree === null) return unknown("the run has no tree");
      const range = `${run.tree.base}..${sha}`;
      try {
        // Neither of the two that a repo's config could name as commands.
        return known(await asItIs(run.repo).raw(["diff", "--no-ext-diff", "--no-textconv", range, "--"]));
      } catch (error) {
        return unknown(messageOf(error));
      }
    },

    async contains(repo, sha, inCommit) {
      return sha === inCommit || (await contains(await fetched(repo), inCommit, sha));
    },
  };
}
