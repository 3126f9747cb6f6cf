import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { Store } from "../../src/ports.ts";
import { openStore } from "../../src/store/store.ts";

export const quiet = pino({ level: "silent" });

const WRITER = fileURLToPath(new URL("./writer.ts", import.meta.url));

export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), "afk-store-"));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** Opens the store, does something with it and closes it. */
export async function withStore<T>(dir: string, use: (store: Store) => Promise<T> | T): Promise<T> {
  const store = await openStore(dir, quiet);
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

export async function commitMany(store: Store, count: number, text = "x"): Promise<void> {
  const at = store.state.sequence;
  await Promise.all(
    Array.from({ length: count }, (_, n) =>
      store.commit({ type: "bot.paused", at: at + n, by: "U0OPERATOR", reason: `${text} ${at + n + 1}` }),
    ),
  );
}

/** The folder that counts now. */
export function current(dir: string): string {
  const numbers = files(dir, "epoch-").map((name) => Number(name.slice("epoch-".length)));
  return numbers.length === 0 ? dir : join(dir, `epoch-${Math.max(...numbers)}`);
}

/** File names in the folder that begin so, sorted. */
export function files(dir: string, start: string): readonly string[] {
  return readdirSync(dir)
    .filter((name) => name.startsWith(start))
    .sort();
}

export type Writer = {
  readonly process: ChildProcess;
  readonly lines: readonly string[];
  /** The first line that begins so; rejects when the process ends without it. */
  line(start: string): Promise<string>;
  readonly ended: Promise<number | null>;
};

/** A process of its own on the folder; `shell` is put before the command, as in `ulimit -f 8;`. */
export function startWriter(
  dir: string,
  args: readonly (string | number)[],
  how: { readonly shell?: string; readonly uid?: number } = {},
): Writer {
  const command = [process.execPath, WRITER, dir, ...args.map(String)];
  const child =
    how.shell === undefined
      ? spawn(command[0] ?? "", command.slice(1), {
          stdio: ["ignore", "pipe", "inherit"],
          ...(how.uid !== undefined && { uid: how.uid }),
        })
      : spawn("sh", ["-c", `${how.shell} exec "$@"`, "sh", ...command], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  const looks = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const look of looks) look();
  });
  const ended = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return {
    process: child,
    lines,
    ended,
    line(start) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const found = lines.find((line) => line.startsWith(start));
          if (found === undefined) return;
          looks.delete(look);
          resolve(found);
        };
        looks.add(look);
        look();
        void ended.then(() => reject(new Error(`the writer ended without "${start}": ${lines.join(" | ")}`)));
      });
    },
  };
}
