// A lowdb adapter that survives a power cut: own temporary name, fsync, rename, fsync of the directory, and the last
// good file kept as `.prev`. lowdb's own file adapter renames without any fsync (typicode/lowdb#549).

import { constants } from "node:fs";
import { copyFile, mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { Adapter } from "lowdb";
import type { z } from "zod";
import { AfkError, messageOf } from "../errors.ts";

/** `read` gives null where there is no file yet, and throws `invalid` where the file is not one of ours. */
export function durableFile<T>(path: string, schema: z.ZodType<T>): Adapter<T> {
  return {
    async read() {
      const text = await readText(path);
      return text === undefined ? null : parse(text, path, schema);
    },
    async write(data) {
      const next = `${path}.next`;
      await mkdir(dirname(path), { recursive: true });
      const file = await open(next, "w", 0o600);
      try {
        await file.writeFile(JSON.stringify(data));
        await file.sync();
      } finally {
        await file.close();
      }
      await keepPrevious(path);
      await rename(next, path);
      await syncDirectory(dirname(path));
    },
  };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new AfkError("conflict", `Cannot read the state file ${path}: ${messageOf(error)}`, error);
  }
}

function parse<T>(text: string, path: string, schema: z.ZodType<T>): T {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    throw new AfkError(
      "invalid",
      `${path} is not JSON. The file before it is ${path}.prev; look at both before you start.`,
    );
  }
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  throw new AfkError("invalid", `${path} is not this bot's state, or of another version: ${where.join("; ")}`);
}

async function keepPrevious(path: string): Promise<void> {
  try {
    await copyFile(path, `${path}.prev`, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
