// A T3 Code server on loopback: the orchestration API over HTTP and WebSocket, an event log on disk, real agent
// processes in real directories. Written after the observed contract of 0.0.27, 0.0.28 and a later commit ("head").
//
// starting (may accept and never answer) → serving → restarting → … → closed. A restart freezes every running thread as
// it is; nothing resumes it.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { v4 as uuid } from "uuid";
import { type Listener, listen } from "../listener.ts";
import type { AgentCommand } from "./agent-process.ts";
import { createCheckpointing } from "./checkpointing.ts";
import { type Cockpit, cockpitOver } from "./cockpit.ts";
import { createEngine } from "./engine.ts";
import { createHearing } from "./hearing.ts";
import { openLog } from "./log.ts";
import type { Thread, Version } from "./model.ts";
import type { ThreadRecord } from "./projection.ts";
import { openProviderLog } from "./provider-log.ts";
import { startReactor } from "./reactor.ts";
import { snapshotOf, threadOf } from "./reads.ts";
import { createRecorder } from "./record.ts";
import { routes, type Serving } from "./routes.ts";
import { createSessions } from "./sessions.ts";
import { type IssueOptions, openTokens, sessionIdOf } from "./tokens.ts";
import { createSockets, type Sockets } from "./websocket.ts";

type T3Timings = {
  /** From the start of an agent's process to the session's `ready`. */
  readonly sessionStartMs: number;
  /** From there to `running`. */
  readonly turnStartMs: number;
  /** From a turn's end to its checkpoint. */
  readonly checkpointDelayMs: number;
  /** How long a graceful stop waits for running agents' next output. */
  readonly shutdownMs: number;
};

const TIMINGS: T3Timings = { sessionStartMs: 30, turnStartMs: 20, checkpointDelayMs: 100, shutdownMs: 500 };

export type T3Options = {
  /** Keeps the environment id, the event log, tokens and agent sessions. Reused, it is the same server. */
  readonly baseDir: string;
  readonly version: Version;
  /** What the server says its version is; by default that of `version`, and 0.0.29 for head. */
  readonly serverVersion?: string;
  readonly port?: number;
  readonly agent: AgentCommand;
  /** Another agent for a thread; undefined = `agent`. */
  readonly agentFor?: (thread: Thread) => AgentCommand | undefined;
  /** The agents' environment, on top of PATH and HOME. */
  readonly env: Readonly<Record<string, string>>;
  readonly timings?: Partial<T3Timings>;
  /** False: unknown GETs are 503 as without the web build, instead of its page. */
  readonly webBuild?: boolean;
};

export type T3 = AsyncDisposable & {
  readonly listener: Listener;
  readonly url: string;
  readonly environmentId: string;
  readonly cockpit: Cockpit;
  threads(): readonly Thread[];
  thread(threadId: string): Thread | undefined;
  /** A token as `t3 auth session issue` gives it: all eight scopes and 30 days unless said otherwise. */
  issueToken(options?: IssueOptions): string;
  revoke(token: string): void;
  /** Ends the agents and starts over from what is on disk. Graceful: waits for running agents' next output first. */
  restart(how: { readonly graceful: boolean }): Promise<void>;
  /** From now on, each start accepts requests for `ms` without ever answering them. 0 = answers at once. */
  hangOnStartup(ms: number): void;
  neverRestoreLatestTurn(never: boolean): void;
  close(): Promise<void>;
};

type Core = {
  readonly serving: Serving;
  readonly sockets: Sockets;
  neverRestoreLatestTurn(never: boolean): void;
  close(graceMs: number): Promise<void>;
};

export async function startT3(options: T3Options): Promise<T3> {
  const timings = { ...TIMINGS, ...options.timings };
  let core = boot(options, timings);
  let hangMs = 0;
  let answersFrom = 0;
  let never = false;
  let closing: Promise<void> | undefined;

  const listener = await listen({
    service: "t3",
    ...(options.port === undefined ? {} : { port: options.port }),
    upgrade(request, socket, head) {
      if (Date.now() >= answersFrom) core.sockets.upgrade(request, socket, head);
    },
    routes(app) {
      app.use((_request, _response, next) => {
        if (Date.now() >= answersFrom) next();
      });
      routes(app, () => core.serving);
    },
  });

  async function shutDown(graceMs: number): Promise<void> {
    core.sockets.close();
    await listener.off();
    await core.close(graceMs);
  }

  async function restart({ graceful }: { readonly graceful: boolean }): Promise<void> {
    await shutDown(graceful ? timings.shutdownMs : 0);
    core = boot(options, timings);
    core.neverRestoreLatestTurn(never);
    answersFrom = Date.now() + hangMs;
    await listener.on();
  }

  function close(): Promise<void> {
    closing ??= shutDown(0);
    return closing;
  }

  const find = (threadId: string): Thread | undefined => {
    const thread = core.serving.engine.thread(threadId);
    return thread === undefined ? undefined : threadOf(thread);
  };

  return {
    listener,
    url: listener.url,
    environmentId: core.serving.environment.environmentId,
    cockpit: cockpitOver((command) => core.serving.engine.dispatch(command), find),
    threads: () => snapshotOf(core.serving.engine.log.state()).threads,
    thread: find,
    issueToken: (issue) => core.serving.tokens.issue(issue),
    revoke(token) {
      const sid = sessionIdOf(token);
      if (sid !== undefined) core.serving.tokens.revoke(sid);
    },
    restart,
    hangOnStartup(ms) {
      hangMs = ms;
    },
    neverRestoreLatestTurn(value) {
      never = value;
      core.neverRestoreLatestTurn(value);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function boot(options: T3Options, timings: T3Timings): Core {
  const { baseDir, version } = options;
  const userdata = join(baseDir, "userdata");
  mkdirSync(userdata, { recursive: true });
  const runtime = { pid: process.pid, startedAt: new Date().toISOString() };
  writeFileSync(join(userdata, "server-runtime.json"), JSON.stringify(runtime));
  let closed = false;
  const engine = createEngine(openLog(join(userdata, "events.jsonl"), version), version);
  const recorder = createRecorder(engine, () => closed);
  const checkpointing = createCheckpointing(recorder, timings.checkpointDelayMs);
  const hearing = createHearing(recorder, checkpointing, version);
  const sessions = createSessions({
    baseDir,
    engine,
    recorder,
    hearing,
    log: openProviderLog(baseDir),
    env: agentEnv(options),
    sessionStartMs: timings.sessionStartMs,
    agentFor: (thread: ThreadRecord) => options.agentFor?.(threadOf(thread)) ?? options.agent,
  });
  const { turnStartMs } = timings;
  const reactor = startReactor({ engine, recorder, sessions, hearing, checkpointing, turnStartMs });
  const environment = {
    environmentId: environmentIdIn(join(userdata, "environment-id")),
    serverVersion: options.serverVersion ?? (version === "head" ? "0.0.29" : version),
    webBuild: options.webBuild ?? true,
  };
  const serving: Serving = { engine, tokens: openTokens(baseDir), environment };
  return {
    serving,
    sockets: createSockets(serving, baseDir),
    neverRestoreLatestTurn: checkpointing.neverRestoreLatestTurn,
    async close(graceMs) {
      reactor.close();
      // Muted before the agents end: the record stays as it was, running threads running.
      closed = true;
      await sessions.close(graceMs);
      await checkpointing.close();
    },
  };
}

function agentEnv({ baseDir, env }: T3Options): Record<string, string> {
  const inherited = { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" };
  return { ...inherited, AGENT_STATE_DIR: join(baseDir, "agent-state"), ...env };
}

function environmentIdIn(file: string): string {
  if (!existsSync(file)) writeFileSync(file, uuid());
  return readFileSync(file, "utf8").trim();
}
