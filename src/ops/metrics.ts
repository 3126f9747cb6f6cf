// Everything the bot counts, in one registry that lasts as long as the process. docs/observability.md lists it.

import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { LoopMeter } from "../loop.ts";
import type { Clock } from "../ports.ts";
import type { Dependencies } from "./dependencies.ts";
import { type CallMetrics, createCallMetrics } from "./metrics/calls.ts";
import { createLoopMetrics } from "./metrics/loops.ts";
import { createRunMetrics, type RunMetrics } from "./metrics/runs.ts";
import { createSurroundingMetrics, type Surroundings } from "./metrics/surroundings.ts";

export type Metrics = RunMetrics & {
  readonly meter: LoopMeter;
  readonly calls: Pick<CallMetrics, "name">;
  /** Counts a changed config. */
  configTried(outcome: "taken" | "refused" | "reverted"): void;
  /** Whether this process is the one that acts. */
  leads(now: boolean): void;
  /** What is read from at each scrape; undefined = nothing acts in this process. */
  show(around: Surroundings | undefined): void;
  /** Prometheus' text format. */
  text(): Promise<{ readonly type: string; readonly body: string }>;
  close(): void;
};

export function createMetrics(parts: {
  readonly dependencies: Dependencies;
  readonly clock: Clock;
  readonly version: string;
}): Metrics {
  const { dependencies, clock, version } = parts;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: "afk_info",
    help: "1, with the bot's version.",
    labelNames: ["version"],
    registers: [registry],
  }).set({ version }, 1);
  const calls = createCallMetrics(registry);
  const leader = new Gauge({
    name: "afk_leader",
    help: "1 = this process acts, 0 = it stands by.",
    registers: [registry],
  });
  const configGood = new Gauge({
    name: "afk_config_good",
    help: "1 = the config file as it is now is in force.",
    registers: [registry],
  });
  configGood.set(1);
  const configTries = new Counter({
    name: "afk_config_reloads_total",
    help: "Changed configs, by whether they were taken.",
    labelNames: ["result"],
    registers: [registry],
  });
  for (const result of ["taken", "refused", "reverted"]) configTries.inc({ result }, 0);
  return {
    ...createRunMetrics(registry, clock),
    meter: createLoopMetrics(registry),
    calls,
    leads(now) {
      leader.set(now ? 1 : 0);
    },
    configTried(outcome) {
      configGood.set(outcome === "refused" ? 0 : 1);
      configTries.inc({ result: outcome });
    },
    show: createSurroundingMetrics(registry, dependencies, clock).show,
    async text() {
      return { type: registry.contentType, body: await registry.metrics() };
    },
    close: calls.close,
  };
}
