// A program in one file, and the thread that it starts in another. It is the same code; but reading its hundreds of modules
// takes a second of CPU at each start, and a sweep or a fuzz starts it a thousand times.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const THREAD = fileURLToPath(new URL("../../src/housekeep/volume-thread.ts", import.meta.url));

export type Bundle = { readonly dir: string; readonly main: string };

/** `dir` belongs to the caller and is to be removed. */
export async function bundleBot(): Promise<Bundle> {
  return await bundle(MAIN);
}

export async function bundle(input: string): Promise<Bundle> {
  const dir = mkdtempSync(join(tmpdir(), "afk-bundle-"));
  // `.mjs`: Node need not find out what it is.
  const names = { entryFileNames: "[name].mjs", chunkFileNames: "[name]-[hash].mjs" };
  await build({
    input: [input, THREAD],
    platform: "node",
    logLevel: "silent",
    output: { dir, format: "esm", minify: true, ...names },
  });
  // The program starts it by the name that it has among the sources.
  writeFileSync(join(dir, basename(THREAD)), `import "./${basename(THREAD, ".ts")}.mjs";\n`);
  return { dir, main: join(dir, `${basename(input, ".ts")}.mjs`) };
}
