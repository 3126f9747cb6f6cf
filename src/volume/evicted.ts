// Some trees read a cache after their setup, in place (`treesReadIt` in caches.ts). Whoever evicts from such a cache leaves
// a mark there, and a setup that knew another mark runs again.

import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

const MARK = ".afk-evicted";

/** Call it before the eviction: a kill in between then costs a setup, not a broken tree. */
export async function markEviction(folder: string, now: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const next = join(folder, `${MARK}.next`);
  await writeFile(next, `${now}\n`);
  await rename(next, join(folder, MARK));
}

/** The mark of the last eviction; "" = nothing was ever evicted. */
export async function loadEvictionMark(folder: string): Promise<string> {
  try {
    return (await readFile(join(folder, MARK), "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}
