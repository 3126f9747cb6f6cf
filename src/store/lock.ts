// One process at a time on a state folder.
//
// The holder is the highest `lock-<n>` there is; it names its machine, process id and the process's start time. Taking
// over from a dead holder is making the next number, which only one can. A holder on this machine is dead when no process
// of that id and start time lives: a kill -9 holds nobody up, and a reused id is not taken for the holder. One on another
// machine cannot be seen; it rewrites its file every few seconds, and is dead when it has not for a while, by our clock
// alone. A holder that finds a higher number has lost the folder and writes nothing more.

import { randomUUID } from "node:crypto";
import { link, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { AfkError } from "../errors.ts";
import { machine, startOf } from "../processes.ts";
import { codeOf, diskError } from "./files.ts";

const BEAT_MS = 4_000;
/** Three missed beats. */
const SILENCE_MS = 15_000;

const holderSchema = z.object({ machine: z.string(), pid: z.number().int(), started: z.string(), token: z.string() });
type Holder = z.infer<typeof holderSchema>;

export type Lock = {
  /** Throws `conflict` where another process has taken the folder. */
  check(): void;
  release(): Promise<void>;
};

/** Throws `conflict`, naming the process, where the folder is in use. */
export async function takeLock(dir: string, onWaiting: (machine: string) => void): Promise<Lock> {
  const mine: Holder = { ...self(), token: randomUUID() };
  const draft = join(dir, `.lock-${mine.token}`);
  try {
    await writeFile(draft, `${JSON.stringify(mine)}\n`, { mode: 0o600 });
    for (;;) {
      const highest = (await numbers(dir)).at(-1) ?? 0;
      if (highest > 0) await untilDead(dir, highest, onWaiting);
      try {
        await link(draft, join(dir, nameOf(highest + 1)));
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
        continue;
      }
      if ((await numbers(dir)).at(-1) === highest + 1) return hold(dir, highest + 1);
      await rm(join(dir, nameOf(highest + 1)), { force: true });
    }
  } catch (error) {
    throw diskError(error, `use the state folder ${dir}`);
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

function hold(dir: string, number: number): Lock {
  const path = join(dir, nameOf(number));
  let lost: AfkError | undefined;
  const beat = async (): Promise<void> => {
    const now = new Date();
    await utimes(path, now, now).catch(() => {});
    const highest = (await numbers(dir).catch(() => [number])).at(-1);
    if (highest === number) return;
    lost = new AfkError("conflict", `Another process has taken the state folder ${dir}: this one writes nothing more.`);
  };
  const timer = setInterval(() => void beat(), BEAT_MS);
  timer.unref();
  void forget(dir, number);
  return {
    check() {
      if (lost !== undefined) throw lost;
    },
    async release() {
      clearInterval(timer);
      if (lost === undefined) await rm(path, { force: true });
    },
  };
}

/** Removes the files of earlier holders. */
async function forget(dir: string, before: number): Promise<void> {
  for (const number of await numbers(dir).catch(() => [])) {
    if (number < before) await rm(join(dir, nameOf(number)), { force: true }).catch(() => {});
  }
}

async function untilDead(dir: string, number: number, onWaiting: (machine: string) => void): Promise<void> {
  const path = join(dir, nameOf(number));
  const holder = await readHolder(path);
  if (holder === undefined) return;
  const here = self();
  if (holder.machine === here.machine) {
    if (startOf(holder.pid) !== holder.started) return;
    throw new AfkError(
      "conflict",
      `The state folder ${dir} is in use by another bot (process ${holder.pid}): stop that one first.`,
    );
  }
  onWaiting(holder.machine);
  const before = await beatOf(path);
  const until = performance.now() + SILENCE_MS;
  while (performance.now() < until) {
    await pause(500);
    const now = await beatOf(path);
    if (now === undefined) return;
    if (now !== before) {
      throw new AfkError(
        "conflict",
        `The state folder ${dir} is in use by another bot (process ${holder.pid} on ${holder.machine}): stop that one first.`,
      );
    }
  }
}

/** Undefined: gone, or of a holder that died before it was written. */
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return holderSchema.safeParse(JSON.parse(await readFile(path, "utf8"))).data;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

async function beatOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

async function numbers(dir: string): Promise<readonly number[]> {
  return (await readdir(dir))
    .flatMap((name) => /^lock-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function nameOf(number: number): string {
  return `lock-${number}`;
}

function self(): Omit<Holder, "token"> {
  return { machine: machine(), pid: process.pid, started: startOf(process.pid) ?? "" };
}
