// The world of one point: the same servers as the demo's, in this process, with work that costs next to nothing: an agent
// that is a shell script, CI without a runner, a cluster in a hurry. A sweep starts hundreds of them.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { savePilot } from "../../src/pilot/result.ts";
import { startCi, WORKFLOW } from "../ci/by-tree.ts";
import { writeBotConfig } from "../demo/bot.ts";
import { type GitHub, startGitHub } from "../github/server.ts";
import { type Cluster, clusterAdmin, startKubernetes } from "../kubernetes/cluster.ts";
import type { Listener } from "../listener.ts";
import { type Slack, startSlack } from "../slack/slack.ts";
import { startT3, type T3 } from "../t3/server.ts";
import { addressesOf, type WorldAddresses } from "../world/addresses.ts";
import { channel, cluster as clusterNames, github as githubNames, repo, slackUsers, tokens } from "../world/team.ts";
import type { Path } from "./paths.ts";

const T3_VERSION = "0.0.28";
const AGENT = fileURLToPath(new URL("../agent/agent.sh", import.meta.url));

const SCRIPTED_AGENT = fileURLToPath(new URL("../agent/agent.ts", import.meta.url));

export type Stage = AsyncDisposable & {
  readonly dir: string;
  readonly github: GitHub;
  readonly slack: Slack;
  readonly t3: T3;
  readonly cluster: Cluster;
  readonly addresses: WorldAddresses;
  readonly configFile: string;
  /** The bot's state folder. */
  readonly stateDir: string;
  readonly volume: string;
  /** As a disk that died: the folder is there, and empty but for what an operator puts there first. */
  loseState(): Promise<void>;
  readonly listeners: readonly Listener[];
  /** How often the default branch was pushed to. */
  pushes(): number;
};

const PLAIN = { agent: "shell", policy: {}, config: {} } as const;
type Wanted = Pick<Path, "agent" | "policy" | "config">;

export async function setStage(dir: string, { agent, policy, config }: Wanted = PLAIN): Promise<Stage> {
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
    const t3 = keep(await startT3(t3Options(dir, github.url, agent)));
    const ready = settleCluster(cluster);
    settleSlack(slack);
    await settleGitHub(github);
    await ready;
    keep(startCi(github));
    const { namespace, deployment: name } = clusterNames;
    let pushes = 0;
    github.onPush(({ ref, after }) => {
      if (ref !== "refs/heads/main") return;
      pushes += 1;
      cluster.setImage({ namespace, name, image: `registry.example/${repo}:${after}` });
    });
    const t3Token = t3.issueToken({ label: "afk" });
    const kubeconfig = cluster.kubeconfig(tokens.clusterBot);
    const addresses = addressesOf({ github, slack, t3, t3Token, cluster, kubeconfig }, dir);
    const configFile = writeBotConfig(dir, addresses, config);
    hurry(configFile, policy);
    const volume = join(dir, "volume");
    const stateDir = join(volume, "state");
    // The pilot was run before, as for any bot that works: it is not what is swept.
    const passed = { version: 1, at: Date.now(), ms: 0, t3Version: T3_VERSION, passed: true, checks: [] } as const;
    await savePilot(stateDir, "t3", passed);
    return {
      dir,
      github,
      slack,
      t3,
      cluster,
      addresses,
      configFile,
      volume,
      stateDir,
      async loseState() {
        rmSync(stateDir, { recursive: true, force: true });
        await savePilot(stateDir, "t3", passed);
      },
      pushes: () => pushes,
      listeners: [github.listener, slack.listener, t3.listener, cluster.listener],
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function t3Options(dir: string, githubUrl: string, agent: Path["agent"]): Parameters<typeof startT3>[0] {
  const basic = Buffer.from(`x-access-token:${tokens.githubAgent}`).toString("base64");
  const who = { NAME: "coding-agent", EMAIL: "coding-agent@users.noreply.github.com" };
  return {
    baseDir: join(dir, "t3"),
    version: T3_VERSION,
    agent:
      agent === "shell"
        ? { command: "sh", args: [AGENT], speaks: "text" }
        : { command: process.execPath, args: [SCRIPTED_AGENT] },
    timings: { sessionStartMs: 5, turnStartMs: 5, checkpointDelayMs: 20 },
    env: {
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: `http.${githubUrl}/.extraHeader`,
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
      ...Object.fromEntries(
        Object.entries(who).flatMap(([key, value]) => [
          [`GIT_AUTHOR_${key}`, value],
          [`GIT_COMMITTER_${key}`, value],
        ]),
      ),
    },
  };
}

/**
 * The clocks of a bot that has no time; all else is the demo's config. Only what waits for a dead git's lock is tried anew,
 * and that takes half a minute.
 */
function hurry(configFile: string, policy: Path["policy"]): void {
  const config = parse(readFileSync(configFile, "utf8")) as { policy: Record<string, unknown> };
  Object.assign(config.policy, { poll: "400ms", watch: "400ms", retry: "4s", ...policy });
  writeFileSync(configFile, stringify(config));
}

function settleSlack(slack: Slack): void {
  for (const user of slackUsers) slack.addUser(user);
  slack.addChannel({ ...channel, members: [...slackUsers.map(({ id }) => id), slack.bot.userId] });
}

async function settleCluster(cluster: Cluster): Promise<void> {
  const { namespace, deployment, image } = clusterNames;
  cluster.createNamespace(namespace);
  cluster.addToken(tokens.clusterBot, { user: "afk-bot", rules: clusterAdmin });
  await cluster.createDeployment({ namespace, name: deployment, image, container: "app", replicas: 1 });
}

async function settleGitHub(github: GitHub): Promise<void> {
  for (const user of githubNames) github.addUser(user);
  const [owner = "", name = ""] = repo.split("/");
  await github.createRepo({
    owner,
    name,
    files: { "README.md": "# parcel-rates\n", "CONTEXT.md": "# Context\n", [WORKFLOW.path]: WORKFLOW.text },
    collaborators: { maintainer: "maintain", triager: "triage", "afk-bot": "write", "coding-agent": "write" },
  });
}
