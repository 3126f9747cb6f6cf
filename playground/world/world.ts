// The local world: GitHub with Actions, Slack, T3 Code with a scripted agent, and a Kubernetes cluster, each a server on
// a port of its own, and a team that works with them. Nothing in it knows the bot.

import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { type Actions, startActions } from "../ci/actions.ts";
import { type GitHub, startGitHub } from "../github/server.ts";
import { type Behaviour, type Cluster, clusterAdmin, startKubernetes } from "../kubernetes/cluster.ts";
import { sampleFiles } from "../sample/files.ts";
import { type Slack, startSlack } from "../slack/slack.ts";
import { startT3, type T3, type T3Options } from "../t3/server.ts";
import { channel, cluster as clusterNames, github as githubNames, repo, slackUsers, tokens } from "./team.ts";

export type World = AsyncDisposable & {
  readonly github: GitHub;
  readonly actions: Actions;
  readonly slack: Slack;
  readonly t3: T3;
  readonly cluster: Cluster;
  /** The bot's bearer for T3. */
  readonly t3Token: string;
  readonly kubeconfig: string;
  /** Another T3 server on the same host, with the same agent. */
  addT3(name: string): Promise<T3>;
  /** Another repo of the same people, whose CI only tests. Returns `owner/name`. */
  addRepo(name: string): Promise<string>;
  close(): Promise<void>;
};

export type WorldOptions = {
  /** Another agent than the scripted one, for some threads. */
  readonly agentFor?: NonNullable<T3Options["agentFor"]>;
  /** What the agents' environment has beside the world's own. */
  readonly agentEnv?: NodeJS.ProcessEnv;
};

const AGENT = fileURLToPath(new URL("../agent/agent.ts", import.meta.url));

/** Starts everything under `dir` (made if it is not there, not removed) and settles the sample repo in it. */
export async function startWorld(dir: string, { agentFor, agentEnv = {} }: WorldOptions = {}): Promise<World> {
  await mkdir(dir, { recursive: true });
  const started: AsyncDisposable[] = [];
  const keep = <T extends AsyncDisposable>(part: T): T => {
    started.unshift(part);
    return part;
  };
  const close = async (): Promise<void> => {
    for (const part of started.splice(0)) await part[Symbol.asyncDispose]();
  };
  try {
    const github = keep(await startGitHub({ dataDir: join(dir, "github") }));
    const cluster = keep(await startKubernetes({ imageBehaviour: (image) => behaviourOf(github, image) }));
    const actions = keep(startActions(github));
    const slack = keep(await startSlack(appInstalled()));
    const addT3 = async (name: string): Promise<T3> =>
      keep(
        await startT3({
          baseDir: join(dir, name),
          version: "0.0.28",
          agent: { command: process.execPath, args: [AGENT] },
          ...(agentFor && { agentFor }),
          env: { ...defined(agentEnv), ...agentEnvironment(github.url, join(dir, "agent")) },
        }),
      );
    const t3 = await addT3("t3");
    settleSlack(slack);
    await settleCluster(cluster);
    await settleGitHub(github, actions, cluster);
    const kubeconfig = cluster.kubeconfig(tokens.clusterBot);
    return {
      github,
      actions,
      slack,
      t3,
      cluster,
      t3Token: t3.issueToken({ label: "afk" }),
      kubeconfig,
      addT3,
      async addRepo(name) {
        await github.createRepo({ owner: "acme", name, files: testedFiles(name), collaborators });
        return `acme/${name}`;
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the pods of an image do is written in the commit that the image was made of: `deploy.json` `{"crash": true}`. */
async function behaviourOf(github: GitHub, image: string): Promise<Behaviour> {
  const sha = /:([0-9a-f]{40})$/.exec(image)?.[1];
  if (sha === undefined) return "healthy";
  const { code, stdout } = await github.git.attempt(github.gitDir(repo), ["show", `${sha}:deploy.json`]);
  const settings: unknown = code === 0 ? JSON.parse(stdout.toString("utf8")) : {};
  return typeof settings === "object" && settings !== null && "crash" in settings && settings.crash === true
    ? "crash"
    : "healthy";
}

function defined(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** As on a T3 host: git finds its credentials in the environment, and the agent its state in a folder. */
function agentEnvironment(githubUrl: string, stateDir: string): Record<string, string> {
  const basic = Buffer.from(`x-access-token:${tokens.githubAgent}`).toString("base64");
  return {
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: `http.${githubUrl}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    AGENT_STATE_DIR: stateDir,
  };
}

const MANIFEST = new URL("../../manifest.yml", import.meta.url);
const manifestSchema = z.object({
  features: z.object({
    app_home: z.object({ messages_tab_enabled: z.boolean() }),
    slash_commands: z.array(z.object({ command: z.string() })),
  }),
  oauth_config: z.object({ scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({ event_subscriptions: z.object({ bot_events: z.array(z.string()) }) }),
});

/** The app as a workspace has it that was given the manifest: no command, scope or event beyond those in it. */
function appInstalled() {
  const { features, oauth_config, settings } = manifestSchema.parse(parse(readFileSync(MANIFEST, "utf8")));
  return {
    messagesTab: features.app_home.messages_tab_enabled,
    commands: features.slash_commands.map(({ command }) => command),
    botScopes: oauth_config.scopes.bot,
    events: settings.event_subscriptions.bot_events,
  };
}

function settleSlack(slack: Slack): void {
  for (const user of slackUsers) slack.addUser(user);
  slack.addChannel({ ...channel, members: [...slackUsers.map(({ id }) => id), slack.bot.userId] });
}

async function settleCluster(cluster: Cluster): Promise<void> {
  const { namespace, deployment, image } = clusterNames;
  const read = ["get", "list", "watch"];
  cluster.createNamespace(namespace);
  cluster.addToken(tokens.clusterDeployer, { user: "deployer", rules: clusterAdmin });
  cluster.addToken(tokens.clusterBot, {
    user: "afk-bot",
    rules: [
      { apiGroups: ["apps"], resources: ["deployments", "statefulsets", "daemonsets", "replicasets"], verbs: read },
      { apiGroups: [""], resources: ["pods", "events"], verbs: read },
      { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
    ],
  });
  await cluster.createDeployment({
    namespace,
    name: deployment,
    image,
    container: "app",
    replicas: 2,
    wait: "healthy",
  });
}

const collaborators = {
  maintainer: "maintain",
  triager: "triage",
  "afk-bot": "write",
  "coding-agent": "write",
} as const;

function testedFiles(name: string): Record<string, string> {
  return {
    "README.md": `# ${name}\n`,
    "CONTEXT.md": `# Words\n\nNone of its own yet.\n`,
    ".github/workflows/ci.yml": `name: CI
on: { push: { branches: [main] } }
jobs: { test: { runs-on: ubuntu-latest, steps: [{ uses: actions/checkout@v4 }, { run: "! ls test | grep -v feature" }, { run: node --test }] } }
`,
    "test/feature-0.test.js": `require("node:test").test("nothing yet", () => {});\n`,
  };
}

async function settleGitHub(github: GitHub, actions: Actions, cluster: Cluster): Promise<void> {
  for (const user of githubNames) github.addUser(user);
  actions.setSecrets(repo, { KUBE_TOKEN: tokens.clusterDeployer });
  actions.setVars(repo, {
    KUBE_API: cluster.url,
    KUBE_NAMESPACE: clusterNames.namespace,
    KUBE_DEPLOYMENT: clusterNames.deployment,
  });
  const [owner = "", name = ""] = repo.split("/");
  await github.createRepo({
    owner,
    name,
    files: sampleFiles(),
    collaborators,
  });
  await actions.idle();
  await cluster.healthy({ namespace: clusterNames.namespace, name: clusterNames.deployment });
}
