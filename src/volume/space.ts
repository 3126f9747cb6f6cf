import { statfs } from "node:fs/promises";
import { known, type Observed, unknown } from "../domain/observed.ts";
import { type Free, type Space, scarcest } from "../domain/space.ts";
import { messageOf } from "../errors.ts";

/** What the volume has and what of it the bot may still fill; one system call, whatever is on it. */
export async function readSpace(volume: string): Promise<Observed<Space>> {
  try {
    const { bavail, blocks, bsize, files, ffree } = await statfs(volume);
    if (blocks <= 0) return unknown(`${volume} says nothing of its size`);
    return known({
      bytes: { total: blocks * bsize, free: bavail * bsize },
      files: files > 0 ? { total: files, free: ffree } : null,
    });
  } catch (error) {
    return unknown(messageOf(error));
  }
}

export async function readFree(volume: string): Promise<Observed<Free>> {
  const space = await readSpace(volume);
  return space.known ? known(scarcest(space.value)) : space;
}
