// How soon after a start every live session is watched again: a real T3 stand-in with an agent at work in each, a state
// that knows them all, and the bot as its own process.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pino } from "pino";
import { parse, stringify } from "yaml";
import { startBot, writeBotConfig } from "../playground/demo/bot.ts";
import { startGitHub } from "../playground/github/server.ts";
import { startKubernetes } from "../playground/kubernetes/cluster.ts";
import { startSlack } from "../playground/slack/slack.ts";
import { startT3 } from "../playground/t3/server.ts";
import { channel, tokens } from "../playground/world/team.ts";
import { digestOf } from "../src/domain/ids.ts";
import type { Run } from "../src/domain/run.ts";
import { wantedIssue } from "../src/domain/wanted.ts";
import { openStore } from "../src/store/store.ts";
import { createT3Client } from "../src/t3/client.ts";
import { createExecutor } from "../src/t3/executor.ts";
import { createRuntime } from "../src/t3/runtime.ts";
import { createSpending } from "../src/t3/spend.ts";
import { createTokens } from "../src/t3/token.ts";
import { comment } from "../views/comment.ts";
import { activeRun } from "./runs.ts";

const LABELS = { ready: "ready-for-agent", running: "agent-running", human: "ready-for-human" };
const WITHIN_MS = 120_000;

/** Milliseconds from the start of the process until all `count` runs' turns were seen in T3 and recorded. */
export async function measureAdoption(dir: string, count: number): Promise<number> {
  mkdirSync(dir, { recursive: true });
  await using github = await startGitHub({ dataDir: join(dir, "github") });
  await using slack = await startSlack({ limits: "off" });
  await using cluster = await startKubernetes();
  await using t3 = await startT3({
    baseDir: join(dir, "t3"),
    version: "0.0.28",
    agent: { command: "sleep", args: ["600"], speaks: "text" },
    env: {},
  });
  github.addUser({ login: "afk-bot", type: "User", token: tokens.githubBot });
  slack.addChannel({ ...channel, members: [slack.bot.userId] });
  const kubeconfigFile = join(dir, "kubeconfig.yaml");
  writeFileSync(kubeconfigFile, cluster.kubeconfig(tokens.clusterBot));
  const t3Token = t3.issueToken({ label: "afk" });

  const runs = await openSessions(dir, t3.url, t3Token, count);
  await remember(join(dir, "volume", "state"), runs);

  const configFile = writeBotConfig(dir, {
    githubUrl: github.url,
    githubApiUrl: github.apiUrl,
    slackApiUrl: slack.apiUrl,
    t3Url: t3.url,
    t3Token,
    clusterUrl: cluster.url,
    kubeconfigFile,
  });
  const config = parse(readFileSync(configFile, "utf8")) as object;
  writeFileSync(configFile, stringify({ ...config, repos: runs.map(({ repo }) => ({ repo, workloads: [] })) }));

  const begun = performance.now();
  const bot = startBot(dir, configFile, { t3Token });
  try {
    const seen = new Set<unknown>();
    const stdout = bot.process.stdout;
    if (stdout === null) throw new Error("the bot has no stdout");
    const late = AbortSignal.timeout(WITHIN_MS);
    for await (const line of createInterface({ input: stdout, signal: late })) {
      const { event, run } = JSON.parse(line) as { event?: string; run?: string };
      if (event === "run.turn-identified") seen.add(run);
      if (seen.size === count) return performance.now() - begun;
    }
    throw new Error(`only ${seen.size} of ${count} runs were watched again: see ${bot.logFile}`);
  } finally {
    bot.process.kill("SIGKILL");
  }
}

/** One session a run, each with its agent at work. */
async function openSessions(dir: string, url: string, token: string, count: number): Promise<readonly Run[]> {
  const clock = { now: () => Date.now() };
  const log = pino({ level: "silent" });
  const client = createT3Client({
    url,
    tokens: createTokens({ from: "value", value: token }, url, clock),
    pollMs: 0,
    clock,
    log,
  });
  const executor = createExecutor({
    client,
    runtime: createRuntime(undefined),
    spending: createSpending({ baseDir: undefined, prices: undefined }),
    publicUrl: url,
    model: { instanceId: "claudeAgent", model: "claude-opus-4-8" },
    runtimeMode: "full-access",
    clock,
  });
  const runs: Run[] = [];
  for (let n = 1; n <= count; n += 1) {
    const root = join(dir, "volume", "repos", "acme", `repo-${n}`);
    mkdirSync(join(root, "checkout"), { recursive: true });
    mkdirSync(join(root, "tree"), { recursive: true });
    const tree = { path: join(root, "tree"), slotPath: join(root, "tree"), base: "0".repeat(40) };
    const run: Run = { ...activeRun(n), startedAt: Date.now(), tree };
    const session = await executor.openSession(run, join(root, "checkout"), 0);
    const turn = await executor.sendTurn(run, session, { ordinal: 1, text: "Wait." }, 0);
    runs.push({ ...run, session, state: { name: "working", since: turn.askedAt, turn, stop: null } });
  }
  await client.close();
  return runs;
}

/** As an earlier bot left it, with everything shown. */
async function remember(stateDir: string, runs: readonly Run[]): Promise<void> {
  const store = await openStore(stateDir, pino({ level: "silent" }));
  for (const run of runs) {
    const issue = digestOf(wantedIssue(run, LABELS));
    const shown = { commentId: 1, comment: digestOf(comment(run)), issue };
    await store.commit({ type: "run.adopted", at: Date.now(), run: { ...run, shown } });
  }
  await store.close();
}
