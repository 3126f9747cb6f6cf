import { describe, expect, test } from "vitest";
import type { Candidate } from "../../src/domain/evidence.ts";
import { gatesOf, priorityOf, selectNext } from "../../src/domain/gates.ts";
import { known, unknown } from "../../src/domain/observed.ts";
import type { Run, RunState } from "../../src/domain/run.ts";
import { type BotState, emptyState } from "../../src/domain/state.ts";
import { candidate, policy, release, run, SHA, T0, turn } from "../support/build.ts";

function failing(issue: Candidate, state: BotState = emptyState, disarmed?: string): readonly string[] {
  return gatesOf("acme/shop", issue, state, policy, disarmed).flatMap((gate) => (gate.pass ? [] : [gate.gate]));
}

function stateWith(...runs: readonly Run[]): BotState {
  return { ...emptyState, runs: Object.fromEntries(runs.map((each) => [each.id, each])) };
}

const blocked = (over: Partial<Extract<RunState, { name: "blocked" }>> = {}): RunState => ({
  name: "blocked",
  since: T0,
  reason: { kind: "stalled", text: "Stalled.", details: null },
  landed: null,
  turn,
  agentMayLive: false,
  ...over,
});
const other = (state: RunState): Run =>
  run({ id: "other00000", issue: { number: 3, title: "Other", url: "u" }, state });
const by = (actor: string, byBot = false): Candidate["release"] => known({ ...release, actor, byBot });

describe("an issue is dispatched exactly when every gate passes", () => {
  test.each<[string, Candidate, BotState, readonly string[]]>([
    ["labelled by someone with write", candidate(), emptyState, []],
    ["labelled by someone with triage only", candidate({ permission: known("triage") }), emptyState, ["trust"]],
    [
      "labelled by someone who lost their rights since",
      candidate({ permission: known("none") }),
      emptyState,
      ["trust"],
    ],
    [
      "labelled by someone whose rights cannot be read",
      candidate({ permission: unknown("502") }),
      emptyState,
      ["trust"],
    ],
    ["label there, but no event says by whom", candidate({ release: known(null) }), emptyState, ["trust"]],
    ["label events unreadable", candidate({ release: unknown("502") }), emptyState, ["trust"]],
    ["labelled by a bot that is not listed", candidate({ release: by("stranger[bot]", true) }), emptyState, ["trust"]],
    [
      "labelled by a listed bot, in another case",
      candidate({ release: by("Release-Train[bot]", true) }),
      emptyState,
      [],
    ],
    [
      "also waiting for a person",
      candidate({ labels: ["ready-for-agent", "Ready-For-Human"] }),
      emptyState,
      ["labelled"],
    ],
    [
      "marked as running though no run is known",
      candidate({ labels: ["ready-for-agent", "agent-running"] }),
      emptyState,
      ["labelled"],
    ],
    [
      "released by an application that started a run before",
      candidate(),
      stateWith(run({ state: blocked() })),
      ["new release"],
    ],
    [
      "while another run works in the repo",
      candidate(),
      stateWith(other({ name: "working", since: T0, turn, stop: null })),
      ["repo free"],
    ],
    ["while another run of the repo is blocked before landing", candidate(), stateWith(other(blocked())), []],
    [
      "while another run landed and is red",
      candidate(),
      stateWith(other(blocked({ landed: { sha: SHA, commits: 1, seenAt: T0 } }))),
      ["repo free"],
    ],
    [
      "while another run's agent may still live",
      candidate(),
      stateWith(other(blocked({ agentMayLive: true }))),
      ["repo free"],
    ],
    ["paused", candidate(), { ...emptyState, pause: { by: "U1", reason: "freeze", at: T0 } }, ["armed"]],
  ])("%s", (_case, issue, state, expected) => {
    expect(failing(issue, state)).toEqual(expected);
  });

  test("the bot says why it is not armed", () => {
    expect(gatesOf("acme/shop", candidate(), emptyState, policy, "no pilot yet")[0]).toEqual({
      gate: "armed",
      pass: false,
      why: "no pilot yet",
    });
  });

  test("capacity counts active runs of all repos", () => {
    const elsewhere = Array.from({ length: policy.maxRuns }, (_, n) => run({ id: `run${n}`, repo: `acme/r${n}` }));
    expect(failing(candidate(), stateWith(...elsewhere))).toEqual(["capacity"]);
  });

  test("a landed red run gives way when its own issue is released again", () => {
    const red = run({ state: blocked({ landed: { sha: SHA, commits: 1, seenAt: T0 } }) });
    const again = candidate({ release: known({ eventId: 8, actor: "maintainer", at: T0 + 1, byBot: false }) });
    expect(failing(again, stateWith(red))).toEqual([]);
  });
});

describe("order", () => {
  const at = (number: number, releasedAt: number, ...labels: readonly string[]): Candidate =>
    candidate({
      number,
      labels: ["ready-for-agent", ...labels],
      release: known({ eventId: number, actor: "maintainer", at: releasedAt, byBot: false }),
    });
  const first = (...issues: readonly Candidate[]): number | undefined =>
    selectNext("acme/shop", issues, emptyState, policy, undefined)?.candidate.number;

  test("priority, then the oldest release, then the number", () => {
    expect(first(at(1, T0), at(2, T0, "priority:2"), at(3, T0 + 5, "P1"))).toBe(3);
    expect(first(at(1, T0 + 1), at(2, T0))).toBe(2);
    expect(first(at(9, T0), at(4, T0))).toBe(4);
  });

  test("no priority is the lowest, and P0 is the highest", () => {
    expect(priorityOf(at(1, T0))).toBe(Number.POSITIVE_INFINITY);
    expect(priorityOf(at(1, T0, "P0"))).toBe(0);
    expect(priorityOf(at(1, T0, "priority: 3", "p1"))).toBe(1);
    expect(priorityOf(at(1, T0, "pick-me", "priority:high"))).toBe(Number.POSITIVE_INFINITY);
  });
});
