// How long the bot takes from the start of its process until it says "ready", against the playground's servers: as it is
// shipped (scripts/build.ts) and from its sources, side by side. The bare limits beside it: a Node that does nothing, and
// one that only loads the shipped files.

import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { startBot } from "../playground/demo/bot.ts";
import { costOf } from "../playground/soak/cost.ts";
import { type Stage, setStage } from "../playground/sweep/stage.ts";
import { buildProgram } from "../scripts/build.ts";
import { median } from "./median.ts";

/** The first two fill Node's compile cache, which the image's first start does not have either. */
const WARM_UP = 2;
const ROUNDS = 8;

type Start = { readonly readyMs: number; readonly cpuMs: number };

export async function run(): Promise<Record<string, unknown>> {
  const dir = mkdtempSync(join(tmpdir(), "afk-bench-start-"));
  try {
    const built = await buildProgram(join(dir, "dist"));
    await using stage = await setStage(join(dir, "world"));
    const env = { NODE_COMPILE_CACHE: join(dir, "compile-cache") };
    // A cold start: what a new pod does.
    const cold = await start(stage, built, {});
    const shipped: Start[] = [];
    const sources: Start[] = [];
    const loading: number[] = [];
    const idle: number[] = [];
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1) {
      const results = {
        shipped: await start(stage, built, env),
        sources: await start(stage, undefined, env),
        loading: await time(["--eval", `import(${JSON.stringify(serveOf(built))})`], env),
        idle: await time(["--eval", ""], env),
      };
      if (round < WARM_UP) continue;
      shipped.push(results.shipped);
      sources.push(results.sources);
      loading.push(results.loading);
      idle.push(results.idle);
    }
    const readyMs = median(shipped.map((one) => one.readyMs));
    const sourcesReadyMs = median(sources.map((one) => one.readyMs));
    return {
      bench: "start",
      readyMs,
      coldReadyMs: cold.readyMs,
      cpuMs: median(shipped.map((one) => one.cpuMs)),
      sourcesReadyMs,
      vsSources: Number((sourcesReadyMs / readyMs).toFixed(2)),
      bareNodeMs: median(idle),
      loadMs: median(loading),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function start(stage: Stage, main: string | undefined, env: Readonly<Record<string, string>>): Promise<Start> {
  const begun = performance.now();
  const bot = startBot(stage.dir, stage.configFile, stage.addresses, { env, ...(main !== undefined && { main }) });
  await bot.said("ready");
  const readyMs = Math.round(performance.now() - begun);
  const cpuMs = Math.round((costOf(bot.process.pid ?? 0)?.own ?? Number.NaN) * 1000);
  await bot.stop();
  return { readyMs, cpuMs };
}

/** The file that the program loads once it is to serve: all libraries are in it, or loaded by it. */
function serveOf(built: string): string {
  const name = readdirSync(dirname(built)).find((file) => /^serve-.*\.mjs$/.test(file));
  if (name === undefined) throw new Error("the built program has no file for `serve`");
  return join(dirname(built), name);
}

async function time(args: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const begun = performance.now();
  await promisify(execFile)(process.execPath, [...args], { env: { ...process.env, ...env } });
  return Math.round(performance.now() - begun);
}
