// What keeps the volume from filling: whether its jobs run, and whether that is enough.

import { Gauge, type Registry } from "prom-client";
import type { HousekeepingState } from "../../domain/housekeeping-state.ts";

/** `state` is read at each scrape; undefined = nothing acts in this process. */
export function createHousekeepingMetrics(registry: Registry, state: () => HousekeepingState | undefined): void {
  const registers = [registry];
  new Gauge({
    name: "afk_housekeeping_job_ran_timestamp_seconds",
    help: "When the job ran last.",
    labelNames: ["job"],
    registers,
    collect() {
      this.reset();
      for (const [job, { ranAt }] of Object.entries(state()?.jobs ?? {})) this.set({ job }, ranAt / 1_000);
    },
  });
  new Gauge({
    name: "afk_housekeeping_job_failed",
    help: "1 = the job failed the last time that it ran.",
    labelNames: ["job"],
    registers,
    collect() {
      this.reset();
      for (const [job, { failed }] of Object.entries(state()?.jobs ?? {})) this.set({ job }, failed === null ? 0 : 1);
    },
  });
  new Gauge({
    name: "afk_volume_exhausted",
    help: "1 = the volume is above its high watermark, and nothing that may go is left.",
    registers,
    collect() {
      this.set((state()?.full ?? null) === null ? 0 : 1);
    },
  });
}
