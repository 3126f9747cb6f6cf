// The loops as figures: how much waits, how late it is begun, how long it takes, how often it fails.

import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Load, LoopMeter } from "../../loop.ts";

export function createLoopMetrics(registry: Registry): LoopMeter {
  const registers = [registry];
  const loads = new Map<string, () => Load<string>>();
  new Gauge({
    name: "afk_loop_keys",
    help: "What each loop has to do: at work, due and waiting for a worker, or backing off after a failure.",
    labelNames: ["loop", "state"],
    registers,
    collect() {
      for (const [loop, load] of loads) {
        const { working, due, backingOff } = load();
        this.set({ loop, state: "working" }, working);
        this.set({ loop, state: "due" }, due);
        this.set({ loop, state: "backing-off" }, backingOff);
      }
    },
  });
  const late = new Histogram({
    name: "afk_loop_late_seconds",
    help: "How long a key was due before a worker was free for it.",
    labelNames: ["loop"],
    buckets: [0.01, 0.1, 0.5, 1, 5, 15, 60, 300],
    registers,
  });
  const took = new Histogram({
    name: "afk_loop_work_seconds",
    help: "How long one look at a key took.",
    labelNames: ["loop"],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900],
    registers,
  });
  const failures = new Counter({
    name: "afk_loop_failures_total",
    help: "Looks that failed, and are tried again.",
    labelNames: ["loop"],
    registers,
  });

  return {
    follow(loop, load) {
      loads.set(loop, load);
      failures.inc({ loop }, 0);
    },
    worked(loop, lateMs, tookMs, failed) {
      late.observe({ loop }, lateMs / 1000);
      took.observe({ loop }, tookMs / 1000);
      if (failed) failures.inc({ loop });
    },
  };
}
