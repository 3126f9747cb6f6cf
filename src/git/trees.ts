// The trees port: one persistent clone per repo, slots that are worktrees of it, lent to one run at a time, and a symlink of
// the run's own to its slot. Every step looks at what is there and goes on from it: a step that was cut off is simply done
// again. How a slot is taken is in worktree.ts, how it is given back in release.ts.

import { randomBytes } from "node:crypto";
import { mkdir, readlink, rename, rm, symlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Logger } from "pino";
import type { SimpleGit } from "simple-git";
import type { RepoKey, Sha } from "../domain/repo.ts";
import type { Run } from "../domain/run.ts";
import type { Trees } from "../ports.ts";
import { createSetups, type SetupRules, type SetupTarget } from "../setup/setups.ts";
import { createToolchains } from "../setup/toolchains.ts";
import type { Layout } from "../volume/layout.ts";
import { createCheckouts, type Origin } from "./checkout.ts";
import { type Contents, fillTree, filtersOf } from "./contents.ts";
import { type Place, withGit } from "./git.ts";
import { createReadings } from "./readings.ts";
import { forgetRun, freeSlot, saveTree, takeDown } from "./release.ts";
import { createRecord, createSources } from "./setup-sources.ts";
import { lookAtSlot, type Seen, saveSlotFile } from "./slot.ts";
import { findSlots, slotSeen } from "./slots.ts";
import {
  chooseBase,
  forgetGone,
  hasBegun,
  type Identity,
  isUntouched,
  type Look,
  lookAhead,
  type Making,
  takeSlot,
  toCommit,
  writeIdentity,
} from "./worktree.ts";

/** What a repo's config says of its trees. */
export type TreeRules = Contents & { readonly setup: SetupRules | undefined };

const NONE: ReadonlySet<Sha> = new Set();

const PLAIN: TreeRules = { setup: undefined, submodules: false, lfs: false };

export type TreesOptions = {
  readonly layout: Layout;
  /** The token to use now: that of an app changes each hour. */
  readonly token: () => Promise<string>;
  readonly origin: Origin;
  readonly rulesOf: (repo: RepoKey) => TreeRules | undefined;
  /** Whose commits the trees' are. */
  readonly identity: Identity;
  /** The environment that setups begin with. */
  readonly env: Readonly<Record<string, string>>;
  readonly paused: () => boolean;
  readonly log: Logger;
};

export function createTrees(options: TreesOptions): Trees {
  const { layout, origin, identity, env, paused, log } = options;
  const { fetchDefaultBranch } = origin;
  const checkouts = createCheckouts({ ...options, tell: (fields, message) => log.error(fields, message) });
  const { fetched, headOf } = checkouts;
  const rulesOf = (repo: RepoKey): TreeRules => options.rulesOf(repo) ?? PLAIN;
  const setups = createSetups({
    layout,
    rulesOf: (repo) => rulesOf(repo).setup,
    ...createSources(checkouts.gitDir),
    record: createRecord(checkouts.gitDir, log),
    toolchains: createToolchains(env),
    env,
    paused,
    log,
  });

  function making(repo: RepoKey, slot: number, git: SimpleGit): Making {
    return {
      git,
      gitDir: checkouts.gitDir(repo),
      slot: layout.slot(repo, slot),
      filters: filtersOf(rulesOf(repo)),
      discard: (path) => discard(path, layout.trash),
      tell: (fields, message) => log.warn({ repo, ...fields }, message),
    };
  }

  const targetOf = (repo: RepoKey, slot: number, sha: Sha): SetupTarget => ({
    repo,
    slot,
    tree: layout.slot(repo, slot),
    sha,
  });

  const slotsOf = (repo: RepoKey) => findSlots(dirname(layout.slot(repo, 1)), checkouts.gitDir(repo));

  /**
   * The checkout of a repo in which the run is to get a tree. Not fetched where its start is at the remote's head already,
   * and nothing has to be proven by the remote's refs: the slot is free and as it was left, and the run has nothing yet.
   */
  async function reach(
    run: Run,
    look: Promise<Look>,
  ): Promise<{ readonly git: SimpleGit; readonly isFetched: boolean }> {
    const { repo, defaultBranch } = run;
    const fresh = async () => ({ git: await fetched(repo), isFetched: true });
    if (!(await checkouts.isCurrent(repo, defaultBranch))) return await fresh();
    const git = checkouts.asItIs(repo);
    const isPlain = (await isUntouched(await look)) && !(await hasBegun(git, checkouts.gitDir(repo), run));
    return isPlain ? { git, isFetched: false } : await fresh();
  }

  async function prepare(run: Run): ReturnType<Trees["prepare"]> {
    const { repo } = run;
    const slotPath = layout.slot(repo, run.slot);
    const path = layout.tree(repo, run.id);
    const gitDir = checkouts.gitDir(repo);
    const rules = rulesOf(repo);
    const look = () => lookAhead(slotPath, gitDir, filtersOf(rules));
    const looking = look();
    const [{ git, isFetched }, early] = await Promise.all([reach(run, looking), looking]);
    return await withGit(`making the tree of run ${run.id}`, async () => {
      const make = making(repo, run.slot, git);
      await leaveOtherSlots(run);
      const head = async (): Promise<Sha> => (await headOf(git, repo, run.defaultBranch)).sha;
      const { base, written } = await chooseBase(make, run, head);
      const target = targetOf(repo, run.slot, base);
      const take = async () => {
        const waited = await setups.makeWay(target);
        if (waited && !isFetched) await fetched(repo);
        return await takeSlot(make, run, base, waited ? await look() : early);
      };
      const [taken] = await Promise.all([take(), written, setups.foresee(target)]);
      const { warm } = taken;
      const tree = { path, slotPath, base };
      if (taken.ready) {
        await link(path, slotPath);
        return { tree, made: { warm, setup: "skipped" } };
      }
      await configure(repo, taken.place);
      await fillTree(taken.place, rules, await checkouts.auth(repo));
      const setup = await setups.ensure(target);
      await saveSlotFile(taken.place.gitDir, "afk-ready", run.id);
      await link(path, slotPath);
      return { tree, made: { warm, setup } };
    });
  }

  /** Git's config as the bot wants it: whatever an agent set for all trees or for this one is gone. */
  async function configure(repo: RepoKey, place: Place): Promise<void> {
    await Promise.all([checkouts.resetConfig(repo), writeIdentity(place, identity)]);
  }

  /** A run that is to start cold leaves the slot that it had; what it did there is kept. */
  async function leaveOtherSlots(run: Run): Promise<void> {
    for (const { slot, seen } of await slotsOf(run.repo)) {
      if (slot !== run.slot && (seen.is === "held" || seen.is === "gone") && seen.run === run.id) {
        const git = await fetched(run.repo);
        await takeBack(run, slot, seen, { keepSlot: false, fetching: Promise.resolve() });
        await forgetRun(making(run.repo, slot, git), run, false, NONE);
      }
    }
  }

  /** The tree is looked at while the fetch is under way, and proven by what that brings. */
  async function takeBack(
    run: Run,
    slot: number,
    seen: Extract<Seen, { is: "held" | "gone" }>,
    { keepSlot, fetching }: { readonly keepSlot: boolean; readonly fetching: Promise<unknown> },
  ): Promise<{ readonly kept: readonly string[]; readonly all: boolean; readonly proven: ReadonlySet<Sha> }> {
    const git = checkouts.asItIs(run.repo);
    const make = making(run.repo, slot, git);
    const others = (await slotsOf(run.repo)).filter((other) => other.slot !== slot);
    const all = !others.some((other) => other.seen.is === "held" || other.seen.is === "gone");
    if (seen.is === "gone") {
      await fetching;
      return { kept: await forgetGone(git, make.gitDir, seen, all), all, proven: NONE };
    }
    await setups.clear({ tree: make.slot });
    const occasion = `Keep the unsaved work of run ${run.id} on ${run.repo}#${run.issue.number}`;
    const whose = { name: run.id, branch: run.branch, occasion };
    const { tree, kept } = await saveTree(make, seen.place, whose, all, fetching);
    const { commits: proven } = tree;
    const { sha } = await headOf(git, run.repo, run.defaultBranch);
    // The files that the switch writes are for the next run: not as this one's agent configured git.
    await configure(run.repo, seen.place);
    await freeSlot(make, tree, sha);
    if (!keepSlot || others.some((other) => other.seen.is === "free")) {
      return { kept: [...kept, ...(await takeDown(make, seen.place, whose))], all, proven };
    }
    setups.warm(targetOf(run.repo, slot, sha));
    return { kept, all, proven };
  }

  /** Whether no other run has a tree, in which its agent may be at work. */
  async function isAlone(run: Run): Promise<boolean> {
    return (await slotsOf(run.repo)).every(({ seen }) => seen.is === "free" || ("run" in seen && seen.run === run.id));
  }

  async function release(run: Run): ReturnType<Trees["release"]> {
    // A late turn of the session then fails to start, instead of working in what the next run gets.
    await rm(layout.tree(run.repo, run.id), { force: true });
    if (!(await checkouts.exists(run.repo))) return [];
    const git = await checkouts.opened(run.repo);
    const fetching = fetched(run.repo);
    // It is waited for where what it brings is needed; until then nobody else would hear of its failure.
    fetching.catch(() => {});
    return await withGit(`releasing the tree of run ${run.id}`, async () => {
      const kept: string[] = [];
      let all = false;
      let proven = NONE;
      for (const { slot, seen } of await slotsOf(run.repo)) {
        if ((seen.is !== "held" && seen.is !== "gone") || seen.run !== run.id) continue;
        const taken = await takeBack(run, slot, seen, { keepSlot: true, fetching });
        kept.push(...taken.kept);
        all ||= taken.all;
        proven = taken.proven;
      }
      await fetching;
      kept.push(...(await forgetRun(making(run.repo, run.slot, git), run, all, proven)));
      if (kept.length > 0)
        log.warn({ repo: run.repo, issue: run.issue.number, run: run.id, kept }, "unsaved work kept");
      return kept;
    });
  }

  async function refresh(repo: RepoKey): Promise<void> {
    if (!(await checkouts.exists(repo))) return;
    const free = (await slotsOf(repo)).filter(
      ({ slot, seen }) => seen.is === "free" && !setups.isBusy(targetOf(repo, slot, "")),
    );
    if (free.length === 0) return;
    // One is what a repo needs, as its runs follow one another; more come of runs that were blocked meanwhile.
    for (const { slot } of free.splice(1)) await removeSlot(repo, slot);
    const git = await fetched(repo);
    const { name } = await fetchDefaultBranch(repo);
    const { sha } = await headOf(git, repo, name);
    await withGit(`refreshing the idle slots of ${repo}`, async () => {
      for (const { slot } of free) {
        const make = making(repo, slot, git);
        const look = await lookAhead(make.slot, make.gitDir, make.filters);
        if (look.seen.is !== "free") continue;
        await toCommit(make, look, look.seen.place, { sha, branch: null });
        await fillTree(look.seen.place, rulesOf(repo), await checkouts.auth(repo));
        setups.warm(targetOf(repo, slot, sha));
      }
    });
  }

  async function removeSlot(repo: RepoKey, slot: number): ReturnType<Trees["removeSlot"]> {
    const gitDir = checkouts.gitDir(repo);
    const seen = await lookAtSlot(layout.slot(repo, slot), gitDir);
    if (seen.is === "nothing") return { is: "removed", saved: [] };
    if (seen.is !== "free")
      return { is: "kept", why: seen.is === "held" ? `run ${seen.run} holds it` : `it is ${seen.is}` };
    const make = making(repo, slot, await fetched(repo));
    await setups.clear({ tree: make.slot });
    return await withGit(`removing slot ${slot} of ${repo}`, async () => {
      const occasion = `Keep what was found in the idle slot ${make.slot}`;
      const whose = { name: `slot-${Date.now()}`, branch: "", occasion };
      const { tree, kept } = await saveTree(make, seen.place, whose, false);
      const { sha } = await headOf(make.git, repo, (await fetchDefaultBranch(repo)).name);
      await freeSlot(make, tree, sha);
      return { is: "removed", saved: [...kept, ...(await takeDown(make, seen.place, whose))] };
    });
  }

  return {
    checkoutPath: (repo) => layout.checkout(repo),
    treePath: (repo, run) => layout.tree(repo, run),
    async ensureCheckout(repo, onProgress) {
      await checkouts.whole(repo, () => fetched(repo, onProgress));
    },
    prepare: (run) => checkouts.whole(run.repo, () => prepare(run)),
    release: (run) =>
      checkouts.whole(
        run.repo,
        () => release(run),
        () => isAlone(run),
      ),
    refresh,
    removeSlot,

    async findSlots(repo) {
      return (await slotsOf(repo)).flatMap(({ slot, seen }) => slotSeen(slot, seen));
    },

    ...createReadings(checkouts),
    setupsSince: () => setups.since(),
    close: () => setups.close(),
  };
}

/** Gone from its place at once. Deleting is housekeeping's, which walks no path that an agent may have bent (decision 14). */
async function discard(path: string, trash: string): Promise<void> {
  await mkdir(trash, { recursive: true });
  try {
    await rename(path, join(trash, `${basename(path)}-${randomBytes(6).toString("hex")}`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const present = await readlink(path).catch(() => undefined);
  if (present === target) return;
  const next = `${path}.next`;
  await rm(next, { force: true });
  await symlink(target, next);
  await rename(next, path);
}
