// Room kept for a start on a disk that is full. Without it a bot that is started then could not even begin its journal, and
// so never come to the housekeeping that makes room.

import { randomBytes } from "node:crypto";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { codeOf } from "./files.ts";

/** More than the end of a journal, which is what a start writes. */
const BYTES = 1_024 * 1_024;

/** Where there is none, and the disk has room for it. */
export async function keepReserve(dir: string): Promise<void> {
  const path = join(dir, "reserve");
  if ((await stat(path).catch(() => undefined)) !== undefined) return;
  const draft = `${path}.next`;
  try {
    // A disk that compresses would take nothing of zeros.
    await writeFile(draft, randomBytes(BYTES), { mode: 0o600 });
    await rename(draft, path);
  } catch {
    await rm(draft, { force: true }).catch(() => {});
  }
}

/** Whether there was one, and the error is one that it helps against. */
export async function spendReserve(dir: string, error: unknown): Promise<boolean> {
  const codes = [codeOf(error), codeOf((error as Error | undefined)?.cause)];
  if (!codes.includes("ENOSPC") && !codes.includes("EDQUOT")) return false;
  return await rm(join(dir, "reserve")).then(
    () => true,
    () => false,
  );
}
