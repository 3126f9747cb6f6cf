// Worlds at once, each in a process of its own.

import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildProgram } from "../../scripts/build.ts";
import type { Played, Task } from "./play.ts";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

export type Asked = Omit<Task, "main">;

export type Pool = Disposable & {
  /** Waits for a free world. Rejects where the world itself failed, not where the bot did. */
  play(asked: Asked): Promise<Played>;
};

/** So many worlds, which play bots of the sources as they are now. */
export async function openPool(worlds: number): Promise<Pool> {
  const dir = mkdtempSync(join(tmpdir(), "afk-built-"));
  const main = await buildProgram(dir);
  const workers = Array.from({ length: worlds }, startWorker);
  const free = [...workers];
  const waiting: ((worker: Worker) => void)[] = [];

  function giveBack(worker: Worker): void {
    const next = waiting.shift();
    if (next === undefined) free.push(worker);
    else next(worker);
  }

  return {
    async play(asked) {
      const worker = free.pop() ?? (await new Promise<Worker>((resolve) => waiting.push(resolve)));
      try {
        return await worker.play({ ...asked, main });
      } finally {
        giveBack(worker);
      }
    },
    [Symbol.dispose]() {
      for (const worker of workers) worker.end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

type Worker = { play(task: Task): Promise<Played>; end(): void };

function startWorker(): Worker {
  const process: ChildProcess = fork(WORKER, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  return {
    play(task) {
      return new Promise((resolve, reject) => {
        const ended = (code: number | null): void => reject(new Error(`a world ended with code ${code}`));
        process.once("exit", ended);
        process.once("message", (message: { played?: Played; failed?: string }) => {
          process.off("exit", ended);
          if (message.played === undefined) reject(new Error(message.failed ?? "no answer"));
          else resolve(message.played);
        });
        process.send(task);
      });
    },
    end: () => process.disconnect(),
  };
}
