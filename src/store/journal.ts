// The journal: append, fdatasync, done. In segments, `journal-<first event>.jsonl`, so that what no snapshot needs any
// more can be removed whole.
//
// An append that fails is taken back (the file is cut to where it was), so that a full disk leaves no half events. Where
// even that fails nobody can tell what the disk holds: the journal is broken, and every further append says so.

import { type FileHandle, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { BotEvent } from "../domain/event.ts";
import { AfkError, messageOf } from "../errors.ts";
import { codeOf, diskError, readText, syncDirectory } from "./files.ts";
import { eventLine, headerLine, parseSegment } from "./lines.ts";

export type Journal = {
  /**
   * Durable once it resolves. The events are numbered on from `first`. Never two at once. `mayStill` throws where they
   * must not count after all; it is asked when they are on the disk, and then they are taken back.
   */
  append(first: number, events: readonly BotEvent[], mayStill: () => void): Promise<void>;
  /** Bytes in the segment that is written to. */
  bytes(): number;
  /** The next event, number `first`, begins a new segment. */
  rotate(first: number): Promise<void>;
  /** Removes segments that end before event `first`. */
  drop(first: number): Promise<void>;
  close(): Promise<void>;
};

export type Found = {
  /** Those after the snapshot's sequence, in order. */
  readonly events: readonly BotEvent[];
  /** The segment to go on with, and how much of it was acknowledged; null = none is there. */
  readonly last: { readonly path: string; readonly bytes: number } | null;
  /** Bytes at the end that were never acknowledged. */
  readonly tornBytes: number;
  /** A last segment of which not even the first line was finished. */
  readonly unfinished: string | null;
};

const NAME = /^journal-(\d{12})\.jsonl$/;

/** Reads what is newer than `after`, and changes nothing. Throws `invalid` for damage, gaps and foreign files. */
export async function readJournal(dir: string, after: number): Promise<Found> {
  const names = await segmentNames(dir);
  const events: BotEvent[] = [];
  let expected: number | null = null;
  let last: Found["last"] = null;
  let tornBytes = 0;
  let unfinished: string | null = null;
  let firstSequence: number | null = null;
  for (const [index, name] of names.entries()) {
    const path = join(dir, name);
    const isLast = index === names.length - 1;
    const following = isLast ? undefined : firstOf(names[index + 1] ?? "");
    if (following !== undefined && following <= after + 1) continue;
    const text = (await readText(path)) ?? "";
    const segment = parseSegment(path, text, isLast);
    const first = segment?.first ?? firstOf(name);
    if (first !== firstOf(name) || (expected !== null && first !== expected)) {
      throw gap(path, expected ?? firstOf(name), first);
    }
    firstSequence ??= first;
    if (firstSequence > after + 1) throw gap(dir, after + 1, firstSequence);
    if (segment === null) {
      unfinished = path;
      continue;
    }
    expected = segment.first + segment.events.length;
    for (const [offset, event] of segment.events.entries()) if (segment.first + offset > after) events.push(event);
    tornBytes += Buffer.byteLength(text) - segment.wholeBytes;
    last = { path, bytes: segment.wholeBytes };
  }
  return { events, last, tornBytes, unfinished };
}

/** Goes on with the segment that `readJournal` found, or begins one with event `first`. */
export async function openJournal(dir: string, last: Found["last"], first: number): Promise<Journal> {
  let handle: FileHandle;
  let length: number;
  let broken: string | undefined;
  if (last === null) await begin(first);
  else {
    handle = await open(last.path, "r+").catch((error: unknown) =>
      Promise.reject(diskError(error, `write ${last.path}`)),
    );
    length = last.bytes;
  }

  async function begin(from: number): Promise<void> {
    const path = join(dir, `journal-${String(from).padStart(12, "0")}.jsonl`);
    const header = headerLine(from);
    try {
      const made = await open(path, "w", 0o600);
      try {
        await made.writeFile(header);
        await made.sync();
        await syncDirectory(dir);
      } catch (error) {
        await made.close();
        await rm(path, { force: true });
        throw error;
      }
      handle = made;
      length = Buffer.byteLength(header);
    } catch (error) {
      throw diskError(error, `write the journal ${path}`);
    }
  }

  async function takeBack(): Promise<void> {
    try {
      await handle.truncate(length);
      await handle.sync();
    } catch (error) {
      broken = messageOf(error);
    }
  }

  return {
    async append(from, events, mayStill) {
      if (broken !== undefined) {
        throw new AfkError(
          "conflict",
          `The journal in ${dir} is broken (${broken}). Restart the bot once the disk is well.`,
        );
      }
      const bytes = Buffer.from(events.map((event, index) => eventLine(from + index, event)).join(""));
      try {
        let written = 0;
        while (written < bytes.length) {
          written += (await handle.write(bytes, written, bytes.length - written, length + written)).bytesWritten;
        }
        await handle.datasync();
        mayStill();
        length += bytes.length;
      } catch (error) {
        await takeBack();
        throw diskError(error, `write the journal in ${dir}`);
      }
    },
    bytes: () => length,
    async rotate(from) {
      const before = handle;
      await begin(from);
      await before.close();
    },
    async drop(from) {
      const names = await segmentNames(dir);
      for (const [index, name] of names.entries()) {
        const following = names[index + 1];
        if (following !== undefined && firstOf(following) <= from) await rm(join(dir, name), { force: true });
      }
    },
    async close() {
      await handle.close();
    },
  };
}

async function segmentNames(dir: string): Promise<readonly string[]> {
  try {
    return (await readdir(dir)).filter((name) => NAME.test(name)).sort();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw diskError(error, `read ${dir}`);
  }
}

function firstOf(name: string): number {
  return Number(NAME.exec(name)?.[1]);
}

function gap(path: string, expected: number, found: number): AfkError {
  return new AfkError(
    "invalid",
    `${path}: event ${expected} belongs here, and event ${found} is the first that is there: a part of the journal is missing. Restore the folder from a backup; or move it away whole: runs that live are then adopted from GitHub and T3.`,
  );
}
