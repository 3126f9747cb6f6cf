// Which process is meant: its id means the same only within one boot and one pid namespace, and is given again to others.

import { readFileSync, readlinkSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { hostname } from "node:os";

/** Where process ids of this process's mean the same (a container has its own). */
export function machine(): string {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${hostname()} ${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return hostname();
  }
}

/** The process's start time (proc(5), field 22 of `stat`); undefined = no such process. */
export function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X" ? undefined : fields[18];
  } catch {
    return process.platform === "linux" ? undefined : aliveElsewhere(pid);
  }
}

/** Without /proc the id alone has to do. */
function aliveElsewhere(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
    return "alive";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? "alive" : undefined;
  }
}

/** The processes of this machine that were started with that variable, or by one that was. */
export async function findByEnvironment(variable: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (const id of await readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(id) || Number(id) === process.pid) continue;
    const environment = await readFile(`/proc/${id}/environ`, "utf8").catch(() => "");
    if (environment.split("\0").includes(variable)) found.push(Number(id));
  }
  return found;
}
