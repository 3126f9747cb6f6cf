// When T3 was started, where its base directory can be read: nothing in its API tells of a restart, but the server writes
// `<base>/userdata/server-runtime.json` at each start.

import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "./failure.ts";

export type Runtime = {
  /** Whether T3 was started after `at` (milliseconds), and then when. */
  restartedSince(at: number): number | "no" | "unknown";
};

const runtimeSchema = z.object({ startedAt: z.union([z.string(), z.number()]) });

/** `baseDir` undefined: T3's directory is not shared with us, and all stays unknown. */
export function createRuntime(baseDir: string | undefined): Runtime {
  if (baseDir === undefined) return { restartedSince: () => "unknown" };
  const file = join(baseDir, "userdata", "server-runtime.json");
  let held: { readonly stamp: string; readonly startedAt: number | undefined } | undefined;

  function startedAt(): number | undefined {
    try {
      const { mtimeMs, size, ino } = statSync(file);
      const stamp = `${ino}/${size}/${mtimeMs}`;
      if (held?.stamp !== stamp) held = { stamp, startedAt: startOf(readFileSync(file, "utf8")) };
      return held.startedAt;
    } catch {
      return undefined;
    }
  }

  return {
    restartedSince(at) {
      const started = startedAt();
      if (started === undefined || Number.isNaN(at)) return "unknown";
      return started > at ? started : "no";
    },
  };
}

function startOf(text: string): number | undefined {
  const start = runtimeSchema.safeParse(parseJson(text)).data?.startedAt;
  const at = typeof start === "string" ? Date.parse(start) : start;
  return at === undefined || Number.isNaN(at) ? undefined : at;
}
