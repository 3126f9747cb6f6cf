// Runs the bot until a signal: starting → standing by → leading → stopped.

import { watchConfig } from "./config/watch.ts";
import { type Config, loadConfig } from "./config.ts";
import { createRedact } from "./domain/redact.ts";
import { createLead } from "./leader/leadership.ts";
import { createLog } from "./log.ts";
import { createDependencies } from "./ops/dependencies.ts";
import { createHealth } from "./ops/health.ts";
import { startHttp } from "./ops/http.ts";
import { createMetrics } from "./ops/metrics.ts";
import type { Clock } from "./ports.ts";
import type { Base } from "./serve/base.ts";
import { dependenciesOf } from "./serve/members.ts";
import { openSeat } from "./serve/reload.ts";
import { onHangup, stopSignal } from "./serve/signals.ts";
import { openStore } from "./store/store.ts";
import { createVolumeHold } from "./store/volume-hold.ts";
import { version } from "./version.ts";

/** Resolves once the bot was told to stop and has stopped. Throws where it cannot start at all. */
export async function serve(configFile: string, env: NodeJS.ProcessEnv): Promise<void> {
  const config: Config = loadConfig(configFile, env);
  const secrets = new Set(config.secrets);
  const log = createLog(config.logLevel, secrets, createRedact([], config.redact));
  const clock: Clock = { now: () => Date.now() };
  const dependencies = createDependencies(dependenciesOf(config), clock, log);
  const health = createHealth(dependencies, clock);
  const metrics = createMetrics({ dependencies, clock, version });
  const lead = createLead(config, log);
  const { mayAct } = lead;
  const volume = createVolumeHold(config.volume, log);
  const mayTouch = (): void => {
    mayAct();
    volume.check();
  };
  const configStanding = () => watching.standing();
  const base: Base = { dependencies, health, metrics, mayAct, mayTouch, clock, log, secrets, configStanding };
  const stop = stopSignal(log);
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
  void lead.lost.then((why) => {
    // At once, and without finishing anything: another one may lead already. It comes back as a standby.
    log.fatal({ why }, "does not lead any more, exiting");
    process.exit(1);
  });
  try {
    health.become("standby");
    if (await lead.win(stop)) {
      health.become("starting");
      const store = metrics.metered(await openStore(config.stateDir, log, lead));
      await volume.take(lead.lease);
      seat.lead(store);
      health.become("leader");
      metrics.leads(true);
      await aborted(stop);
      health.become("stopping");
      await watching.stop();
      const unfinished = await seat.stop();
      await volume.release();
      await store.close();
      log.info({ unfinished }, "stopped");
    } else {
      await watching.stop();
      await seat.stop();
      log.info("stopped while standing by");
    }
  } finally {
    await lead.release();
    await http.stop();
    metrics.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
