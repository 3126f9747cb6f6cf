// Which process is meant: its id means the same only within one boot and one pid namespace, and is given again to others.

import { readFileSync, readlinkSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { AfkError } from "./errors.ts";

/** Where process ids of this process's mean the same (a container has its own). */
export function machine(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${hostname()} ${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** What is known of a process's start where /proc does not say. */
const UNREADABLE = "alive";

/** The process's start time (proc(5), field 22 of `stat`); undefined = no such process. */
export function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : fields[18];
  } catch {
    // No file there is not no process: /proc may be missing, or hide what is another's (proc(5), `hidepid`).
    return isThere(pid) ? UNREADABLE : undefined;
  }
}

/** Whether the process that began at `started` (as `startOf` said then) still runs. What cannot be told apart is it. */
export function isRunning(pid: number, started: string): boolean {
  const now = startOf(pid);
  return now !== undefined && (now === started || now === UNREADABLE || started === UNREADABLE || started === "");
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/**
 * The processes of this machine that were started with that variable, or by one that was; another user's are not looked
 * into. Throws `conflict` where a Linux does not say which there are.
 */
export async function findByEnvironment(variable: string): Promise<readonly number[]> {
  const found: number[] = [];
  const all = await readdir("/proc").catch((): readonly string[] => []);
  if (process.platform === "linux" && !all.includes(String(process.pid))) {
    throw new AfkError("conflict", "Cannot tell which processes run: /proc is not mounted, or not of this container.");
  }
  for (const id of all) {
    if (!/^\d+$/.test(id) || Number(id) === process.pid) continue;
    const environment = await readFile(`/proc/${id}/environ`, "utf8").catch(() => "");
    if (environment.split("\0").includes(variable)) found.push(Number(id));
  }
  return found;
}
