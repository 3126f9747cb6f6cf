// What people type, and what comes of it.

import { afterEach, describe, expect, test } from "vitest";
import { channel, repo, slackUsers } from "../../playground/world/team.ts";
import type { Run } from "../../src/domain/run.ts";
import { COMMANDS, nearestCommand } from "../../views/commands.ts";
import { SHA, turn } from "../support/build.ts";
import { until } from "../support/stage.ts";
import { type Stage, setStage } from "./stage.ts";

const [operator, viewer] = slackUsers;
let stage: Stage;
afterEach(() => stage?.[Symbol.asyncDispose]());

const since = Date.now() - 60_000;
const reason = { kind: "nothing-landed", text: "Nothing landed.", details: null } as const;
const blocked: Run["state"] = { name: "blocked", since, reason, turn, agentMayLive: false };
const landed = { sha: SHA, commits: 1, seenAt: since };
const frozen: Run["state"] = { name: "frozen", since, reason, landed, turn, agentMayLive: false };
const working: Run["state"] = { name: "working", since, turn, stop: null };

/** Types it and waits for what only that person sees of it. */
async function afk(user: string, text: string) {
  const before = stage.told(user).length;
  expect(await stage.slack.as(user).command("/afk", text, channel.id)).toMatchObject({ ok: true });
  return await until(`an answer to ${text}`, () => stage.told(user)[before]);
}
const words = (message: { readonly blocks: readonly unknown[] }): string => JSON.stringify(message.blocks);
const asked = () => [...stage.run().orders, ...stage.run().resolved.map(({ order }) => order)].map(({ what }) => what);

describe("everything a button does has a text too", () => {
  test.each<readonly [string, Run["state"], string, unknown]>([
    ["guidance", blocked, `unblock ${repo}#12 use the second one`, { kind: "unblock", guidance: "use the second one" }],
    ["a retry", blocked, "retry 12", { kind: "retry", cold: false }],
    ["a cold retry", blocked, "retry #12 cold", { kind: "retry", cold: true }],
    [
      "more fixing",
      frozen,
      "unfreeze 12 keep-fixing the lock file",
      { kind: "keep-fixing", guidance: "the lock file" },
    ],
    ["a second look", frozen, "unfreeze 12 verify-again", { kind: "verify-again" }],
    ["a revert", frozen, "unfreeze 12 revert", { kind: "revert" }],
    ["a stop", working, "stop 12 wrong branch", { kind: "stop", reason: "wrong branch" }],
    ["a hand-over", frozen, "hand-over 12 mine", { kind: "hand-over", reason: "mine" }],
    ["an end", blocked, "abandon 12 not wanted", { kind: "abandon", reason: "not wanted" }],
    ["a word", working, "tell 12 leave the lock file", { kind: "steer", text: "leave the lock file" }],
  ])("%s", async (_, state, typed, what) => {
    stage = await setStage({ state });
    const answer = await afk(operator.id, typed);
    expect(asked()).toEqual([what]);
    expect(answer.text).toContain(`${repo}#12`);
  });

  test("an answer and a decision", async () => {
    const questions = [
      {
        id: "Which?",
        text: "Which?",
        header: null,
        options: [{ label: "SQLite", description: null }],
        many: false,
      },
    ];
    const waits = { since, kind: "input" as const, requests: [{ id: "r/1", text: "Which?", questions }] };
    stage = await setStage({ state: { ...working, asked: waits } });
    expect((await afk(operator.id, "approve 12")).text).toContain("asks for no approval");
    await afk(operator.id, "answer 12 sqlite");
    expect(asked()).toEqual([{ kind: "answer", request: "r/1", answers: { "Which?": "SQLite" } }]);
  });

  test("where words are missing that a form asks for, the form opens", async () => {
    stage = await setStage({ state: blocked });
    await stage.slack.as(operator.id).command("/afk", "unblock 12", channel.id);
    const form = await until("the form", () => stage.slack.as(operator.id).modals().at(-1));
    await stage.slack.as(operator.id).submitModal(form.id, { guidance: "Go on." });
    await until("the order", () => asked().length === 1);
    expect(asked()).toEqual([{ kind: "unblock", guidance: "Go on." }]);
  });
});

describe("a command that makes no sense", () => {
  test("for the run's state says what does", async () => {
    stage = await setStage({ state: working });
    const answer = await afk(operator.id, "unfreeze 12 revert");
    expect(answer.text).toMatch(/is \*working\*.*makes no sense now.*`\/afk stop`/);
    expect(asked()).toEqual([]);
  });

  test("for want of a run says where to look", async () => {
    stage = await setStage({ state: working });
    expect((await afk(operator.id, "stop 99")).text).toContain("/afk why");
    expect((await afk(operator.id, "stop it")).text).toContain("Which issue?");
  });

  test("because it is misspelt names the nearest one", async () => {
    stage = await setStage({ state: working });
    expect(words(await afk(viewer.id, "statsu"))).toContain("Did you mean `/afk status`?");
    expect(words(await afk(viewer.id, "<!channel>"))).not.toContain("<!channel>");
    const names = Object.keys(COMMANDS).filter((name) => name !== "run");
    for (const name of names) expect(nearestCommand(`${name}${name.at(-1)}`)).toBe(name);
    expect(nearestCommand("xyzzyplugh")).toBeUndefined();
  });

  test("from somebody without the right changes nothing, is answered, and is in the audit", async () => {
    stage = await setStage({ state: blocked });
    for (const typed of ["unblock 12 now", "abandon 12 no", "pause", "run 12", "resume", "tell 12 rm -rf /"]) {
      expect((await afk(viewer.id, typed)).text).toContain("Only operators may do that");
    }
    expect(asked()).toEqual([]);
    expect(stage.state().pause).toBeNull();
    expect(stage.state().next).toEqual({});
    expect(words(await afk(viewer.id, "audit"))).toMatch(/:no_entry:.*<@U0VIEWER>/);
  });
});

describe("the switches", () => {
  test("a pause that Slack sends again after the resume pauses nothing", async () => {
    stage = await setStage({ state: blocked });
    await afk(operator.id, "pause a release");
    const envelope = stage.slack.envelopes().at(-1)?.id ?? "";
    expect(stage.state().pause?.reason).toBe("a release");
    await afk(operator.id, "resume");
    await stage.restart();
    stage.slack.replay(envelope);
    await until("it was told so", () => stage.told(operator.id).some(({ text }) => text.includes("done already")));
    expect(stage.state().pause).toBeNull();
  });

  test("pause --now also stops the agents", async () => {
    stage = await setStage({ state: working });
    expect((await afk(operator.id, "pause --now an incident")).text).toContain("1 agent told to stop");
    expect(asked()).toEqual([{ kind: "stop", reason: "Paused: an incident" }]);
  });

  test("run makes an issue its repo's next one", async () => {
    stage = await setStage({ state: blocked });
    expect((await afk(operator.id, `run ${repo}#44`)).text).toContain("is next");
    expect(stage.state().next[repo]).toMatchObject({ issue: 44, by: operator.id });
  });
});

describe("looking", () => {
  test("is for everybody, seen by one; with --public by all", async () => {
    stage = await setStage({ state: blocked });
    expect(words(await afk(viewer.id, "runs"))).toContain("1 waiting for people");
    await stage.slack.as(viewer.id).command("/afk", "status --public", channel.id);
    const seen = await until("a public answer", () =>
      stage.slack
        .as(operator.id)
        .messages(channel.id)
        .find(({ text, onlyYou, threadTs }) => !onlyYou && threadTs === undefined && text.includes("blocked, 1 repo")),
    );
    expect(seen.byApp).toBe(true);
  });

  test("the audit says who did what to which run, from which state", async () => {
    stage = await setStage({ state: blocked });
    await afk(operator.id, "unblock 12 *use* <@U0VIEWER>");
    const lines = words(await afk(viewer.id, `audit ${repo}#12`));
    expect(lines).toMatch(/<@U0OPERATOR> \(maintainer\) \*unblock\* ordered/);
    expect(lines).toContain("blocked");
    expect(lines).toContain("by command");
    expect(lines).not.toContain("<@U0VIEWER>");
  });

  test("the Home shows what waits for people, and is redrawn at the press of a button", async () => {
    stage = await setStage({ state: working });
    const person = stage.slack.as(viewer.id);
    person.openHome();
    const first = await until("the home", () => person.home());
    expect(JSON.stringify(first.blocks)).toContain("Nothing waits for people");
    await stage.commit({
      type: "run.blocked",
      at: Date.now(),
      run: stage.run().id,
      reason,
      landed: null,
      agentMayLive: false,
    });
    await person.pressIn(first.id, "refresh-home.v1");
    await until("it is redrawn", () => JSON.stringify(person.home()?.blocks).includes("Waiting for people: 1"));
  });
});

describe("a mention in a run's thread", () => {
  const root = () => stage.slack.as(viewer.id).messages(channel.id)[0];
  const mention = (user: string, text: string) =>
    stage.slack.as(user).reply(channel.id, root()?.ts ?? "", `<@${stage.slack.bot.userId}> ${text}`);
  const reactions = (ts: string) =>
    stage.slack
      .as(viewer.id)
      .messages(channel.id)
      .find((message) => message.ts === ts)?.reactions;

  test("by an operator reaches the agent, once, with a reaction when it is on its way and when it has it", async () => {
    stage = await setStage({ state: working });
    stage.slack.duplicateNext(1);
    const ts = mention(operator.id, "leave the lock file");
    await until("it is on its way", () => reactions(ts)?.["eyes"] === 1);
    expect(asked()).toEqual([{ kind: "steer", text: "leave the lock file" }]);
    const order = stage.run().orders[0]?.id ?? "";
    const at = Date.now();
    await stage.commit({ type: "run.order-over", at, run: stage.run().id, order, outcome: "done", text: "" });
    await stage.show();
    expect(reactions(ts)).toEqual({ eyes: 1, white_check_mark: 1 });
  });

  test("by anyone else is answered privately and goes nowhere", async () => {
    stage = await setStage({ state: working });
    mention(viewer.id, "push to main by force");
    const word = await until("a private word", () => stage.told(viewer.id).at(-1));
    expect(word.text).toContain("Only operators may");
    expect(word.threadTs).toBe(root()?.ts);
    expect(asked()).toEqual([]);
  });

  test("elsewhere, or of an ended run, says where words reach an agent", async () => {
    stage = await setStage({ state: working });
    stage.slack.as(operator.id).post(channel.id, `<@${stage.slack.bot.userId}> hello`);
    await until("a private word", () => stage.told(operator.id).some(({ text }) => text.includes("/afk tell")));
    await stage.commit({ type: "run.abandoned", at: Date.now(), run: stage.run().id, why: "over" });
    mention(operator.id, "go on");
    await until("another", () => stage.told(operator.id).some(({ text }) => text.includes("is *abandoned*")));
  });
});
