// An agent as the server sees it: a process in a thread's directory that takes turns and says things. Two kinds: one
// that speaks the line protocol of ../agent/protocol.ts and stays between turns, and any other command, run once a turn
// with the prompt on its stdin and its output taken as what it says, piece by piece as it comes.

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { FromAgent, ToAgent } from "../agent/protocol.ts";

export type AgentCommand = {
  readonly command: string;
  readonly args: readonly string[];
  /** `lines` (the default) speaks the protocol; `text` is any command. */
  readonly speaks?: "lines" | "text";
};

export type AgentStart = {
  readonly agent: AgentCommand;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly sessionId: string;
  readonly resume: boolean;
  hear(message: FromAgent): void;
  /** The process is gone, whoever ended it. Called once. */
  gone(): void;
};

export type AgentProcess = {
  tell(message: ToAgent): void;
  /** SIGKILLs the process and what it started; `gone` follows. */
  kill(): void;
  /** Closes its stdin, so that it ends by itself. */
  close(): void;
};

const PIECE_MS = 250;
const LONGEST_PIECE = 8_000;

export function startAgent(start: AgentStart): AgentProcess {
  return start.agent.speaks === "text" ? startTextAgent(start) : startLineAgent(start);
}

const Heard = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready"), sessionId: z.string() }),
  z.object({ type: z.literal("text"), text: z.string() }),
  z.object({ type: z.literal("tool"), id: z.string(), name: z.string(), input: z.record(z.string(), z.unknown()) }),
  z.object({ type: z.literal("tool-result"), id: z.string(), content: z.string(), isError: z.boolean() }),
  z.object({
    type: z.literal("ask"),
    requestId: z.string(),
    questions: z.array(
      z.object({
        question: z.string(),
        header: z.string(),
        options: z.array(z.object({ label: z.string(), description: z.string() })),
        multiSelect: z.boolean(),
      }),
    ),
  }),
  z.object({
    type: z.literal("approve"),
    requestId: z.string(),
    name: z.string(),
    input: z.record(z.string(), z.unknown()),
  }),
  z.object({ type: z.literal("plan"), markdown: z.string() }),
  z.object({ type: z.literal("usage"), inputTokens: z.number(), outputTokens: z.number() }),
  z.object({
    type: z.literal("result"),
    outcome: z.enum(["success", "error", "max-turns", "interrupted"]),
    isError: z.boolean(),
    message: z.string(),
    costUsd: z.number(),
    inputTokens: z.number(),
    outputTokens: z.number(),
  }),
]);

function startLineAgent({ agent, cwd, env, sessionId, resume, hear, gone }: AgentStart): AgentProcess {
  const args = [...agent.args, resume ? "--resume" : "--session-id", sessionId];
  const child = launch(agent.command, args, cwd, env, gone);
  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = parse(line);
    if (message !== undefined) hear(message);
  });
  return {
    tell: (message) => child.stdin.write(`${JSON.stringify(message)}\n`),
    kill: () => killGroup(child),
    close: () => child.stdin.end(),
  };
}

// What is not a line of the protocol (a stray print of the agent) is not an answer to anything: it is dropped.
function parse(line: string): FromAgent | undefined {
  try {
    return Heard.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function startTextAgent({ agent, cwd, env, sessionId, hear, gone }: AgentStart): AgentProcess {
  const waiting: string[] = [];
  let running: ChildProcess | undefined;
  let interrupted = false;
  let closed = false;

  function next(): void {
    const text = waiting.shift();
    if (text === undefined || running !== undefined) return;
    interrupted = false;
    const pieces = sayInPieces((text) => hear({ type: "text", text }));
    const child = launch(agent.command, agent.args, cwd, env, (code) => {
      running = undefined;
      pieces.end();
      if (closed) return gone();
      const outcome = interrupted ? "interrupted" : code === 0 ? "success" : "error";
      const message = outcome === "error" ? `The agent exited with ${code}.` : "";
      hear({
        type: "result",
        outcome,
        isError: outcome === "error",
        message,
        costUsd: 0,
        inputTokens: 0,
        outputTokens: 0,
      });
      next();
    });
    running = child;
    child.stdout.setEncoding("utf8").on("data", pieces.add);
    child.stdin.end(text);
  }

  function end(): void {
    if (closed) return;
    closed = true;
    if (running === undefined) setImmediate(gone);
    else killGroup(running);
  }

  setImmediate(() => hear({ type: "ready", sessionId }));
  return {
    tell(message) {
      if (message.type === "turn") {
        waiting.push(message.text);
        if (running === undefined) next();
      } else if (message.type === "interrupt" && running !== undefined) {
        interrupted = true;
        killGroup(running);
      }
    },
    kill: end,
    close: end,
  };
}

/** Not letter by letter, and not only in the end. */
function sayInPieces(say: (text: string) => void): { add(chunk: string): void; end(): void } {
  let heard = "";
  let timer: NodeJS.Timeout | undefined;
  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    const text = heard.trim();
    heard = "";
    for (let at = 0; at < text.length; at += LONGEST_PIECE) say(text.slice(at, at + LONGEST_PIECE));
  }
  return {
    add(chunk) {
      heard += chunk;
      timer ??= setTimeout(flush, PIECE_MS);
    },
    end: flush,
  };
}

function launch(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  gone: (code: number | null) => void,
) {
  // A group of its own, so that the kill reaches whatever the agent has started.
  const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "pipe"], detached: true });
  let told = false;
  const tell = (code: number | null) => {
    if (told) return;
    told = true;
    gone(code);
  };
  child.stdin.on("error", () => undefined);
  child.stderr.resume();
  child.once("error", () => tell(null));
  child.once("close", (code) => tell(code));
  return child;
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // Already gone.
  }
}
