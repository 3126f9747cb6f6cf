import { describe, expect, test } from "vitest";
import { decideStopped } from "../../src/domain/decide.ts";
import type { TurnSeen } from "../../src/domain/evidence.ts";
import { known, unknown } from "../../src/domain/observed.ts";
import { resumePrompt } from "../../src/domain/recover.ts";
import type { Run, RunStateOf, Spend } from "../../src/domain/run.ts";
import { emptyState, reduce } from "../../src/domain/state.ts";
import { decideTurning } from "../../src/domain/turning.ts";
import { run as aRun, policy, T0, turn } from "../support/build.ts";

type Working = RunStateOf<"working">;
const working: Working = { name: "working", since: T0, turn, stop: null };
const NOW = T0 + 30_000;
const certain = { certain: true, since: T0 };
const running: TurnSeen = { is: "running", turnId: "t-1", activeAt: NOW };
const ended: TurnSeen = { is: "ended", turnId: "t-1", how: "completed", lastWords: null, error: null };
const stop = { since: T0, reason: { kind: "too-long" as const, text: "Too long.", details: null } };

function decide(
  state: Working,
  seen: TurnSeen,
  options: { spend?: Spend; run?: Partial<Run>; paused?: boolean; now?: number } = {},
) {
  const run = aRun({ state, ...options.run });
  const landed = seen.is === "ended" ? known(null) : unknown("not asked");
  const evidence = { turn: known(seen), landed, spend: options.spend };
  return decideTurning(run, state, evidence, policy, options.now ?? NOW, options.paused ?? false);
}

describe("T3 restarted under a turn", () => {
  test("a zombie is ended and then resumed, and never interrupted or answered", () => {
    const zombie = { ...running, restarted: certain };
    expect(decide(working, zombie)).toMatchObject({ do: "record", event: { type: "run.resume-ordered" } });
    const resume: Working = { ...working, resume: { since: NOW, why: "restarted" } };
    expect(decide(resume, zombie)).toEqual({ do: "act", action: "stop-session" });
    expect(decide(resume, ended)).toEqual({ do: "act", action: "resume-turn" });
    const asking: TurnSeen = { is: "asking", turnId: "t-1", kind: "input", requests: [], restarted: certain };
    expect(decide(working, asking)).toMatchObject({ event: { type: "run.resume-ordered" } });
    expect(decide({ ...working, stop }, zombie)).toEqual({ do: "act", action: "stop-session" });
  });

  test("where it is not certain, only silence for a while makes a zombie", () => {
    const maybe = { ...running, restarted: { certain: false, since: T0 } };
    expect(decide(working, maybe)).toMatchObject({ do: "wait" });
    expect(decide(working, maybe, { now: T0 + policy.zombieMs + 1 })).toMatchObject({
      event: { type: "run.resume-ordered" },
    });
  });

  test("a message that T3 took and never started is sent again in full", () => {
    const state: Working = { ...working, turn: { ...turn, turnId: null } };
    expect(decide(state, { is: "pending", restarted: certain })).toMatchObject({
      event: { type: "run.resume-ordered" },
    });
    const resume: Working = { ...state, resume: { since: NOW, why: "restarted" } };
    expect(decide(resume, { is: "pending", restarted: certain })).toEqual({ do: "act", action: "resume-turn" });
    expect(resumePrompt("The whole task.")).toContain("The whole task.");
  });

  test("what landed before the restart is judged, not worked on again", () => {
    const resume: Working = { ...working, resume: { since: NOW, why: "restarted" } };
    const landed = known({ sha: "c".repeat(40), commits: 1 });
    const decision = decideTurning(aRun({ state: resume }), resume, { turn: known(ended), landed }, policy, NOW);
    expect(decision).toMatchObject({ event: { type: "run.landed" } });
  });

  test("a T3 that goes down again and again is a person's matter", () => {
    const state: Working = { ...working, turn: { ...turn, resumes: 3 } };
    expect(decide(state, { ...running, restarted: certain })).toMatchObject({
      event: {
        type: "run.stop-ordered",
        reason: { kind: "session-lost", text: "T3 was restarted 4 times under this work." },
      },
    });
  });

  test("nothing is resumed while the bot is paused", () => {
    const resume: Working = { ...working, resume: { since: NOW, why: "restarted" } };
    expect(decide(resume, ended, { paused: true })).toMatchObject({ do: "wait" });
  });

  test("a zombie left behind by a blocked run is ended, so that the repo gets free", () => {
    const state: RunStateOf<"blocked"> = {
      name: "blocked",
      since: T0,
      reason: stop.reason,
      turn,
      agentMayLive: true,
    };
    const evidence = { turn: known({ ...running, restarted: certain }), landed: unknown("not asked"), free: true };
    const decision = decideStopped(aRun({ state }), state, evidence, policy, NOW);
    expect(decision).toEqual({ do: "act", action: "stop-session" });
  });

  test("a refused command is counted, so that the next one has another id", () => {
    const run = aRun({ state: working });
    const failed = {
      type: "run.step-failed",
      at: NOW,
      run: run.id,
      step: "resume-turn",
      text: "500",
      refused: true,
    } as const;
    const state = reduce(reduce({ ...emptyState, runs: { [run.id]: run } }, failed), failed);
    expect(state.runs[run.id]?.state).toMatchObject({ name: "working", refusals: 2 });
  });
});

describe("the budget", () => {
  const spend = (usd: number | null, tokens: number | null = null): Spend => ({
    usd,
    source: usd === null ? "unknown" : "reported",
    tokens,
  });

  test("a run over its cap is stopped, once its cost is on record", () => {
    const over = spend(100.5);
    expect(decide(working, running, { spend: over })).toMatchObject({ event: { type: "run.spend-seen", spend: over } });
    expect(decide(working, running, { spend: over, run: { spend: over } })).toMatchObject({
      event: { type: "run.stop-ordered", reason: { kind: "budget", text: "The run has cost $100.50 of its $100.00." } },
    });
  });

  test("what is unknown stops nothing, unless a cap of tokens is set for that", () => {
    const unknownCost = spend(null, 5_000_000);
    const recorded = { spend: unknownCost, run: { spend: unknownCost } };
    expect(decide(working, running, recorded)).toMatchObject({ do: "wait" });
    const state = aRun({ state: working, spend: unknownCost });
    const evidence = { turn: known(running), landed: unknown("not asked"), spend: unknownCost };
    expect(decideTurning(state, working, evidence, { ...policy, budgetTokens: 1_000_000 }, NOW)).toMatchObject({
      event: {
        type: "run.stop-ordered",
        reason: { kind: "budget", text: expect.stringContaining("its cost is unknown") },
      },
    });
  });
});
