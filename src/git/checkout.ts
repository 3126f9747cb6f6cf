// The checkout of a repo: one persistent clone, fetched before anything is read from it; a branch that GitHub says has not
// moved needs none (decision 26). Cloned beside its place and moved there whole, so that a clone that was cut off is never
// taken for a checkout.

import { randomBytes } from "node:crypto";
import { copyFile, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { SimpleGit } from "simple-git";
import type { RepoKey, Sha } from "../domain/repo.ts";
import { AfkError, messageOf } from "../errors.ts";
import type { GitHub } from "../ports.ts";
import type { Layout } from "../volume/layout.ts";
import { type GitAuth, gitIn, withGit } from "./git.ts";
import { namesIn, pastLocks } from "./leftovers.ts";
import { loadRefs } from "./refs.ts";
import { completeRepair, isBroken, repair } from "./repair.ts";
import { loadText } from "./slot.ts";
import { dropUnmade } from "./unmade.ts";
import { requireStraightWay } from "./way.ts";

export type Remote = { readonly name: string; readonly cloneUrl: string };

/** GitHub's own word on a repo. */
export type Origin = {
  readonly fetchDefaultBranch: (repo: RepoKey) => Promise<Remote>;
  readonly fetchHead: GitHub["fetchHead"];
};

export type Progress = (line: string) => void;

export type Checkouts = {
  gitDir(repo: RepoKey): string;
  exists(repo: RepoKey): Promise<boolean>;
  /** The checkout; cloned where it is missing, and whole where a repair was cut off. */
  opened(repo: RepoKey): Promise<SimpleGit>;
  /** The checkout with its remote refs as they are now; cloned where it is missing. What is returned bears no token. */
  fetched(repo: RepoKey, onProgress?: Progress): Promise<SimpleGit>;
  /**
   * Whether the branch is where the last fetch found it, by GitHub's word of now. False where that is not known. Says
   * nothing of other branches: what is proven by the remote's refs needs a fetch all the same.
   */
  isCurrent(repo: RepoKey, branch: string): Promise<boolean>;
  /** The checkout as the last fetch left it. */
  asItIs(repo: RepoKey): SimpleGit;
  /** Where the remote's branch was at the last fetch. */
  at(git: SimpleGit, repo: RepoKey, branch: string): Promise<Sha | undefined>;
  /** The head of the branch, or of the default branch where it was renamed since. */
  headOf(git: SimpleGit, repo: RepoKey, branch: string): Promise<{ readonly branch: string; readonly sha: Sha }>;
  /**
   * Runs `work`; where it fails because the checkout is damaged, clones it anew, brings over what only the old one had,
   * and runs it once more. What a new clone did not mend is not cloned again. Only while no agent is at work in the repo:
   * where that is not sure, `may` is asked first.
   */
  whole<T>(repo: RepoKey, work: () => Promise<T>, may?: () => Promise<boolean>): Promise<T>;
  auth(repo: RepoKey): Promise<GitAuth>;
  /** Gives the checkout its own config again: agents write theirs into it, and the next would work by it. */
  resetConfig(repo: RepoKey): Promise<void>;
};

/** The checkout's config as it was cloned, in its git directory. */
const PRISTINE = "afk-config";

/** A fetch takes about as long: whoever waits longer for GitHub's word has gained nothing. */
const ASK_MS = 2_000;

export function createCheckouts(options: {
  readonly layout: Layout;
  readonly token: () => Promise<string>;
  readonly origin: Origin;
  /** Told of what was repaired, and what could not be. */
  readonly tell: (fields: Readonly<Record<string, unknown>>, message: string) => void;
}): Checkouts {
  const { layout, token, origin, tell } = options;
  const { fetchDefaultBranch } = origin;
  /** GitHub's word on where a repo is, and never the checkout's, whose config agents can write. */
  const urls = new Map<RepoKey, string>();
  /** What was still wrong with a checkout once it was cloned anew. */
  const unmended = new Map<RepoKey, string | undefined>();

  const gitDir = (repo: RepoKey): string => join(layout.checkout(repo), ".git");

  async function urlOf(repo: RepoKey): Promise<string> {
    const url = urls.get(repo) ?? (await fetchDefaultBranch(repo)).cloneUrl;
    urls.set(repo, url);
    return url;
  }

  async function auth(repo: RepoKey): Promise<GitAuth> {
    return { origin: new URL(await urlOf(repo)).origin, token: await token() };
  }

  async function opened(repo: RepoKey, onProgress?: Progress): Promise<SimpleGit> {
    const path = layout.checkout(repo);
    await completeRepair(path);
    if (!(await isThere(path))) await clone(repo, path, onProgress);
    return asItIs(repo);
  }

  async function fetched(repo: RepoKey, onProgress?: Progress): Promise<SimpleGit> {
    await opened(repo, onProgress);
    const path = layout.checkout(repo);
    const place = { tree: path, gitDir: gitDir(repo) };
    await requireStraightWay(place);
    const asking = gitIn(path, { place, auth: await auth(repo) });
    const from = [await urlOf(repo), "+refs/heads/*:refs/remotes/origin/*"];
    const fetch = () =>
      pastLocks([gitDir(repo)], () => asking.raw(["fetch", "--prune", "--quiet", "--no-recurse-submodules", ...from]));
    await withGit(`fetching ${repo}`, () =>
      fetch().catch(async (error: unknown) => {
        if ((await dropUnmade(gitDir(repo))) === 0) throw error;
        return await fetch();
      }),
    );
    return asItIs(repo);
  }

  /** Where the remote's branch was at the last fetch. */
  async function at(git: SimpleGit, repo: RepoKey, branch: string): Promise<Sha | undefined> {
    const ref = `refs/remotes/origin/${branch}`;
    return (await loadRefs(git, gitDir(repo), [ref])).get(ref);
  }

  const asItIs = (repo: RepoKey): SimpleGit => gitIn(layout.checkout(repo));

  async function isCurrent(repo: RepoKey, branch: string): Promise<boolean> {
    // A checkout without a HEAD is damaged, and a fetch brings that to light.
    if ((await loadText(join(gitDir(repo), "HEAD"))) === undefined) return false;
    const inTime = AbortSignal.timeout(ASK_MS);
    const late = new Promise<undefined>((resolve) => inTime.addEventListener("abort", () => resolve(undefined)));
    const [seen, here] = await Promise.all([
      Promise.race([origin.fetchHead(repo, branch, 0), late]),
      at(asItIs(repo), repo, branch),
    ]);
    return seen?.known === true && seen.value !== null && seen.value === here;
  }

  async function clone(repo: RepoKey, path: string, onProgress?: Progress): Promise<void> {
    await rename(await cloneBeside(repo, path, onProgress), path);
  }

  async function cloneBeside(repo: RepoKey, path: string, onProgress?: Progress): Promise<string> {
    const cloneUrl = await urlOf(repo);
    const folder = dirname(path);
    await mkdir(folder, { recursive: true });
    const start = `${basename(path)}.next-`;
    for (const name of await namesIn(folder)) {
      // A git that outlived its bot may still write there: what cannot be removed now is next time.
      if (name.startsWith(start)) await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
    }
    const next = join(folder, `${start}${randomBytes(4).toString("hex")}`);
    const git = gitIn(folder, { auth: { origin: new URL(cloneUrl).origin, token: await token() } });
    if (onProgress !== undefined) {
      git.outputHandler((_command, _stdout, stderr) => {
        stderr.on("data", (chunk: Buffer) => {
          for (const line of chunk.toString("utf8").split(/[\r\n]+/)) if (line.trim() !== "") onProgress(line.trim());
        });
      });
    }
    const quietly = onProgress === undefined ? "--quiet" : "--progress";
    // Worktrees then have configs of their own: an identity is one tree's.
    const own = ["-c", "extensions.worktreeConfig=true"];
    await withGit(`cloning ${repo}`, () => git.raw(["clone", quietly, "--no-checkout", ...own, "--", cloneUrl, next]));
    await copyFile(join(next, ".git", "config"), join(next, ".git", PRISTINE));
    return next;
  }

  return {
    gitDir,
    exists: (repo) => isThere(layout.checkout(repo)),
    opened,
    fetched,
    isCurrent,
    asItIs,
    auth,
    at,
    async headOf(git, repo, branch) {
      const sha = await at(git, repo, branch);
      if (sha !== undefined) return { branch, sha };
      const { name } = await fetchDefaultBranch(repo);
      const renamed = await at(git, repo, name);
      if (renamed === undefined) throw new AfkError("conflict", `${repo} has no branch ${branch}, nor ${name}.`);
      return { branch: name, sha: renamed };
    },
    async resetConfig(repo) {
      const [own, now] = await Promise.all([PRISTINE, "config"].map((name) => loadText(join(gitDir(repo), name))));
      if (own === undefined || own === now) return;
      const next = join(gitDir(repo), `${PRISTINE}.next`);
      await writeFile(next, own);
      await rename(next, join(gitDir(repo), "config"));
    },
    async whole(repo, work, may = async () => true) {
      try {
        return await work();
      } catch (error) {
        const path = layout.checkout(repo);
        const mendable = error instanceof AfkError && error.code === "conflict" && (await isThere(path));
        const damage = mendable && (await may()) ? await isBroken(path) : undefined;
        if (damage === undefined || damage === unmended.get(repo)) throw error;
        tell({ repo, why: damage, after: messageOf(error) }, "checkout damaged, cloning it anew");
        const next = await cloneBeside(repo, path);
        const done = await repair({ old: path, next, kept: layout.kept(repo), trash: layout.trash });
        tell({ repo, ...done }, "checkout cloned anew");
        unmended.set(repo, await isBroken(path));
        return await work();
      }
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw new AfkError("conflict", `Cannot look at ${path}: ${messageOf(error)}`, error);
  }
}
