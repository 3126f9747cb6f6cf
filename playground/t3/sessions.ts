// The agents' processes, one per thread: started in the thread's directory, kept between turns, started again with the
// same session when gone. Agent session ids outlive the server.

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { v4 as uuid } from "uuid";
import { z } from "zod";
import { type AgentCommand, startAgent } from "./agent-process.ts";
import type { Engine } from "./engine.ts";
import type { Hearing } from "./hearing.ts";
import { type Live, newLive, nextOutput, wake } from "./live.ts";
import type { ThreadRecord } from "./projection.ts";
import type { ProviderLog } from "./provider-log.ts";
import type { Recorder } from "./record.ts";

export type SessionsOptions = {
  readonly baseDir: string;
  readonly engine: Engine;
  readonly recorder: Recorder;
  readonly hearing: Hearing;
  readonly log: ProviderLog;
  readonly env: Readonly<Record<string, string>>;
  readonly sessionStartMs: number;
  agentFor(thread: ThreadRecord): AgentCommand;
};

export type Sessions = {
  find(threadId: string): Live | undefined;
  /** The thread's living session, started if need be. `keepActive` leaves a dead turn's id in the record. */
  ensure(thread: ThreadRecord, instanceId: string, keepActive?: boolean): Promise<Live>;
  /** Kills the process; nothing it still says is heard. */
  end(live: Live): void;
  cwdOf(thread: ThreadRecord): string;
  /** Ends all: at once, or after each running agent's next output, `ms` at most. */
  close(ms: number): Promise<void>;
};

export function createSessions(options: SessionsOptions): Sessions {
  const { engine, recorder, hearing, log } = options;
  const lives = new Map<string, Live>();
  const exits = new Set<Promise<void>>();
  const file = join(options.baseDir, "userdata", "provider-sessions.json");
  const sessionIds = new Map(
    existsSync(file) ? Object.entries(SessionIds.parse(JSON.parse(readFileSync(file, "utf8")))) : [],
  );

  function cwdOf(thread: ThreadRecord): string {
    return thread.worktreePath ?? engine.log.state().projects.get(thread.projectId)?.workspaceRoot ?? "/";
  }

  async function ensure(thread: ThreadRecord, instanceId: string, keepActive = false): Promise<Live> {
    const cwd = cwdOf(thread);
    const known = lives.get(thread.id);
    if (known !== undefined) {
      // A running turn is steered in the session it runs in.
      if (known.activeTurnId !== null) return known;
      if (known.cwd === cwd && known.runtimeMode === thread.runtimeMode && known.instanceId === instanceId)
        return known;
      end(known);
    }
    const live = start(thread, instanceId, cwd);
    await new Promise((resolve) => setTimeout(resolve, options.sessionStartMs));
    const activeTurnId = keepActive ? (thread.session?.activeTurnId ?? null) : null;
    const change = { providerName: instanceId, providerInstanceId: instanceId, runtimeMode: thread.runtimeMode };
    for (let said = 0; said < 3; said += 1) {
      recorder.session(thread.id, { status: "ready", activeTurnId, lastError: null, ...change });
    }
    return live;
  }

  function start(thread: ThreadRecord, instanceId: string, cwd: string): Live {
    const resume = sessionIds.has(thread.id);
    const sessionId = sessionIds.get(thread.id) ?? uuid();
    sessionIds.set(thread.id, sessionId);
    writeFileSync(file, JSON.stringify(Object.fromEntries(sessionIds)));
    let exited = () => undefined as undefined;
    const exit = new Promise<void>((resolve) => {
      exited = () => void resolve();
    });
    exits.add(exit);
    const process = startAgent({
      agent: options.agentFor(thread),
      cwd,
      env: options.env,
      sessionId,
      resume,
      hear(message) {
        if (live.ended) return;
        log(thread.id, message);
        if (isDeleted(thread.id)) return end(live);
        hearing.hear(live, message);
        if (message.type !== "ready") wake(live);
      },
      gone() {
        exits.delete(exit);
        exited();
        const unasked = !live.ended;
        forget(live);
        if (unasked) hearing.lost(live);
      },
    });
    const model = thread.modelSelection.model;
    const live = newLive({ threadId: thread.id, process, instanceId, runtimeMode: thread.runtimeMode, cwd, model });
    lives.set(thread.id, live);
    return live;
  }

  function isDeleted(threadId: string): boolean {
    return (engine.thread(threadId)?.deletedAt ?? null) !== null;
  }

  function forget(live: Live): void {
    live.ended = true;
    if (lives.get(live.threadId) === live) lives.delete(live.threadId);
    wake(live);
  }

  function end(live: Live): void {
    forget(live);
    live.process.kill();
  }

  return {
    find: (threadId) => lives.get(threadId),
    ensure,
    end,
    cwdOf,
    async close(ms) {
      const all = [...lives.values()];
      const running = all.filter((live) => live.activeTurnId !== null);
      if (ms > 0 && running.length > 0) {
        await atMost(ms, Promise.all(running.map(nextOutput)));
      }
      for (const live of all) end(live);
      await Promise.all(exits);
    },
  };
}

const SessionIds = z.record(z.string(), z.string());

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
