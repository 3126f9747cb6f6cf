// Runs the bot until a signal.

import { watchConfig } from "./config/watch.ts";
import { type Config, loadConfig } from "./config.ts";
import { createRedact } from "./domain/redact.ts";
import { createLog } from "./log.ts";
import { createDependencies } from "./ops/dependencies.ts";
import { createHealth } from "./ops/health.ts";
import { startHttp } from "./ops/http.ts";
import { createMetrics } from "./ops/metrics.ts";
import type { Clock } from "./ports.ts";
import type { Base } from "./serve/base.ts";
import { openSeat } from "./serve/reload.ts";
import { onHangup, untilToldToStop } from "./serve/signals.ts";
import { openStore } from "./store/store.ts";
import { version } from "./version.ts";

/** Resolves once the bot was told to stop and has stopped. Throws where it cannot start at all. */
export async function serve(configFile: string, env: NodeJS.ProcessEnv): Promise<void> {
  const config: Config = loadConfig(configFile, env);
  const secrets = new Set(config.secrets);
  const log = createLog(config.logLevel, secrets, createRedact([], config.redact));
  const clock: Clock = { now: () => Date.now() };
  const dependencies = createDependencies(["github", "t3", "slack", "cluster"], clock, log);
  const health = createHealth(dependencies, clock);
  const metrics = createMetrics({ dependencies, clock, version });
  const configStanding = () => watching.standing();
  const base: Base = { dependencies, health, metrics, clock, log, secrets, configStanding };
  const http = await startHttp({ ...config.http, health, metrics, log });
  const seat = await openSeat(config, base);
  const watching = watchConfig({
    path: configFile,
    env,
    config,
    clock,
    log,
    take: seat.take,
    onOutcome: metrics.configTried,
  });
  onHangup(watching.look);
  try {
    const store = metrics.metered(await openStore(config.stateDir, log));
    seat.lead(store);
    health.become("leader");
    await untilToldToStop(log);
    health.become("stopping");
    await watching.stop();
    const unfinished = await seat.stop();
    await store.close();
    log.info({ unfinished }, "stopped");
  } finally {
    await http.stop();
    metrics.close();
  }
}
