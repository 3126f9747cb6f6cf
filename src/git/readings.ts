// What is read of a repo's history: what landed, whether it is still there, what a run committed and changed.

import type { SimpleGit } from "simple-git";
import type { BranchSeen, LandedSeen } from "../domain/evidence.ts";
import { known, type Observed, unknown } from "../domain/observed.ts";
import type { RepoKey, Sha } from "../domain/repo.ts";
import type { Run, Tree } from "../domain/run.ts";
import { messageOf } from "../errors.ts";
import type { Trees } from "../ports.ts";
import type { Checkouts } from "./checkout.ts";
import { gitIn, withGit } from "./git.ts";
import { contains } from "./inspect.ts";
import { findOwnCommits, madeIn, type OwnCommit } from "./landed.ts";

type Readings = Pick<
  Trees,
  "findLanded" | "findElsewhere" | "observeBranch" | "findCommits" | "changedPaths" | "diffOf" | "contains"
>;

/** A name that the remote does not have is asked for again after so long. */
const ASK_AGAIN_MS = 30_000;

export function createReadings({ gitDir, fetched: fetch, headOf, at: branchAt }: Checkouts): Readings {
  const fetchedAt = new Map<RepoKey, number>();
  /** What was seen of a run's branch since its last fetch: nothing else changes it. */
  const branches = new Map<string, { readonly at: number; readonly landed: Sha; readonly seen: BranchSeen }>();
  /** What of a run's own was on its default branch when that was at this head. */
  const seenAt = new Map<string, { readonly head: Sha; readonly landed: LandedSeen | null }>();
  /** Whether one commit is in another's history never changes. */
  const ancestry = new Map<string, boolean>();

  /** The repo as it was fetched last. */
  const asItIs = (repo: RepoKey) => gitIn(gitDir(repo), { place: { tree: gitDir(repo), gitDir: gitDir(repo) } });

  async function fetched(repo: RepoKey): Promise<SimpleGit> {
    const git = await fetch(repo);
    fetchedAt.set(repo, performance.now());
    return git;
  }

  /** Of a fetch that is no older than that. */
  async function recent(repo: RepoKey, maxAgeMs: number): Promise<SimpleGit> {
    const age = performance.now() - (fetchedAt.get(repo) ?? Number.NEGATIVE_INFINITY);
    return age < maxAgeMs ? asItIs(repo) : await fetched(repo);
  }

  /** Whether the run's default branch was fetched at that head. */
  async function isAt({ repo, defaultBranch }: Run, head: Sha): Promise<boolean> {
    return (await branchAt(asItIs(repo), repo, defaultBranch)) === head;
  }

  async function ownCommits(git: SimpleGit, run: Run, tree: Tree): Promise<readonly OwnCommit[]> {
    return await withGit("looking for the run's commits", async () => {
      const { sha } = await headOf(git, run.repo, run.defaultBranch);
      const made = new Set(await madeIn(tree.slotPath, gitDir(run.repo)));
      return await findOwnCommits(git, tree.base, sha, run.id, made);
    });
  }

  async function ofRun<T>(run: Run, read: (tree: Tree) => Promise<T>): Promise<Observed<T>> {
    if (run.tree === null) return unknown("the run has no tree");
    try {
      return known(await read(run.tree));
    } catch (error) {
      return unknown(messageOf(error));
    }
  }

  return {
    async findLanded(run, head) {
      if (run.tree === null) return known(null);
      const before = seenAt.get(run.id);
      if (head !== undefined && before?.head === head) return known(before.landed);
      return await ofRun(run, async (tree) => {
        const isThere = head !== undefined && (await isAt(run, head));
        const landed = landedOf(await ownCommits(isThere ? asItIs(run.repo) : await fetched(run.repo), run, tree));
        // GitHub may name a head that a fetch does not bring yet: that is looked at again.
        if (head !== undefined && (isThere || (await isAt(run, head)))) remember(seenAt, run.id, { head, landed });
        return landed;
      });
    },

    async observeBranch(run, landed, maxAgeMs) {
      return await ofRun(run, async (tree) => {
        const git = await recent(run.repo, maxAgeMs);
        const at = fetchedAt.get(run.repo) ?? 0;
        const before = branches.get(run.id);
        if (before?.at === at && before.landed === landed) return before.seen;
        const { sha: head } = await headOf(git, run.repo, run.defaultBranch);
        const there = head === landed || (await contains(git, head, landed));
        const seen = { head, there, own: landedOf(await ownCommits(git, run, tree)) };
        remember(branches, run.id, { at, landed, seen });
        return seen;
      });
    },

    async findElsewhere(run) {
      return await ofRun(run, async (tree) => {
        const git = asItIs(run.repo);
        const [newest] = await madeIn(tree.slotPath, gitDir(run.repo));
        if (newest === undefined || newest === tree.base) return null;
        const refs = ["for-each-ref", "--contains", newest, "--format=%(refname:lstrip=3)", "refs/remotes/origin"];
        const found = (await git.raw(refs).catch(() => "")).split("\n").filter(Boolean);
        return found.find((name) => name !== run.defaultBranch && name !== "HEAD") ?? null;
      });
    },

    async findCommits(run) {
      return await ofRun(run, async (tree) => (await ownCommits(asItIs(run.repo), run, tree)).map(({ sha }) => sha));
    },

    async changedPaths(run, sha) {
      return await ofRun(run, async (tree) => {
        const out = await asItIs(run.repo).raw([
          "diff",
          "--name-only",
          "--no-renames",
          "-z",
          `${tree.base}..${sha}`,
          "--",
        ]);
        return out.split("\0").filter(Boolean);
      });
    },

    async diffOf(run, sha) {
      return await ofRun(run, (tree) =>
        // Neither of the two that a repo's config could name as commands.
        asItIs(run.repo).raw(["diff", "--no-ext-diff", "--no-textconv", `${tree.base}..${sha}`, "--"]),
      );
    },

    async contains(repo, sha, inCommit) {
      if (sha === inCommit) return true;
      const key = `${repo} ${sha} ${inCommit}`;
      const before = ancestry.get(key);
      if (before !== undefined) return before;
      const git = asItIs(repo);
      if (await isCommit(git, inCommit)) {
        const isIn = await contains(git, inCommit, sha);
        remember(ancestry, key, isIn);
        return isIn;
      }
      return await contains(await recent(repo, ASK_AGAIN_MS), inCommit, sha);
    },
  };
}

const MOST_REMEMBERED = 2_000;

function remember<T>(memory: Map<string, T>, key: string, value: T): void {
  memory.delete(key);
  memory.set(key, value);
  const [oldest] = memory.keys();
  if (memory.size > MOST_REMEMBERED && oldest !== undefined) memory.delete(oldest);
}

async function isCommit(git: SimpleGit, name: string): Promise<boolean> {
  return await git.raw(["cat-file", "-e", `${name}^{commit}`]).then(
    () => true,
    () => false,
  );
}

function landedOf(own: readonly OwnCommit[]): LandedSeen | null {
  const [newest] = own;
  if (newest === undefined) return null;
  const note = newest.trailer ? {} : { note: "Its message lacks the run's line; the run's own tree made it." };
  return { sha: newest.sha, commits: own.length, ...note };
}
