#!/usr/bin/env node
// `npm run build`: the bot's program in a few files, in `dist/`. It is the same code; but reading the hundreds of modules of
// its libraries takes longer than all else that a start does. The image runs it (Dockerfile), and so do the sweep, the soak
// and the fuzz: what they kill is what is shipped. See docs/decisions/0025-one-file-is-shipped.md.

import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";
import { NODE_FLAGS } from "./node-flags.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const THREAD = fileURLToPath(new URL("../src/housekeep/volume-thread.ts", import.meta.url));
const DIST = fileURLToPath(new URL("../dist/", import.meta.url));

/** Puts `input`, a program of the sources, into `dir`, with the thread that it starts. Returns the program's file. */
export async function buildProgram(dir: string, input: string = MAIN): Promise<string> {
  await build({
    input: [input, THREAD],
    platform: "node",
    logLevel: "silent",
    output: {
      dir,
      format: "esm",
      // Names stay: a stack trace is to be read.
      minify: { compress: true, mangle: false, codegen: true },
      // `.mjs`: Node need not find out what it is.
      entryFileNames: "[name].mjs",
      chunkFileNames: "[name]-[hash].mjs",
      postBanner: ({ name }) => (name === "main" ? `#!/usr/bin/env -S node ${NODE_FLAGS.join(" ")}` : ""),
    },
  });
  // The program starts it by the name that it has among the sources.
  writeFileSync(join(dir, basename(THREAD)), `import "./${basename(THREAD, ".ts")}.mjs";\n`);
  const program = join(dir, `${basename(input, ".ts")}.mjs`);
  chmodSync(program, 0o755);
  return program;
}

if (import.meta.main) {
  rmSync(DIST, { recursive: true, force: true });
  console.error(`built ${await buildProgram(DIST)}`);
}
