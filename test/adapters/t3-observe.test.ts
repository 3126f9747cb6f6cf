import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Turn } from "../../src/domain/run.ts";
import { observeTurn, turnIdsBefore } from "../../src/t3/observe.ts";
import { type T3Thread, threadSchema } from "../../src/t3/schema.ts";

/** A thread as a real server gave it: `{thread}` captures, or the one thread of a whole snapshot. */
function capture(name: string, id?: string): T3Thread {
  const raw = JSON.parse(readFileSync(new URL(`../fixtures/t3/${name}.json`, import.meta.url), "utf8"));
  const threads: readonly { id: string }[] = raw.thread === undefined ? raw.threads : [raw.thread];
  const found = id === undefined ? threads[0] : threads.find((thread) => thread.id === id);
  return threadSchema.parse(found);
}

/** The turn that the nth user message asked for (from 0; default the last), as the bot would remember it. */
function turnOf(thread: T3Thread, nth = -1): Turn {
  const message = thread.messages.filter(({ role }) => role === "user").at(nth);
  if (message === undefined) throw new Error("no user message in the capture");
  const askedAt = Date.parse(message.createdAt);
  return {
    ordinal: 1,
    messageId: message.id,
    askedAt,
    turnIdsBefore: [...turnIdsBefore(thread, askedAt)],
    turnId: null,
  };
}

function seen(name: string, options: { interrupted?: boolean; nth?: number } = {}) {
  const thread = capture(name);
  return observeTurn(thread, turnOf(thread, options.nth), options.interrupted ?? false);
}

describe("what a real server's record says of a turn", () => {
  test.each<[string, object]>([
    ["snapshot-03-turn-completed", { is: "ended", how: "completed" }],
    ["snapshot-04-turn-error", { is: "ended", how: "failed", error: "boom" }],
    ["snapshot-05-turn-apierror", { is: "ended", how: "completed" }],
    ["snapshot-06-turn-crash", { is: "ended", how: "failed" }],
    ["snapshot-07-turn-maxturns", { is: "ended", how: "failed" }],
    ["snapshot-08-turn-running", { is: "running" }],
    ["snapshot-09-turn-interrupted-no-turnid", { is: "ended", how: "interrupted" }],
    ["snapshot-10-turn-interrupted-turnid", { is: "ended", how: "interrupted" }],
    [
      "snapshot-13-approval-pending",
      { is: "asking", kind: "approval", requests: [{ text: "Bash: touch approved.txt" }] },
    ],
    ["snapshot-14-approval-accepted", { is: "ended", how: "completed" }],
    ["snapshot-15-user-input-pending", { is: "asking", kind: "input" }],
    ["snapshot-16-user-input-answered", { is: "ended", how: "completed" }],
    ["snapshot-17-bad-worktree", { is: "not-started" }],
    ["snapshot-18-unknown-instance", { is: "not-started" }],
    ["snapshot-19-nongit-completed", { is: "ended", how: "completed" }],
    ["snapshot-20-nongit-error", { is: "ended", how: "failed" }],
    ["snapshot-21-steered", { is: "ended", how: "completed" }],
    ["snapshot-22-proposed-plan", { is: "ended", how: "completed" }],
    ["snapshot-23-commit-with-checkpoint-files", { is: "ended", how: "completed" }],
    ["snapshot-24-latestTurn-null-permanently-though-completed", { is: "ended", how: "completed" }],
  ])("%s", (name, expected) => {
    expect(seen(name, { nth: 0 })).toMatchObject(expected);
  });

  test("latestTurn is null for good, and the turn is found by its traces", () => {
    const thread = capture("snapshot-24-latestTurn-null-permanently-though-completed");
    expect(thread.latestTurn).toBeNull();
    expect(seen("snapshot-24-latestTurn-null-permanently-though-completed")).toMatchObject({
      is: "ended",
      turnId: expect.any(String),
    });
  });

  test("ready before the turn has begun is pending, not finished", () => {
    const thread = capture("snapshot-03-turn-completed");
    const fresh: T3Thread = {
      ...thread,
      latestTurn: null,
      messages: thread.messages.filter(({ role }) => role === "user"),
      activities: [],
      checkpoints: [],
    };
    expect(observeTurn(fresh, turnOf(fresh), false)).toEqual({ is: "pending" });
  });

  test("a completed pointer while the session still runs is running (0.0.27)", () => {
    const thread = capture("snapshot-08-turn-running");
    const early = { ...thread, latestTurn: thread.latestTurn && { ...thread.latestTurn, state: "completed" } };
    expect(observeTurn(threadSchema.parse(early), turnOf(thread), false)).toMatchObject({ is: "running" });
  });

  test("an API error reported as completed shows its text, for the commit check to tell", () => {
    const words = seen("snapshot-05-turn-apierror");
    expect(words.is === "ended" && words.lastWords).toMatch(/\w/);
  });

  test("a turn we interrupted is never taken for failed or finished", () => {
    expect(seen("snapshot-03-turn-completed", { interrupted: true })).toMatchObject({ how: "interrupted" });
  });

  test("a deleted thread is missing", () => {
    const thread = { ...capture("snapshot-03-turn-completed"), deletedAt: "2026-11-22T15:00:00.000Z" };
    expect(observeTurn(thread, turnOf(thread), false)).toEqual({ is: "missing" });
  });
});
