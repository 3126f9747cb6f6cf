// What is the stand-in's own: switches, what a person does in the cockpit, and what it leaves behind.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Thread } from "../../playground/t3/model.ts";
import { startT3, type T3, type T3Options } from "../../playground/t3/server.ts";
import {
  activities,
  agentsOf,
  type Client,
  clientOf,
  connect,
  eventually,
  gitWorld,
  hasEnded,
  isRunning,
  isSettled,
  lastWords,
  newProject,
  prompt,
  turnIds,
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

describe("the switches", () => {
  it("calls a turn completed after its first message in 0.0.27, while the session still runs", async () => {
    await start({ version: "0.0.27" });
    const threadId = await threadAt("silent");
    const thread = await t3.until(threadId, silently, "the turn");
    expect(thread.session?.status).toBe("running");
    expect(thread.latestTurn?.state).toBe("completed");
  });

  it("keeps latestTurn null for good although the checkpoint is there", async () => {
    await start();
    server.neverRestoreLatestTurn(true);
    const threadId = await threadAt("no-commit");
    await t3.until(threadId, (one) => activities(one, "checkpoint.captured").length === 1, "the checkpoint");
    const thread = await t3.until(threadId, (one) => one.latestTurn === null, "the null");
    expect(thread.checkpoints[0]?.status).toBe("ready");
    expect(thread.session).toMatchObject({ status: "ready", activeTurnId: null });
  });

  it("is a server without the web build when told so", async () => {
    await start({ webBuild: false });
    expect(await t3.request("GET", "/api/orchestration/shell")).toMatchObject({ status: 503 });
  });

  it("takes an expired token for garbage", async () => {
    await start();
    const token = server.issueToken({ ttlMs: 1, scopes: ["orchestration:read"] });
    const read = () => clientOf(server.url, token).request("GET", "/api/orchestration/snapshot");
    const answer = await eventually(async () => {
      const one = await read();
      return one.status === 401 ? one : undefined;
    }, "the expiry");
    expect(answer.json).toMatchObject({ code: "auth_invalid", reason: "invalid_credential" });
  });

  it("refuses a second project on the same root on HEAD only", async () => {
    await start({ version: "head" });
    const again = { type: "project.create", projectId: "again", title: "x", workspaceRoot: world.checkout };
    expect((await t3.dispatch(again)).status).toBe(500);
  });
});

describe("an agent", () => {
  it("works in the thread's tree through a symlink, and fails to start once the link is gone", async () => {
    await start();
    const link = join(world.dir, "link");
    execFileSync("ln", ["-s", world.worktree("linked"), link]);
    const threadId = await t3.createThread(projectId, { branch: "linked", worktreePath: link });
    await t3.startTurn(threadId, prompt("no-commit times=9"));
    await t3.until(threadId, isSettled, "the end");
    execFileSync("rm", [link]);
    await t3.startTurn(threadId, prompt("no-commit times=9"));
    const failed = (one: Thread) => activities(one, "provider.turn.start.failed").length > 0;
    expect(turnIds(await t3.until(threadId, failed, "the failure"))).toHaveLength(1);
  });

  it("sees the environment it was given and nothing of the server's own", async () => {
    const script = join(world.dir, "env.sh");
    writeFileSync(
      script,
      'cat >/dev/null; echo "given=$GIVEN secret=$T3_TEST_SECRET home=$(test -n "$HOME" && echo yes)"\n',
    );
    process.env["T3_TEST_SECRET"] = "leaked";
    await start({ agent: { command: "sh", args: [script], speaks: "text" }, env: { GIVEN: "yes" } });
    delete process.env["T3_TEST_SECRET"];
    const threadId = await threadAt("any");
    expect(lastWords(await t3.until(threadId, isSettled, "the end"))).toBe("given=yes secret= home=yes");
  });

  it("may be any command: its output is the transcript, its exit the outcome, an interrupt ends it", async () => {
    const agentFor = (thread: Thread) => ({
      command: "sh",
      args: ["-c", thread.title === "bad" ? "echo trying; exit 3" : "echo waiting; exec sleep 60"],
      speaks: "text" as const,
    });
    await start({ agentFor });
    const bad = await threadAt("any", { title: "bad" });
    const failed = await t3.until(bad, isSettled, "the end");
    expect(failed.session).toMatchObject({ status: "error", lastError: "The agent exited with 3." });
    const waiting = await threadAt("any", { title: "waiting" });
    await t3.until(waiting, (one) => lastWords(one) === "waiting", "the words");
    server.cockpit.interrupt(waiting);
    expect((await t3.until(waiting, isSettled, "the end")).session?.status).toBe("ready");
  });

  it("leaves its cost in the provider log, and nowhere in the snapshot", async () => {
    await start();
    const threadId = await threadAt("no-commit");
    const thread = await t3.until(threadId, isSettled, "the end");
    const log = readFileSync(join(world.dir, "base", "userdata", "logs", "provider", `${threadId}.log`), "utf8");
    expect(log).toMatch(/"total_cost_usd":0\.0\d+/);
    expect(JSON.stringify(thread)).not.toContain("cost");
  });

  it("has its turns kept as hidden commits in the project's repository", async () => {
    await start();
    const threadId = await threadAt("good");
    await t3.until(threadId, isSettled, "the end");
    const refs = world.git(world.checkout, "for-each-ref", "--format=%(refname)", "refs/t3/checkpoints");
    const prefix = `refs/t3/checkpoints/${Buffer.from(threadId).toString("base64url")}/turn`;
    expect(refs.split("\n")).toEqual([`${prefix}/0`, `${prefix}/1`]);
    expect(world.git(world.checkout, "status", "--porcelain")).toBe("");
  });

  it.skipIf(process.platform !== "linux")(
    "lives on after its thread is deleted in mid-turn, until it says something",
    async () => {
      await start();
      const threadId = await threadAt("slow ms=3000");
      await t3.until(threadId, isRunning, "the turn");
      await t3.command({ type: "thread.delete", threadId });
      await eventually(() => agentsOf(world) === 0, "the agent's end");
      expect((await t3.thread(threadId)).session?.status).toBe("running");
    },
  );

  it("is not heard any more once its thread is archived", async () => {
    await start();
    const threadId = await threadAt("slow ms=100");
    await t3.until(threadId, isRunning, "the turn");
    await t3.command({ type: "thread.archive", threadId });
    await eventually(() => world.git(world.remote, "log", "--format=%s", "main").includes("feature 7"), "the push");
    expect((await t3.thread(threadId)).session?.status).toBe("running");
  });
});

describe("a person in the cockpit", () => {
  it("sends, approves, interrupts and stops through the same commands as everybody", async () => {
    await start();
    const threadId = await threadAt("approval", { runtimeMode: "approval-required" });
    const pending = (one: Thread) => activities(one, "approval.requested").length > 0;
    const requestId = String(
      activities(await t3.until(threadId, pending, "the request"), "approval.requested")[0]?.payload["requestId"],
    );
    server.cockpit.approve(threadId, requestId, "decline");
    const declined = await t3.until(threadId, isSettled, "the end");
    expect(lastWords(declined)).toContain("refused");
    server.cockpit.send(threadId, prompt("silent times=9"));
    await t3.until(threadId, (one) => turnIds(one).length === 2 && silently(one), "the second turn");
    server.cockpit.interrupt(threadId);
    await t3.until(threadId, (one) => one.checkpoints.length === 2 && hasEnded(one), "the interrupt");
    server.cockpit.stop(threadId);
    expect((await t3.until(threadId, (one) => one.session?.status === "stopped", "the stop")).latestTurn).toBeNull();
  });

  it("makes threads and worktrees by bootstrap over the WebSocket", async () => {
    await start();
    using socket = await connect(`${server.url}/ws`, { authorization: `Bearer ${server.issueToken()}` });
    const answer = await socket.call("orchestration.dispatchCommand", {
      type: "thread.turn.start",
      commandId: "boot",
      threadId: "th-boot",
      message: { messageId: "m", role: "user", text: prompt("no-commit"), attachments: [] },
      runtimeMode: "full-access",
      interactionMode: "default",
      createdAt: new Date().toISOString(),
      bootstrap: {
        createThread: {
          projectId,
          title: "boot",
          modelSelection: { instanceId: "claudeAgent", model: "m" },
          runtimeMode: "full-access",
          interactionMode: "default",
          branch: null,
          worktreePath: null,
          createdAt: new Date().toISOString(),
        },
        prepareWorktree: { projectCwd: world.checkout, baseBranch: "main", branch: "feat/boot" },
      },
    });
    expect(answer).toMatchObject({ exit: { _tag: "Success" } });
    const thread = await t3.until("th-boot", isSettled, "the end");
    expect(thread.worktreePath).toBe(join(world.dir, "base", "worktrees", "checkout", "feat-boot"));
    expect(existsSync(thread.worktreePath ?? "")).toBe(true);
  });

  it("sees the same in the events as in the snapshot", async () => {
    await start();
    const threadId = await threadAt("good");
    await t3.until(threadId, isSettled, "the end");
    using socket = await connect(`${server.url}/ws`, { authorization: `Bearer ${server.issueToken()}` });
    const replay = await socket.call("orchestration.replayEvents", { fromSequenceExclusive: 0 });
    const events = (replay["exit"] as { value: { sequence: number; type: string }[] }).value;
    const snapshot = await t3.snapshot();
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)?.sequence).toBe(snapshot.snapshotSequence);
    expect(events.filter(({ type }) => type === "thread.session-set")).toHaveLength(6);
  });
});
