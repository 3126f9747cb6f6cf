import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { type Stage, setStage, until } from "../support/stage.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

describe("starting", () => {
  test("with every service away the bot starts, says which do not answer, and does its job once they do", async () => {
    await using stage: Stage = await setStage();
    const { github, slack, t3, cluster } = stage.world;
    const listeners = [github.listener, slack.listener, t3.listener, cluster.listener];
    const issue = stage.release("good");
    for (const listener of listeners) await listener.off();

    const bot = stage.startBot();
    await bot.said("ready");
    const log = (): readonly { msg?: string; dependency?: string }[] => {
      const lines = readFileSync(bot.logFile, "utf8").split("\n").filter(Boolean);
      return lines.map((line) => JSON.parse(line));
    };
    const named = (msg: string): readonly string[] =>
      log()
        .flatMap((line) => (line.msg === msg && line.dependency ? [line.dependency] : []))
        .sort();
    const all = ["cluster", "github", "slack", "t3"];
    await until("each is named", () => new Set(named("dependency does not answer, trying on")).size === all.length);
    expect([...new Set(named("dependency does not answer, trying on"))]).toEqual(all);

    for (const listener of listeners) await listener.on();
    await until("deployed", () => stage.thread(issue).root?.text.startsWith("Deployed:"), 75_000);
    expect([...new Set(named("dependency answers"))]).toEqual(["channel", ...all]);
  });

  test("a SIGTERM ends it in order, with exit code 0", async () => {
    await using stage = await setStage();
    const bot = stage.startBot();
    await bot.said("slack socket connected");
    await bot.stop();
    expect(bot.process.exitCode).toBe(0);
    expect(await bot.said("stopped")).toMatchObject({ unfinished: [] });
  });
});

describe("the demo", () => {
  test("plays the happy script headless and ends with one line of JSON", async () => {
    const { stdout } = await run(process.execPath, ["playground/demo.ts", "--script", "happy", "--json"], {
      cwd: root,
      timeout: 60_000,
    });
    const last = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    expect(last).toEqual({
      script: "happy",
      ok: true,
      state: "deployed",
      landedSha: expect.stringMatching(/^[0-9a-f]{40}$/),
      issueClosed: true,
      slackRoots: 1,
      sessions: 1,
      ms: expect.any(Number),
    });
  });

  test("an unknown script is refused with the names there are", async () => {
    const failure = await run(process.execPath, ["playground/demo.ts", "--script", "hapy"], { cwd: root }).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: expect.any(Number), stderr: expect.stringContaining("happy") });
    expect((failure as { code: number }).code).not.toBe(0);
  });
});
