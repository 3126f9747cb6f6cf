// One bot at a time, replaced by another when the config changes.

import type { Config } from "../config.ts";
import { isActive, isEnded } from "../domain/run.ts";
import type { BotState } from "../domain/state.ts";
import { AfkError } from "../errors.ts";
import type { Store } from "../ports.ts";
import type { Base } from "./base.ts";
import { type Bot, type WarmBot, warmUp } from "./bot.ts";

export type Seat = {
  /** Lets the warm bot act, on this store. */
  lead(store: Store): void;
  /** Replaces the bot. Throws `config`, and leaves the one before, where the next one cannot take its place. */
  take(next: Config): Promise<void>;
  /** Resolves to the repos that were still at work after a while. */
  stop(): Promise<readonly string[]>;
};

/** Starts with a warm bot. */
export async function openSeat(first: Config, base: Base): Promise<Seat> {
  let config = first;
  let warm: WarmBot = await warmUp(first, base);
  let leading: { readonly store: Store; bot: Bot } | undefined;

  return {
    lead(store) {
      leading = { store, bot: warm.lead(store) };
    },
    async take(next) {
      const problems = [
        ...fixedKeys(config, next),
        ...(leading === undefined ? [] : goneRepos(leading.store.state, next)),
        ...(leading === undefined ? [] : goneServers(leading.store.state, next)),
      ];
      if (problems.length > 0) throw new AfkError("config", problems.join("\n"));
      const replacing = await warmUp(next, base);
      base.log.level = next.logLevel;
      for (const secret of next.secrets) base.secrets.add(secret);
      const replaced = warm;
      warm = replacing;
      config = next;
      if (leading === undefined) await replaced.close();
      else leading.bot = replacing.lead(leading.store, await leading.bot.stop("it is replaced"));
    },
    async stop() {
      if (leading !== undefined) return (await leading.bot.stop("the process ends")).repos;
      await warm.close();
      return [];
    },
  };
}

/** What the process was started with and keeps. */
function fixedKeys(before: Config, next: Config): readonly string[] {
  const restart = "cannot change while the bot runs: restart it to take the config";
  return [
    ...(before.stateDir === next.stateDir ? [] : [`state: ${restart}`]),
    ...(before.volume === next.volume ? [] : [`volume: ${restart}`]),
    ...(same(before.http, next.http) ? [] : [`http: ${restart}`]),
    ...(same(before.leaderElection, next.leaderElection) ? [] : [`leaderElection: ${restart}`]),
  ];
}

/** A run needs its repo's entry to its end: without it nobody knows what the commit has to be healthy on. */
function goneRepos(state: BotState, next: Config): readonly string[] {
  return Object.values(state.runs)
    .filter((run) => isActive(run) && !next.repos.has(run.repo))
    .map(({ repo, issue }) => `repos: ${repo} is at work on #${issue.number}: the config is taken when that has ended`);
}

/** A session is only where it is. */
function goneServers(state: BotState, { t3 }: Config): readonly string[] {
  const names = new Set(t3.servers.map(({ name }) => name));
  return Object.values(state.runs)
    .filter((run) => run.executor !== undefined && !names.has(run.executor) && (!isEnded(run) || run.tree !== null))
    .map(
      ({ executor, repo, issue }) =>
        `t3: #${issue.number} of ${repo} is at ${executor}: drain it first, then remove it`,
    );
}

function same(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
