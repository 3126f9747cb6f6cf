// What setups need to know of commits and slots: which files a commit has, and how a slot was last set up.

import type { Logger } from "pino";
import type { RepoKey, Sha } from "../domain/repo.ts";
import type { TrackedFile } from "../domain/tree-setup.ts";
import type { SetupRecord } from "../setup/setups.ts";
import { gitIn, type Place } from "./git.ts";
import { statusOf } from "./inspect.ts";
import { namedFilters } from "./settings.ts";
import { dropSlotFile, loadSetup, lookAtSlot, saveSlotFile } from "./slot.ts";
import { snapshotFiles } from "./snapshot.ts";

type GitDirOf = (repo: RepoKey) => string;

export function createSources(gitDirOf: GitDirOf) {
  const known = new Map<string, Promise<readonly TrackedFile[]>>();
  const texts = new Map<string, Promise<string>>();

  const gitOf = (repo: RepoKey) => {
    const gitDir = gitDirOf(repo);
    return gitIn(gitDir, { place: { tree: gitDir, gitDir } });
  };

  return {
    async filesAt(repo: RepoKey, sha: Sha): Promise<readonly TrackedFile[]> {
      return await once(known, KNOWN_COMMITS, `${repo}@${sha}`, async () =>
        filesIn(await gitOf(repo).raw(["ls-tree", "-r", "-z", sha])),
      );
    },
    async readAt(repo: RepoKey, sha: Sha, path: string): Promise<string> {
      return await once(texts, KNOWN_TEXTS, `${repo}@${sha}:${path}`, () =>
        gitOf(repo).raw(["cat-file", "blob", `${sha}:${path}`]),
      );
    },
  };
}

/** Commits whose files are remembered: a slot is set up for the head that the next run starts from. */
const KNOWN_COMMITS = 8;
const KNOWN_TEXTS = 32;

/** Asks once for what never changes. A failure is not remembered. */
async function once<T>(memory: Map<string, Promise<T>>, most: number, key: string, ask: () => Promise<T>): Promise<T> {
  const found = memory.get(key) ?? ask();
  memory.delete(key);
  memory.set(key, found);
  for (const old of [...memory.keys()].slice(0, -most)) memory.delete(old);
  return await found.catch((error: unknown) => {
    memory.delete(key);
    throw error;
  });
}

function filesIn(listing: string): readonly TrackedFile[] {
  return listing.split("\0").flatMap((entry) => {
    const [about = "", path] = entry.split("\t", 2);
    const blob = about.split(" ")[2];
    return path === undefined || blob === undefined ? [] : [{ path, blob }];
  });
}

/**
 * A setup that leaves changes in files that git does not ignore cannot be skipped: the next tree would not have them. It
 * then runs each time, and what it made counts as nobody's work.
 */
export function createRecord(gitDirOf: GitDirOf, log: Logger): SetupRecord {
  async function placeOf(repo: RepoKey, tree: string): Promise<Place> {
    const seen = await lookAtSlot(tree, gitDirOf(repo));
    if (seen.is === "free" || seen.is === "held") return seen.place;
    throw new Error(`${tree} is no slot any more`);
  }
  return {
    async load({ repo, tree }) {
      const { gitDir } = await placeOf(repo, tree);
      return (await loadSetup(gitDir))?.fingerprint;
    },
    async drop({ repo, tree }) {
      const { gitDir } = await placeOf(repo, tree);
      for (const file of ["afk-setup", "afk-made"] as const) await dropSlotFile(gitDir, file);
    },
    async save({ repo, slot, tree }, fingerprint) {
      const place = await placeOf(repo, tree);
      const named = await namedFilters(place);
      const changes = await statusOf(gitIn(tree, { place, named }));
      if (changes.length === 0) {
        const setup = { fingerprint, at: Date.now() };
        return await saveSlotFile(place.gitDir, "afk-setup", JSON.stringify(setup));
      }
      log.warn(
        { repo, slot, changes: changes.slice(0, 20) },
        "the setup command changes files that git does not ignore, so it has to run for each tree",
      );
      await saveSlotFile(place.gitDir, "afk-made", await snapshotFiles({ place, named, filters: [] }, []));
    },
  };
}
