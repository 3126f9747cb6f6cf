// The bot in one file. It is the same code; but reading its hundreds of modules takes a second of CPU at each start, and
// a sweep starts it two thousand times.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** `dir` belongs to the caller and is to be removed. */
export async function bundleBot(): Promise<{ readonly dir: string; readonly main: string }> {
  const dir = mkdtempSync(join(tmpdir(), "afk-bundle-"));
  // `.mjs`: Node need not find out what it is.
  const names = { entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" };
  await build({
    input: MAIN,
    platform: "node",
    logLevel: "silent",
    output: { dir, format: "esm", minify: true, ...names },
  });
  return { dir, main: join(dir, "main.mjs") };
}
