// A small client of T3 Code's orchestration API for the tests, and a git world for its agents to work in. Knows the wire
// only, so it works against any server.

import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { WebSocket } from "ws";
import type { Activity, Snapshot, Thread } from "../../playground/t3/model.ts";

export type Answer = { readonly status: number; readonly type: string; readonly text: string; readonly json: unknown };

export type Client = {
  readonly url: string;
  request(
    method: string,
    path: string,
    options?: { body?: unknown; raw?: string; headers?: Record<string, string> },
  ): Promise<Answer>;
  /** Dispatches with a fresh command id unless one is given; fails the test where it is not a 200. */
  command(command: Record<string, unknown>): Promise<number>;
  dispatch(command: Record<string, unknown>): Promise<Answer>;
  snapshot(): Promise<Snapshot>;
  thread(threadId: string): Promise<Thread>;
  /** Polls the snapshot until the thread fits. */
  until(threadId: string, fits: (thread: Thread) => boolean, what: string): Promise<Thread>;
  createThread(project: string, options?: Record<string, unknown>): Promise<string>;
  startTurn(threadId: string, text: string, options?: Record<string, unknown>): Promise<string>;
};

export function clientOf(url: string, token: string): Client {
  async function request(
    method: string,
    path: string,
    options: { body?: unknown; raw?: string; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const body = options.raw ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        // A restart cuts kept connections; whoever reuses one learns of it by a failed request.
        connection: "close",
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    return { status: response.status, type: response.headers.get("content-type") ?? "", text, json: jsonIn(text) };
  }

  const dispatch = (command: Record<string, unknown>) =>
    request("POST", "/api/orchestration/dispatch", {
      body: { commandId: randomUUID(), createdAt: stamp(), ...command },
    });

  async function command(fields: Record<string, unknown>): Promise<number> {
    const answer = await dispatch(fields);
    expect(answer, JSON.stringify(fields)).toMatchObject({ status: 200 });
    return (answer.json as { sequence: number }).sequence;
  }

  async function snapshot(): Promise<Snapshot> {
    const answer = await request("GET", "/api/orchestration/snapshot");
    expect(answer.status).toBe(200);
    return answer.json as Snapshot;
  }

  async function thread(threadId: string): Promise<Thread> {
    const found = (await snapshot()).threads.find((one) => one.id === threadId);
    if (found === undefined) throw new Error(`no thread ${threadId}`);
    return found;
  }

  return {
    url,
    request,
    dispatch,
    command,
    snapshot,
    thread,
    async until(threadId, fits, what) {
      const deadline = Date.now() + 20_000;
      for (;;) {
        const now = await thread(threadId);
        if (fits(now)) return now;
        if (Date.now() > deadline)
          throw new Error(`${what} never came: ${JSON.stringify(now, null, 1).slice(0, 6_000)}`);
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    },
    async createThread(projectId, options = {}) {
      const threadId = `th-${randomUUID()}`;
      await command({
        type: "thread.create",
        threadId,
        projectId,
        title: "a thread",
        modelSelection: { instanceId: "claudeAgent", model: "claude-opus-4-8" },
        runtimeMode: "full-access",
        branch: null,
        worktreePath: null,
        ...options,
      });
      return threadId;
    },
    async startTurn(threadId, text, options = {}) {
      const messageId = randomUUID();
      await command({
        type: "thread.turn.start",
        threadId,
        message: { messageId, role: "user", text, attachments: [] },
        runtimeMode: "full-access",
        interactionMode: "default",
        ...options,
      });
      return messageId;
    },
  };
}

export async function newProject(t3: Client, workspaceRoot: string): Promise<string> {
  const projectId = `proj-${randomUUID()}`;
  const project = { projectId, title: "a project", workspaceRoot, createWorkspaceRootIfMissing: true };
  await t3.command({ type: "project.create", ...project });
  return projectId;
}

export const isRunning = (thread: Thread) => thread.session?.status === "running" && thread.latestTurn !== null;
export const hasEnded = (thread: Thread) =>
  thread.session !== null && thread.session.activeTurnId === null && turnIds(thread).length > 0;
export const isSettled = (thread: Thread) =>
  hasEnded(thread) && thread.latestTurn !== null && thread.latestTurn.state !== "running";

export function turnIds(thread: Thread): readonly string[] {
  const ids = [...thread.activities, ...thread.messages, ...thread.checkpoints].flatMap((row) => row.turnId ?? []);
  return [...new Set(ids)];
}

export function activities(thread: Thread, kind: string): readonly Activity[] {
  return thread.activities.filter((activity) => activity.kind === kind);
}

export function lastWords(thread: Thread): string {
  return thread.messages.filter((message) => message.role === "assistant").at(-1)?.text ?? "";
}

/** Waits for something that can be seen outside the snapshot. */
export async function eventually<Value>(look: () => Value | Promise<Value>, what: string): Promise<NonNullable<Value>> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const seen = await look();
    if (seen) return seen as NonNullable<Value>;
    if (Date.now() > deadline) throw new Error(`${what} never came`);
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

export function stamp(): string {
  return new Date().toISOString();
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function fixture(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../fixtures/t3/${name}`, import.meta.url), "utf8"));
}

/** The keys and kinds of a value: null fits anything, arrays are judged by the set of their elements' shapes. */
export function shape(value: unknown): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.length === 0 ? [] : [shape(value[0])];
  if (typeof value !== "object") return typeof value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, shape(inner)]),
  );
}

// ---- a git world ----------------------------------------------------------------------------------------------------

export type World = Disposable & {
  readonly dir: string;
  /** A checkout of a bare remote, on main. */
  readonly checkout: string;
  readonly remote: string;
  worktree(branch: string): string;
  git(cwd: string, ...args: string[]): string;
};

export function gitWorld(): World {
  const dir = mkdtempSync(join(tmpdir(), "t3-world-"));
  const remote = join(dir, "remote.git");
  const checkout = join(dir, "checkout");
  const env = {
    ...process.env,
    GIT_AUTHOR_NAME: "maintainer",
    GIT_AUTHOR_EMAIL: "maintainer@users.noreply.github.com",
    GIT_COMMITTER_NAME: "maintainer",
    GIT_COMMITTER_EMAIL: "maintainer@users.noreply.github.com",
  };
  const git = (cwd: string, ...args: string[]) =>
    execFileSync("git", args, { cwd, env, encoding: "utf8", stdio: "pipe" }).trim();
  mkdirSync(checkout);
  git(dir, "init", "--quiet", "--bare", "--initial-branch=main", remote);
  git(checkout, "init", "--quiet", "--initial-branch=main");
  git(checkout, "remote", "add", "origin", remote);
  writeFileSync(join(checkout, "README.md"), "# a repository\n");
  git(checkout, "add", "README.md");
  git(checkout, "commit", "--quiet", "-m", "init");
  git(checkout, "push", "--quiet", "origin", "main");
  return {
    dir,
    checkout,
    remote,
    git,
    worktree(branch) {
      const path = join(dir, "trees", branch);
      git(checkout, "worktree", "add", "--quiet", "-b", branch, path, "origin/main");
      return path;
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}

/** A prompt as a dispatcher writes it, with the work's number and one of the scripted agent's behaviours. */
export function prompt(behaviour: string, number = 7, run = "run-1"): string {
  return [
    "Work on the task below.",
    `Scripted agent: ${behaviour}`,
    "When it is done, commit with these lines:",
    `- \`Closes #${number}\``,
    `- \`AFK-Run: ${run}\``,
    "- `Implemented-by: claude-opus-4-8 (AFK)`",
    "and land it with `git push origin HEAD:main`.",
  ].join("\n");
}

// ---- the WebSocket --------------------------------------------------------------------------------------------------

type Frame = Record<string, unknown> & { readonly _tag: string };

export type Socket = Disposable & {
  send(frame: object): void;
  /** Frames received so far, oldest first. */
  readonly frames: readonly Frame[];
  /** Calls a unary method; gives its `Exit` or `Defect`. */
  call(tag: string, payload?: object): Promise<Frame>;
  /** Opens a stream whose chunks are acknowledged at once unless told otherwise. */
  stream(
    tag: string,
    payload: object,
    acknowledge?: boolean,
  ): { readonly values: readonly Record<string, unknown>[]; readonly id: string };
};

export async function connect(url: string, headers: Record<string, string>): Promise<Socket> {
  const socket = new WebSocket(url.replace(/^http/, "ws"), { headers });
  const frames: Frame[] = [];
  const streams = new Map<string, { values: Record<string, unknown>[]; acknowledge: boolean }>();
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data)) as Frame;
    frames.push(frame);
    const stream = streams.get(String(frame["requestId"]));
    if (frame._tag !== "Chunk" || stream === undefined) return;
    stream.values.push(...(frame["values"] as Record<string, unknown>[]));
    if (stream.acknowledge) socket.send(JSON.stringify({ _tag: "Ack", requestId: frame["requestId"] }));
  });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  let next = 0;
  const send = (frame: object) => socket.send(JSON.stringify(frame));
  const request = (tag: string, payload: object) => {
    next += 1;
    send({ _tag: "Request", id: String(next), tag, payload, headers: [] });
    return String(next);
  };
  return {
    send,
    frames,
    async call(tag, payload = {}) {
      const seen = frames.length;
      const id = request(tag, payload);
      const mine = (frame: Frame) => frame._tag === "Defect" || (frame._tag === "Exit" && frame["requestId"] === id);
      return eventually(() => frames.slice(seen).find(mine), `the answer to ${tag}`);
    },
    stream(tag, payload, acknowledge = true) {
      const values: Record<string, unknown>[] = [];
      streams.set(String(next + 1), { values, acknowledge });
      return { values, id: request(tag, payload) };
    },
    [Symbol.dispose]: () => socket.terminate(),
  };
}

/** How many processes work in one of the world's directories. Linux only. */
export function agentsOf({ dir }: World): number {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(dir);
    } catch {
      return false;
    }
  }).length;
}
