// One turn as a behaviour sees it: its orders, what the session remembers, and ways to speak, ask and use tools.

import { randomUUID } from "node:crypto";
import type { Orders } from "./orders.ts";
import type { FromAgent, Question } from "./protocol.ts";
import { pause, type Ran, run } from "./run.ts";

/** What a session remembers between its turns, across processes too. */
export type Memory = {
  orders: Orders | undefined;
  /** Turns begun so far, this one included. */
  turns: number;
  /** Corrections pushed so far. */
  fixes: number;
};

export type Ending = Pick<Extract<FromAgent, { type: "result" }>, "outcome" | "isError" | "message">;

export const DONE: Ending = { outcome: "success", isError: false, message: "" };

export type Turn = {
  readonly text: string;
  readonly orders: Orders;
  readonly memory: Memory;
  readonly interactionMode: string;
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal;
  say(text: string): void;
  /** Runs a command as the tool `Bash` and reports it. Not ok is an answer, not an error. */
  bash(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
  /** Does something as the named tool and reports it. */
  tool(name: string, input: Readonly<Record<string, unknown>>, act: () => Promise<string>): Promise<void>;
  plan(markdown: string): void;
  ask(questions: readonly Question[]): Promise<Readonly<Record<string, unknown>>>;
  /** Asks whether a command may be run. */
  mayRun(command: string): Promise<boolean>;
  pause(ms: number): Promise<void>;
  /** Comes back with another turn of its own `ms` after this one's result. */
  later(ms: number, act: (turn: Turn) => Promise<Ending>): void;
  number(setting: string, otherwise: number): number;
};

export type Behaviour = (turn: Turn) => Promise<Ending>;

export type Wiring = {
  readonly text: string;
  readonly orders: Orders;
  readonly memory: Memory;
  readonly interactionMode: string;
  readonly signal: AbortSignal;
  emit(message: FromAgent): void;
  /** Resolves with the server's answer to a request, rejects when the turn is interrupted. */
  answerTo(requestId: string): Promise<unknown>;
  later(ms: number, act: (turn: Turn) => Promise<Ending>): void;
};

export function turnOver(wiring: Wiring): Turn {
  const { emit, signal, orders } = wiring;

  async function tool(
    name: string,
    input: Readonly<Record<string, unknown>>,
    act: () => Promise<string>,
  ): Promise<void> {
    const id = `toolu_${randomUUID().slice(0, 12)}`;
    emit({ type: "tool", id, name, input });
    const content = await act();
    emit({ type: "tool-result", id, content, isError: false });
  }

  return {
    text: wiring.text,
    orders,
    memory: wiring.memory,
    interactionMode: wiring.interactionMode,
    signal,
    say: (text) => emit({ type: "text", text }),
    async bash(command, args, env) {
      const id = `toolu_${randomUUID().slice(0, 12)}`;
      emit({ type: "tool", id, name: "Bash", input: { command: [command, ...args].join(" ") } });
      const ran = await run(command, args, signal, env);
      emit({ type: "tool-result", id, content: ran.output.slice(-2_000), isError: !ran.ok });
      return ran;
    },
    tool,
    plan: (markdown) => emit({ type: "plan", markdown }),
    async ask(questions) {
      const requestId = randomUUID();
      let answers: Readonly<Record<string, unknown>> = {};
      await tool("AskUserQuestion", { questions }, async () => {
        emit({ type: "ask", requestId, questions });
        answers = (await wiring.answerTo(requestId)) as Readonly<Record<string, unknown>>;
        return JSON.stringify(answers);
      });
      return answers;
    },
    async mayRun(command) {
      const requestId = randomUUID();
      let allowed = false;
      await tool("Bash", { command }, async () => {
        emit({ type: "approve", requestId, name: "Bash", input: { command } });
        allowed = (await wiring.answerTo(requestId)) === true;
        return allowed ? "done" : "The user refused this command.";
      });
      return allowed;
    },
    pause: (ms) => pause(ms, signal),
    later: wiring.later,
    number(setting, otherwise) {
      const value = Number(orders.settings[setting] ?? otherwise);
      return Number.isFinite(value) ? value : otherwise;
    },
  };
}
