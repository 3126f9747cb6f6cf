// A volume that is a real file system of its own, small and in memory, in a mount namespace where this test may mount: and
// the bot's command line run in there, as a process that can be killed.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export const canMount = spawnSync("unshare", ["-Urm", "true"]).status === 0;

export type MountedVolume = AsyncDisposable & {
  /** On the disk of this test, as is all in it but the volume. */
  readonly dir: string;
  /** On the volume. */
  readonly stateDir: string;
  /** The volume's folder, as this test reaches it. */
  readonly volume: string;
  put(path: string, bytes: number): void;
  /** `afk housekeep` with these arguments. */
  start(...args: readonly string[]): ChildProcess;
  run(
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
  remount(options: string): void;
};

/** `size` as tmpfs has it, such as `20m`. */
export async function mountVolume(size: string): Promise<MountedVolume> {
  const dir = mkdtempSync(join(tmpdir(), "afk-mounted-"));
  const inside = join(dir, "volume");
  mkdirSync(inside);
  const script = `mount -t tmpfs -o size=${size} none '${inside}'; echo ready; exec sleep 600`;
  const holder = spawn("unshare", ["-Urm", "sh", "-euc", script], { stdio: ["ignore", "pipe", "inherit"] });
  await once(holder.stdout, "data");
  const enter = ["-t", String(holder.pid), "-U", "-m", "--preserve-credentials", "--"];
  const volume = join(`/proc/${holder.pid}/root`, inside);
  const config = join(dir, "afk.yaml");
  writeFileSync(
    config,
    stringify({
      github: { apiUrl: "http://127.0.0.1:9", token: { env: "TOKEN" } },
      slack: { botToken: { env: "TOKEN" }, appToken: { env: "TOKEN" }, channel: "C0TEAM", operators: ["U0OPERATOR"] },
      t3: { url: "http://127.0.0.1:9", token: { env: "TOKEN" } },
      repos: [{ repo: "acme/shop", workloads: [] }],
      volume: inside,
    }),
  );
  const start = (...args: readonly string[]): ChildProcess =>
    spawn("nsenter", [...enter, process.execPath, MAIN, "housekeep", "--config", config, ...args], {
      env: { ...process.env, TOKEN: "token", NODE_COMPILE_CACHE: join(tmpdir(), "afk-compile-cache") },
      stdio: ["ignore", "pipe", "pipe"],
    });
  return {
    dir,
    stateDir: join(volume, "state"),
    volume,
    put(path, bytes) {
      const full = join(volume, path);
      mkdirSync(dirname(full), { recursive: true });
      writeFileSync(full, Buffer.alloc(bytes, 1));
    },
    start,
    async run(...args) {
      const child = start(...args);
      const said = { out: "", err: "" };
      for (const [to, stream] of [
        ["out", child.stdout],
        ["err", child.stderr],
      ] as const) {
        stream?.on("data", (chunk: Buffer) => {
          said[to] += chunk.toString();
        });
      }
      const [code] = (await once(child, "close")) as [number | null];
      return { code, ...said };
    },
    remount: (options) => void execFileSync("nsenter", [...enter, "mount", "-o", `remount,${options}`, inside]),
    async [Symbol.asyncDispose]() {
      holder.kill("SIGKILL");
      await once(holder, "exit");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
