// One process at a time on a folder: the state, or the volume.
//
// The holder is the highest `lock-<n>` there is; it names its machine, process id and the process's start time. Taking
// over from a dead holder is making the next number, which only one can, and which is the epoch it writes in (epochs.ts).
// A holder on this machine is dead when no process of that id and start time lives: a kill -9 holds nobody up, and a reused
// id is not taken for the holder. One on another machine cannot be seen; it rewrites its file every few seconds, and is
// dead when it has not for a while, by our clock alone. Where replicas elect who acts by a Lease, the Lease has already
// said that a holder under the same one is deposed, whether or not it lives.
// A holder that finds a higher number has lost the folder and writes nothing more; nor does one that was kept from looking.

import { randomUUID } from "node:crypto";
import { link, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { AfkError } from "../errors.ts";
import { passedSince, timeNow } from "../leader/time.ts";
import { isRunning, machine, startOf } from "../processes.ts";
import { epochsIn } from "./epochs.ts";
import { codeOf, diskError } from "./files.ts";

const BEAT_MS = 4_000;
/** Three missed beats. */
const SILENCE_MS = 15_000;
/** Whoever was kept from looking for so long may have been taken for dead. */
const UNSURE_MS = 10_000;

const holderSchema = z.object({
  machine: z.string(),
  pid: z.number().int(),
  started: z.string(),
  token: z.string(),
  /** The Lease that elected the holder; null = none did. */
  lease: z.string().nullable().default(null),
});
type Holder = z.infer<typeof holderSchema>;

export type Lock = {
  /** Higher than that of any holder before. */
  readonly epoch: number;
  /** Throws `conflict` where another process has taken the folder, or may have. */
  check(): void;
  release(): Promise<void>;
};

/** What is locked: `dir` has the lock, `what` names it for people, such as "state folder /data/state". */
export type Folder = { readonly dir: string; readonly what: string };

/** Throws `conflict`, naming the process, where the folder is in use. `lease` names the Lease that elected us. */
export async function takeLock(
  { dir, what }: Folder,
  lease: string | null,
  onWaiting: (machine: string) => void,
): Promise<Lock> {
  const mine: Holder = { ...self(), token: randomUUID(), lease };
  const draft = join(dir, `.lock-${mine.token}`);
  try {
    await writeFile(draft, `${JSON.stringify(mine)}\n`, { mode: 0o600 });
    for (;;) {
      const highest = (await numbers(dir)).at(-1) ?? 0;
      if (highest > 0) await untilDead({ dir, what }, highest, lease, onWaiting);
      const next = Math.max(highest, (await epochsIn(dir)).at(-1) ?? 0) + 1;
      try {
        await link(draft, join(dir, nameOf(next)));
      } catch (error) {
        if (codeOf(error) !== "EEXIST") throw error;
        continue;
      }
      if ((await numbers(dir)).at(-1) === next) return hold({ dir, what }, next);
      await rm(join(dir, nameOf(next)), { force: true });
    }
  } catch (error) {
    throw diskError(error, `use the ${what}`);
  } finally {
    await rm(draft, { force: true }).catch(() => {});
  }
}

function hold({ dir, what }: Folder, number: number): Lock {
  const path = join(dir, nameOf(number));
  let lost: AfkError | undefined;
  let sure = timeNow();
  const beat = async (): Promise<void> => {
    const now = new Date();
    const began = timeNow();
    const beaten = await utimes(path, now, now).then(
      () => true,
      () => false,
    );
    const highest = (await numbers(dir).catch(() => [])).at(-1);
    if (highest !== undefined && highest !== number) {
      const why = `Another process has taken the ${what}: this one writes nothing more.`;
      lost = new AfkError("conflict", why);
    } else if (beaten && highest === number) sure = began;
  };
  const timer = setInterval(() => void beat(), BEAT_MS);
  timer.unref();
  void forget(dir, number);
  return {
    epoch: number,
    check() {
      if (lost !== undefined) throw lost;
      if (passedSince(sure) > UNSURE_MS) {
        const why = `The ${what} was out of reach for a while: nothing is written before it is sure whose it is.`;
        throw new AfkError("conflict", why);
      }
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

async function untilDead(
  { dir, what }: Folder,
  number: number,
  lease: string | null,
  onWaiting: (machine: string) => void,
): Promise<void> {
  const path = join(dir, nameOf(number));
  const holder = await readHolder(path);
  if (holder === undefined || (lease !== null && holder.lease === lease)) return;
  const here = self();
  if (holder.machine === here.machine) {
    if (!isRunning(holder.pid, holder.started)) return;
    throw new AfkError(
      "conflict",
      `The ${what} is in use by another bot (process ${holder.pid}): stop that one first.`,
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
        `The ${what} is in use by another bot (process ${holder.pid} on ${holder.machine}): stop that one first.`,
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

function self(): Pick<Holder, "machine" | "pid" | "started"> {
  return { machine: machine(), pid: process.pid, started: startOf(process.pid) ?? "" };
}
