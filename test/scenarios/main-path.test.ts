import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Bot } from "../../playground/demo/bot.ts";
import { channel, cluster, repo } from "../../playground/world/team.ts";
import { operator, type Stage, setStage, until, viewer } from "../support/stage.ts";

let stage: Stage;
let bot: Bot;

beforeAll(async () => {
  stage = await setStage();
  bot = stage.startBot();
  await bot.said("slack socket connected");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

const cardSays = (issue: number, word: string) => (): boolean =>
  stage.thread(issue).root?.text.startsWith(`${word}:`) ?? false;
function labels(issue: number): readonly string[] {
  return stage.world.github.issue(repo, issue).labels.map(({ name }) => name);
}

describe("from label to healthy deploy", () => {
  test("a labelled issue is implemented in one session, landed, deployed, closed, and told in one thread", async () => {
    const issue = stage.release("good");
    await until("the card says deployed", cardSays(issue, "Deployed"));
    await until("the thread has its reply", () => stage.thread(issue).replies.length > 0);
    await until("the labels are gone", () => labels(issue).length === 0);

    const ours = () =>
      stage.world.github.issue(repo, issue).comments.filter(({ body }) => body.includes("<!-- afk-run:"));
    await until("the comment is all ticked", () => ours()[0]?.body.match(/- \[x\]/g)?.length === 5);

    const { github, cluster: k8s, t3 } = stage.world;
    const sha = await github.head(repo);
    const seen = github.issue(repo, issue);
    expect(seen.state).toBe("closed");
    expect(k8s.snapshot().workloads.find(({ name }) => name === cluster.deployment)?.images).toEqual([
      `registry.example/${repo}:${sha}`,
    ]);
    expect(t3.threads().filter(({ title }) => title.startsWith(`#${issue} `))).toHaveLength(1);

    expect(ours()).toHaveLength(1);
    const thread = stage.thread(issue);
    expect(thread.roots).toBe(1);
    expect(thread.replies.map(({ text }) => text)).toEqual([expect.stringContaining("Deployed")]);
  });

  test("the next issue of the repo follows in a tree of its own", async () => {
    const issue = stage.release("good", "Quote by weight band");
    await until("the card says deployed", cardSays(issue, "Deployed"));
    expect(stage.thread(issue).roots).toBe(1);
  });
});

describe("what cannot go on is blocked, with the reason, and a person is told", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["no-commit", /without landing/],
    ["crashes", /turn failed/],
    ["unpushed", /without landing/],
    ["wrong-branch", /pushed its commits to agent\/feature-\d+, not to main/],
  ];

  test("an agent that lands nothing, dies or forgets to push: each is told where everybody sees it", async () => {
    const issues = cases.map(([behaviour, why]) => ({ why, issue: stage.release(behaviour, `Case of ${behaviour}`) }));
    for (const { issue, why } of issues) {
      const reply = await until("a reply in the thread", () => stage.thread(issue).replies[0]);
      expect(reply.text).toMatch(why);
      expect(reply.broadcast).toBe(true);
      expect(stage.world.github.issue(repo, issue).state).toBe("open");
    }
    const first = issues[0]?.issue ?? 0;
    await until("the issue waits for a person", () => labels(first).join() === "ready-for-human", 30_000);
  }, 240_000);

  test("a blocked run whose commit comes after all is judged by it, though nobody pressed anything", async () => {
    const issue = stage.release("no-commit", "Landed late");
    await until("blocked", () => stage.thread(issue).replies.length === 1);
    const marked = (): string | undefined =>
      stage.world.github.issue(repo, issue).comments.find(({ body }) => body.includes("<!-- afk-run:"))?.body;
    const comment = await until("the comment", marked);
    const files = { "test/late.test.js": 'import("node:test").then(({ test }) => test("late", () => {}));\n' };
    const message = `feat: what was left\n\nCloses #${issue}\nAFK-Run: ${/<!-- afk-run:\s*(\S+)/.exec(comment)?.[1]}`;
    await stage.world.github.commit(repo, { files, message, by: "maintainer" });
    await until("the late commit is deployed", cardSays(issue, "Deployed"));
    expect(stage.thread(issue).replies[0]?.text).toContain("landed after all");
  });

  test("an agent that asks is answered in Slack and goes on to a deploy", async () => {
    const issue = stage.release("asks", "Which database");
    const asked = await until("the question", () => stage.thread(issue).replies[0]);
    expect(asked.text).toContain("The agent asks 2 questions");
    expect(asked.broadcast).toBe(true);
    const person = stage.world.slack.as(operator.id);
    await person.press(channel.id, asked.ts, "answer.v1");
    const form = await until("the form", () => person.modals().at(-1));
    await person.submitModal(form.id, { "choice-0": "0", "choice-1": ["0", "1"] });
    await until("deployed", cardSays(issue, "Deployed"));
    expect(stage.thread(issue).replies[0]?.text).toContain(`Answered* by`);
  });

  test("a blocked issue that is released again gets a new run in the same thread", async () => {
    const issue = stage.release("no-commit", "Released twice");
    await until("blocked", () => stage.thread(issue).replies.length === 1 && labels(issue).includes("ready-for-human"));
    const maintainer = stage.world.github.as("maintainer");
    maintainer.editIssue({ repo, number: issue }, { body: "Scripted agent: good" });
    maintainer.unlabel({ repo, number: issue }, "ready-for-human");
    maintainer.label({ repo, number: issue }, "ready-for-agent");
    await until("deployed", cardSays(issue, "Deployed"));
    expect(stage.thread(issue).roots).toBe(1);
  });
});

describe("who may start an agent", () => {
  test("a label by someone with triage rights only starts nothing", async () => {
    const before = stage.world.t3.threads().length;
    const { number } = stage.world.github.as("outsider").createIssue(repo, { title: "Mine first", body: "Now." });
    stage.world.github.as("triager").label({ repo, number }, "ready-for-agent");
    const next = stage.release("good", "Released by a maintainer");
    await until("the maintainer's issue is deployed", cardSays(next, "Deployed"));
    expect(stage.world.t3.threads()).toHaveLength(before + 1);
    expect(stage.thread(number).root).toBeUndefined();
  });
});

describe("/afk", () => {
  test("status answers the person alone", async () => {
    const answer = await stage.world.slack.as(viewer.id).command("/afk", "status", channel.id);
    expect(answer.ok).toBe(true);
    const shown = await until("the answer", () =>
      stage.world.slack
        .as(viewer.id)
        .messages(channel.id)
        .find(({ onlyYou, text }) => onlyYou && text.includes("enrolled")),
    );
    expect(shown.text).toMatch(/1 repo enrolled/);
    expect(
      stage.world.slack
        .as(operator.id)
        .messages(channel.id)
        .some(({ ts }) => ts === shown.ts),
    ).toBe(false);
  });

  test("someone who is no operator cannot pause, and is told who may", async () => {
    await stage.world.slack.as(viewer.id).command("/afk", "pause because", channel.id);
    const refusal = await until("the refusal", () =>
      stage.world.slack
        .as(viewer.id)
        .messages(channel.id)
        .find(({ onlyYou, text }) => onlyYou && text.includes("Only operators")),
    );
    expect(refusal.text).toContain(operator.id);
  });

  test("while an operator has paused, nothing starts; resumed, it does", async () => {
    const asked = stage.world.slack.as(operator.id);
    const told = (part: string) => () =>
      asked.messages(channel.id).find(({ onlyYou, text }) => onlyYou && text.includes(part));
    await asked.command("/afk", "pause release freeze", channel.id);
    await until("paused", told("Paused: release freeze"));
    const issue = stage.release("good", "While paused");
    const looked = stage.world.github.listener.count();
    await until("the bot has looked at the repo several times", () => stage.world.github.listener.count() > looked + 4);
    expect(stage.thread(issue).root).toBeUndefined();
    await asked.command("/afk", "resume", channel.id);
    await until("deployed", cardSays(issue, "Deployed"));
  });
});
