// What a restart does to a T3 Code server: what survives, what is frozen, and what gets a frozen thread out.

import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Thread } from "../../playground/t3/model.ts";
import { startT3, type T3, type T3Options } from "../../playground/t3/server.ts";
import {
  activities,
  agentsOf,
  type Client,
  clientOf,
  eventually,
  gitWorld,
  isRunning,
  isSettled,
  lastWords,
  newProject,
  prompt,
  type World,
} from "./t3-client.ts";
import { AGENT } from "./t3-subject.ts";

let world: World;
let server: T3;
let t3: Client;
let projectId: string;

beforeEach(() => {
  world = gitWorld();
});

afterEach(async () => {
  await server.close();
  world[Symbol.dispose]();
});

async function start(options: Partial<T3Options> = {}): Promise<void> {
  server = await startT3({
    baseDir: join(world.dir, "base"),
    version: "0.0.28",
    agent: { command: process.execPath, args: [AGENT] },
    env: {},
    ...options,
  });
  t3 = clientOf(server.url, server.issueToken());
  projectId = await newProject(t3, world.checkout);
}

async function threadAt(behaviour: string, options: Record<string, unknown> = {}): Promise<string> {
  const name = `wt-${Math.random().toString(36).slice(2)}`;
  const threadId = await t3.createThread(projectId, { branch: name, worktreePath: world.worktree(name), ...options });
  await t3.startTurn(threadId, prompt(behaviour));
  return threadId;
}

const silently = (one: Thread) => isRunning(one) && lastWords(one) !== "";

describe("a restart", () => {
  it.each([true, false])("leaves a running thread running for ever (graceful: %s)", async (graceful) => {
    await start({ timings: { shutdownMs: 50 } });
    const threadId = await threadAt("silent");
    const before = await t3.until(threadId, silently, "the turn");
    await server.restart({ graceful });
    const after = await t3.thread(threadId);
    expect(after).toEqual(before);
    expect(after.session).toMatchObject({ status: "running", activeTurnId: before.latestTurn?.turnId });
  });

  it("keeps receipts, tokens and the environment's id, and serves on the same address", async () => {
    await start();
    const command = {
      type: "thread.create",
      commandId: "once",
      threadId: "th-once",
      projectId,
      title: "x",
      modelSelection: { instanceId: "claudeAgent", model: "m" },
      runtimeMode: "full-access",
      branch: null,
      worktreePath: null,
    };
    const sequence = await t3.command(command);
    const revoked = server.issueToken();
    server.revoke(revoked);
    const snapshot = await t3.snapshot();
    await server.restart({ graceful: false });
    expect(await t3.snapshot()).toEqual(snapshot);
    expect(await t3.command(command)).toBe(sequence);
    const environment = await t3.request("GET", "/.well-known/t3/environment");
    expect(environment.json).toMatchObject({ environmentId: server.environmentId, serverVersion: "0.0.28" });
    expect((await clientOf(server.url, revoked).request("GET", "/api/orchestration/snapshot")).status).toBe(401);
  });

  it("lets a session.stop settle what was running, at once", async () => {
    await start();
    const threadId = await threadAt("silent");
    await t3.until(threadId, silently, "the turn");
    await server.restart({ graceful: false });
    await t3.command({ type: "thread.session.stop", threadId });
    const thread = await t3.until(threadId, (one) => one.session?.status === "stopped", "the stop");
    expect(thread).toMatchObject({ latestTurn: null, session: { activeTurnId: null, lastError: null } });
  });

  it("lets a new turn resume the agent's session", async () => {
    await start();
    const threadId = await threadAt("silent times=1");
    const before = await t3.until(threadId, silently, "the turn");
    await server.restart({ graceful: false });
    await t3.startTurn(threadId, "Go on, please.");
    const thread = await t3.until(threadId, isSettled, "the end");
    expect(thread.latestTurn?.turnId).not.toBe(before.latestTurn?.turnId);
    // The resumed agent still knows its orders: only the first prompt named the branch and the trailers.
    expect(lastWords(thread)).toContain("feature 7 is in");
    expect(world.git(world.remote, "log", "-1", "--format=%B", "main")).toContain("AFK-Run: run-1");
  });

  it("makes a dead question's answer fail, and the dead turn look like a success", async () => {
    await start();
    const threadId = await threadAt("asks");
    const asking = await t3.until(
      threadId,
      (one) => activities(one, "user-input.requested").length > 0,
      "the question",
    );
    const requestId = String(activities(asking, "user-input.requested")[0]?.payload["requestId"]);
    await server.restart({ graceful: false });
    server.cockpit.answer(threadId, requestId, { "Which database should I use?": "SQLite" });
    const thread = await t3.until(threadId, (one) => one.session?.status === "ready", "the false end");
    expect(activities(thread, "provider.user-input.respond.failed")[0]?.payload["detail"]).toMatch(/^Stale pending/);
    expect(thread.session?.activeTurnId).toBe(asking.latestTurn?.turnId);
    expect(thread.latestTurn?.state).toBe("completed");
  });

  it.each([
    ["0.0.28", "completed"],
    ["head", undefined],
  ] as const)("makes an interrupt of a dead turn look like a success (%s)", async (version, state) => {
    await start({ version });
    const threadId = await threadAt("silent");
    const before = await t3.until(threadId, silently, "the turn");
    await server.restart({ graceful: false });
    server.cockpit.interrupt(threadId);
    const thread = await t3.until(threadId, (one) => one.session?.status === "ready", "the false end");
    expect(thread.session?.activeTurnId).toBe(version === "head" ? null : before.latestTurn?.turnId);
    expect(thread.latestTurn?.state).toBe(state);
  });

  it("accepts and never answers while the server is starting", async () => {
    await start();
    server.hangOnStartup(400);
    await server.restart({ graceful: false });
    const began = Date.now();
    await expect(
      fetch(`${server.url}/.well-known/t3/environment`, { signal: AbortSignal.timeout(200) }),
    ).rejects.toMatchObject({ name: "TimeoutError" });
    const answer = await eventually(
      () =>
        fetch(`${server.url}/.well-known/t3/environment`, { signal: AbortSignal.timeout(100) }).catch(() => undefined),
      "an answer",
    );
    expect(answer.status).toBe(200);
    expect(Date.now() - began).toBeGreaterThanOrEqual(390);
  });

  it.skipIf(process.platform !== "linux")("ends the agents with it", async () => {
    await start();
    await t3.until(await threadAt("silent"), silently, "the turn");
    expect(agentsOf(world)).toBe(1);
    await server.restart({ graceful: false });
    expect(agentsOf(world)).toBe(0);
  });
});
