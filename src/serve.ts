// Runs the bot until a signal.

import type { Config } from "./config.ts";
import { createLog } from "./log.ts";
import { createDependencies } from "./ops/dependencies.ts";
import type { Clock } from "./ports.ts";
import { startBot } from "./serve/bot.ts";
import { untilToldToStop } from "./serve/signals.ts";
import { openStore } from "./store/store.ts";

/** Resolves once the bot was told to stop and has stopped. Throws where it cannot start at all. */
export async function serve(config: Config): Promise<void> {
  const log = createLog(config.logLevel);
  const clock: Clock = { now: () => Date.now() };
  const store = await openStore(config.stateDir, log);
  const dependencies = createDependencies(["github", "t3", "slack", "cluster"], clock, log);
  const bot = await startBot(config, { store, dependencies, clock, log });
  await untilToldToStop(log);
  const unfinished = await bot.stop();
  await store.close();
  log.info({ unfinished }, "stopped");
}
