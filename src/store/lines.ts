// What a journal is made of: a first line that says what the file is, then one line per event.
//
//   {"format":"afk-bot/journal","version":1,"first":42}
//   {"s":42,"c":"9f1c2b3a","e":{"type":"run.landed", …}}
//
// `s` counts events from 1 without a gap, `c` is the CRC-32 of what follows it, so that a line whose bytes rotted is
// told apart from one that was never finished: only the last line of all, and only without its line end, is torn.

import { crc32 } from "node:zlib";
import { z } from "zod";
import { type BotEvent, eventSchema } from "../domain/event.ts";
import { AfkError } from "../errors.ts";
import { migrateEvent } from "./migrations.ts";

const FORMAT = "afk-bot/journal";
const JOURNAL_VERSION = 1;

const headerSchema = z.object({ format: z.literal(FORMAT), version: z.number().int(), first: z.number().int() });

const LINE = /^\{"s":(\d+),"c":"([0-9a-f]{8})","e":(.*)\}$/;

export function headerLine(first: number): string {
  return `${JSON.stringify({ format: FORMAT, version: JOURNAL_VERSION, first })}\n`;
}

export function eventLine(sequence: number, event: BotEvent): string {
  const text = JSON.stringify(event);
  return `{"s":${sequence},"c":"${checksum(sequence, text)}","e":${text}}\n`;
}

export type Segment = {
  readonly first: number;
  readonly events: readonly BotEvent[];
  /** Bytes of whole lines; what follows them is torn. */
  readonly wholeBytes: number;
};

/**
 * Reads a whole segment. `last` allows its end to be torn; null = not even its first line was finished.
 * Throws `invalid`, naming file and line and saying what to do, for anything that is not as it was written.
 */
export function parseSegment(path: string, text: string, last: boolean): Segment | null {
  const end = text.lastIndexOf("\n") + 1;
  if (end < text.length && !last) throw damaged(path, text.slice(0, end).split("\n").length, "it is cut off");
  const [head = "", ...lines] = text.slice(0, end).split("\n").slice(0, -1);
  if (end === 0) {
    if (!FORMAT_START.startsWith(text.slice(0, FORMAT_START.length))) throw foreign(path);
    return null;
  }
  const header = parseHeader(path, head);
  const events = lines.map((line, index) => parseEvent(path, line, header.first + index, index + 2, header.version));
  return { first: header.first, events, wholeBytes: Buffer.byteLength(text.slice(0, end)) };
}

const FORMAT_START = `{"format":"${FORMAT}"`;

function parseHeader(path: string, line: string): z.infer<typeof headerSchema> {
  const header = headerSchema.safeParse(parseJson(line));
  if (!header.success) throw foreign(path);
  if (header.data.version > JOURNAL_VERSION) {
    throw new AfkError(
      "invalid",
      `${path} was written by a newer bot (journal version ${header.data.version}, this one reads up to ${JOURNAL_VERSION}). Start that version again; nothing was changed.`,
    );
  }
  return header.data;
}

function parseEvent(path: string, line: string, sequence: number, at: number, version: number): BotEvent {
  const [, s, c, text = ""] = LINE.exec(line) ?? [];
  if (s === undefined || c === undefined) throw damaged(path, at, "it is not a journal line");
  if (c !== checksum(Number(s), text)) throw damaged(path, at, "its checksum does not fit");
  if (Number(s) !== sequence) throw damaged(path, at, `it says it is event ${s}, where ${sequence} belongs`);
  const parsed = eventSchema.safeParse(migrateEvent(parseJson(text), version));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AfkError(
    "invalid",
    `${path}, line ${at}: this bot does not know the event (${issue?.path.join(".")}: ${issue?.message}). It was written by another version: start that one.`,
  );
}

function damaged(path: string, line: number, why: string): AfkError {
  return new AfkError(
    "invalid",
    `${path} is damaged in line ${line}: ${why}. Events that were acknowledged may be lost, so the bot does not start on it. Restore the folder from a backup; or, to go on without the damaged part, move the whole state folder away: runs that live are then adopted from GitHub and T3.`,
  );
}

function foreign(path: string): AfkError {
  return new AfkError(
    "invalid",
    `${path} is not a journal of this bot. Check the config's \`state\`, or move it away.`,
  );
}

function checksum(sequence: number, text: string): string {
  return crc32(text, sequence).toString(16).padStart(8, "0");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
