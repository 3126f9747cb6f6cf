import type { Logger } from "pino";
import type { ConfigStanding } from "../config/watch.ts";
import type { MayAct } from "../leader/fence.ts";
import type { Dependencies } from "../ops/dependencies.ts";
import type { Health } from "../ops/health.ts";
import type { Metrics } from "../ops/metrics.ts";
import type { Clock } from "../ports.ts";

/** What lasts as long as the process: all else is built from the config, on top of this. */
export type Base = {
  readonly dependencies: Dependencies;
  readonly health: Health;
  readonly metrics: Metrics;
  /** Asked before every act, by the adapters themselves. */
  readonly mayAct: MayAct;
  /** The same, before what is on the volume changes. */
  readonly mayTouch: MayAct;
  readonly clock: Clock;
  /** How the config file stands to what is in force. */
  readonly configStanding: () => ConfigStanding;
  readonly log: Logger;
  /** What the log leaves out. */
  readonly secrets: Set<string>;
};
