// The traps of T3's contract, each met by the bot's own client and executor. A server version is named where it matters.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { AfkError } from "../../src/errors.ts";
import { activities, prompt } from "../playground/t3-client.ts";
import { eventually, type Setup, type Started, seenAs, setup } from "./t3-support.ts";

const record = ({ server }: Setup, { session }: Started) => {
  const thread = server.thread(session.threadId);
  if (thread === undefined) throw new Error("no thread on record");
  return thread;
};

describe.concurrent("T3's record of a turn", () => {
  test.each(["0.0.27", "0.0.28", "head"] as const)(
    "latestTurn stays null for good, and the turn has ended all the same (%s)",
    async (version) => {
      await using t3 = await setup({ version });
      t3.server.neverRestoreLatestTurn(true);
      const started = await t3.start("no-commit");
      expect(await seenAs(t3, started, "ended")).toMatchObject({
        how: "completed",
        lastWords: expect.stringContaining("which currency"),
      });
      await eventually("the checkpoint", () => record(t3, started).checkpoints.length === 1);
      expect(record(t3, started).latestTurn).toBeNull();
      expect(await seenAs(t3, started, "ended")).toMatchObject({ how: "completed" });
    },
  );

  test("a session that is ready before the turn begins has not finished", async () => {
    await using t3 = await setup({ timings: { turnStartMs: 400 } });
    const started = await t3.start("no-commit");
    await eventually("ready", () => record(t3, started).session?.status === "ready");
    expect(await t3.executor.observeTurn(started.session, started.turn, false)).toMatchObject({
      value: { is: "pending" },
    });
    await seenAs(t3, started, "ended");
  });

  test("completed after the first message while the turn still runs is running (0.0.27)", async () => {
    await using t3 = await setup({ version: "0.0.27" });
    const started = await t3.start("slow ms=600");
    await eventually("the early completion", () => record(t3, started).latestTurn?.state === "completed");
    expect(await t3.executor.observeTurn(started.session, started.turn, false)).toMatchObject({
      value: { is: "running" },
    });
    expect(await seenAs(t3, started, "ended")).toMatchObject({ how: "completed" });
  });

  test("a turn that a person interrupts looks completed, and is seen as interrupted", async () => {
    await using t3 = await setup();
    const started = await t3.start("silent");
    await seenAs(t3, started, "running");
    await eventually("its words", () => record(t3, started).messages.length > 1);
    t3.server.cockpit.interrupt(started.session.threadId);
    await eventually("the end on record", () => record(t3, started).latestTurn?.state === "completed");
    expect(await seenAs(t3, started, "ended")).toMatchObject({ how: "interrupted" });
  });

  test("an API error that is reported as completed lands nothing, and its text is what people get to see", async () => {
    await using t3 = await setup();
    const started = await t3.start("api-error");
    expect(await seenAs(t3, started, "ended")).toMatchObject({
      how: "completed",
      lastWords: expect.stringMatching(/^API Error: 401/),
    });
    expect(t3.world.git(t3.world.checkout, "rev-parse", "run-api-error")).toBe(started.run.tree?.base);
  });

  test("a turn that cannot start is accepted with 200, and is seen as never started", async () => {
    await using t3 = await setup();
    const { run, session } = await t3.open("no-tree", { tree: join(t3.world.dir, "not-there") });
    const turn = await t3.executor.sendTurn(run, session, { ordinal: 1, text: "hello" }, 0);
    expect(await seenAs(t3, { run, session, turn }, "not-started")).toMatchObject({ why: expect.stringMatching(/\w/) });

    const long = await t3.open("too-long");
    const text = "x".repeat(120_001);
    const second = await t3.executor.sendTurn(long.run, long.session, { ordinal: 1, text }, 0);
    await seenAs(t3, { ...long, turn: second }, "not-started");
  });

  test("a person's own turn that cannot start does not undo ours", async () => {
    await using t3 = await setup();
    const started = await t3.start("no-commit");
    await seenAs(t3, started, "ended");
    rmSync(started.run.tree?.path ?? "", { recursive: true });
    t3.server.cockpit.send(started.session.threadId, "and now?");
    await eventually("the failure", () => activities(record(t3, started), "provider.turn.start.failed").length > 0);
    expect(await seenAs(t3, started, "ended")).toMatchObject({ lastWords: expect.stringContaining("which currency") });
  });

  test("something in the background that reports late is a turn of its own, and its tree is not taken from under it", async () => {
    await using t3 = await setup();
    const started = await t3.start("late ms=100 report=1500");
    expect(await seenAs(t3, started, "ended")).toMatchObject({ how: "completed" });
    await eventually("the late turn", () => record(t3, started).session?.status === "running");
    expect(await seenAs(t3, started, "ended")).toMatchObject({ lastWords: expect.stringContaining("feature 7 is in") });
    expect(await t3.executor.endSession(started.run, started.session, "idle", 0)).toBe("busy");
    await eventually(
      "the end",
      async () => (await t3.executor.endSession(started.run, started.session, "idle", 0)) === "ended",
    );
    expect(record(t3, started).session).toMatchObject({ status: "stopped", activeTurnId: null });
  });
});

describe.concurrent("commands", () => {
  test("bootstrap is ignored over HTTP, so the agent is sent to the tree that we made", async () => {
    await using t3 = await setup();
    const started = await t3.start("good");
    await seenAs(t3, started, "ended");
    expect(existsSync(join(started.run.tree?.path ?? "", "src/feature-7.js"))).toBe(true);
    expect(existsSync(join(t3.world.checkout, "src"))).toBe(false);
    expect(t3.world.git(t3.world.remote, "log", "-1", "--format=%B", "main")).toContain("AFK-Run: run-good");
  });

  test("a refused command id stays refused, and the next one is taken", async () => {
    await using t3 = await setup();
    const archive = (commandId: string) => t3.client.dispatch({ type: "thread.archive", commandId, threadId: "th-1" });
    await expect(archive("first")).rejects.toMatchObject({ code: "refused" });
    const projectId = "p-1";
    const createdAt = new Date().toISOString();
    const modelSelection = { instanceId: "claudeAgent", model: "m" };
    const thread = {
      threadId: "th-1",
      projectId,
      title: "x",
      modelSelection,
      runtimeMode: "full-access",
      branch: null,
    };
    await t3.client.dispatch({
      type: "project.create",
      commandId: "p",
      projectId,
      title: "x",
      workspaceRoot: t3.world.checkout,
      createdAt,
    });
    await t3.client.dispatch({ type: "thread.create", commandId: "t", ...thread, worktreePath: null, createdAt });
    await expect(archive("first")).rejects.toMatchObject({ code: "refused" });
    await expect(archive("second")).resolves.toBeUndefined();
  });

  test.each(["0.0.28", "head"] as const)(
    "a 500 may mean that it is there already: project and thread are looked for first (%s)",
    async (version) => {
      await using t3 = await setup({ version });
      const createdAt = new Date().toISOString();
      await t3.client.dispatch({
        type: "project.create",
        commandId: "theirs",
        projectId: "theirs",
        title: "by hand",
        workspaceRoot: t3.world.checkout,
        createdAt,
      });
      const first = await t3.open("adopted");
      expect(first.session.projectId).toBe("theirs");
      const again = await t3.executor.openSession(first.run, t3.world.checkout, 1);
      expect(again).toEqual(first.session);
      expect(t3.server.threads()).toHaveLength(1);
    },
  );

  test("a message sent again after a crash starts no second turn, though T3 does not tell messages apart", async () => {
    await using t3 = await setup();
    const started = await t3.start("no-commit");
    const text = prompt("no-commit", 7, started.run.id);
    const again = await t3.executor.sendTurn(started.run, started.session, { ordinal: 1, text }, 1);
    expect(again).toMatchObject({ messageId: started.turn.messageId, askedAt: started.turn.askedAt });
    await seenAs(t3, started, "ended");
    expect(record(t3, started).messages.filter(({ role }) => role === "user")).toHaveLength(1);
  });

  test("a stop in mid-turn would hold up every thread: interrupt, let it settle, then stop", async () => {
    await using t3 = await setup();
    const started = await t3.start("silent");
    await seenAs(t3, started, "running");
    await eventually("its words", () => record(t3, started).messages.length > 1);
    expect(await t3.executor.endSession(started.run, started.session, "idle", 0)).toBe("busy");
    const other = await t3.start("no-commit");
    await seenAs(t3, other, "ended");
    await t3.executor.interrupt(started.run, started.session, started.turn, { number: 0, refusals: 0 });
    expect(await seenAs(t3, started, "ended", true)).toMatchObject({ how: "interrupted" });
    await eventually(
      "the end",
      async () => (await t3.executor.endSession(started.run, started.session, "idle", 0)) === "ended",
    );
  });

  test("a question blocks in full access too: it is seen with its choices, and its answer is keyed by question", async () => {
    await using t3 = await setup();
    const started = await t3.start("asks");
    const { requests, kind } = await seenAs(t3, started, "asking");
    expect(kind).toBe("input");
    expect(requests[0]?.questions).toMatchObject([
      { id: "Which database should I use?", many: false, options: [{ label: "Postgres" }, { label: "SQLite" }] },
      { id: "Which features?", many: true },
    ]);
    const id = requests[0]?.id ?? "";
    const answers = { "Which database should I use?": "SQLite", "Which features?": ["Auth", "Billing"] };
    expect(await t3.executor.answer(started.run, started.session, id, answers, 0)).toBe("sent");
    expect(await seenAs(t3, started, "ended")).toMatchObject({ how: "completed" });
    expect(
      record(t3, started)
        .messages.map(({ text }) => text)
        .join(),
    ).toContain('"Which features?":["Auth","Billing"]');
    // A repeat after a crash meets its own answer; another answer comes too late.
    expect(await t3.executor.answer(started.run, started.session, id, answers, 1)).toBe("sent");
    expect(await t3.executor.answer(started.run, started.session, id, { "Which features?": [] }, 1)).toBe("stale");
  });

  test("an approval is seen with its command, and going on waits for the decision", async () => {
    await using t3 = await setup();
    const { run, session } = await t3.open("careful");
    const createdAt = new Date().toISOString();
    const mode = { threadId: session.threadId, runtimeMode: "approval-required", createdAt };
    await t3.client.dispatch({ type: "thread.runtime-mode.set", commandId: "careful", ...mode });
    const turn = await t3.executor.sendTurn(run, session, { ordinal: 1, text: prompt("approval") }, 0);
    const { kind, requests } = await seenAs(t3, { run, session, turn }, "asking");
    expect([kind, requests[0]?.text]).toEqual(["approval", "Bash: npm install --no-save left-pad"]);
    expect(await t3.executor.approve(run, session, requests[0]?.id ?? "", "accept", 0)).toBe("sent");
    await seenAs(t3, { run, session, turn }, "ended");
  });
});

describe.concurrent("restarts", () => {
  test("a zombie runs for ever on record: it is told for certain where T3's start can be read, stopped, and resumed by a next turn", async () => {
    await using t3 = await setup({ shareBaseDir: true });
    const started = await t3.start("silent times=1");
    await seenAs(t3, started, "running");
    await eventually("its words", () => record(t3, started).messages.length > 1);
    expect(await seenAs(t3, started, "running")).toMatchObject({ restarted: undefined });
    await t3.server.restart({ graceful: false });
    await eventually("the restart", async () => (await seenAs(t3, started, "running")).restarted?.certain);
    const end = () => t3.executor.endSession(started.run, started.session, "zombie", 0);
    await eventually("the end", async () => (await end()) === "ended");
    expect(record(t3, started).session).toMatchObject({ status: "stopped", activeTurnId: null });
    const turn = await t3.executor.sendTurn(started.run, started.session, { ordinal: 2, text: "Go on, please." }, 0);
    expect(await seenAs(t3, { ...started, turn }, "ended")).toMatchObject({
      how: "completed",
      lastWords: expect.stringContaining("feature 7 is in"),
    });
  });

  test("a stop that T3 accepted and was killed before it did is asked for again after a while", async () => {
    let lateMs = 0;
    await using t3 = await setup({ shareBaseDir: true, clock: { now: () => Date.now() + lateMs } });
    const idle = await t3.start("no-commit");
    await seenAs(t3, idle, "ended");
    const busy = await t3.start("silent");
    await seenAs(t3, busy, "running");
    await eventually("its words", () => record(t3, busy).messages.length > 1);
    // In mid-turn, and its agent says nothing: T3's one worker waits for it, and everything else behind it.
    await t3.executor.endSession(busy.run, busy.session, "zombie", 0);
    const end = () => t3.executor.endSession(idle.run, idle.session, "idle", 0);
    expect(await end()).toBe("ending");
    await t3.server.restart({ graceful: false });
    await eventually("T3 again", async () => (await end().catch(() => undefined)) === "ending");
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await end()).toBe("ending");
    lateMs = 31_000;
    await eventually("the end", async () => (await end()) === "ended");
    expect(record(t3, idle).session).toMatchObject({ status: "stopped" });
  });

  test("where only the stream tells, a turn that ran when it came back and gave no sign since may be a zombie", async () => {
    await using t3 = await setup();
    const silent = await t3.start("silent");
    await seenAs(t3, silent, "running");
    await eventually("its words", () => record(t3, silent).messages.length > 1);
    const before = Date.now();
    await t3.server.restart({ graceful: false });
    const { restarted } = await eventually("the break", async () => {
      const seen = await seenAs(t3, silent, "running");
      return seen.restarted === undefined ? undefined : seen;
    });
    expect(restarted).toMatchObject({ certain: false });
    expect(restarted?.since).toBeGreaterThanOrEqual(before);
  });

  test("a zombie is never answered: that would make the dead turn look like a success", async () => {
    await using t3 = await setup({ shareBaseDir: true });
    const started = await t3.start("asks");
    const { requests } = await seenAs(t3, started, "asking");
    await t3.server.restart({ graceful: false });
    const id = requests[0]?.id ?? "";
    expect(await t3.executor.answer(started.run, started.session, id, {}, 0)).toBe("stale");
    expect(activities(record(t3, started), "provider.user-input.respond.failed")).toEqual([]);
    expect(record(t3, started).session?.status).toBe("running");
  });

  test("a server that is starting accepts and never answers: the call ends in time, and nothing is concluded from it", async () => {
    await using t3 = await setup({ stream: false, timeoutMs: 3_000 });
    const started = await t3.start("no-commit");
    await seenAs(t3, started, "ended");
    t3.server.hangOnStartup(6_000);
    await t3.server.restart({ graceful: false });
    await expect(t3.client.environment()).rejects.toMatchObject({ code: "unreachable" });
    expect(await t3.executor.observeTurn(started.session, started.turn, false)).toMatchObject({ known: false });
    await seenAs(t3, started, "ended");
  });

  test("a body that is not JSON's is told apart from a refusal", async () => {
    await using t3 = await setup({ stream: false });
    await expect(t3.client.dispatch({ type: "thread.nonsense", commandId: "x" })).rejects.toBeInstanceOf(AfkError);
    await expect(t3.client.dispatch({ type: "thread.nonsense", commandId: "x" })).rejects.toMatchObject({
      code: "refused",
    });
  });
});
