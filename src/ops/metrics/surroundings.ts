// What the bot stands on: which services answer, what GitHub still lets it ask, the volume, and whether it may act.

import { Gauge, type Registry } from "prom-client";
import { activeAt, disarmedEverywhere, type ExecutorSeen } from "../../domain/assign.ts";
import type { BotState } from "../../domain/state.ts";
import type { Limits } from "../../github/limits.ts";
import type { Clock } from "../../ports.ts";
import { readSpace } from "../../volume/space.ts";
import type { Dependencies } from "../dependencies.ts";
import { createHousekeepingMetrics } from "./housekeeping.ts";

/** Read at each scrape. */
export type Surroundings = {
  readonly limits: Pick<Limits, "quota" | "inForce">;
  readonly volume: string;
  /** The T3 servers, and how each stands. */
  executors(): readonly ExecutorSeen[];
  runs(): BotState;
};

export function createSurroundingMetrics(
  registry: Registry,
  dependencies: Dependencies,
  clock: Clock,
): { show(next: Surroundings | undefined): void } {
  const registers = [registry];
  let around: Surroundings | undefined;

  new Gauge({
    name: "afk_dependency_up",
    help: "1 = the service answers, 0 = it does not, or has not yet.",
    labelNames: ["dependency"],
    registers,
    collect() {
      for (const { name, state } of dependencies.all()) this.set({ dependency: name }, state === "up" ? 1 : 0);
    },
  });
  new Gauge({
    name: "afk_dependency_state_seconds",
    help: "For how long the service has answered, or has not.",
    labelNames: ["dependency"],
    registers,
    collect() {
      for (const { name, since } of dependencies.all()) this.set({ dependency: name }, (clock.now() - since) / 1000);
    },
  });
  new Gauge({
    name: "afk_github_quota",
    help: "Of GitHub's REST requests an hour: the limit, and what remains, as its last answer told.",
    labelNames: ["figure"],
    registers,
    collect() {
      const quota = around?.limits.quota();
      if (quota === undefined) return;
      this.set({ figure: "limit" }, quota.limit);
      this.set({ figure: "remaining" }, quota.remaining);
    },
  });
  new Gauge({
    name: "afk_github_limited",
    help: "1 = a rate limit of GitHub's is in force, and the bot waits.",
    labelNames: ["bucket"],
    registers,
    collect() {
      const inForce = around?.limits.inForce() ?? [];
      for (const bucket of ["core", "graphql"]) {
        this.set({ bucket }, inForce.some((limit) => limit.bucket === bucket) ? 1 : 0);
      }
    },
  });
  for (const what of ["bytes", "files"] as const) {
    new Gauge({
      name: `afk_volume_${what}`,
      help: `The volume's size in ${what}, and what of it is free for the bot.`,
      labelNames: ["figure"],
      registers,
      async collect() {
        const space = around === undefined ? undefined : await readSpace(around.volume);
        const figures = space?.known ? space.value[what] : null;
        this.reset();
        if (figures === null) return;
        this.set({ figure: "size" }, figures.total);
        this.set({ figure: "free" }, figures.free);
      },
    });
  }
  new Gauge({
    name: "afk_armed",
    help: "1 = the bot may start new work, kill switch apart.",
    registers,
    collect() {
      this.set(around !== undefined && disarmedEverywhere(around.executors()) === undefined ? 1 : 0);
    },
  });

  new Gauge({
    name: "afk_executor_runs",
    help: "Active runs at each T3 server.",
    labelNames: ["executor"],
    registers,
    collect() {
      this.reset();
      const executors = around?.executors() ?? [];
      if (around === undefined) return;
      for (const { name } of executors) this.set({ executor: name }, activeAt(name, around.runs(), executors));
    },
  });
  new Gauge({
    name: "afk_executor_takes_runs",
    help: "1 = the T3 server answers, its pilot has passed, and it is not drained.",
    labelNames: ["executor"],
    registers,
    collect() {
      this.reset();
      for (const { name, drain, down, disarmed } of around?.executors() ?? []) {
        this.set({ executor: name }, !drain && down === undefined && disarmed === undefined ? 1 : 0);
      }
    },
  });

  createHousekeepingMetrics(registry, () => around?.runs().housekeeping);

  return {
    show(next) {
      around = next;
    },
  };
}
