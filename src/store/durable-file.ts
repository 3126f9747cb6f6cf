// A lowdb adapter that survives a power cut: own temporary name, fsync, rename, fsync of the directory, and the last
// good file kept as `.prev`. lowdb's own file adapter renames without any fsync (typicode/lowdb#549).
//
// A file that cannot be read as JSON is damaged: `.prev` is read in its place (the journal reaches back to it). A file that
// is JSON and not ours, or a newer bot's, is never replaced: the bot refuses to start.

import { constants } from "node:fs";
import { copyFile, type FileHandle, link, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { Adapter } from "lowdb";
import { AfkError } from "../errors.ts";
import { codeOf, diskError, readText, syncDirectory } from "./files.ts";

export type Parsed<T> =
  | { readonly is: "good"; readonly data: T }
  | { readonly is: "damaged"; readonly why: string }
  /** Whole, and not for this bot. `why` is a full sentence. */
  | { readonly is: "refused"; readonly why: string };

/** Characters per write: each leaves the event loop to others in between. */
const CHUNK = 64 * 1024;

export function durableFile<T extends object>(options: {
  readonly path: string;
  parse(text: string): Parsed<T>;
  /** Told when the file is damaged and the one before is read in its place. It is left where it is. */
  onDamaged(why: string): void;
}): Adapter<T> & { bytes(): number } {
  const { path, parse, onDamaged } = options;
  const previous = `${path}.prev`;
  let size = 0;

  async function load(from: string): Promise<Exclude<Parsed<T>, { is: "refused" }> | undefined> {
    const text = await readText(from);
    if (text === undefined) return undefined;
    const parsed = parse(text);
    if (parsed.is === "refused") throw new AfkError("invalid", `${from} ${parsed.why}`);
    return parsed;
  }

  return {
    /** Of the last write. */
    bytes: () => size,
    async read() {
      const current = await load(path);
      if (current?.is === "good") return current.data;
      const before = await load(previous);
      if (before?.is === "damaged" || (current !== undefined && before === undefined)) {
        const why = before?.why ?? current?.why;
        const which =
          before === undefined
            ? `${path} is damaged and has no ${previous} beside it`
            : `${path} and ${previous} are damaged`;
        throw new AfkError(
          "invalid",
          `${which} (${why}). Restore the folder from a backup; or move it away whole: runs that live are then adopted from GitHub and T3.`,
        );
      }
      if (current?.is === "damaged") onDamaged(current.why);
      return before?.data ?? null;
    },
    async write(data) {
      const next = `${path}.next`;
      try {
        await mkdir(dirname(path), { recursive: true });
        const file = await open(next, "w", 0o600);
        try {
          size = await writePieces(file, data);
          await file.sync();
        } finally {
          await file.close();
        }
        await keepPrevious(path, previous);
        await rename(next, path);
        await syncDirectory(dirname(path));
      } catch (error) {
        await rm(next, { force: true }).catch(() => {});
        throw diskError(error, `write ${path}`);
      }
    },
  };
}

/** `data` as JSON, in pieces: a state of some megabytes in one would stall the event loop. */
async function writePieces(file: FileHandle, data: object): Promise<number> {
  let chunk = "";
  let written = 0;
  const flush = async (): Promise<void> => {
    written += Buffer.byteLength(chunk);
    await file.writeFile(chunk);
    chunk = "";
  };
  for (const piece of pieces(data)) {
    chunk += piece;
    if (chunk.length >= CHUNK) await flush();
  }
  await flush();
  return written;
}

function* pieces(data: object): Generator<string> {
  let before = "{";
  for (const [key, value] of Object.entries(data)) {
    yield `${before}${JSON.stringify(key)}:`;
    if (isRecord(value)) {
      let inner = "{";
      for (const [name, entry] of Object.entries(value)) {
        yield `${inner}${JSON.stringify(name)}:${JSON.stringify(entry)}`;
        inner = ",";
      }
      yield inner === "{" ? "{}" : "}";
    } else yield JSON.stringify(value);
    before = ",";
  }
  yield before === "{" ? "{}" : "}";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Another name for the same file, put in place at once, so that at no time both names are gone or half written. */
async function keepPrevious(path: string, previous: string): Promise<void> {
  const next = `${previous}.next`;
  await rm(next, { force: true });
  try {
    await link(path, next);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    // Some network file systems have no hard links.
    await copyFile(path, next, constants.COPYFILE_FICLONE);
  }
  await rename(next, previous);
}
