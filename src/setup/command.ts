// Runs a repo's setup command: code of the repo, in the tree, in a process group of its own. It has none of the bot's
// environment but what it is given, it ends with its time, with the bot or when the bot is paused, and its output is kept
// up to a bound. What it leaves running is ended with it.

import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export type Command = {
  /** Run by `sh -c`. */
  readonly text: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly withinMs: number;
  readonly logFile: string;
  /** Left out of what is kept of its output. */
  readonly secrets: readonly string[];
  /** Why it has to stop now; undefined = it may go on. */
  readonly stopFor: () => string | undefined;
};

export type Ended =
  | { readonly is: "done" }
  | { readonly is: "failed"; readonly how: string; readonly tail: string }
  | { readonly is: "stopped"; readonly why: string };

/** Of the output the first and the last so many bytes are kept. */
const KEEP_BYTES = 128 * 1024;
const RECENT = 8_000;
const LOOK_EVERY_MS = 200;
const GRACE_MS = 3_000;

export async function runCommand(command: Command): Promise<Ended> {
  const { text, cwd, env, withinMs, logFile, secrets, stopFor } = command;
  const first = stopFor();
  if (first !== undefined) return { is: "stopped", why: first };
  await mkdir(dirname(logFile), { recursive: true });
  const output = keepOutput(createWriteStream(logFile), secrets);
  const child = spawn("/bin/sh", ["-c", text], {
    cwd,
    env: { ...env },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) =>
      resolve(code === 0 ? undefined : signal ? `by ${signal}` : `exit code ${code}`),
    );
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => output.take(text));
  try {
    const stopped = await watch(child, ended, withinMs, stopFor);
    const how = await ended;
    const tail = await output.end();
    if (stopped?.is === "told") return { is: "stopped", why: stopped.why };
    if (stopped?.is === "late")
      return { is: "failed", how: `it took longer than ${Math.round(withinMs / 1000)} s`, tail };
    return how === undefined ? { is: "done" } : { is: "failed", how, tail };
  } finally {
    endGroup(child.pid, "SIGKILL");
  }
}

type Stopped = { readonly is: "told"; readonly why: string } | { readonly is: "late" };

async function watch(
  child: ChildProcess,
  ended: Promise<unknown>,
  withinMs: number,
  stopFor: Command["stopFor"],
): Promise<Stopped | undefined> {
  const deadline = performance.now() + withinMs;
  let over = false;
  void ended.then(() => {
    over = true;
  });
  for (;;) {
    await Promise.race([ended, pause(LOOK_EVERY_MS)]);
    if (over) return undefined;
    const why = stopFor();
    if (why === undefined && performance.now() < deadline) continue;
    endGroup(child.pid, "SIGTERM");
    await Promise.race([ended, pause(GRACE_MS)]);
    endGroup(child.pid, "SIGKILL");
    return why === undefined ? { is: "late" } : { is: "told", why };
  }
}

/** The process and all it started that did not leave its group. */
function endGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // There is none left.
  }
}

/** The beginning goes to the file as it comes, line by line, and the end when all is over. */
function keepOutput(file: WriteStream, secrets: readonly string[]) {
  const hidden = secrets.filter((secret) => secret.length >= 4);
  let line = "";
  let room = KEEP_BYTES;
  let tail = "";
  let leftOut = 0;
  let recent = "";
  // A full disk loses the log and nothing else.
  file.on("error", () => {});
  const keep = (text: string): void => {
    const shown = hidden.reduce((so, secret) => so.replaceAll(secret, "[hidden]"), text);
    recent = (recent + shown).slice(-RECENT);
    if (room > 0) file.write(shown.slice(0, room));
    tail += shown.slice(room);
    room = Math.max(0, room - shown.length);
    if (tail.length > 2 * KEEP_BYTES) {
      leftOut += tail.length - KEEP_BYTES;
      tail = tail.slice(-KEEP_BYTES);
    }
  };
  return {
    take(text: string): void {
      line += text;
      const end = line.length > RECENT ? line.length : line.lastIndexOf("\n") + 1;
      keep(line.slice(0, end));
      line = line.slice(end);
    },
    /** Resolves to the last lines. */
    async end(): Promise<string> {
      keep(line);
      if (leftOut > 0) file.write(`\n[${leftOut} characters left out]\n`);
      file.write(tail);
      await new Promise<void>((resolve) => file.end(resolve));
      return lastLines(recent);
    },
  };
}

function lastLines(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what terminals are told, people need not read.
  const plain = text.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, "").replaceAll(/[^\P{Cc}\n\t]/gu, "");
  return plain.trim().split("\n").slice(-20).join("\n").slice(-2_000);
}
