import { describe, expect, test } from "vitest";
import {
  DEFAULT_BLOCKS,
  NEWER_BLOCKS,
  problemLine,
  validateBlocks,
  validateView,
} from "../../playground/slack/blocks.ts";
import { type Escalation, escalationsOf } from "../../src/domain/escalation.ts";
import type { Order } from "../../src/domain/order.ts";
import type { Run, RunState } from "../../src/domain/run.ts";
import { card } from "../../views/card.ts";
import { comment } from "../../views/comment.ts";
import { escalatedView, escalationView } from "../../views/escalation.ts";
import { help } from "../../views/help.ts";
import { answerForm, reasonForm, unblockForm, unfreezeForm } from "../../views/modals.ts";
import { status } from "../../views/status.ts";
import { thread } from "../../views/thread.ts";
import { policy, run, SHA, T0, turn } from "../support/build.ts";

const rules = { policy, audience: { operators: ["U0OPERATOR"], ownersOf: () => [] }, reminders: {} };
const landed = { sha: SHA, commits: 3, seenAt: T0 + 60_000 };
const HOSTILE = "<!channel> *bold* `code` <https://evil.example|click> @everyone \u202Egnirts";
const LONG = "🦀".repeat(5_000);

const states: readonly RunState[] = [
  { name: "preparing", since: T0, failure: null, refusals: 0 },
  { name: "preparing", since: T0, failure: { step: "open-session", text: LONG, at: T0 }, refusals: 1 },
  { name: "working", since: T0, turn, stop: null },
  {
    name: "working",
    since: T0,
    turn,
    stop: { since: T0, reason: { kind: "asked", text: "The agent asks.", details: HOSTILE } },
  },
  { name: "verifying", since: T0, landed, onRed: "fix", reverts: false },
  {
    name: "blocked",
    since: T0,
    reason: { kind: "nothing-landed", text: "Nothing landed.", details: null },
    turn,
    agentMayLive: false,
  },
  {
    name: "frozen",
    since: T0,
    reason: { kind: "ci-red", text: "CI failed.", details: LONG },
    landed,
    turn,
    agentMayLive: true,
  },
  {
    name: "blocked",
    since: T0,
    reason: { kind: "asked", text: "It asks.", details: HOSTILE },
    turn,
    agentMayLive: false,
  },
  { name: "deployed", since: T0 + 3_600_000, landed, evidence: Array.from({ length: 60 }, () => HOSTILE) },
  { name: "abandoned", since: T0, why: HOSTILE },
];
const titles = ["Add a discount", HOSTILE, LONG, "   ", "خصم للطلبات"];
const runs: readonly Run[] = states.flatMap((state) =>
  titles.flatMap((title) => [
    run({ state, issue: { number: 12, title, url: "https://github.com/acme/shop/issues/12" } }),
    run({
      state,
      session: null,
      tree: null,
      issue: { number: 12, title, url: "https://github.com/acme/shop/issues/12" },
    }),
  ]),
);

/** Each open question raised as loudly as it gets. */
const paged = {
  ...rules,
  audience: { operators: Array.from({ length: 200 }, (_, n) => `U${n}OPERATOR`), ownersOf: () => ["S0OWNERS"] },
  reminders: Object.fromEntries(runs.flatMap(escalationsOf).map(({ id }) => [id, { step: 3, at: T0 }])),
};

function problems(blocks: readonly unknown[]): readonly string[] {
  return validateBlocks(blocks, "message", DEFAULT_BLOCKS).map(problemLine);
}

describe("what people see in Slack", () => {
  test("every card and reply of every state is within Slack's limits", () => {
    for (const each of runs) {
      expect(problems(card(each).classic)).toEqual([]);
      const newer = validateBlocks(card(each).blocks, "message", [...DEFAULT_BLOCKS, ...NEWER_BLOCKS]);
      expect(newer.map(problemLine)).toEqual([]);
      for (const reply of thread([each], paged)?.replies ?? []) expect(problems(reply.blocks)).toEqual([]);
    }
  });

  test("the card's plan says of each phase what the classic checklist says", () => {
    const statuses = (of: Run): readonly unknown[] =>
      card(of).blocks.flatMap((block) =>
        block.type === "plan" ? (block.tasks ?? []).map(({ status }) => status) : [],
      );
    expect(statuses(run({ state: states[2] as RunState }))).toEqual([
      "complete",
      "complete",
      "in_progress",
      "pending",
      "pending",
    ]);
    expect(statuses(run({ state: states[5] as RunState }))).toEqual([
      "complete",
      "complete",
      "error",
      "pending",
      "pending",
    ]);
    const marks = JSON.stringify(card(run({ state: states[2] as RunState })).classic).match(/:[a-z_]+:/g) ?? [];
    expect(marks).toContain(":hourglass_flowing_sand:");
  });

  test("no title, reason or evidence mentions anyone or makes a link", () => {
    for (const each of runs) {
      const mrkdwn =
        JSON.stringify([card(each), thread([each], paged)?.replies]).match(/"mrkdwn","text":"(?:[^"\\]|\\.)*"/g) ?? [];
      expect(mrkdwn.join("\n")).not.toMatch(/<!channel>|<https:\/\/evil/);
      expect(card(each).text).not.toContain("<!channel>");
    }
  });

  test("only what needs a person is broadcast", () => {
    const replies = runs.flatMap((each) => thread([each], rules)?.replies ?? []);
    expect(replies.filter(({ broadcast }) => broadcast).every(({ key }) => /\/(blocked|frozen)\/\d+$/.test(key))).toBe(
      true,
    );
    expect(replies.some(({ key, broadcast }) => key.endsWith("/deployed") && broadcast)).toBe(false);
  });

  test("a later run of the issue keeps the thread, its replies and all", () => {
    const first = run({ id: "first00000", state: states[5] as RunState });
    const second = run({ id: "second0000", state: states[2] as RunState });
    const wanted = thread([first, second], rules);
    expect(wanted?.root).toEqual(card(second));
    expect(wanted?.replies.map(({ key }) => key)).toEqual([`first00000/blocked/${T0}`]);
  });

  test("status of a large fleet with everything down fits, and says how many more there are", () => {
    const many = Array.from({ length: 200 }, (_, n) =>
      run({ id: `run${n}`, issue: { number: n + 1, title: HOSTILE, url: "https://github.com/acme/shop/issues/1" } }),
    );
    const dependencies = ["github", "t3", "slack", "cluster"].map((name) => ({
      name,
      state: "down",
      why: LONG,
      code: null,
    }));
    const view = status({
      runs: many,
      pause: { by: "U0OPERATOR", reason: LONG.slice(0, 500) },
      dependencies,
      repos: 1,
      polling: {
        wantedMs: 30_000,
        everyMs: 100_000,
        limits: [
          { bucket: "core", kind: "secondary", until: T0 },
          { bucket: "graphql", kind: "primary", until: T0 },
        ],
      },
      now: T0,
    });
    expect(problems(view.blocks)).toEqual([]);
    expect(JSON.stringify(view)).toContain("and 185 more");
    expect(JSON.stringify(view)).toContain("every 2 min instead of 30 s");
  });

  test("status with nothing to show, and help", () => {
    const polling = { wantedMs: 30_000, everyMs: 30_000, limits: [] };
    const trouble = "<!channel> & ".repeat(2_000);
    const config = { trouble, since: T0 };
    const wrong = status({ runs: [], pause: null, config, dependencies: [], repos: 3, polling, now: T0 });
    expect(problems(wrong.blocks)).toEqual([]);
    expect(JSON.stringify(wrong.blocks)).toContain("not in force");
    expect(JSON.stringify(wrong.blocks)).not.toContain("<!channel>");
    expect(problems(status({ runs: [], pause: null, dependencies: [], repos: 3, polling, now: T0 }).blocks)).toEqual(
      [],
    );
    expect(problems(help("statsu").blocks)).toEqual([]);
  });
});

describe("what people are asked", () => {
  const question = (text: string, count: number, many: boolean) => ({
    id: text.slice(0, 50),
    text,
    header: null,
    options: Array.from({ length: count }, (_, n) => ({ label: n % 2 ? text : "", description: text })),
    many,
  });
  const requests = [HOSTILE, LONG, " ", "\u062e\u0635\u0645"].flatMap((text) => [
    { id: "r/1", text },
    {
      id: "r/2",
      text,
      questions: [0, 1, 10, 11, 200].flatMap((n) => [question(text, n, n > 1), question(text, n, n <= 1)]),
    },
    { id: "r/3", text, questions: Array.from({ length: 60 }, () => question(text, 3, true)) },
  ]);
  const asking = (["approval", "input"] as const).flatMap((kind) =>
    requests.map((request) =>
      run({ state: { name: "working", since: T0, turn, stop: null, asked: { since: T0, kind, requests: [request] } } }),
    ),
  );
  const what: readonly Order["what"][] = [
    { kind: "unblock", guidance: LONG },
    { kind: "retry", cold: true },
    { kind: "abandon", reason: HOSTILE },
    { kind: "keep-fixing", guidance: HOSTILE },
    { kind: "approve", request: "r/1", decision: "decline" },
    { kind: "answer", request: "r/1", answers: { a: LONG, b: [HOSTILE, LONG] } },
  ];
  const orders = what.map((one) => ({ id: "o", at: T0, by: { slack: "U0OPERATOR", github: null }, what: one }));
  const subject = { run: "r".repeat(10), escalation: "e".repeat(200), channel: "C0AFK", thread: "1.2" };

  test("every message and form is within Slack's limits, whatever the agent asks", () => {
    for (const each of [...asking, ...runs]) {
      for (const escalation of escalationsOf(each)) {
        expect(problems(escalationView(each, escalation, policy).blocks)).toEqual([]);
        const about = { run: each, escalation };
        const forms = [
          unblockForm(about, subject),
          unfreezeForm(about, subject),
          reasonForm("abandon.v1", about, subject),
        ];
        const request = "request" in escalation ? escalation.request : null;
        if (request !== null) forms.push(answerForm(about, request, subject));
        for (const form of forms) expect(validateView(form).map(problemLine)).toEqual([]);
      }
    }
  });

  test("every settled message is within the limits and has no button, whoever settled it and with what words", () => {
    for (const each of asking) {
      const { id } = escalationsOf(each)[0] as Escalation;
      for (const order of [null, ...orders]) {
        const over = { id, kind: "question" as const, since: T0, headline: "The agent asks", exact: LONG };
        const view = escalatedView(each, { ...over, over: { at: T0, order, why: HOSTILE } });
        expect(problems(view.blocks)).toEqual([]);
        expect(JSON.stringify(view)).not.toContain('"button"');
        expect(JSON.stringify(view)).not.toMatch(/[^(]<!channel>|<https:\/\/evil[^<]*"mrkdwn/);
      }
    }
  });

  test("whoever unblocks a run whose agent has not stopped is told what that waits for, and what to do", () => {
    const reason = { kind: "stalled" as const, text: "Nothing happened for a while.", details: null };
    const [unblock] = orders as [Order];
    const waitsWith = (agentMayLive: boolean): string => {
      const each = run({ state: { name: "blocked", since: T0, reason, turn, agentMayLive }, orders: [unblock] });
      return JSON.stringify(escalationView(each, escalationsOf(each)[0] as Escalation, policy).blocks);
    };
    expect(waitsWith(true)).toContain("has not: it goes on once it has. If it never does, end the session in T3.");
    expect(waitsWith(false)).toContain("It goes on as soon as");
  });

  test("a question that changes is another escalation; one that stays is the same", () => {
    const first = escalationsOf(asking[0] as Run)[0];
    expect(escalationsOf(structuredClone(asking[0]) as Run)[0]?.id).toBe(first?.id);
    const ids = new Set(asking.map((each) => escalationsOf(each)[0]?.id));
    expect(ids.size).toBe(3);
  });
});

describe("the progress comment", () => {
  test("carries the run's marker, and ticks only what has evidence", () => {
    const text = comment(run({ state: states[2] as RunState }));
    expect(text).toContain(`<!-- afk-run: ${run().id} -->`);
    expect(text).toMatch(/- \[x\] Tree ready/);
    expect(text).toMatch(/- \[ \] Landed/);
  });

  test("text from outside ends no fence, mentions nobody and hides nothing", () => {
    const details = "```\n</details> @maintainer\n````\nmore";
    const reason = { kind: "nothing-landed", text: "Nothing landed.", details } as const;
    const text = comment(run({ state: { name: "blocked", since: T0, reason, turn, agentMayLive: false } }));
    const fence = /^(`{5,})text$/m.exec(text)?.[1];
    expect(fence).toBeDefined();
    expect(text.trimEnd().endsWith(`${details}\n${fence}`)).toBe(true);
  });

  test("is within GitHub's limit whatever it quotes", () => {
    for (const each of runs) expect(comment(each).length).toBeLessThan(65_536);
  });
});
