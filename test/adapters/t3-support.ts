// The bot's own client and executor against the T3 stand-in, each test with a server and a git world of its own.

import { join } from "node:path";
import { pino } from "pino";
import { startT3, type T3, type T3Options } from "../../playground/t3/server.ts";
import type { Observed } from "../../src/domain/observed.ts";
import type { Run, Session, Turn } from "../../src/domain/run.ts";
import type { Clock, Executor } from "../../src/ports.ts";
import { createT3Client, type T3Client } from "../../src/t3/client.ts";
import { createExecutor } from "../../src/t3/executor.ts";
import { createRuntime } from "../../src/t3/runtime.ts";
import { createSpending, type Prices } from "../../src/t3/spend.ts";
import { createTokens, type TokenFrom } from "../../src/t3/token.ts";
import { gitWorld, prompt, type World } from "../playground/t3-client.ts";
import { AGENT } from "../playground/t3-subject.ts";
import { run as aRun } from "../support/build.ts";

export const clock: Clock = { now: () => Date.now() };
export const quiet = pino({ level: "silent" });

export type Setup = AsyncDisposable & {
  readonly world: World;
  readonly server: T3;
  readonly client: T3Client;
  readonly executor: Executor;
  /** Thread ids that the stream said to look at again, in order. */
  readonly changes: readonly string[];
  /** A client of its own, as another process would have it. */
  clientWith(token: TokenFrom): T3Client;
  /** A run with its tree, and its session opened. */
  open(name: string, options?: { readonly tree?: string }): Promise<{ readonly run: Run; readonly session: Session }>;
  /** The same with its first message sent: the scripted agent's behaviour. */
  start(behaviour: string, name?: string): Promise<Started>;
};

export type Started = { readonly run: Run; readonly session: Session; readonly turn: Turn };

export async function setup(
  options: Partial<T3Options> & {
    readonly stream?: boolean;
    readonly shareBaseDir?: boolean;
    readonly prices?: Prices;
    readonly pollMs?: number;
    readonly timeoutMs?: number;
    /** The executor's. */
    readonly clock?: Clock;
  } = {},
): Promise<Setup> {
  const world = gitWorld();
  const baseDir = join(world.dir, "base");
  const server = await startT3({
    baseDir,
    version: "0.0.28",
    agent: { command: process.execPath, args: [AGENT] },
    env: {},
    ...options,
  });
  const clients: T3Client[] = [];
  const clientWith = (token: TokenFrom): T3Client => {
    const tokens = createTokens(token, server.url, clock);
    const { pollMs = 20, timeoutMs = 5_000 } = options;
    const client = createT3Client({ url: server.url, tokens, pollMs, timeoutMs, clock, log: quiet });
    clients.push(client);
    return client;
  };
  const client = clientWith({ from: "value", value: server.issueToken() });
  const changes: string[] = [];
  if (options.stream !== false) {
    client.watch((threadId) => changes.push(threadId));
    await eventually("the stream", () => client.live());
  }
  const shared = options.shareBaseDir === true ? baseDir : undefined;
  const executor = createExecutor({
    client,
    runtime: createRuntime(shared),
    spending: createSpending({ baseDir: shared, prices: options.prices }),
    publicUrl: server.url,
    model: { instanceId: "claudeAgent", model: "claude-opus-4-8" },
    runtimeMode: "full-access",
    clock: options.clock ?? clock,
  });

  async function open(name: string, { tree }: { readonly tree?: string } = {}) {
    const path = tree ?? world.worktree(name);
    const base = world.git(world.checkout, "rev-parse", "HEAD");
    const run = aRun({ id: name, branch: name, tree: { path, slotPath: path, base }, session: null });
    const session = await executor.openSession(run, world.checkout, 0);
    return { run: { ...run, session }, session };
  }

  return {
    world,
    server,
    client,
    executor,
    changes,
    clientWith,
    open,
    async start(behaviour, name = `run-${behaviour.split(" ")[0]}`) {
      const { run, session } = await open(name);
      const turn = await executor.sendTurn(run, session, { ordinal: 1, text: prompt(behaviour, 7, name) }, 0);
      return { run, session, turn };
    },
    async [Symbol.asyncDispose]() {
      for (const one of clients) await one.close();
      await server.close();
      world[Symbol.dispose]();
    },
  };
}

/** Looks until it is so; fails the test with what was last seen. */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  withinMs = 45_000,
): Promise<NonNullable<T>> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen;
    if (Date.now() > deadline) throw new Error(`not seen: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export type Seen = Awaited<ReturnType<Executor["observeTurn"]>> extends Observed<infer T> ? T : never;
export type SeenAs<Is extends Seen["is"]> = Extract<Seen, { is: Is }>;

/** Observes the turn until it is seen as `is`. */
export async function seenAs<Is extends Seen["is"]>(
  { executor }: Pick<Setup, "executor">,
  { session, turn }: Started,
  is: Is,
  interrupted = false,
): Promise<SeenAs<Is>> {
  let last: unknown;
  try {
    return await eventually(is, async () => {
      const seen = await executor.observeTurn(session, turn, interrupted);
      last = seen;
      return seen.known && seen.value.is === is ? (seen.value as SeenAs<Is>) : undefined;
    });
  } catch (error) {
    throw new Error(`${String(error)}; last: ${JSON.stringify(last)}`);
  }
}
