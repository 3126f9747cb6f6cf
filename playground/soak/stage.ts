// The soak's world: the same servers as the demo's, with work that costs next to nothing, and many repos.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { savePilot } from "../../src/pilot/result.ts";
import { startCi, WORKFLOW } from "../ci/by-tree.ts";
import { writeBotConfig } from "../demo/bot.ts";
import { type GitHub, startGitHub } from "../github/server.ts";
import { type Cluster, clusterAdmin, startKubernetes } from "../kubernetes/cluster.ts";
import type { Listener } from "../listener.ts";
import { type Slack, startSlack } from "../slack/slack.ts";
import { startT3, type T3 } from "../t3/server.ts";
import { addressesOf, type WorldAddresses } from "../world/addresses.ts";
import { channel, github as people, slackUsers, tokens } from "../world/team.ts";
import { createMachine, type Machine } from "./machine.ts";

const T3_VERSION = "0.0.28";
const SHELL_AGENT = fileURLToPath(new URL("../agent/agent.sh", import.meta.url));
const SCRIPTED_AGENT = fileURLToPath(new URL("../agent/agent.ts", import.meta.url));
const NAMESPACE = "soak";

/** What the bot's clocks are: a day in a minute. */
const POLICY = {
  poll: "500ms",
  retry: "500ms",
  settle: "20s",
  stall: "8s",
  turn: "1m",
  askTimeout: "15s",
  ciStart: "20s",
  ci: "1m",
  rollout: "1m",
  prepare: "2m",
  zombie: "4s",
};

/** Of memory, as far as it is used. */
const VOLUME_MB = { least: 128, forRepo: 8 };

export type Stage = AsyncDisposable & {
  readonly dir: string;
  readonly repos: readonly string[];
  readonly github: GitHub;
  readonly slack: Slack;
  readonly t3: T3;
  readonly cluster: Cluster;
  readonly machine: Machine;
  readonly addresses: WorldAddresses;
  readonly configFile: string;
  readonly volume: string;
  readonly stateDir: string;
  readonly listeners: readonly Listener[];
};

/** `mounts`: whether this process may mount file systems. */
export async function setStage(dir: string, repoCount: number, mounts: boolean): Promise<Stage> {
  const parts: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(part: T): T => {
    parts.unshift(part);
    return part;
  };
  const close = async (): Promise<void> => {
    for (const part of parts.splice(0)) await part[Symbol.asyncDispose]();
  };
  try {
    mkdirSync(dir, { recursive: true });
    const [cluster, slack, github] = await Promise.all([
      startKubernetes({ speed: 40 }).then(keep),
      startSlack({ commands: ["/afk"], limits: "off" }).then(keep),
      startGitHub({ dataDir: join(dir, "github") }).then(keep),
    ]);
    const t3 = keep(await startT3(t3Options(dir, github.url)));
    for (const user of slackUsers) slack.addUser(user);
    slack.addChannel({ ...channel, members: [...slackUsers.map(({ id }) => id), slack.bot.userId] });
    for (const user of people) github.addUser(user);
    cluster.createNamespace(NAMESPACE);
    cluster.addToken(tokens.clusterBot, { user: "afk-bot", rules: clusterAdmin });

    const repos = Array.from({ length: repoCount }, (_, n) => `acme/soak-${n + 1}`);
    // Every third is deployed; of the others CI alone decides.
    const deployed = new Map(repos.flatMap((repo, n) => (n % 3 === 0 ? [[repo, `soak-${n + 1}`]] : [])));
    for (const repo of repos) await settle(repo, github, cluster, deployed.get(repo));
    keep(startCi(github));
    github.onPush(({ repo, ref, after }) => {
      const name = deployed.get(repo);
      if (ref !== "refs/heads/main" || name === undefined) return;
      cluster.setImage({ namespace: NAMESPACE, name, image: `registry.example/${repo}:${after}` });
    });

    const t3Token = t3.issueToken({ label: "afk" });
    const addresses = addressesOf(
      { github, slack, t3, t3Token, cluster, kubeconfig: cluster.kubeconfig(tokens.clusterBot) },
      dir,
    );
    const configFile = writeBotConfig(dir, addresses, {
      t3: { baseDir: join(dir, "t3"), pilot: "required" },
      policy: { ...POLICY, watch: `${Math.max(300, 8 * repoCount)}ms`, maxRuns: Math.max(4, Math.ceil(repoCount / 4)) },
      repos: repos.map((repo) => {
        const name = deployed.get(repo);
        return { repo, workloads: name === undefined ? [] : [{ namespace: NAMESPACE, name }] };
      }),
    });
    const volume = join(dir, "volume");
    const machine = createMachine(
      dir,
      volume,
      mounts ? { mb: VOLUME_MB.least + VOLUME_MB.forRepo * repoCount } : undefined,
    );
    keep({ [Symbol.asyncDispose]: async () => machine[Symbol.dispose]() });
    const stateDir = join(volume, "state");
    // The pilot was run before, as for any bot that works.
    const passed = { version: 1, at: Date.now(), ms: 0, t3Version: T3_VERSION, passed: true, checks: [] } as const;
    await savePilot(stateDir, "t3", passed);
    const listeners = [github.listener, slack.listener, t3.listener, cluster.listener];
    return {
      dir,
      repos,
      github,
      slack,
      t3,
      cluster,
      machine,
      addresses,
      configFile,
      volume,
      stateDir,
      listeners,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function settle(repo: string, github: GitHub, cluster: Cluster, deployment: string | undefined): Promise<void> {
  const [owner = "", name = ""] = repo.split("/");
  await github.createRepo({
    owner,
    name,
    files: { "README.md": `# ${name}\n`, "CONTEXT.md": "# Context\n", [WORKFLOW.path]: WORKFLOW.text },
    collaborators: { maintainer: "maintain", triager: "triage", "afk-bot": "write", "coding-agent": "write" },
  });
  if (deployment === undefined) return;
  const image = `registry.example/${repo}:first`;
  await cluster.createDeployment({ namespace: NAMESPACE, name: deployment, image, container: "app", replicas: 1 });
}

function t3Options(dir: string, githubUrl: string): Parameters<typeof startT3>[0] {
  const basic = Buffer.from(`x-access-token:${tokens.githubAgent}`).toString("base64");
  const [name, email] = ["coding-agent", "coding-agent@users.noreply.github.com"];
  return {
    baseDir: join(dir, "t3"),
    version: T3_VERSION,
    agent: { command: "sh", args: [SHELL_AGENT], speaks: "text" },
    // Only the one that can ask speaks the agents' protocol.
    agentFor: ({ title }) =>
      title.endsWith("(asks)") ? { command: process.execPath, args: [SCRIPTED_AGENT] } : undefined,
    timings: { sessionStartMs: 5, turnStartMs: 5, checkpointDelayMs: 20 },
    env: {
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_TERMINAL_PROMPT: "0",
      GIT_CONFIG_COUNT: "2",
      // Else each commit looks whether there is something to tidy up.
      GIT_CONFIG_KEY_1: "maintenance.auto",
      GIT_CONFIG_VALUE_1: "false",
      GIT_CONFIG_KEY_0: `http.${githubUrl}/.extraHeader`,
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
      GIT_AUTHOR_NAME: name,
      GIT_COMMITTER_NAME: name,
      GIT_AUTHOR_EMAIL: email,
      GIT_COMMITTER_EMAIL: email,
      AGENT_STATE_DIR: join(dir, "agent"),
    },
  };
}
