// The scripted agent by itself, over its stdio: what it makes of a prompt, and what it leaves in git.

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ordersIn } from "../../playground/agent/orders.ts";
import type { FromAgent, ToAgent } from "../../playground/agent/protocol.ts";
import { eventually, gitWorld, prompt, type World } from "./t3-client.ts";
import { AGENT } from "./t3-subject.ts";

type Result = Extract<FromAgent, { type: "result" }>;

let world: World;
let tree: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  world = gitWorld();
  tree = world.worktree("work");
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await eventually(() => child.exitCode !== null || child.signalCode !== null, "the end of the agent");
  }
  world[Symbol.dispose]();
});

function agent(args: readonly string[] = ["--session-id", "s1"]) {
  const env = { PATH: process.env["PATH"], HOME: world.dir, AGENT_STATE_DIR: join(world.dir, "state") };
  const child = spawn(process.execPath, [AGENT, ...args], { cwd: tree, env, stdio: ["pipe", "pipe", "inherit"] });
  children.push(child);
  const said: FromAgent[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => said.push(JSON.parse(line) as FromAgent));
  const tell = (message: ToAgent) => child.stdin.write(`${JSON.stringify(message)}\n`);
  const results = () => said.filter((message): message is Result => message.type === "result");
  return {
    child,
    said,
    tell,
    turn: (text: string) =>
      tell({ type: "turn", text, model: "m", runtimeMode: "full-access", interactionMode: "default" }),
    result: (n = 1): Promise<Result> => eventually(() => results()[n - 1], `result ${n}`),
    heard: <Type extends FromAgent["type"]>(type: Type) =>
      eventually(
        () => said.find((message): message is Extract<FromAgent, { type: Type }> => message.type === type),
        type,
      ),
    words: () => said.flatMap((message) => (message.type === "text" ? [message.text] : [])).join("\n"),
  };
}

const landed = (format = "%B", branch = "main") => world.git(world.remote, "log", "-1", `--format=${format}`, branch);

describe("the prompt", () => {
  it("is read line by line, through lists, quotes and code ticks", () => {
    expect(
      ordersIn(
        "  * `Closes #12`\n> AFK-Run: r-1\n1. `Implemented-by: some model (AFK)`\nthen: `git push origin HEAD:release/2.x`.\n" +
          "This closes #13 too.\n   Scripted agent: slow ms=5 times=2\n",
      ),
    ).toEqual({
      behaviour: "slow",
      settings: { ms: "5", times: "2" },
      trailers: ["Closes #12", "AFK-Run: r-1", "Implemented-by: some model (AFK)"],
      branch: "release/2.x",
      number: "12",
    });
  });

  it("without a behaviour asks for good work", () => {
    expect(ordersIn("Please do it.")).toMatchObject({ behaviour: "good", trailers: [], branch: undefined });
  });
});

describe("good work", () => {
  it("is a test seen red, then green, committed by name with the trailers and pushed", async () => {
    const one = agent();
    one.turn(prompt("good", 12));
    expect(await one.result()).toMatchObject({ outcome: "success", isError: false });
    expect(landed()).toContain("\n\nCloses #12\nAFK-Run: run-1\nImplemented-by: claude-opus-4-8 (AFK)");
    expect(landed("%an <%ae>")).toBe("scripted-agent <scripted-agent@users.noreply.github.com>");
    expect(world.git(world.remote, "show", "--name-only", "--format=", "main").split("\n")).toEqual([
      "src/feature-12.js",
      "test/feature-12.test.js",
    ]);
    const tests = one.said.filter((message) => message.type === "tool-result" && message.content.includes("tests 1"));
    expect(tests.map((message) => message.type === "tool-result" && message.isError)).toEqual([true, false]);
    expect((await one.result()).costUsd).toBeGreaterThan(0);
  });

  it("commits as the tree's own git identity", async () => {
    world.git(tree, "config", "user.name", "afk-bot");
    world.git(tree, "config", "user.email", "afk-bot@users.noreply.github.com");
    const one = agent();
    one.turn(prompt("good"));
    await one.result();
    expect(landed("%an")).toBe("afk-bot");
  });

  it("is rebased where the branch has moved", async () => {
    world.git(world.checkout, "commit", "--quiet", "--allow-empty", "-m", "somebody else's");
    world.git(world.checkout, "push", "--quiet", "origin", "main");
    const one = agent();
    one.turn(prompt("good"));
    expect(await one.result()).toMatchObject({ outcome: "success" });
    expect(world.git(world.remote, "log", "--format=%s", "main")).toContain("somebody else's");
  });

  it("is revised by a later turn, by another process that resumes the session", async () => {
    const one = agent();
    one.turn(prompt("good", 3));
    await one.result();
    one.child.stdin?.end();
    await eventually(() => one.child.exitCode !== null, "the exit");
    const two = agent(["--resume", "s1"]);
    two.turn("Please look again.");
    expect(await two.result()).toMatchObject({ outcome: "success" });
    expect(landed()).toContain("feat: revise feature 3");
    expect(landed()).toContain("AFK-Run: run-1");
  });
});

describe("other behaviours", () => {
  it.each([
    ["fails", "error", true],
    ["max-turns", "max-turns", true],
    ["api-error", "success", true],
    ["no-commit", "success", false],
  ] as const)("%s ends with %s and pushes nothing", async (behaviour, outcome, isError) => {
    const one = agent();
    one.turn(prompt(behaviour));
    expect(await one.result()).toMatchObject({ outcome, isError });
    expect(landed("%s")).toBe("init");
  });

  it("crashes exits with 1 in mid-turn", async () => {
    const one = agent();
    one.turn(prompt("crashes"));
    await eventually(() => one.child.exitCode !== null, "the exit");
    expect(one.child.exitCode).toBe(1);
    expect(one.said.some((message) => message.type === "result")).toBe(false);
  });

  it("unpushed commits and leaves the push to a later turn", async () => {
    const one = agent();
    one.turn(prompt("unpushed"));
    await one.result();
    expect(world.git(tree, "log", "-1", "--format=%s")).toBe("feat: add feature 7");
    expect(landed("%s")).toBe("init");
    one.turn("Please push.");
    await one.result(2);
    expect(landed("%s")).toBe("feat: revise feature 7");
  });

  it("wrong-branch pushes elsewhere, no-trailer without trailers", async () => {
    const one = agent();
    one.turn(prompt("wrong-branch"));
    await one.result();
    expect(landed("%s")).toBe("init");
    expect(landed("%s", "agent/feature-7")).toBe("feat: add feature 7");
    const two = agent(["--session-id", "s2"]);
    two.turn(prompt("no-trailer", 8));
    await two.result();
    expect(landed()).toBe("feat: add feature 8");
  });

  it("red is green here, red in CI, and green there after as many corrections as it takes", async () => {
    const one = agent();
    const inCi = () => {
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const child = spawn(process.execPath, ["--test", "test/"], {
        cwd: tree,
        env: { ...env, CI: "true" },
        stdio: "ignore",
      });
      children.push(child);
      return eventually(() => (child.exitCode === null ? undefined : { code: child.exitCode }), "the tests");
    };
    one.turn(prompt("red fixes=2", 9));
    await one.result();
    expect(await inCi()).toEqual({ code: 1 });
    one.turn("CI is red.");
    await one.result(2);
    expect(await inCi()).toEqual({ code: 1 });
    one.turn("CI is still red.");
    await one.result(3);
    expect(landed()).toContain("fix: correct feature 9, attempt 2");
  });

  it("crashloop breaks the deployment by a file, and a later turn mends it", async () => {
    const one = agent();
    one.turn(prompt("crashloop"));
    await one.result();
    expect(JSON.parse(readFileSync(join(tree, "deploy.json"), "utf8"))).toMatchObject({ crash: true });
    one.turn("The pods crash.");
    await one.result(2);
    expect(JSON.parse(world.git(world.remote, "show", "main:deploy.json"))).toEqual({ crash: false });
  });

  it("asks goes on with the answer, approval stops when refused", async () => {
    const one = agent();
    one.turn(prompt("asks"));
    const { requestId, questions } = await one.heard("ask");
    expect(questions.map(({ multiSelect }) => multiSelect)).toEqual([false, true]);
    one.tell({ type: "answer", requestId, answers: { "Which database should I use?": "SQLite" } });
    await one.result();
    expect(one.words()).toContain("SQLite");
    const two = agent(["--session-id", "s2"]);
    two.turn(prompt("approval", 8));
    two.tell({ type: "approval", requestId: (await two.heard("approve")).requestId, allow: false });
    expect(await two.result()).toMatchObject({ outcome: "success" });
    expect(two.words()).toContain("refused");
  });

  it("late reports once more by itself after the result", async () => {
    const one = agent();
    one.turn(prompt("late ms=20"));
    await one.result();
    expect(await one.result(2)).toMatchObject({ outcome: "success" });
    expect(one.words()).toContain("background check");
  });
});

describe("an interrupt", () => {
  it.each(["silent", "slow ms=60000", "asks", "approval"])("ends %s at once", async (behaviour) => {
    const one = agent();
    one.turn(prompt(behaviour));
    await eventually(() => one.said.length >= 2, "the beginning");
    const began = Date.now();
    one.tell({ type: "interrupt" });
    expect(await one.result()).toMatchObject({ outcome: "interrupted" });
    expect(Date.now() - began).toBeLessThan(1_000);
    expect(landed("%s")).toBe("init");
  });

  it.each(["SIGTERM", "stdin"])("by %s ends the process", async (how) => {
    const one = agent();
    one.turn(prompt("silent"));
    await one.heard("text");
    if (how === "stdin") one.child.stdin?.end();
    else one.child.kill("SIGTERM");
    await eventually(() => one.child.exitCode !== null, "the exit");
    expect(one.child.exitCode).toBe(0);
  });
});
