// The chaos panel's other end: what it breaks and mends in the world, and how things stand.

import { statfsSync } from "node:fs";
import { appendFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Keeper } from "../demo/keeper.ts";
import type { Volume } from "../demo/volume.ts";
import type { Listener } from "../listener.ts";
import type { World } from "../world/world.ts";
import type { Acted, ControlsSection, Service } from "./protocol.ts";

export type Controls = {
  look(): ControlsSection;
  turn(service: Service, up: boolean): Promise<void>;
  /** Everybody who calls it is told to wait for a while. */
  limit(service: Service): void;
  kill(): void;
  /** Not gracefully: running sessions are left as zombies. */
  restartT3(): Promise<void>;
  fill(full: boolean): Promise<Acted>;
};

const LIMIT_SECONDS = 20;
const THROTTLED_REQUESTS = 40;
const BALLAST_CHUNK = Buffer.alloc(4 * 1024 * 1024);

export function controlsOver(world: World, keeper: Keeper, volume: Volume): Controls {
  const { github, slack, t3, cluster } = world;
  const listeners: Readonly<Record<Service, Listener>> = {
    github: github.listener,
    slack: slack.listener,
    t3: t3.listener,
    cluster: cluster.listener,
  };
  const off = new Set<Service>();
  const limitedUntilMs = new Map<Service, number>();
  const ballast = join(volume.path, "ballast");
  let full = false;

  function standing(service: Service): ControlsSection["services"][Service] {
    return { up: !off.has(service), limited: (limitedUntilMs.get(service) ?? 0) > Date.now() };
  }

  return {
    look: () => ({
      services: {
        github: standing("github"),
        slack: standing("slack"),
        t3: standing("t3"),
        cluster: standing("cluster"),
      },
      bot: keeper.look(),
      volume: { path: volume.path, usedPercent: usedPercent(volume.path), full, why: volume.why },
    }),
    async turn(service, up) {
      if (up) {
        await listeners[service].on();
        off.delete(service);
      } else {
        off.add(service);
        await listeners[service].off();
      }
    },
    limit(service) {
      limitedUntilMs.set(service, Date.now() + LIMIT_SECONDS * 1000);
      if (service === "slack") slack.rateLimit(LIMIT_SECONDS);
      if (service === "github") github.rateLimitNow(LIMIT_SECONDS, "secondary");
      if (service === "cluster") cluster.throttle(THROTTLED_REQUESTS);
    },
    kill: () => keeper.kill(),
    restartT3: () => t3.restart({ graceful: false }),
    async fill(wanted) {
      if (volume.why !== "") return { ok: false, shown: volume.why };
      if (wanted) await fillUp(ballast);
      else await rm(ballast, { force: true });
      full = wanted;
      return { ok: true };
    },
  };
}

async function fillUp(file: string): Promise<void> {
  for (;;) {
    try {
      await appendFile(file, BALLAST_CHUNK);
    } catch (error) {
      if (isFull(error)) return;
      throw error;
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOSPC";
}

function usedPercent(path: string): number {
  const { blocks, bavail } = statfsSync(path);
  return blocks === 0 ? 0 : Math.round((1 - bavail / blocks) * 100);
}
