// The observed contract of T3 Code's orchestration API for turns: what the record shows from a turn's start to its end,
// however it ends. Needs the scripted agent behind the server.

import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Thread } from "../../playground/t3/model.ts";
import {
  activities,
  type Client,
  connect,
  fixture,
  gitWorld,
  hasEnded,
  isRunning,
  isSettled,
  lastWords,
  newProject,
  prompt,
  shape,
  turnIds,
  type World,
} from "./t3-client.ts";
import { describeSubjects } from "./t3-subject.ts";

// The agent is the same in every mode; one is enough for what no version changes.
describeSubjects(["0.0.28"], "scripted agent", (subject) => {
  let t3: Client;
  let world: World;
  let projectId = "";
  beforeAll(async () => {
    t3 = subject.t3;
    world = gitWorld();
    projectId = await newProject(t3, world.checkout);
  });
  afterAll(() => world[Symbol.dispose]());

  const threadIn = (name: string, options: Record<string, unknown> = {}) =>
    t3.createThread(projectId, { branch: name, worktreePath: world.worktree(name), ...options });

  it("takes a turn from nothing over ready and running to ready again, and only the checkpoint brings it back", async () => {
    using socket = await connect(`${subject.url}/ws`, { authorization: `Bearer ${subject.token}` });
    const stream = socket.stream("orchestration.subscribeShell", {});
    const threadId = await threadIn("good");
    const messageId = await t3.startTurn(threadId, prompt("good", 1));
    const thread = await t3.until(threadId, isSettled, "the end");
    const states = stream.values.flatMap((value) => {
      const { id, session, latestTurn } = (value["thread"] ?? {}) as Partial<Thread>;
      return id === threadId ? [`${session?.status ?? null}/${latestTurn?.state ?? null}`] : [];
    });
    // 0.0.27 calls a turn completed after its first message, and cannot be told from 0.0.28 by asking.
    const early = subject.version === "head" ? undefined : "running/completed";
    const told = states.filter((state) => state !== early);
    const distinct = told.filter((state, index) => state !== told[index - 1]);
    expect(distinct).toEqual(["null/null", "ready/null", "running/running", "ready/null", "ready/completed"]);
    const asked = thread.messages.find(({ id }) => id === messageId);
    expect(thread.latestTurn?.requestedAt).toBe(asked?.createdAt);
    expect(thread.checkpoints[0]).toMatchObject({ status: "ready", checkpointTurnCount: 1 });
    expect(thread.checkpoints[0]?.files.map(({ path }) => path)).toEqual([
      "src/feature-1.js",
      "test/feature-1.test.js",
    ]);
    const body = world.git(world.remote, "log", "-1", "--format=%B", "main");
    expect(body).toContain("\n\nCloses #1\nAFK-Run: run-1\nImplemented-by: claude-opus-4-8 (AFK)");
  });

  it("shows a finished turn in the recorded shape, activities included", async () => {
    const threadId = await threadIn("shape");
    await t3.startTurn(threadId, prompt("good", 2));
    const thread = await t3.until(threadId, isSettled, "the end");
    const wanted = (fixture("snapshot-23-commit-with-checkpoint-files.json") as { thread: Thread }).thread;
    const bare = ({ activities: _, messages: __, ...rest }: Thread) => shape(rest);
    expect(bare(thread)).toEqual(bare(wanted));
    const tools = (fixture("snapshot-03-turn-completed.json") as { threads: readonly Thread[] }).threads[0];
    for (const kind of ["tool.started", "tool.completed", "context-window.updated", "checkpoint.captured"]) {
      const recorded = tools?.activities.find((one) => one.kind === kind);
      const own = thread.activities.find((one) => one.kind === kind && one.summary === recorded?.summary);
      const lean = (one: typeof own) => ({ ...one, payload: Object.keys(one?.payload ?? {}).sort() });
      expect(shape(lean(own)), kind).toEqual(shape(lean(recorded)));
    }
  });

  it.each([
    ["fails", "error", "The tool runtime gave up.", "error"],
    ["max-turns", "error", "Reached maximum number of turns (3)", "error"],
    ["crashes", "stopped", "Claude runtime stream failed.", "error"],
    ["api-error", "ready", null, "completed"],
    ["no-commit", "ready", null, "completed"],
  ] as const)("ends a turn that %s as session %s", async (behaviour, status, lastError, state) => {
    const threadId = await threadIn(`ends-${behaviour}`);
    await t3.startTurn(threadId, prompt(behaviour));
    const thread = await t3.until(threadId, isSettled, "the end");
    expect(thread.session).toMatchObject({ status, activeTurnId: null, lastError });
    expect(thread.latestTurn?.state).toBe(state);
    expect(activities(thread, "runtime.error")).toHaveLength(state === "error" ? 1 : 0);
    expect(thread.checkpoints[0]?.status).toBe(state === "error" ? "error" : "ready");
    if (behaviour === "api-error") expect(lastWords(thread)).toMatch(/^API Error: 401/);
  });

  it.each([false, true])("calls an interrupted turn completed in the end (turnId given: %s)", async (withTurnId) => {
    const threadId = await threadIn(`interrupted-${withTurnId}`);
    await t3.startTurn(threadId, prompt("silent"));
    const running = await t3.until(threadId, (one) => isRunning(one) && lastWords(one) !== "", "the turn");
    const turnId = running.latestTurn?.turnId;
    await t3.command({ type: "thread.turn.interrupt", threadId, ...(withTurnId ? { turnId } : {}) });
    const thread = await t3.until(threadId, (one) => one.checkpoints[0]?.status === "ready", "the end");
    expect(thread.session).toMatchObject({ status: "ready", activeTurnId: null, lastError: null });
    expect(thread.latestTurn).toMatchObject({ turnId, state: "completed" });
    const captured = activities(thread, "checkpoint.captured").map(({ payload }) => payload["status"]);
    expect([...captured].sort()).toEqual(["missing", "ready"]);
    expect(activities(thread, "runtime.error")).toEqual([]);
  });

  it("surfaces an approval only outside full access, and goes on once it is given", async () => {
    const threadId = await threadIn("approval", { runtimeMode: "approval-required" });
    await t3.startTurn(threadId, prompt("approval", 3));
    const asking = await t3.until(threadId, (one) => activities(one, "approval.requested").length > 0, "the request");
    const request = activities(asking, "approval.requested")[0];
    const recorded = (fixture("snapshot-13-approval-pending.json") as { thread: Thread }).thread;
    expect(shape(request)).toEqual(shape(activities(recorded, "approval.requested")[0]));
    expect(request?.turnId).toBe(asking.session?.activeTurnId);
    await t3.command({ type: "thread.approval.respond", threadId, requestId: "nope", decision: "accept" });
    const requestId = request?.payload["requestId"];
    await t3.command({ type: "thread.approval.respond", threadId, requestId, decision: "accept" });
    const thread = await t3.until(threadId, isSettled, "the end");
    expect(activities(thread, "approval.resolved")[0]?.payload).toMatchObject({ requestId, decision: "accept" });
    const stale = activities(thread, "provider.approval.respond.failed");
    expect(stale.map(({ payload }) => payload["requestId"])).toEqual(["nope"]);

    const freely = await threadIn("no-approval");
    await t3.startTurn(freely, prompt("approval", 4));
    expect(activities(await t3.until(freely, isSettled, "the end"), "approval.requested")).toEqual([]);
  });

  it("cancels a pending approval on interrupt", async () => {
    const threadId = await threadIn("cancelled", { runtimeMode: "auto-accept-edits" });
    await t3.startTurn(threadId, prompt("approval"));
    await t3.until(threadId, (one) => activities(one, "approval.requested").length > 0, "the request");
    await t3.command({ type: "thread.turn.interrupt", threadId });
    const thread = await t3.until(threadId, hasEnded, "the end");
    expect(activities(thread, "approval.resolved")[0]?.payload["decision"]).toBe("cancel");
  });

  it("asks in full access too, and works with the answer", async () => {
    const threadId = await threadIn("asks");
    await t3.startTurn(threadId, prompt("asks", 5));
    const asking = await t3.until(
      threadId,
      (one) => activities(one, "user-input.requested").length > 0,
      "the question",
    );
    expect(asking.session).toMatchObject({ status: "running", activeTurnId: asking.latestTurn?.turnId });
    const request = activities(asking, "user-input.requested")[0];
    const recorded = (fixture("snapshot-15-user-input-pending.json") as { thread: Thread }).thread;
    const { requestId, ...payload } = request?.payload ?? {};
    expect(payload).toEqual({ questions: activities(recorded, "user-input.requested")[0]?.payload["questions"] });
    const answers = { "Which database should I use?": "SQLite", "Which features?": ["Auth", "Billing"] };
    await t3.command({ type: "thread.user-input.respond", threadId, requestId, answers });
    const thread = await t3.until(threadId, isSettled, "the end");
    expect(activities(thread, "user-input.resolved")[0]?.payload).toEqual({ requestId, answers });
    expect(thread.messages.map(({ text }) => text).join("\n")).toContain('"Which features?":["Auth","Billing"]');
  });

  it("leaves only an activity when a turn cannot start", async () => {
    const missing = await t3.createThread(projectId, { branch: "x", worktreePath: join(subject.dir, "not-there") });
    await t3.startTurn(missing, "hello");
    const thread = await t3.until(missing, (one) => one.session?.status === "stopped", "the failure");
    expect(thread.session?.lastError).toBe("Claude runtime stream failed.");
    expect(thread.latestTurn).toBeNull();
    expect(activities(thread, "runtime.error")).toHaveLength(2);
    const failed = activities(thread, "provider.turn.start.failed")[0];
    expect(failed).toMatchObject({ turnId: null, payload: { detail: "turn/setPermissionMode failed" } });

    const unknown = await t3.createThread(projectId, { modelSelection: { instanceId: "nope", model: "m" } });
    await t3.startTurn(unknown, "hello");
    const fails = (one: Thread) => activities(one, "provider.turn.start.failed").length > 0;
    const stranger = await t3.until(unknown, fails, "the failure");
    expect(stranger.session).toBeNull();
    expect(activities(stranger, "provider.turn.start.failed")[0]?.createdAt).toBe(stranger.messages[0]?.createdAt);

    const empty = await threadIn("empty");
    await t3.startTurn(empty, "   ");
    await t3.startTurn(empty, "x".repeat(120_001));
    const texts = await t3.until(empty, (one) => activities(one, "provider.turn.start.failed").length === 2, "both");
    expect(JSON.stringify(texts.activities).length).toBeGreaterThan(240_000);
  });

  it("never brings latestTurn back outside git, and keeps no checkpoint there", async () => {
    const root = join(subject.dir, "not-git");
    const plain = await newProject(t3, root);
    const threadId = await t3.createThread(plain);
    await t3.startTurn(threadId, prompt("no-commit"));
    await t3.until(threadId, hasEnded, "the end");
    const thread = await t3.until(threadId, (one) => activities(one, "context-window.updated").length === 2, "usage");
    expect(thread).toMatchObject({ latestTurn: null, checkpoints: [], session: { status: "ready" } });
  });

  it("steers a running turn: the message goes in, its answer may be a turn of its own", async () => {
    const threadId = await threadIn("steered");
    await t3.startTurn(threadId, prompt("slow ms=300", 6));
    await t3.until(threadId, isRunning, "the turn");
    const second = await t3.startTurn(threadId, `${prompt("no-commit times=9", 6)}`);
    const thread = await t3.until(threadId, (one) => one.checkpoints.length === 2 && hasEnded(one), "both turns");
    expect(turnIds(thread)).toHaveLength(2);
    const asked = thread.messages.find(({ id }) => id === second);
    expect(thread.latestTurn?.requestedAt).toBe(asked?.createdAt);
  });

  it("does not start a turn twice for the same command, and does for the same message", async () => {
    const threadId = await threadIn("idempotent");
    const turn = {
      type: "thread.turn.start",
      threadId,
      message: { messageId: randomUUID(), role: "user", text: prompt("no-commit times=9"), attachments: [] },
      runtimeMode: "full-access",
      interactionMode: "default",
      commandId: randomUUID(),
    };
    const first = await t3.command(turn);
    expect(await t3.command({ ...turn, message: { ...turn.message, text: "another" } })).toBe(first);
    expect(turnIds(await t3.until(threadId, isSettled, "the end"))).toHaveLength(1);
    await t3.command({ ...turn, commandId: randomUUID() });
    const thread = await t3.until(threadId, (one) => one.checkpoints.length === 2, "the second turn");
    expect(thread.messages.filter(({ role }) => role === "user")).toHaveLength(1);
  });

  it("captures a proposed plan in plan mode and stops there", async () => {
    const threadId = await threadIn("plan", { interactionMode: "plan" });
    await t3.startTurn(threadId, prompt("good", 8));
    const thread = await t3.until(threadId, isSettled, "the end");
    const recorded = (fixture("snapshot-22-proposed-plan.json") as { thread: Thread }).thread;
    expect(shape(thread.proposedPlans)).toEqual(shape(recorded.proposedPlans));
    expect(thread.latestTurn?.assistantMessageId).toBe(`assistant:${thread.latestTurn?.turnId}`);
  });

  it("goes back to running by itself when something in the background reports late", async () => {
    const threadId = await threadIn("late");
    await t3.startTurn(threadId, prompt("late ms=150", 9));
    const thread = await t3.until(threadId, (one) => turnIds(one).length === 2 && isSettled(one), "the late turn");
    expect(lastWords(thread)).toContain("background check");
  });

  it("holds every thread up while a session is stopped in mid-turn, until that agent says something", async () => {
    const stopped = await threadIn("stopped");
    await t3.startTurn(stopped, prompt("slow ms=4000"));
    await t3.until(stopped, (one) => activities(one, "tool.started").length > 0, "the turn");
    const silent = await threadIn("stopped-silent");
    await t3.startTurn(silent, prompt("silent"));
    await t3.until(silent, (one) => isRunning(one) && lastWords(one) !== "", "the silent turn");
    await t3.command({ type: "thread.session.stop", threadId: stopped });
    const settled = await t3.until(stopped, (one) => one.session?.status === "stopped", "the stop");
    expect(settled.session).toMatchObject({ activeTurnId: null, lastError: null });
    await t3.until(stopped, (one) => one.latestTurn?.state === "completed", "the checkpoint");

    await t3.command({ type: "thread.session.stop", threadId: silent });
    const other = await threadIn("held-up");
    await t3.startTurn(other, prompt("no-commit"));
    // Nothing of the other thread can start now; a deletion has a worker of its own and does not free it either.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect((await t3.thread(other)).session).toBeNull();
    expect((await t3.thread(silent)).session?.status).toBe("running");
  });
});
