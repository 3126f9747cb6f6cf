// What the pilot found, kept in a file of its own beside the bot's state: the command line writes it whether or not the
// bot runs, and the bot reads it anew when it changes.

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { durableFile } from "../store/durable-file.ts";

const checkSchema = z
  .object({
    name: z.enum(["unattended", "token", "completion", "tree", "instance"]),
    passed: z.boolean(),
    did: z.string(),
    saw: z.string(),
    mend: z.string().nullable().describe("what to do where it did not pass"),
    notes: z.array(z.string()).readonly().describe("what was not tried, or may be better"),
  })
  .readonly();
export type Check = z.infer<typeof checkSchema>;

const resultSchema = z
  .object({
    version: z.literal(1),
    at: z.number().int(),
    ms: z.number().int(),
    t3Version: z.string().nullable(),
    passed: z.boolean(),
    checks: z.array(checkSchema).readonly(),
  })
  .readonly();
export type PilotResult = z.infer<typeof resultSchema>;

/** Each server has its own; `name` is one of the config's, and safe in a path. The first one's default name has none. */
const fileIn = (stateDir: string, name: string): string =>
  join(stateDir, name === "t3" ? "pilot.json" : `pilot-${name}.json`);

export async function savePilot(stateDir: string, name: string, result: PilotResult): Promise<void> {
  const file = durableFile<PilotResult>({
    path: fileIn(stateDir, name),
    parse: (text) => ({ is: "good", data: resultSchema.parse(JSON.parse(text)) }),
    onDamaged: () => {},
  });
  await file.write(result);
}

/** Gives the last result, read anew where the file has changed. Undefined = none, or none that can be read. */
export function watchPilot(stateDir: string, name: string): () => PilotResult | undefined {
  const file = fileIn(stateDir, name);
  let held: { readonly stamp: string; readonly result: PilotResult | undefined } | undefined;
  return () => {
    try {
      const { ino, size, mtimeMs } = statSync(file);
      const stamp = `${ino}/${size}/${mtimeMs}`;
      if (held?.stamp !== stamp) {
        held = { stamp, result: resultSchema.safeParse(JSON.parse(readFileSync(file, "utf8"))).data };
      }
      return held.result;
    } catch {
      return undefined;
    }
  };
}
