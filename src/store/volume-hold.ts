// One bot at a time on a volume. Two with state folders of their own do not meet in those; but each takes the other's trees
// for nobody's. What the lock can and cannot promise is decision 24.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { AfkError, messageOf } from "../errors.ts";
import { type Lock, takeLock } from "./lock.ts";

export type VolumeHold = {
  /**
   * Throws `conflict`, naming the process, where another bot works on the volume. One that cannot be locked for another
   * reason, such as a full disk, is worked on without: it is housekeeping that makes room.
   */
  take(lease: string | null): Promise<void>;
  /** Throws `conflict` where another bot has taken it since, or may have. */
  check(): void;
  release(): Promise<void>;
};

export function createVolumeHold(volume: string, log: Logger): VolumeHold {
  const dir = join(volume, "bot");
  let lock: Lock | undefined;
  return {
    async take(lease) {
      try {
        await mkdir(dir, { recursive: true, mode: 0o700 });
        lock = await takeLock({ dir, what: `volume ${volume}` }, lease, (machine) =>
          log.warn({ volume, machine }, "volume is held elsewhere, watching whether its holder lives"),
        );
      } catch (error) {
        // A disk that refuses is a cause; that another bot is there has none.
        if (error instanceof AfkError && error.code === "conflict" && error.cause === undefined) throw error;
        log.warn({ volume, why: messageOf(error) }, "volume cannot be locked: another bot on it would not be noticed");
      }
    },
    check: () => lock?.check(),
    release: async () => await lock?.release(),
  };
}
