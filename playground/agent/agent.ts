// A scripted coding agent: a real process that works in its cwd with git and node, and does what the prompt says.
//
//     node playground/agent/agent.ts [--session-id ID | --resume ID] [--behaviour NAME]
//
// It speaks the line protocol of protocol.ts on stdio. Its orders are read from the prompt alone (orders.ts): the
// trailers and the push command, and a line `Scripted agent: <behaviour> [key=value …]` that names a file in
// behaviours/ (`--behaviour` overrules it). What a session remembers between turns is kept in `$AGENT_STATE_DIR/<session id>.json`.
// An interrupt ends the running turn at once, with its child processes; SIGTERM or a closed stdin ends everything.

import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { BEHAVIOURS } from "./behaviours/index.ts";
import { continued, type Orders } from "./orders.ts";
import type { FromAgent, ToAgent } from "./protocol.ts";
import { type Behaviour, DONE, type Ending, type Memory, type Turn, turnOver } from "./turn.ts";
import { WorkFailed } from "./work.ts";

const { values } = parseArgs({
  options: { "session-id": { type: "string" }, resume: { type: "string" }, behaviour: { type: "string" } },
  strict: false,
});
const sessionId = String(values["resume"] ?? values["session-id"] ?? randomUUID());
const stateDir = process.env["AGENT_STATE_DIR"] ?? join(tmpdir(), "scripted-agent");
const stateFile = join(stateDir, `${sessionId.replace(/[^A-Za-z0-9_-]/g, "_")}.json`);

const memory = recall();
const waiting = new Map<string, (answer: unknown) => void>();
const queue: Extract<ToAgent, { type: "turn" }>[] = [];
const timers = new Set<NodeJS.Timeout>();
let running: AbortController | undefined;
let costUsd = 0;

function emit(message: FromAgent): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function recall(): Memory {
  mkdirSync(stateDir, { recursive: true });
  if (!existsSync(stateFile)) return { orders: undefined, turns: 0, fixes: 0 };
  return JSON.parse(readFileSync(stateFile, "utf8")) as Memory;
}

function remember(): void {
  writeFileSync(stateFile, JSON.stringify(memory));
}

async function takeTurn(message: Extract<ToAgent, { type: "turn" }>): Promise<void> {
  const orders = continued(memory.orders, message.text);
  memory.orders ??= orders;
  memory.turns += 1;
  remember();
  const name = String(values["behaviour"] ?? orders.behaviour);
  const behaviour = message.interactionMode === "plan" ? planOnly : (BEHAVIOURS[name] ?? unknownBehaviour);
  await perform(behaviour, message.text, orders, message.interactionMode);
  remember();
}

async function perform(behaviour: Behaviour, text: string, orders: Orders, interactionMode: string): Promise<void> {
  const control = new AbortController();
  running = control;
  const { signal } = control;
  const answerTo = (requestId: string) =>
    new Promise<unknown>((resolve, reject) => {
      waiting.set(requestId, resolve);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  const turn = turnOver({ text, orders, memory, interactionMode, signal, emit, answerTo, later });
  const inputTokens = 1_200 + Math.ceil(text.length / 4);
  let ending: Ending;
  try {
    ending = await within(behaviour, turn);
  } catch (error) {
    if (signal.aborted) ending = { outcome: "interrupted", isError: false, message: "" };
    else ending = { outcome: "error", isError: true, message: error instanceof Error ? error.message : String(error) };
  }
  running = undefined;
  const outputTokens = 640;
  emit({ type: "usage", inputTokens, outputTokens });
  // As the real one: the total of this process so far.
  costUsd += inputTokens * 5e-6 + outputTokens * 25e-6;
  emit({ type: "result", ...ending, costUsd, inputTokens, outputTokens });
  startNext();
}

async function within(behaviour: Behaviour, turn: Turn): Promise<Ending> {
  try {
    return await behaviour(turn);
  } catch (error) {
    if (!(error instanceof WorkFailed)) throw error;
    turn.say(`I could not finish: ${error.message}`);
    return { outcome: "error", isError: true, message: error.message };
  }
}

function later(ms: number, act: Behaviour): void {
  const timer = setTimeout(() => {
    timers.delete(timer);
    const orders = memory.orders;
    if (orders !== undefined && running === undefined) perform(act, "", orders, "default").catch(fatal);
  }, ms);
  timers.add(timer);
}

async function planOnly(turn: Turn): Promise<Ending> {
  turn.plan(`# Plan\n\n1. Write a failing test for feature ${turn.orders.number}\n2. Make it pass\n`);
  return DONE;
}

async function unknownBehaviour(turn: Turn): Promise<Ending> {
  return { outcome: "error", isError: true, message: `No behaviour is called ${turn.orders.behaviour}.` };
}

function startNext(): void {
  if (running !== undefined) return;
  const next = queue.shift();
  if (next !== undefined) takeTurn(next).catch(fatal);
}

function receive(message: ToAgent): void {
  switch (message.type) {
    case "turn":
      queue.push(message);
      startNext();
      return;
    case "answer":
      settle(message.requestId, message.answers);
      return;
    case "approval":
      settle(message.requestId, message.allow);
      return;
    case "interrupt":
      running?.abort(new Error("interrupted"));
      return;
  }
}

function settle(requestId: string, answer: unknown): void {
  waiting.get(requestId)?.(answer);
  waiting.delete(requestId);
}

function fatal(error: unknown): never {
  console.error(error);
  process.exit(1);
}

function leave(): void {
  running?.abort(new Error("ended"));
  for (const timer of timers) clearTimeout(timer);
  process.exit(0);
}

process.on("SIGTERM", leave);
process.stdout.on("error", leave);
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => receive(JSON.parse(line) as ToAgent));
lines.on("close", leave);
emit({ type: "ready", sessionId });
