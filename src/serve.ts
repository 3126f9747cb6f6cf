// Runs the bot until a signal.

import type { Config } from "./config.ts";
import { createLog } from "./log.ts";
import { createDependencies } from "./ops/dependencies.ts";
import { createHealth } from "./ops/health.ts";
import { startHttp } from "./ops/http.ts";
import { createMetrics } from "./ops/metrics.ts";
import type { Clock } from "./ports.ts";
import { startBot } from "./serve/bot.ts";
import { untilToldToStop } from "./serve/signals.ts";
import { openStore } from "./store/store.ts";
import { version } from "./version.ts";

/** Resolves once the bot was told to stop and has stopped. Throws where it cannot start at all. */
export async function serve(config: Config): Promise<void> {
  const log = createLog(config.logLevel, new Set(config.secrets));
  const clock: Clock = { now: () => Date.now() };
  const dependencies = createDependencies(["github", "t3", "slack", "cluster"], clock, log);
  const health = createHealth(dependencies, clock);
  const metrics = createMetrics({ dependencies, clock, version });
  const http = await startHttp({ ...config.http, health, metrics, log });
  try {
    const store = metrics.metered(await openStore(config.stateDir, log));
    const bot = await startBot(config, { store, dependencies, health, metrics, clock, log });
    health.become("leader");
    await untilToldToStop(log);
    health.become("stopping");
    const unfinished = await bot.stop();
    await store.close();
    log.info({ unfinished }, "stopped");
  } finally {
    await http.stop();
    metrics.close();
  }
}
