import type { Logger } from "pino";

/** The first SIGTERM or SIGINT aborts it, to stop in order; a second one ends the process at once. */
export function stopSignal(log: Logger): AbortSignal {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(130);
    log.info({ signal }, "stopping");
    controller.abort();
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return controller.signal;
}

/** `kill -HUP`: look at the config now. Without a listener it would end the process. */
export function onHangup(look: () => void): void {
  process.on("SIGHUP", look);
}
