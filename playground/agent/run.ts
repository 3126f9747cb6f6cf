// Child processes of the agent: git and node. An interrupt ends the running one at once.

import { spawn } from "node:child_process";

export type Ran = { readonly ok: boolean; readonly output: string };

/** Runs to the end. Rejects with the signal's reason when interrupted, after the child has been killed. */
export function run(command: string, args: readonly string[], signal: AbortSignal, env = process.env): Promise<Ran> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env });
    let output = "";
    const kill = () => {
      child.kill("SIGKILL");
    };
    signal.addEventListener("abort", kill, { once: true });
    process.once("exit", kill);
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
    });
    child.stderr.on("data", (chunk: Buffer) => {
      output += chunk.toString("utf8");
    });
    const done = () => {
      signal.removeEventListener("abort", kill);
      process.off("exit", kill);
    };
    child.once("error", (error) => {
      done();
      reject(error);
    });
    child.once("close", (code) => {
      done();
      if (signal.aborted) reject(signal.reason);
      else resolve({ ok: code === 0, output });
    });
  });
}

/** Sleeps, or rejects with the signal's reason. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}
