// Gives orders to the worker, kills it now and then in the middle, and gives the same order again until it is carried out.

import { type ChildProcess, fork } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Chance } from "../chance.ts";
import type { Answer, Order } from "./worker.ts";
import type { World } from "./world.ts";

export const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

export type FuzzBot = {
  readonly kills: () => number;
  /** Undefined: it could not be carried out in a dozen tries; `why` says what the last one said. */
  order(order: Order, likelihoodOfKill: number): Promise<{ readonly value: unknown } | { readonly why: string }>;
  stop(): void;
};

const TRIES = 12;

/** `worker` is the program, worker.ts or a bundle of it. */
export function startBot(world: World, worker: string, chance: Chance): FuzzBot {
  let running: Promise<ChildProcess> | undefined;
  let kills = 0;

  function start(): Promise<ChildProcess> {
    // A group of its own, so that one signal ends it with its gits.
    const child = fork(worker, [world.layout.volume, world.cloneUrl], {
      detached: true,
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "afk-compile-cache") },
      stdio: ["ignore", 2, 2, "ipc"],
    });
    return new Promise((resolve, reject) => {
      child.once("message", () => resolve(child));
      child.once("exit", () => reject(new Error("the worker ended before it was ready")));
    });
  }

  /** Undefined: it was killed first. */
  async function give(order: Order, killAfterMs: number | undefined): Promise<Answer | undefined> {
    running ??= start();
    const child = await running;
    const answer = new Promise<Answer | undefined>((resolve) => {
      child.once("message", (message) => resolve(message as Answer));
      child.once("exit", () => resolve(undefined));
      // One that was killed just as it had answered takes no other order.
      child.once("error", () => resolve(undefined));
      if (child.exitCode !== null || child.signalCode !== null) resolve(undefined);
    });
    if (child.connected) child.send(order);
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => kill(child), killAfterMs);
    const came = await answer;
    clearTimeout(timer);
    if (came === undefined) {
      running = undefined;
      await untilQuiet(world.dir);
      ageLocks(world.checkout);
    }
    child.removeAllListeners();
    return came;
  }

  function kill(child: ChildProcess): void {
    if (child.pid === undefined) return;
    kills += 1;
    // With its gits, or alone while they go on.
    process.kill(chance.is(0.6) ? -child.pid : child.pid, "SIGKILL");
  }

  return {
    kills: () => kills,
    async order(order, likelihoodOfKill) {
      let why = "";
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        const killed = attempt < TRIES - 3 && chance.is(likelihoodOfKill);
        const answer = await give(order, killed ? chance.below(chance.is(0.5) ? 120 : 600) : undefined);
        if (answer?.ok === true) return { value: answer.value };
        if (answer !== undefined) {
          why = answer.why;
          ageLocks(world.checkout);
        }
      }
      return { why };
    },
    stop() {
      void running?.then((child) => child.pid !== undefined && process.kill(-child.pid, "SIGKILL"));
      running = undefined;
    },
  };
}

/** Until no process works in the folder any more. */
async function untilQuiet(dir: string): Promise<void> {
  while (
    readdirSync("/proc").some((id) => {
      if (!/^\d+$/.test(id) || Number(id) === process.pid) return false;
      try {
        const cwd = readlinkSync(`/proc/${id}/cwd`);
        return cwd.startsWith(dir) || readFileSync(`/proc/${id}/cmdline`, "utf8").includes(dir);
      } catch {
        return false;
      }
    })
  ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Lets an hour pass for what a killed git has locked. */
function ageLocks(checkout: string): void {
  const past = new Date(Date.now() - 3_600_000);
  let names: string[] = [];
  try {
    names = readdirSync(join(checkout, ".git"), { recursive: true, encoding: "utf8" });
  } catch {
    return;
  }
  for (const name of names) {
    if (!name.endsWith(".lock")) continue;
    try {
      utimesSync(join(checkout, ".git", name), past, past);
    } catch {
      // It is gone.
    }
  }
}
