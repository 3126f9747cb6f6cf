// What the store's files have in common: durable directory entries, and one sentence for each way a disk can refuse.

import { open, readFile } from "node:fs/promises";
import { AfkError, messageOf } from "../errors.ts";

/** Makes new names, renames and removals in the folder survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw diskError(error, `read ${path}`);
  }
}

export function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}

/** `what` completes "Cannot …". */
export function diskError(error: unknown, what: string): AfkError {
  if (error instanceof AfkError) return error;
  return new AfkError("conflict", `Cannot ${what}: ${HINTS[codeOf(error) ?? ""] ?? messageOf(error)}`, error);
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full. Make room; the bot goes on by itself.",
  EDQUOT: "the disk quota is used up. Raise it; the bot goes on by itself.",
  EFBIG: "the file may not grow any more (a size limit). Raise it; the bot goes on by itself.",
  EROFS: "the disk is mounted read-only.",
  EACCES: "the bot has no right to. Check the folder's owner and mode.",
  EPERM: "the bot has no right to. Check the folder's owner and mode.",
  ENOTDIR: "a part of the path is a file, not a folder.",
};
