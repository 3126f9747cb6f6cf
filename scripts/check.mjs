#!/usr/bin/env node
// `npm run check`: format and lint with the layering bans, types, dead code, generated files. All run, so that one call shows everything.
import { spawnSync } from "node:child_process";

const steps = [
  ["format and lint", "biome", ["check", "--error-on-warnings", "."]],
  ["types", "tsc", ["--noEmit"]],
  ["types of the playground's page", "tsc", ["--noEmit", "-p", "playground/page/client"]],
  ["dead code", "knip", ["--no-progress"]],
  ["generated files", "node", ["scripts/generate.mjs", "--check"]],
];

let failed = 0;
for (const [title, command, args] of steps) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? "ok  " : "FAIL"} ${title} (${seconds} s)`);
  if (status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
