// `afk why` and `afk enrol` as a person runs them: own processes, a config file, the stand-in GitHub and nothing else.

import { execFile } from "node:child_process";
import { access, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { stringify } from "yaml";
import { findIssue } from "../../handlers/target.ts";
import { why } from "../../views/why.ts";
import { type GitHubStage, repo, setGitHubStage } from "../support/github-stage.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

let stage: GitHubStage;
let config: string;

beforeEach(async () => {
  stage = await setGitHubStage(Date.now());
  config = join(stage.dir, "afk.yaml");
  const secret = { env: "SECRET" };
  await writeFile(
    config,
    stringify({
      github: { apiUrl: stage.hub.apiUrl, token: secret },
      slack: { botToken: secret, appToken: secret, channel: "C0AFK" },
      t3: { url: "http://127.0.0.1:9", token: secret },
      volume: join(stage.dir, "volume"),
      state: join(stage.dir, "bot"),
      repos: [{ repo: "Acme/Shop", workloads: [] }],
    }),
  );
});
afterEach(async () => {
  await stage[Symbol.asyncDispose]();
});

function afk(
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const env = { PATH: process.env["PATH"], SECRET: "token-afk-bot", HOME: stage.dir };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args, "--config", config], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

test("a repo is enrolled: checked, labels made, cloned; a dry run changes nothing", async () => {
  const dry = await afk("enrol", "acme/shop", "--dry-run");
  expect(dry.stdout).toMatch(
    /pass {2}workflows +ci\.yml on push to main[\s\S]*warn {2}labels +missing[\s\S]*fit to be enrolled/,
  );
  expect(dry.code).toBe(0);
  expect(stage.hub.repo(repo).labels).toEqual([]);

  const done = await afk("enrol", "acme/shop", "--json");
  expect(done.code).toBe(0);
  expect(JSON.parse(done.stdout)).toMatchObject({
    enrolled: true,
    labels: ["ready-for-agent", "agent-running", "ready-for-human"],
  });
  expect(stage.hub.repo(repo).labels.map(({ name, color }) => `${name} ${color}`)).toContain("ready-for-agent 0e8a16");
  await access(join(stage.dir, "volume", "repos", "acme", "shop", "checkout", ".git"));
});

test("a repo whose branch refuses the bot's push is not enrolled, and is told what to do", async () => {
  stage.hub.protectBranch(repo, "main", { requirePullRequest: true, requiredChecks: ["test"] });
  const { code, stdout } = await afk("enrol", "acme/shop");
  expect(code).toBe(1);
  expect(stdout).toContain(
    "FAIL  branch protection  changes must come by pull request; checks must pass before a push: test",
  );
  expect(stdout).toContain("→ Let the bot's account bypass the rules of main");
  expect(stage.hub.repo(repo).labels).toEqual([]);
  expect((await afk("enrol", "acme/other")).stderr).toContain(
    "acme/other is not listed: add it under repos in the config",
  );
});

test("why names each gate, at the shell and in Slack alike", async () => {
  const number = stage.released("outsider", "triager", { body: "Blocked by #999" });
  stage.pass(60);
  stage.hub.as("outsider").editIssue({ repo, number }, { body: "Blocked by #998" });
  const { code, stdout } = await afk("why", `${number}`);
  expect(code).toBe(0);
  for (const line of [
    /FAIL {2}armed +the pilot was never run/,
    /pass {2}enrolled/,
    /FAIL {2}trust +labelled by triager, who has triage on the repo: write is needed/,
    /FAIL {2}unedited +the body was edited at .* by outsider, who has read/,
    /FAIL {2}unblocked +acme\/shop#998 cannot be read/,
    /Does not start: armed, trust, unedited, unblocked/,
  ]) {
    expect(stdout).toMatch(line);
  }
  const answer = await stage.why(number);
  const told = why(answer);
  // A heading, each gate, and the verdict.
  expect(told.blocks).toHaveLength(answer.gates.length + 2);
  expect(told.text).toContain("Does not start: trust, unedited, unblocked.");
  const missing = JSON.parse((await afk("why", "acme/shop#77", "--json")).stdout);
  expect(missing).toMatchObject({
    exists: false,
    starts: false,
    verdict: "Nothing to start: GitHub shows the bot no such issue.",
  });
});

test("an issue may be given by name, address or, with one repo, number", () => {
  for (const text of ["Acme/Shop#12", "acme/shop 12", "acme/shop #12", "<https://github.com/acme/shop/issues/12>"]) {
    expect(findIssue(text, undefined)).toEqual({ repo, number: 12 });
  }
  for (const text of ["#12", "12", " 12 "]) expect(findIssue(text, repo)).toEqual({ repo, number: 12 });
  expect(findIssue("12", undefined)).toBeUndefined();
  for (const text of ["", "what", "acme/shop", "acme/shop#x", "shop12", "#0"])
    expect(findIssue(text, repo)).toBeUndefined();
});
