// What a soak costs, in processor seconds: of the bot and of the world around it, each with the programs that it started.

import { readFileSync } from "node:fs";

export type Cost = { readonly own: number; readonly programs: number };

/** Of a process: its own time, and that of those of its children that have ended. Undefined = it is gone. */
export function costOf(pid: number): Cost | undefined {
  try {
    // The name in brackets may hold anything; what follows it does not (man 5 proc_pid_stat: fields 14 to 17).
    const [, rest = ""] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    const ticks = rest.split(" ").slice(11, 15).map(Number);
    const [user = 0, system = 0, usersOfChildren = 0, systemOfChildren = 0] = ticks;
    return { own: (user + system) / TICKS, programs: (usersOfChildren + systemOfChildren) / TICKS };
  } catch {
    return undefined;
  }
}

/** A second's clock ticks, as Linux counts them for everybody. */
const TICKS = 100;

export function sumOf(costs: Iterable<Cost>): Cost {
  return [...costs].reduce((sum, { own, programs }) => ({ own: sum.own + own, programs: sum.programs + programs }), {
    own: 0,
    programs: 0,
  });
}
