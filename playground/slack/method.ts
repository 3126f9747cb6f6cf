// What a Web API method is, and how its arguments are read: from a form, where everything is text, or from JSON.

import { z } from "zod";
import { check } from "./blocks/problems.ts";
import { type Json, records } from "./json.ts";
import type { Tier } from "./limits.ts";
import { invalidArguments, Refusal } from "./refusal.ts";
import type { World } from "./state.ts";

export type Call = {
  readonly world: World;
  readonly args: Json;
  readonly scopes: readonly string[];
};

export type Method = {
  /** Which kind of token may call it. */
  readonly token: "bot" | "app" | "none";
  /** Any one of these will do; empty = no scope needed. */
  readonly scopes: readonly string[];
  readonly tier: Tier;
  /** Answers what stands beside `ok: true`, or throws a Refusal. */
  run(call: Call): Json;
};

export type Methods = Readonly<Record<string, Method>>;

export const flag = z
  .union([z.boolean(), z.enum(["true", "false", "1", "0"])])
  .transform((value) => value === true || value === "true" || value === "1")
  .optional();

export const text = z.string().optional();

/** `T` as JSON, or as text that holds JSON, as forms have it. */
export function json<T extends z.ZodType>(inner: T) {
  return z.preprocess((value) => (typeof value === "string" ? parsed(value) : value), inner);
}

export const record = z.record(z.string(), z.unknown());

/** The arguments in their shape; throws `invalid_arguments` with a line for each that does not fit. */
export function read<T extends z.ZodType>(schema: T, args: Json): z.infer<T> {
  const result = schema.safeParse(args);
  if (result.success) return result.data;
  throw invalidArguments(check(schema, args, ""));
}

/** `blocks` or `attachments`, undefined where not given. Throws `<name>_format` where it is no list of objects. */
export function listArg(args: Json, name: "blocks" | "attachments"): readonly Json[] | undefined {
  const given = args[name];
  if (given === undefined || given === null || given === "") return undefined;
  const value = typeof given === "string" ? parsed(given) : given;
  if (!Array.isArray(value) || records(value).length !== value.length) throw new Refusal(`invalid_${name}_format`);
  return records(value);
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
}

export type Page<T> = { readonly items: readonly T[]; readonly nextCursor: string };

/** One page of `items`; throws `invalid_cursor` for a cursor that this workspace never gave out. */
export function page<T>(items: readonly T[], limit: number, cursor: string | undefined): Page<T> {
  const start = cursor === undefined || cursor === "" ? 0 : offsetOf(cursor);
  const end = start + limit;
  return { items: items.slice(start, end), nextCursor: end < items.length ? cursorFor(end) : "" };
}

function cursorFor(offset: number): string {
  return Buffer.from(`offset:${offset}`).toString("base64");
}

function offsetOf(cursor: string): number {
  const found = /^offset:(\d+)$/.exec(Buffer.from(cursor, "base64").toString("utf8"));
  if (found === null) throw new Refusal("invalid_cursor");
  return Number(found[1]);
}

/** A page size from 1 to `most`; throws `invalid_limit` for anything else. */
export function pageSize(given: unknown, fallback: number, most: number): number {
  if (given === undefined || given === "") return fallback;
  const size = Number(given);
  if (!Number.isInteger(size) || size < 1 || size > most) throw new Refusal("invalid_limit");
  return size;
}
