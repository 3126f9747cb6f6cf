// The demo's volume. Where the machine allows it, a small file system of its own, so that it can be filled to the last
// byte without harm to anybody else's disk; else a folder like any other.

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";

export type Volume = Disposable & {
  readonly path: string;
  /** Why it must not be filled; empty where it may be. */
  readonly why: string;
};

const SIZE = "256m";

/** `kept`: what is on it has to outlive the demo, so it is a folder. */
export function openVolume(path: string, kept: boolean): Volume {
  mkdirSync(path, { recursive: true });
  const folder = (why: string): Volume => ({ path, why, [Symbol.dispose]: () => undefined });
  if (kept) return folder("With --keep the volume is a plain folder, and your disk is not ours to fill.");
  const mounted = run("mount", ["-t", "tmpfs", "-o", `size=${SIZE}`, "afk-demo", path]);
  if (!mounted) {
    return folder(
      "Filling it needs a volume of its own, and mounting one needs root on Linux: here it is a plain folder.",
    );
  }
  return {
    path,
    why: "",
    [Symbol.dispose]() {
      if (!run("umount", [path])) run("umount", ["--lazy", path]);
    },
  };
}

function run(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
