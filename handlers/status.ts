import { activeAt, disarmedEverywhere } from "../src/domain/assign.ts";
import { status } from "../views/status.ts";
import type { Handler } from "./context.ts";

export const showStatus: Handler = async (
  { text },
  { config, configStanding, store, dependencies, clock, polling, executors },
) =>
  status({
    runs: Object.values(store.state.runs).filter(({ repo }) => repo.includes(text.trim().toLowerCase())),
    pause: store.state.pause,
    disarmed: disarmedEverywhere(executors()),
    executors: executors().map((one) => ({ ...one, active: activeAt(one.name, store.state, executors()) })),
    config: configStanding(),
    dependencies: dependencies.all(),
    repos: config.repos.size,
    polling: { wantedMs: config.policy.pollMs, everyMs: polling.everyMs, limits: polling.inForce() },
    now: clock.now(),
  });
