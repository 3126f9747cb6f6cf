// A pass of housekeeping as the bot makes it, on a disk that is always too full: all that may go goes. The state knows no run,
// as after it was lost: what a run holds is to be seen on the volume itself.

import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pino } from "pino";
import { createUpkeep } from "../../src/git/upkeep.ts";
import { type PassParts, runPass } from "../../src/housekeep/pass.ts";
import { createSlots } from "../../src/housekeep/slots.ts";
import { createVolumeThread } from "../../src/housekeep/thread.ts";
import { createLoop } from "../../src/loop.ts";
import type { Trees } from "../../src/ports.ts";
import { openStore } from "../../src/store/store.ts";
import { layoutOf } from "../../src/volume/layout.ts";
import { readSpace } from "../../src/volume/space.ts";
import { REPO } from "./world.ts";

const ALL_GOES = { high: 1e-9, low: 1e-10, keepIdleSlotsMs: 1e12 };
const log = pino({ level: "silent" });

/** Resolves to what of it failed, in words. */
export async function housekeep(volume: string, trees: Trees): Promise<readonly string[]> {
  litter(volume);
  const layout = layoutOf(volume);
  const stateDir = join(dirname(volume), "state");
  const store = await openStore(stateDir, log);
  const thread = createVolumeThread({ volume, keepIn: join(stateDir, "housekeeping"), saves: true });
  const loop = createLoop<string>({
    name: "repo",
    concurrency: 1,
    backoff: { firstMs: 10, ceilingMs: 10 },
    log,
    work: async () => null,
  });
  const parts: PassParts = {
    thread,
    slots: createSlots({ repos: [REPO], layout, trees, store, loop }),
    layout,
    policy: ALL_GOES,
    store,
    setupsSince: trees.setupsSince,
    readSpace: () => readSpace(volume),
    stopping: () => false,
    onProgress: () => {},
    clock: { now: () => Date.now() },
    log,
  };
  try {
    const left = await thread.call("resumePass");
    if (left !== null) await runPass({ pass: left, at: Date.now(), by: null }, true, parts);
    const done = await runPass({ pass: `pass-${Date.now()}`, at: Date.now(), by: null }, false, parts);
    const { failed } = await createUpkeep(layout).tidy(REPO, new Set());
    return [...(done?.pass.notes ?? ["it was stopped"]), ...failed];
  } finally {
    await thread.close();
    await loop.stop(0);
    await store.close();
  }
}

/** Something to clear beside the trees, with a way out of the volume in it. */
function litter(volume: string): void {
  const folder = join(volume, "caches", "npm", "_cacache", "content-v2", "sha512", "aa", "bb");
  mkdirSync(folder, { recursive: true });
  for (let n = 0; n < 50; n += 1) writeFileSync(join(folder, `${n}`.padStart(124, "0")), "x");
  const old = join(volume, "trash", `old-${process.pid}-${Date.now()}`);
  mkdirSync(old, { recursive: true });
  symlinkSync(dirname(volume), join(old, "out"));
}
