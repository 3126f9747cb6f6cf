// Programs that a job starts, each the leader of a process group of its own, so that all that it started goes with it.

import { type ChildProcess, spawn } from "node:child_process";

export type Program = {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Called with each line of standard output and standard error. */
  line(text: string): void;
};

/**
 * Runs a program to its end, or kills its group when the signal is given. Resolves to its exit code, 128 and more for
 * one that was killed. What it left running in the background is killed too.
 */
export function runProgram(program: Program, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return resolve(137);
    const child = spawn(program.command, program.args, {
      cwd: program.cwd,
      env: program.env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const kill = (): void => killGroup(child);
    signal.addEventListener("abort", kill, { once: true });
    const flushes = [child.stdout, child.stderr].map((stream) => lines(stream, program.line));
    child.on("error", reject);
    child.on("exit", kill);
    child.on("close", (code, killedBy) => {
      signal.removeEventListener("abort", kill);
      for (const flush of flushes) flush();
      resolve(code ?? (killedBy === "SIGKILL" ? 137 : 143));
    });
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group is gone: nothing was left to kill.
  }
}

function lines(stream: NodeJS.ReadableStream, line: (text: string) => void): () => void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const part of parts) line(part.replace(/\r$/, ""));
  });
  return () => {
    if (rest !== "") line(rest);
    rest = "";
  };
}
