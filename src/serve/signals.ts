import type { Logger } from "pino";

/** The first SIGTERM or SIGINT stops in order; a second one ends the process at once. */
export function untilToldToStop(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      log.info({ signal }, "stopping");
      process.once(signal, () => process.exit(130));
      resolve();
    };
    process.once("SIGTERM", onSignal);
    process.once("SIGINT", onSignal);
  });
}

/** `kill -HUP`: look at the config now. Without a listener it would end the process. */
export function onHangup(look: () => void): void {
  process.on("SIGHUP", look);
}
