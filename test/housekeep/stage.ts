// A volume of its own with a capacity of its own: what is on the disk is what is in use of it.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pino } from "pino";
import type { HousekeepingPolicy } from "../../src/domain/housekeeping.ts";
import { known } from "../../src/domain/observed.ts";
import type { Space } from "../../src/domain/space.ts";
import type { PassDone, PassParts, Slots } from "../../src/housekeep/pass.ts";
import { runPass } from "../../src/housekeep/pass.ts";
import { createVolumeThread, type VolumeThread } from "../../src/housekeep/thread.ts";
import type { Store } from "../../src/ports.ts";
import { openStore } from "../../src/store/store.ts";
import { layoutOf } from "../../src/volume/layout.ts";
import { measure } from "../../src/volume/measure.ts";

export const DAY = 24 * 3_600_000;
export const HASH = "8e9d274e029928eece7c09492de951e5a677f1f47df4e59175e0c198be7aad54";
const policy: HousekeepingPolicy = { high: 0.85, low: 0.7, keepIdleSlotsMs: 30 * DAY };
const quiet = pino({ level: "silent" });
const NO_SLOTS: Slots = { find: async () => ({ slots: [], unread: [] }), remove: async () => "there are none" };

export type VolumeStage = AsyncDisposable & {
  readonly dir: string;
  readonly volume: string;
  readonly store: Store;
  readonly parts: PassParts;
  /** A file of so many bytes on the volume: the later it was put there, the later it was used. */
  put(path: string, bytes: number): void;
  /** As much of the volume as `share` is in use, by its capacity. */
  setCapacity(share: number): void;
  used(): number;
  pass(
    over?: Partial<PassParts>,
    options?: { readonly id?: string; readonly resumed?: boolean },
  ): Promise<PassDone | undefined>;
  /** Another thread, as after a restart. */
  newThread(): VolumeThread;
};

export async function setVolumeStage(over: Partial<PassParts> = {}): Promise<VolumeStage> {
  const dir = mkdtempSync(join(tmpdir(), "afk-volume-"));
  const volume = join(dir, "volume");
  mkdirSync(volume);
  const store = await openStore(join(dir, "state"), quiet);
  const threads: VolumeThread[] = [];
  const newThread = (): VolumeThread => {
    const thread = createVolumeThread({ volume, keepIn: join(dir, "state", "housekeeping"), saves: true });
    threads.push(thread);
    return thread;
  };
  const inUse = (): number => measure(volume)?.all.bytes ?? 0;
  let capacity = 1e12;
  const readSpace = async () =>
    known<Space>({ bytes: { total: capacity, free: Math.max(0, capacity - inUse()) }, files: null });
  const parts: PassParts = {
    thread: newThread(),
    slots: NO_SLOTS,
    layout: layoutOf(volume),
    policy,
    store,
    setupsSince: () => undefined,
    readSpace,
    stopping: () => false,
    onProgress: () => {},
    clock: { now: () => Date.now() },
    log: quiet,
    ...over,
  };
  return {
    dir,
    volume,
    store,
    parts,
    newThread,
    put(path, bytes) {
      const full = join(volume, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, Buffer.alloc(bytes, 1));
    },
    setCapacity(share) {
      capacity = Math.ceil(inUse() / share);
    },
    used: () => inUse() / capacity,
    async pass(more = {}, { id = "pass1", resumed = false } = {}) {
      const head = { pass: id, at: Date.now(), by: null };
      return await runPass(head, resumed, { ...parts, ...more });
    },
    async [Symbol.asyncDispose]() {
      for (const thread of threads) await thread.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
