// The setups of slots: skipped where nothing that they depend on has changed, run where it has, ahead of need where nobody
// waits. One at a time in a slot. What a bot that was killed left running there is ended first.

import { join } from "node:path";
import type { Logger } from "pino";
import type { RepoKey, Sha } from "../domain/repo.ts";
import { fingerprintOf, isSetupInput, type TrackedFile } from "../domain/tree-setup.ts";
import { AfkError, messageOf } from "../errors.ts";
import { findByEnvironment } from "../processes.ts";
import { type Cache, cacheEnv, caches, cachesFor } from "../volume/caches.ts";
import { loadEvictionMark } from "../volume/evicted.ts";
import type { Layout } from "../volume/layout.ts";
import { runCommand } from "./command.ts";
import type { Toolchains } from "./toolchains.ts";

export type SetupRules = {
  readonly command: string;
  readonly withinMs: number;
  /** Variables that the operator lets it have; their values are hidden in what it prints. */
  readonly env: Readonly<Record<string, string>>;
  /** Further paths that it depends on. */
  readonly inputs: readonly string[];
  /** Instead of those that the repo's files speak for. */
  readonly caches: readonly string[] | null;
};

/** A slot, and the commit that it is or is going to be set up for. */
export type SetupTarget = { readonly repo: RepoKey; readonly slot: number; readonly tree: string; readonly sha: Sha };

/** Where it is written down how a slot was set up. */
export type SetupRecord = {
  load(target: SetupTarget): Promise<string | undefined>;
  save(target: SetupTarget, fingerprint: string): Promise<void>;
  drop(target: SetupTarget): Promise<void>;
};

export type Setups = {
  /**
   * Before the slot's files change: waits for a setup that will do for the target as well, and ends any other. Resolves to
   * whether there was one.
   */
  makeWay(target: SetupTarget): Promise<boolean>;
  isBusy(target: Pick<SetupTarget, "tree">): boolean;
  /** When the oldest of those under way began, in UTC milliseconds; undefined = none is. */
  since(): number | undefined;
  /** Throws `refused` where the command fails, `conflict` where it had to stop. */
  ensure(target: SetupTarget): Promise<"none" | "skipped" | "ran">;
  /** Reads what `ensure` is going to ask for; what cannot be read is said there. */
  foresee(target: SetupTarget): Promise<void>;
  /** The same while nobody waits for it. */
  warm(target: SetupTarget): void;
  /** Ends what runs in the slot. */
  clear(target: Pick<SetupTarget, "tree">): Promise<void>;
  close(): Promise<void>;
};

type Job = {
  readonly fingerprint: string;
  readonly begun: number;
  stop(why: string): void;
  readonly done: Promise<void>;
};

export function createSetups(parts: {
  readonly layout: Layout;
  readonly rulesOf: (repo: RepoKey) => SetupRules | undefined;
  /** The tracked files of a commit, and the text of one of them. */
  readonly filesAt: (repo: RepoKey, sha: Sha) => Promise<readonly TrackedFile[]>;
  readonly readAt: (repo: RepoKey, sha: Sha, path: string) => Promise<string>;
  readonly record: SetupRecord;
  readonly toolchains: Toolchains;
  /** What every setup gets. */
  readonly env: Readonly<Record<string, string>>;
  readonly paused: () => boolean;
  readonly log: Logger;
}): Setups {
  const { layout, rulesOf, filesAt, readAt, record, toolchains, env, paused, log } = parts;
  const jobs = new Map<string, Job>();
  /** Slots in which nothing of a bot that ran before is left. */
  const cleared = new Set<string>();
  /** The last setup that failed ahead of need, by slot: it is not tried again for the same. */
  const failed = new Map<string, string>();
  let closing = false;

  async function planOf({ repo, sha }: SetupTarget, rules: SetupRules) {
    const files = await filesAt(repo, sha);
    const used = await toolsOf(repo, sha, files, rules);
    const marks = used.filter(({ treesReadIt }) => treesReadIt).map(({ tool }) => loadEvictionMark(layout.cache(tool)));
    const fingerprint = fingerprintOf({
      command: rules.command,
      files: files.filter(({ path }) => isSetupInput(path, rules.inputs)),
      toolchains: await toolchains.versions(used.flatMap(({ versions }) => versions)),
      evictions: await Promise.all(marks),
    });
    return { fingerprint, used };
  }

  async function toolsOf(
    repo: RepoKey,
    sha: Sha,
    files: readonly TrackedFile[],
    rules: SetupRules,
  ): Promise<readonly Cache[]> {
    if (rules.caches !== null) return caches.filter(({ tool }) => rules.caches?.includes(tool));
    const names = files.map(({ path }) => path).filter((path) => !path.includes("/"));
    return await cachesFor(names, (name) => readAt(repo, sha, name));
  }

  async function run(
    target: SetupTarget,
    rules: SetupRules,
    used: readonly Cache[],
    stopFor: () => string | undefined,
  ) {
    const { repo, slot, tree } = target;
    const mark = `AFK_SETUP_OF=${tree}`;
    const begun = performance.now();
    const fields = { repo, slot, tree };
    log.info({ ...fields, command: rules.command }, "setup begins");
    try {
      return await runCommand({
        text: rules.command,
        cwd: tree,
        env: {
          ...env,
          HOME: join(layout.home(repo), "home"),
          ...cacheEnv(used, layout.cache),
          ...rules.env,
          AFK_SETUP_OF: tree,
        },
        withinMs: rules.withinMs,
        logFile: layout.setupLog(repo, slot),
        secrets: Object.values(rules.env),
        stopFor,
      });
    } finally {
      await endAll(mark);
      log.info({ ...fields, ms: Math.round(performance.now() - begun) }, "setup ends");
    }
  }

  async function start(target: SetupTarget, rules: SetupRules, fingerprint: string, used: readonly Cache[]) {
    const { tree } = target;
    let told: string | undefined;
    const stopFor = (): string | undefined => {
      if (closing) return "the bot is stopping";
      return told ?? (paused() ? "the bot is paused" : undefined);
    };
    const work = async (): Promise<void> => {
      await endLeftovers(tree);
      await record.drop(target);
      const ended = await run(target, rules, used, stopFor);
      if (ended.is === "done") return await record.save(target, fingerprint);
      if (ended.is === "stopped") throw new AfkError("conflict", `The setup was stopped: ${ended.why}.`);
      const where = layout.setupLog(target.repo, target.slot);
      throw new AfkError("refused", `The setup command failed (${ended.how}; ${where}):\n${ended.tail}`);
    };
    const done = work().finally(() => jobs.delete(tree));
    jobs.set(tree, {
      fingerprint,
      begun: Date.now(),
      stop: (why) => {
        told = why;
      },
      done: done.catch(() => {}),
    });
    await done;
  }

  /** Whether there was something. */
  async function endLeftovers(tree: string): Promise<boolean> {
    if (cleared.has(tree)) return false;
    const ended = await endAll(`AFK_SETUP_OF=${tree}`);
    cleared.add(tree);
    return ended > 0;
  }

  async function clear({ tree }: Pick<SetupTarget, "tree">): Promise<void> {
    const job = jobs.get(tree);
    job?.stop("its slot is needed");
    await job?.done;
    await endLeftovers(tree);
  }

  async function ensure(target: SetupTarget): Promise<"none" | "skipped" | "ran"> {
    const rules = rulesOf(target.repo);
    if (rules === undefined) return "none";
    const { fingerprint, used } = await planOf(target, rules);
    if ((await record.load(target)) === fingerprint) return "skipped";
    await start(target, rules, fingerprint, used);
    return "ran";
  }

  async function warmUp(target: SetupTarget): Promise<void> {
    const rules = rulesOf(target.repo);
    if (rules === undefined || closing || paused()) return;
    const { fingerprint, used } = await planOf(target, rules);
    if ((await record.load(target)) === fingerprint || failed.get(target.tree) === fingerprint) return;
    if (jobs.get(target.tree)?.fingerprint === fingerprint) return;
    await clear(target);
    try {
      await start(target, rules, fingerprint, used);
      failed.delete(target.tree);
    } catch (error) {
      if (error instanceof AfkError && error.code === "refused") failed.set(target.tree, fingerprint);
      throw error;
    }
  }

  return {
    async makeWay(target) {
      const job = jobs.get(target.tree);
      const rules = rulesOf(target.repo);
      if (job === undefined) return await endLeftovers(target.tree);
      if (rules !== undefined && (await planOf(target, rules)).fingerprint === job.fingerprint) await job.done;
      else await clear(target);
      return true;
    },
    isBusy: ({ tree }) => jobs.has(tree),
    since: () => [...jobs.values()].map(({ begun }) => begun).toSorted((a, b) => a - b)[0],
    ensure,
    async foresee(target) {
      const rules = rulesOf(target.repo);
      if (rules !== undefined) await planOf(target, rules).catch(() => {});
    },
    warm(target) {
      const { repo, slot } = target;
      warmUp(target).catch((error: unknown) => {
        log.warn({ repo, slot, why: messageOf(error) }, "slot not set up ahead of need");
      });
    },
    clear,
    async close() {
      closing = true;
      await Promise.all([...jobs.values()].map(({ done }) => done));
    },
  };
}

async function endAll(mark: string): Promise<number> {
  const found = await findByEnvironment(mark);
  for (const pid of found) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended by itself.
    }
  }
  return found.length;
}
