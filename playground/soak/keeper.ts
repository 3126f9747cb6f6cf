// Keeps the bot running, as a supervisor does, and kills it when told to.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Bot, startBot } from "../demo/bot.ts";
import { type Cost, costOf, sumOf } from "./cost.ts";
import type { Stage } from "./stage.ts";

export type Keeper = {
  /** SIGKILLs the bot and all that it started; it is started again. */
  kill(): boolean;
  kills(): number;
  /** The bot's memory in MB; undefined = it does not run. */
  rssMb(): number | undefined;
  /** What its heap holds, garbage included, in MB, by its own metrics; undefined = it does not say. */
  heapMb(): Promise<number | undefined>;
  /** Of all its lives, as of the last look at its memory. */
  cost(): Cost;
  /** Milliseconds since it was last started. */
  ageMs(): number;
  /** Why it ended though nobody told it to. */
  troubles(): readonly string[];
  stop(): Promise<void>;
};

const AGAIN_MS = 300;

/** `main` is the bot's program. */
export function keepBot(stage: Stage, main: string): Keeper {
  let bot: Bot | undefined;
  let startedAt = 0;
  let kills = 0;
  let wanted = true;
  let timer: NodeJS.Timeout | undefined;
  const troubles: string[] = [];
  const costs = new Map<number, Cost>();

  function start(): void {
    startedAt = performance.now();
    const env = { NODE_COMPILE_CACHE: join(dirname(main), "compile-cache"), ...stage.machine.env };
    const mine = startBot(stage.dir, stage.configFile, stage.addresses, { env, main });
    bot = mine;
    mine.process.once("exit", (code, signal) => {
      if (!wanted) return;
      if (signal !== "SIGKILL") troubles.push(`the bot ended by itself, with ${code ?? signal}`);
      timer = setTimeout(start, AGAIN_MS);
    });
  }

  start();
  return {
    kill() {
      const pid = bot?.process.pid;
      if (pid === undefined || bot?.process.exitCode !== null || bot.process.signalCode !== null) return false;
      kills += 1;
      process.kill(-pid, "SIGKILL");
      return true;
    },
    kills: () => kills,
    cost: () => sumOf(costs.values()),
    rssMb() {
      const pid = bot?.process.pid;
      const cost = pid === undefined ? undefined : costOf(pid);
      if (pid !== undefined && cost !== undefined) costs.set(pid, cost);
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const kb = /^VmRSS:\s+(\d+)/m.exec(status)?.[1];
        return kb === undefined ? undefined : Number(kb) / 1024;
      } catch {
        return undefined;
      }
    },
    async heapMb() {
      const port = bot?.logged().find(({ msg }) => msg === "health pages served")?.["port"];
      if (typeof port !== "number") return undefined;
      try {
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(1_000) });
        const bytes = /^nodejs_heap_size_used_bytes (\S+)/m.exec(await answer.text())?.[1];
        return bytes === undefined ? undefined : Number(bytes) / 2 ** 20;
      } catch {
        return undefined;
      }
    },
    ageMs: () => performance.now() - startedAt,
    troubles: () => troubles,
    async stop() {
      wanted = false;
      clearTimeout(timer);
      await bot?.stop();
    },
  };
}
