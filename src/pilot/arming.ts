// Whether the pilot arms the bot at one T3 server: its last result there has to be a pass, for the T3 version that answers now. With
// `t3.pilot: auto` the bot runs the pilot by itself, at the start and when another version answers.

import type { Logger } from "pino";
import type { Config, T3Server } from "../config.ts";
import type { Disarmed } from "../domain/gates.ts";
import { messageOf } from "../errors.ts";
import { createLoop } from "../loop.ts";
import type { Clock } from "../ports.ts";
import type { T3Client } from "../t3/client.ts";
import { runPilot } from "./pilot.ts";
import { type PilotResult, savePilot, watchPilot } from "./result.ts";

export type Arming = {
  /** The server's name. */
  readonly name: string;
  /** Why the pilot lets nothing start; undefined = it does not stand in the way. */
  disarmed(): Disarmed;
  last(): PilotResult | undefined;
  /** Starts the pilot in the background. False = it is under way already. */
  start(): boolean;
  stop(): Promise<void>;
};

const WITHIN_MS = 5 * 60_000;
const LOOK_EVERY_MS = 2_000;
const DRAIN_MS = 15_000;
/** After a pilot of our own that did not pass. */
const AGAIN_AFTER_MS = 10 * 60_000;

/** The reason in words. Pure. */
export function disarmedBy(result: PilotResult | undefined, answers: string | undefined): Disarmed {
  const how = "run `afk pilot`";
  if (result === undefined) return `the pilot was never run: ${how}`;
  if (!result.passed) {
    const failed = result.checks.filter(({ passed }) => !passed);
    const first = failed[0];
    const which = failed.map(({ name }) => name).join(", ");
    return `the pilot did not pass (${which}): ${first?.saw ?? ""} ${first?.mend ?? ""}`.trim();
  }
  if (answers === undefined)
    return "T3 has not answered yet, so it is unknown which version the pilot's pass has to be for";
  if (result.t3Version === answers) return undefined;
  return `the pilot passed for T3 ${result.t3Version}, and T3 ${answers} answers: ${how}`;
}

export function createArming(options: {
  readonly config: Pick<Config, "stateDir" | "volume" | "t3">;
  readonly server: T3Server;
  readonly client: T3Client;
  readonly clock: Clock;
  readonly log: Logger;
  /** The kill switch: no pilot of our own then. */
  paused(): boolean;
  /** Called when the bot becomes armed: there may be work that waited. */
  onArmed(): void;
}): Arming {
  const { config, server, client, clock, paused, onArmed } = options;
  const { name } = server;
  const log = config.t3.servers.length > 1 ? options.log.child({ executor: name }) : options.log;
  const last = watchPilot(config.stateDir, name);
  const disarmed = (): Disarmed => disarmedBy(last(), client.lastEnvironment()?.serverVersion);
  let told: string | undefined | null = null;
  let asked = false;
  let running = false;
  let stopped = false;
  let again = 0;

  /** Logs each change, and wakes what waited. */
  function announce(): void {
    const why = disarmed();
    if (why === told) return;
    told = why;
    if (why === undefined) {
      log.info({ t3: client.lastEnvironment()?.serverVersion }, "armed");
      onArmed();
    } else log.warn({ why }, "not armed");
  }

  async function pilot(): Promise<void> {
    running = true;
    try {
      const tell = (step: string): void => log.info({ step }, "pilot");
      const how = { withinMs: WITHIN_MS, restartCommand: undefined, stopped: () => stopped };
      const result = await runPilot({
        server,
        model: config.t3.model,
        volume: config.volume,
        ...how,
        clock,
        log,
        tell,
      });
      if (stopped) return;
      await savePilot(config.stateDir, name, result);
      for (const { name: check, passed, saw, mend } of result.checks)
        log.info({ check, passed, saw, mend }, "pilot check");
      again = result.passed ? 0 : clock.now() + AGAIN_AFTER_MS;
    } catch (error) {
      again = clock.now() + AGAIN_AFTER_MS;
      log.error({ why: messageOf(error) }, "pilot could not be run");
    } finally {
      running = false;
      asked = false;
    }
  }

  const loop = createLoop<"pilot">({
    name: "pilot",
    concurrency: 1,
    backoff: { firstMs: LOOK_EVERY_MS, ceilingMs: 30_000 },
    log: log.child({}, { level: "error" }),
    async work() {
      const { serverVersion } = client.lastEnvironment() ?? (await client.environment());
      const auto = config.t3.pilot === "auto" && !paused() && clock.now() >= again;
      const due = auto && disarmedBy(last(), serverVersion) !== undefined;
      if (asked || due) await pilot();
      announce();
      return LOOK_EVERY_MS;
    },
  });
  announce();
  loop.nudge("pilot");

  return {
    name,
    disarmed,
    last,
    start() {
      if (asked || running) return false;
      asked = true;
      loop.nudge("pilot");
      return true;
    },
    async stop() {
      stopped = true;
      await loop.stop(DRAIN_MS);
    },
  };
}
