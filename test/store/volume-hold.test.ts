// Two bots with state folders of their own, on one volume.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterEach, expect, test } from "vitest";
import { createVolumeHold } from "../../src/store/volume-hold.ts";

const quiet = pino({ level: "silent" });
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function aVolume(): string {
  const folder = mkdtempSync(join(tmpdir(), "afk-volume-"));
  folders.push(folder);
  return folder;
}

test("the second bot on a volume is refused with the first one's id, until that has stopped", async () => {
  const volume = aVolume();
  const first = createVolumeHold(volume, quiet);
  const second = createVolumeHold(volume, quiet);
  await first.take(null);
  await expect(second.take(null)).rejects.toMatchObject({
    code: "conflict",
    message: `The volume ${volume} is in use by another bot (process ${process.pid}): stop that one first.`,
  });
  expect(() => first.check()).not.toThrow();
  await first.release();
  await second.take(null);
  await second.release();
  expect(readdirSync(join(volume, "bot"))).toEqual([]);
});

test("a replica that takes over under the same Lease gets the volume at once, and the one before touches nothing more", async () => {
  const volume = aVolume();
  const before = createVolumeHold(volume, quiet);
  const after = createVolumeHold(volume, quiet);
  await before.take("afk/bot");
  await after.take("afk/bot");
  await expect.poll(() => attempt(before.check), { timeout: 15_000 }).toMatch(/has taken the volume/);
  expect(attempt(after.check)).toBe("");
  await after.release();
}, 30_000);

test("what a bot that was killed left there holds up nobody", async () => {
  const volume = aVolume();
  const first = createVolumeHold(volume, quiet);
  await first.take(null);
  await first.release();
  writeFileSync(join(volume, "bot", "lock-7"), `{"machine":"`);
  await first.take(null);
  expect(readdirSync(join(volume, "bot"))).toContain("lock-8");
  await first.release();
});

test("a volume that cannot be locked is worked on all the same", async () => {
  const volume = aVolume();
  writeFileSync(join(volume, "bot"), "a file where the folder should be");
  const hold = createVolumeHold(volume, quiet);
  await hold.take(null);
  expect(() => hold.check()).not.toThrow();
  await hold.release();
});

function attempt(work: () => void): string {
  try {
    work();
    return "";
  } catch (error) {
    return String(error);
  }
}
