import type { Logger } from "pino";
import type { Dependencies } from "../ops/dependencies.ts";
import type { Health } from "../ops/health.ts";
import type { Metrics } from "../ops/metrics.ts";
import type { Clock, Store } from "../ports.ts";

/** What lasts as long as the process: all else is built from the config, on top of this. */
export type Base = {
  readonly store: Store;
  readonly dependencies: Dependencies;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
};
