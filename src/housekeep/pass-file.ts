// What a pass is going to remove, written down before it begins, and what became of it: a pass that was cut off by a kill is
// taken up again where it stopped, and told of once, whole.
//
// Lines of JSON in one file: the pass, its items, their outcomes as they come. Without an fsync for each: an outcome that is
// lost is met again as something that is gone. The file is there for as long as the pass is under way. A disk that takes it
// no more is what a pass may be there to mend: then the pass goes on without.

import { appendFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { z } from "zod";
import { kinds, type Removal } from "../domain/housekeeping.ts";

const headSchema = z.object({ v: z.literal(1), pass: z.string() });
const itemSchema = z.object({
  unit: z.object({
    kind: z.enum(kinds),
    path: z.string(),
    of: z.string(),
    bytes: z.number().nullable(),
    files: z.number().nullable(),
    usedAt: z.number(),
    anyTime: z.boolean(),
    held: z.null(),
    forNow: z.literal(false),
  }),
  why: z.string(),
  forSpace: z.boolean(),
});
/** An item's number, and why it stayed; null = it is gone. */
const outcomeSchema = z.tuple([z.number().int().nonnegative(), z.string().nullable()]);
export type Outcome = z.infer<typeof outcomeSchema>;
const lineSchema = z.union([
  headSchema,
  z.object({ items: z.array(itemSchema) }),
  z.object({ done: z.array(outcomeSchema) }),
]);

export type PassFile = {
  readonly pass: string;
  readonly items: readonly Removal[];
  readonly outcomes: ReadonlyMap<number, string | null>;
  addHead(): void;
  addItems(items: readonly Removal[]): void;
  addOutcomes(outcomes: readonly Outcome[]): void;
  remove(): void;
};

const CHUNK = 500;

export function beginPassFile(file: string, pass: string): PassFile {
  const made = passFile(file, pass, [], new Map());
  made.remove();
  made.addHead();
  return made;
}

/** The pass that was cut off; undefined = none was. A line that a kill tore is left out. */
export function resumePassFile(file: string): PassFile | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  let pass: string | undefined;
  const items: Removal[] = [];
  const outcomes = new Map<number, string | null>();
  for (const line of text.split("\n").map(parse)) {
    if (line === undefined) continue;
    if ("pass" in line) pass = line.pass;
    else if ("items" in line) items.push(...line.items);
    else for (const [number, why] of line.done) outcomes.set(number, why);
  }
  return pass === undefined ? undefined : passFile(file, pass, items, outcomes);
}

function passFile(file: string, pass: string, items: Removal[], outcomes: Map<number, string | null>): PassFile {
  let broken = false;
  // A torn last line ends here, and the next one is whole.
  let start = "\n";
  const write = (value: unknown): void => {
    if (broken) return;
    try {
      mkdirSync(dirname(file), { recursive: true });
      appendFileSync(file, `${start}${JSON.stringify(value)}\n`, { mode: 0o600 });
      start = "";
    } catch {
      // Numbers count the items written: with some of them missing the file would tell of others.
      broken = true;
      remove();
    }
  };
  function remove(): void {
    try {
      rmSync(file, { force: true });
    } catch {
      // A read-only disk: whatever is in there is gone, or used since, when it is taken up.
    }
  }
  return {
    pass,
    items,
    outcomes,
    addHead: () => write({ v: 1, pass }),
    addItems(more) {
      for (let from = 0; from < more.length; from += CHUNK) write({ items: more.slice(from, from + CHUNK) });
      items.push(...more);
    },
    addOutcomes(more) {
      if (more.length === 0) return;
      write({ done: more });
      for (const [number, why] of more) outcomes.set(number, why);
    },
    remove,
  };
}

function parse(line: string): z.infer<typeof lineSchema> | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
