// What Slack says of blocks it refuses: zod's issues in Slack's words, with JSON pointers.
//
// The wording is that of Slack's own `response_metadata.messages`, as people paste it into bug reports.

import type { z } from "zod";
import { asRecord } from "../json.ts";

export type Problem = {
  /** Where, as `/blocks/1/elements/0/text/text` or `/view/title/text`. */
  readonly pointer: string;
  readonly message: string;
  /** The error that the Web API answers with, where it is not the one for the surface as a whole. */
  readonly code?: "msg_blocks_too_long" | "invalid_attachments";
};

type Path = readonly PropertyKey[];

/** A problem as `response_metadata.messages` has it. */
export function problemLine(problem: Problem): string {
  return `[ERROR] ${problemText(problem)}`;
}

/** A problem as `errors` has it; an argument of the method itself has no pointer. */
export function problemText({ message, pointer: at }: Problem): string {
  return at === "" ? message : `${message} [json-pointer:${at}]`;
}

export function pointer(base: string, path: Path): string {
  return [base, ...path.map(String)].join("/");
}

/** Checks `value`; an empty list means that Slack takes it. Pointers begin with `base`. */
export function check(schema: z.ZodType, value: unknown, base: string): readonly Problem[] {
  const result = schema.safeParse(value);
  return result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, value, base));
}

function problemsOf(issue: z.core.$ZodIssue, root: unknown, base: string): readonly Problem[] {
  const at = pointer(base, issue.path);
  const given = valueAt(root, issue.path);
  if (given === undefined && issue.path.length > 0 && issue.code !== "custom") return [missing(issue.path, base)];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ pointer: at, message: `invalid additional property: ${key}` }));
    case "too_big":
      return [{ pointer: at, message: tooBig(issue.origin, Number(issue.maximum)) }];
    case "too_small":
      return [{ pointer: at, message: tooSmall(issue.origin, Number(issue.minimum)) }];
    case "invalid_type":
      return [{ pointer: at, message: `must provide ${article(issue.expected)}` }];
    case "invalid_value":
      return [invalidValue(issue.path, at, given, issue.values)];
    case "invalid_union":
      return [{ pointer: at, message: unmatched(issue.path, given) }];
    default:
      return [{ pointer: at, message: issue.message }];
  }
}

function missing(path: Path, base: string): Problem {
  return { pointer: pointer(base, path.slice(0, -1)), message: `missing required field: ${String(path.at(-1))}` };
}

function tooBig(origin: string, maximum: number): string {
  if (origin === "string") return `must be less than ${maximum + 1} characters`;
  return origin === "array" ? `no more than ${maximum} items allowed` : `must be no more than ${maximum}`;
}

function tooSmall(origin: string, minimum: number): string {
  if (origin === "string") return `must be more than ${minimum - 1} characters`;
  return origin === "array" ? `must provide at least ${minimum} items` : `must be no less than ${minimum}`;
}

function invalidValue(path: Path, at: string, given: unknown, allowed: readonly unknown[]): Problem {
  if (path.at(-1) === "type") return { pointer: at, message: `unsupported type: ${String(given)}` };
  return { pointer: at, message: `must be one of: ${allowed.map(String).join(", ")}` };
}

function unmatched(path: Path, given: unknown): string {
  return path.at(-1) === "type" ? `unsupported type: ${String(given)}` : "failed to match all allowed schemas";
}

function article(expected: string): string {
  return /^[aeiou]/.test(expected) ? `an ${expected}` : `a ${expected}`;
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    if (Array.isArray(value)) return value[Number(key)];
    return asRecord(value)?.[String(key)];
  }, root);
}
