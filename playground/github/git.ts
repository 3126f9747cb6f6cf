// Runs the real git, never with the settings of the person whose machine this is.

import { type ChildProcess, spawn } from "node:child_process";

export type GitResult = { readonly code: number; readonly stdout: Buffer; readonly stderr: string };

/** The children of one server, so that closing it leaves none behind. */
export type Children = {
  add(child: ChildProcess): void;
  /** Kills what still runs and waits until it is gone. */
  end(): Promise<void>;
};

export function trackChildren(): Children {
  const alive = new Set<ChildProcess>();
  return {
    add(child) {
      alive.add(child);
      child.once("close", () => alive.delete(child));
      child.once("error", () => alive.delete(child));
    },
    async end() {
      await Promise.all(
        [...alive].map(
          (child) =>
            new Promise<void>((resolve) => {
              child.once("close", () => resolve());
              child.kill("SIGKILL");
            }),
        ),
      );
    },
  };
}

/** An environment that holds nothing of the machine's but the way to its programs. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    LC_ALL: "C.UTF-8",
    HOME: "/nonexistent",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    ...extra,
  };
}

export type Git = {
  /** Runs git in a bare repository. Rejects with git's own words where it fails. */
  run(gitDir: string, args: readonly string[], input?: string | Buffer): Promise<Buffer>;
  /** The same, but a failure is a value. */
  attempt(gitDir: string, args: readonly string[], input?: string | Buffer): Promise<GitResult>;
};

export function createGit(children: Children): Git {
  function attempt(gitDir: string, args: readonly string[], input?: string | Buffer): Promise<GitResult> {
    return new Promise((resolve, reject) => {
      const child = spawn("git", [`--git-dir=${gitDir}`, ...args], { env: cleanEnvironment() });
      children.add(child);
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
      child.on("error", reject);
      child.on("close", (code) => {
        resolve({ code: code ?? -1, stdout: Buffer.concat(out), stderr: Buffer.concat(err).toString() });
      });
      child.stdin.on("error", () => undefined);
      child.stdin.end(input ?? "");
    });
  }

  async function run(gitDir: string, args: readonly string[], input?: string | Buffer): Promise<Buffer> {
    const result = await attempt(gitDir, args, input);
    if (result.code !== 0) throw new Error(`git ${args[0] ?? ""}: ${result.stderr.trim()}`);
    return result.stdout;
  }

  return { run, attempt };
}
