// What remains when a demo is killed, ends with it: see guard.sh.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("./guard.sh", import.meta.url));

/** Disposed of when the folder is gone, or is to stay. */
export type Guard = AsyncDisposable & {
  /** This process, whose arguments name the folder, is not to outlive the demo. */
  watch(pid: number | undefined): void;
};

export function guardFolder(dir: string, keep: boolean): Guard {
  const child = spawn("sh", [SCRIPT, dir, ...(keep ? ["keep"] : [])], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  // Without a shell there is no guard, and the demo goes on as well.
  child.once("error", () => undefined);
  child.stdin.on("error", () => undefined);
  return {
    watch(pid) {
      if (pid !== undefined) child.stdin.write(`${pid}\n`);
    },
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.pid === undefined) return;
      const ended = once(child, "exit");
      child.stdin.end("done\n");
      await ended;
    },
  };
}
