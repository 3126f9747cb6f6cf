// The bot's machine: a clock that can be set wrong, and a volume that can be filled up.

import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, renameSync, rmSync, statfsSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const CLOCK = new URL("./clock.ts", import.meta.url).href;

export type Machine = {
  /** What the bot's environment has beside the world's own. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether the volume is a file system of its own, that can be filled. */
  readonly fillable: boolean;
  setClock(offsetMs: number): void;
  /** One of Berlin's two offsets from UTC. */
  setSummerTime(is: boolean): void;
  /** Until so many per cent are free; 0 = to the last byte. */
  fill(freePercent: number): void;
  empty(): void;
  [Symbol.dispose](): void;
};

/**
 * `small`: makes the volume a small file system in memory, where this process may mount one; it does so in a mount
 * namespace of its own, which `npm run soak` makes for itself.
 */
export function createMachine(dir: string, volume: string, small: { readonly mb: number } | undefined): Machine {
  const file = join(dir, "clock.json");
  const ballast = join(volume, "ballast");
  let [offsetMs, zone] = [0, "Etc/GMT-1"];
  mkdirSync(volume, { recursive: true });
  const fillable =
    small !== undefined && spawnSync("mount", ["-t", "tmpfs", "-o", `size=${small.mb}m`, "soak", volume]).status === 0;

  /** The bot may read it at any time: it is there as a whole. */
  function write(): void {
    writeFileSync(`${file}.new`, JSON.stringify({ offsetMs, zone }));
    renameSync(`${file}.new`, file);
  }

  write();
  return {
    env: { SOAK_CLOCK: file, NODE_OPTIONS: `--import=${CLOCK}` },
    fillable,
    setClock(to) {
      offsetMs = to;
      write();
    },
    setSummerTime(is) {
      zone = is ? "Etc/GMT-2" : "Etc/GMT-1";
      write();
    },
    fill(freePercent) {
      const { bavail, blocks, bsize } = statfsSync(volume);
      const bytes = (bavail - Math.floor((blocks * freePercent) / 100)) * bsize;
      const to = openSync(ballast, "w");
      try {
        const piece = Buffer.alloc(1 << 20);
        for (let left = bytes; left > 0; left -= piece.length) writeSync(to, piece, 0, Math.min(piece.length, left));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      } finally {
        closeSync(to);
      }
    },
    empty: () => rmSync(ballast, { force: true }),
    [Symbol.dispose]() {
      if (fillable) spawnSync("umount", ["-l", volume]);
    },
  };
}
