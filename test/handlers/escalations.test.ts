// What people do about an escalation: from the message's button to the order, and what everybody sees of it.

import { afterEach, describe, expect, test } from "vitest";
import { textOf } from "../../playground/slack/json.ts";
import type { ShownMessage } from "../../playground/slack/outcomes.ts";
import { channel, slackUsers } from "../../playground/world/team.ts";
import type { Run } from "../../src/domain/run.ts";
import { SHA, turn } from "../support/build.ts";
import { until } from "../support/stage.ts";
import { GROUP, type Stage, setStage } from "./stage.ts";

const [operator, viewer, guest] = slackUsers;
let stage: Stage;
afterEach(() => stage[Symbol.asyncDispose]());

const since = Date.now() - 60_000;
const blocked: Run["state"] = {
  name: "blocked",
  since,
  reason: { kind: "nothing-landed", text: "The agent ended without landing a commit.", details: "Which one?" },
  turn,
  agentMayLive: false,
};
const frozen: Run["state"] = {
  name: "frozen",
  since,
  reason: { kind: "fix-budget", text: "Not fixed in time.", details: "test failed" },
  landed: { sha: SHA, commits: 1, seenAt: since },
  turn,
  agentMayLive: false,
};
function asking(kind: "approval" | "input"): Run["state"] {
  const questions = [
    {
      id: "Which database?",
      text: "Which database?",
      header: null,
      options: options("Postgres", "SQLite"),
      many: false,
    },
    { id: "Which features?", text: "Which features?", header: null, options: options("Auth", "Billing"), many: true },
    { id: "What name?", text: "What name?", header: null, options: [], many: false },
  ];
  const request = kind === "approval" ? { id: "r/1", text: "rm -rf build" } : { id: "r/1", text: "Which?", questions };
  return { name: "working", since, turn, stop: null, asked: { since, kind, requests: [request] } };
}
function options(...labels: readonly string[]) {
  return labels.map((label) => ({ label, description: null }));
}

const buttonsOf = ({ blocks }: ShownMessage): readonly string[] =>
  blocks
    .filter(({ type }) => type === "actions")
    .flatMap(({ elements }) =>
      (elements as readonly { readonly text: unknown }[]).map(({ text }) => textOf(text) ?? ""),
    );
const words = ({ blocks }: ShownMessage): string => JSON.stringify(blocks);

function escalation(): ShownMessage {
  const last = stage.replies().at(-1);
  if (last === undefined) throw new Error("no escalation is shown");
  return last;
}
function press(user: string, action: string) {
  return stage.slack.as(user).press(channel.id, escalation().ts, action);
}
async function formOf(user: string, action: string) {
  expect(await press(user, action)).toMatchObject({ ok: true });
  return await until("the form", () => stage.slack.as(user).modals().at(-1));
}
const orders = () => [...stage.run().orders, ...stage.run().resolved.map(({ order }) => order)];
const told = (user: string) => until("a private word", () => stage.told(user).at(-1));

describe("a blocked run", () => {
  test("is unblocked with guidance, once, and the message says by whom; its buttons go", async () => {
    stage = await setStage({ state: blocked });
    expect(escalation().broadcast).toBe(true);
    expect(buttonsOf(escalation())).toEqual(["Unblock…", "Retry", "Hand to human…", "Abandon…", "Open session"]);
    const form = await formOf(operator.id, "unblock.v1");
    await stage.slack.as(operator.id).submitModal(form.id, { guidance: "Use the second one." });
    const [order] = await until("the order", () => orders().length === 1 && orders());
    expect(order?.what).toEqual({ kind: "unblock", guidance: "Use the second one." });
    expect(order?.by).toEqual({ slack: operator.id, github: "maintainer" });
    await until("the message says so", () => words(escalation()).includes("Use the second one."));
    expect(buttonsOf(escalation())).toEqual(["Hand to human…", "Abandon…", "Open session"]);

    const message = { ordinal: 2, kind: "guidance" as const, text: "Use the second one." };
    await stage.commit({
      type: "run.unblocked",
      at: Date.now(),
      run: stage.run().id,
      message,
      slot: 1,
      order: order?.id,
    });
    await stage.show();
    expect(words(escalation())).toMatch(/Unblocked\* by <@U0OPERATOR>/);
    expect(buttonsOf(escalation())).toEqual([]);
    expect(stage.replies()).toHaveLength(1);
  });

  test("that two people retry at once is retried once, and the slower one is told who was first", async () => {
    stage = await setStage({ state: blocked }, [operator.id, viewer.id]);
    await Promise.all([press(operator.id, "retry.v1"), press(viewer.id, "retry.v1")]);
    const word = await until("a private word", () => [operator, viewer].flatMap(({ id }) => stage.told(id)).at(-1));
    expect(word.text).toMatch(/Somebody was faster: \*Retried\* by <@U0(OPERATOR|VIEWER)>/);
    expect(orders()).toHaveLength(1);
  });

  test("whose press Slack sends twice is ordered once", async () => {
    stage = await setStage({ state: blocked });
    stage.slack.duplicateNext(1);
    await press(operator.id, "retry.v1");
    await until("the order", () => orders().length > 0);
    await stage.settled();
    expect(orders()).toHaveLength(1);
  });
});

describe("a frozen run", () => {
  test.each([
    ["keep-fixing", { kind: "keep-fixing", guidance: "Look at the lock file." }],
    ["verify-again", { kind: "verify-again" }],
    ["revert", { kind: "revert" }],
    ["hand-over", { kind: "hand-over", reason: "Look at the lock file." }],
  ])("goes on by %s", async (way, what) => {
    stage = await setStage({ state: frozen });
    expect(buttonsOf(escalation())).toEqual(["Unfreeze…", "Hand to human…", "Abandon…", "Open session"]);
    const form = await formOf(operator.id, "unfreeze.v1");
    await stage.slack.as(operator.id).submitModal(form.id, { way, guidance: "Look at the lock file." });
    const [order] = await until("the order", () => orders().length === 1 && orders());
    expect(order?.what).toEqual(what);
  });
});

describe("an agent that waits", () => {
  test.each([
    ["approve.v1", "accept"],
    ["deny.v1", "decline"],
  ])("gets the decision of %s", async (action, decision) => {
    stage = await setStage({ state: asking("approval") });
    expect(words(escalation())).toContain("rm -rf build");
    await press(operator.id, action);
    const [order] = await until("the order", () => orders().length === 1 && orders());
    expect(order?.what).toEqual({ kind: "approve", request: "r/1", decision });
    await until("the buttons are gone", () => buttonsOf(escalation()).join() === "Open session");
  });

  test("gets an answer to each question: one of its options, several, or other words", async () => {
    stage = await setStage({ state: asking("input") });
    const form = await formOf(operator.id, "answer.v1");
    const person = stage.slack.as(operator.id);
    const others = { "choice-1": ["0", "other"], "own-1": "Search", "own-2": "shop" };
    expect(await person.submitModal(form.id, { ...others, "choice-0": "other" })).toMatchObject({
      error: "input_errors",
      errors: { "own-0": expect.stringContaining("in your own words") },
    });
    await person.submitModal(form.id, { ...others, "choice-0": "1" });
    const [order] = await until("the order", () => orders().length === 1 && orders());
    expect(order?.what).toMatchObject({
      answers: { "Which database?": "SQLite", "Which features?": ["Auth", "Search"], "What name?": "shop" },
    });
  });

  test("and is answered in its own cockpit instead: the message says so and loses its buttons", async () => {
    stage = await setStage({ state: asking("input") });
    await stage.commit({ type: "run.ask-over", at: Date.now(), run: stage.run().id });
    await stage.show();
    expect(words(escalation())).toContain("Answered in T3.");
    expect(buttonsOf(escalation())).toEqual([]);
  });

  test("that is answered while the form was open: the person is told what happened", async () => {
    stage = await setStage({ state: asking("input") });
    const form = await formOf(operator.id, "answer.v1");
    await stage.commit({ type: "run.ask-over", at: Date.now(), run: stage.run().id });
    await stage.slack.as(operator.id).submitModal(form.id, { "choice-0": "1", "choice-1": ["0"], "own-2": "shop" });
    expect((await told(operator.id)).text).toContain("settled already");
    expect(orders()).toHaveLength(0);
  });
});

describe("nobody without the right resolves anything", () => {
  test("a press by someone else orders nothing, opens nothing, and names who may", async () => {
    stage = await setStage({ state: blocked });
    await press(guest.id, "retry.v1");
    expect((await told(guest.id)).text).toContain(`Only operators may do that. Operators: <@${operator.id}>`);
    await press(guest.id, "unblock.v1");
    await until("told twice", () => stage.told(guest.id).length === 2);
    expect(stage.slack.as(guest.id).modals()).toEqual([]);
    expect(orders()).toEqual([]);
  });

  test("a right that ended while the form was open no longer counts", async () => {
    const operators = [operator.id];
    stage = await setStage({ state: blocked }, operators);
    const form = await formOf(operator.id, "unblock.v1");
    operators.pop();
    await stage.slack.as(operator.id).submitModal(form.id, { guidance: "Go on." });
    expect((await told(operator.id)).text).toContain("Only operators may");
    expect(orders()).toEqual([]);
  });

  test("members of an operators' group may; where Slack does not say who is in it, nobody may", async () => {
    stage = await setStage({ state: blocked }, [GROUP]);
    stage.slack.failNext(1, { error: "internal_error" }, "usergroups.users.list");
    await press(viewer.id, "retry.v1");
    expect((await told(viewer.id)).text).toContain("cannot be told now");
    expect(orders()).toEqual([]);
    stage.slack.addUsergroup({ id: GROUP, handle: "oncall", users: [viewer.id] });
    await press(viewer.id, "retry.v1");
    await until("the order", () => orders().length === 1);
  });
});
