import { statfs } from "node:fs/promises";
import { known, type Observed, unknown } from "../domain/observed.ts";
import { messageOf } from "../errors.ts";

/** The share of the volume that the bot may still fill, 0 to 1. */
export async function readFreeShare(volume: string): Promise<Observed<number>> {
  try {
    const { bavail, blocks } = await statfs(volume);
    return blocks > 0 ? known(bavail / blocks) : unknown(`${volume} says nothing of its size`);
  } catch (error) {
    return unknown(messageOf(error));
  }
}
