import { describe, expect, test } from "vitest";
import { type Enrolment, judgeEnrolment } from "../../src/domain/enrolment.ts";
import type { BlockerSeen, Candidate, EditSeen, Permission } from "../../src/domain/evidence.ts";
import { gateNames } from "../../src/domain/gate.ts";
import { gatesOf, type Standing, selectNext } from "../../src/domain/gates.ts";
import { known, unknown } from "../../src/domain/observed.ts";
import { priorityOf } from "../../src/domain/priority.ts";
import type { Run, RunState, RunStateOf } from "../../src/domain/run.ts";
import { type BotState, emptyState } from "../../src/domain/state.ts";
import { candidate, oneServer, policy, release, run, SHA, T0, turn } from "../support/build.ts";
import { facts } from "../support/repo-facts.ts";

const names = [policy.labels.ready, policy.labels.running, policy.labels.human];
const enrolment: Enrolment = {
  repo: "acme/shop",
  repoId: 7,
  fullName: "Acme/Shop",
  defaultBranch: "main",
  checkedAt: T0,
  checks: judgeEnrolment("acme/shop", facts(), names),
};

function standing(over: Partial<Standing> = {}): Standing {
  return {
    state: emptyState,
    policy,
    disarmed: undefined,
    ...oneServer,
    enrolment: known(enrolment),
    volumeFree: known({ share: 0.5, of: "bytes" }),
    now: T0,
    ...over,
  };
}

function failing(issue: Candidate, over: Partial<Standing> = {}): readonly string[] {
  return gatesOf("acme/shop", issue, standing(over)).flatMap((gate) => (gate.pass ? [] : [gate.gate]));
}

function whyNot(issue: Candidate, over: Partial<Standing> = {}): string {
  return gatesOf("acme/shop", issue, standing(over)).find(({ pass }) => !pass)?.why ?? "";
}

function stateWith(...runs: readonly Run[]): BotState {
  return { ...emptyState, runs: Object.fromEntries(runs.map((each) => [each.id, each])) };
}

const blocked = (over: Partial<Extract<RunState, { name: "blocked" }>> = {}): RunState => ({
  name: "blocked",
  since: T0,
  reason: { kind: "stalled", text: "Stalled.", details: null },
  turn,
  agentMayLive: false,
  ...over,
});

const frozen: RunStateOf<"frozen"> = {
  name: "frozen",
  since: T0,
  reason: { kind: "ci-red", text: "CI failed.", details: null },
  landed: { sha: SHA, commits: 1, seenAt: T0 },
  turn,
  agentMayLive: false,
};
const other = (state: RunState): Run =>
  run({ id: "other00000", issue: { number: 3, title: "Other", url: "u" }, state });
const by = (actor: string, byBot = false): Candidate["release"] => known({ ...release, actor, byBot });

const edited = (what: EditSeen["what"], editor: string | null, permission: Permission): Candidate =>
  candidate({ edits: known([{ what, editor, at: T0, permission: known(permission) }]) });
const blockedBy = (...states: readonly BlockerSeen["state"][]): Candidate =>
  candidate({
    blockers: known(states.map((state, n) => ({ name: `acme/shop#${20 + n}`, source: "text" as const, state }))),
  });

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
    ["label there, but no event says by whom", candidate({ release: known(null) }), emptyState, ["trust", "unedited"]],
    ["label events unreadable", candidate({ release: unknown("502") }), emptyState, ["trust", "unedited"]],
    [
      "labelled by a person who is called like a listed bot",
      candidate({ release: by("release-train"), permission: known("read") }),
      emptyState,
      ["trust"],
    ],
    ["closed", candidate({ state: "closed" }), emptyState, ["open"]],
    ["without the label", candidate({ labels: [] }), emptyState, ["labelled"]],
    ["edited since by its author, who may only read", edited("body", "outsider", "read"), emptyState, ["unedited"]],
    ["retitled since by someone with triage", edited("title", "triager", "triage"), emptyState, ["unedited"]],
    ["edited since by somebody GitHub does not name", edited("body", null, "write"), emptyState, ["unedited"]],
    ["edited since by a maintainer", edited("body", "maintainer", "maintain"), emptyState, []],
    ["edited since by a listed bot", edited("body", "release-train[bot]", "none"), emptyState, []],
    [
      "brought from another repository since, by anyone",
      edited("repository", "maintainer", "admin"),
      emptyState,
      ["unedited"],
    ],
    ["whose edits cannot be read", candidate({ edits: unknown("502") }), emptyState, ["unedited"]],
    ["whose blockers are all closed", blockedBy(known("closed"), known("closed")), emptyState, []],
    ["with one blocker open", blockedBy(known("closed"), known("open")), emptyState, ["unblocked"]],
    ["with a blocker that cannot be read", blockedBy(unknown("private")), emptyState, ["unblocked"]],
    ["whose blockers cannot be listed", candidate({ blockers: unknown("502") }), emptyState, ["unblocked"]],
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
    ["while another run is frozen", candidate(), stateWith(other(frozen)), ["repo free"]],
    [
      "while another run's agent may still live",
      candidate(),
      stateWith(other(blocked({ agentMayLive: true }))),
      ["repo free"],
    ],
    ["paused", candidate(), { ...emptyState, pause: { by: "U1", reason: "freeze", at: T0 } }, ["armed"]],
  ])("%s", (_case, issue, state, expected) => {
    expect(failing(issue, { state })).toEqual(expected);
  });

  test("the bot says why it is not armed", () => {
    const [first] = gatesOf("acme/shop", candidate(), standing({ disarmed: "no pilot yet" }));
    expect(first).toEqual({ gate: "armed", pass: false, why: "no pilot yet" });
  });

  test("a running label is said to be of the run that is on its way, and of nobody's where none is known", () => {
    const marked = candidate({ labels: ["ready-for-agent", "agent-running"] });
    const current = run({ state: { name: "working", since: T0, turn, stop: null } });
    const whyMarked = (state: BotState): string | undefined =>
      gatesOf("acme/shop", marked, standing({ state })).find(({ gate }) => gate === "labelled")?.why;
    expect(whyMarked(stateWith(current))).toContain(`run ${current.id} of it is on its way`);
    expect(whyMarked(stateWith(other(blocked())))).toContain("no run of it is known here");
  });

  test("capacity counts active runs of all repos", () => {
    const elsewhere = Array.from({ length: policy.maxRuns }, (_, n) => run({ id: `run${n}`, repo: `acme/r${n}` }));
    expect(failing(candidate(), { state: stateWith(...elsewhere) })).toEqual(["capacity"]);
  });

  test("a frozen run does not give way when its own issue is released again: a person unfreezes it", () => {
    const again = candidate({ release: known({ eventId: 8, actor: "maintainer", at: T0 + 1, byBot: false }) });
    expect(failing(again, { state: stateWith(run({ state: frozen })) })).toEqual(["repo free"]);
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
    selectNext("acme/shop", issues, standing())?.candidate.number;

  test("priority, then the oldest release, then the number", () => {
    expect(first(at(1, T0), at(2, T0, "priority:2"), at(3, T0 + 5, "P1"))).toBe(3);
    expect(first(at(1, T0 + 1), at(2, T0))).toBe(2);
    expect(first(at(9, T0), at(4, T0))).toBe(4);
  });

  test("no priority is the lowest, and P0 is the highest", () => {
    expect(priorityOf([])).toBe(Number.POSITIVE_INFINITY);
    expect(priorityOf(["P0"])).toBe(0);
    expect(priorityOf(["priority: 3", "p1"])).toBe(1);
    expect(priorityOf(["pick-me", "priority:high"])).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the repo's and the bot's own gates", () => {
  test("every gate answers, in one order", () => {
    expect(gatesOf("acme/shop", candidate(), standing()).map(({ gate }) => gate)).toEqual([...gateNames]);
  });

  test.each<[string, Partial<Standing>, string, RegExp]>([
    ["a repo that nobody listed", { enrolment: undefined }, "enrolled", /not listed/],
    ["a repo never checked", { enrolment: known(null) }, "enrolled", /not checked yet/],
    ["a repo that cannot be checked", { enrolment: unknown("502") }, "enrolled", /502/],
    ["a check of two days ago", { now: T0 + 48 * 3_600_000 }, "enrolled", /too old/],
    [
      "a repo that failed a check",
      {
        enrolment: known({
          ...enrolment,
          checks: judgeEnrolment(
            "acme/shop",
            facts({ attributes: known(new Map([["a/.gitattributes", "*.key filter=git-crypt diff=git-crypt\n"]])) }),
            names,
          ),
        }),
      },
      "enrolled",
      /git-crypt: used by a\/\.gitattributes/,
    ],
    [
      "a volume that is nearly full",
      { volumeFree: known({ share: 0.012, of: "bytes" }) },
      "volume",
      /1\.2 % .* less than the 5\.0 %/,
    ],
    [
      "a volume with room that can hold hardly a file more",
      { volumeFree: known({ share: 0.02, of: "files" }) },
      "volume",
      /2\.0 % .*files \(inodes\)/,
    ],
    ["a volume that cannot be read", { volumeFree: unknown("EIO") }, "volume", /EIO/],
  ])("%s stops everything, and says so", (_case, over, gate, why) => {
    expect(failing(candidate(), over)).toEqual([gate]);
    expect(whyNot(candidate(), over)).toMatch(why);
  });

  test("issues that wait for each other are told as the ring they are", () => {
    const issue = candidate({
      blockers: known([{ name: "acme/api#3", source: "dependency", state: known("open") }]),
    });
    const edges = new Map([["acme/api#3", ["acme/shop#12"]]]);
    const gate = gatesOf("acme/shop", issue, standing(), edges).find((each) => each.gate === "unblocked");
    expect(gate?.why).toContain("acme/shop#12 → acme/api#3 → acme/shop#12");
  });
});
