// A mount namespace of the soak's own, in which it may mount a small volume whoever it runs as; all of it goes with it.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

const INSIDE = "SOAK_MAY_MOUNT";

export function mayMount(): boolean {
  return process.env[INSIDE] === "yes";
}

/** Runs this very command in such a namespace, and takes over its exit code. False = there is none to be had here. */
export async function runMounting(): Promise<boolean> {
  if (spawnSync("unshare", ["-Urm", "true"]).status !== 0) {
    console.error("no mount namespace is to be had here: the volume is never full");
    return false;
  }
  const child = spawn("unshare", ["-Urm", process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    stdio: "inherit",
    env: { ...process.env, [INSIDE]: "yes" },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  const [code] = await once(child, "exit");
  process.exitCode = typeof code === "number" ? code : 1;
  return true;
}
