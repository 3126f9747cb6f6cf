// The T3 servers of the config, each with all that is its own: client, token, spending, restarts, and how it stands.

import type { Config, T3Server } from "../config.ts";
import type { ExecutorSeen } from "../domain/assign.ts";
import type { Policy } from "../domain/policy.ts";
import type { Dependencies } from "../ops/dependencies.ts";
import type { Arming } from "../pilot/arming.ts";
import type { Dependency } from "../ports.ts";
import { createT3Client, type T3Client } from "../t3/client.ts";
import { createExecutor } from "../t3/executor.ts";
import { type Member, noted } from "../t3/routed.ts";
import { createRuntime } from "../t3/runtime.ts";
import { createSpending } from "../t3/spend.ts";
import { createTokens } from "../t3/token.ts";
import type { Base } from "./base.ts";

export type ConnectedMember = Member & { readonly client: T3Client; readonly dependency: Dependency };

/** The names under which people and metrics see whether each server answers: the first one's is what it always was. */
function t3Dependencies({ t3 }: Pick<Config, "t3">): readonly Dependency[] {
  return t3.servers.map(({ name }, index): Dependency => (index === 0 ? "t3" : `t3:${name}`));
}

export function dependenciesOf(config: Pick<Config, "t3">): readonly Dependency[] {
  return ["github", ...t3Dependencies(config), "slack", "channel", "cluster"];
}

export function connectMember(
  server: T3Server,
  config: Config,
  policy: Policy,
  { dependencies, mayAct, clock, log }: Pick<Base, "dependencies" | "mayAct" | "clock" | "log">,
): ConnectedMember {
  const { t3 } = config;
  const { name, url, token, baseDir, publicUrl } = server;
  const dependency = t3Dependencies(config)[t3.servers.indexOf(server)] ?? "t3";
  const client = createT3Client({
    url,
    tokens: createTokens(token, url, clock),
    pollMs: policy.watchMs / 2,
    mayAct,
    clock,
    log: t3.servers.length > 1 ? log.child({ executor: name }) : log,
  });
  const executor = createExecutor({
    client,
    runtime: createRuntime(baseDir),
    spending: createSpending({ baseDir, prices: t3.prices[t3.model.model] }),
    publicUrl,
    model: t3.model,
    runtimeMode: t3.runtimeMode,
    clock,
  });
  return {
    name,
    client,
    dependency,
    executor: noted(executor, {
      watch: (call) => dependencies.watch(dependency, call),
      note: (observed) => dependencies.noteObserved(dependency, observed),
    }),
  };
}

/** How each server stands now, in the config's order. */
export function executorsSeen(
  { t3 }: Pick<Config, "t3">,
  armings: readonly Arming[],
  dependencies: Pick<Dependencies, "all">,
): readonly ExecutorSeen[] {
  const names = t3Dependencies({ t3 });
  const health = new Map(dependencies.all().map((one) => [one.name, one]));
  return t3.servers.map(({ name, capacity, drain }, index) => {
    const seen = health.get(names[index] ?? "t3");
    const down = seen?.state === "down" ? (seen.why ?? "no answer") : undefined;
    return { name, capacity, drain, disarmed: armings[index]?.disarmed(), down };
  });
}
