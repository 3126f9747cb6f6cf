// Builds the bot from its config and runs it until a signal. The one place where adapters, loops and handlers meet.

import type { Logger } from "pino";
import { actions, runCommand } from "../handlers/index.ts";
import type { Config } from "./config.ts";
import { createTrees } from "./git/trees.ts";
import { createGitHubClient } from "./github/client.ts";
import { createGitHub } from "./github/github.ts";
import { createClusterClients } from "./kubernetes/clients.ts";
import { createCluster } from "./kubernetes/cluster.ts";
import { createLog } from "./log.ts";
import { createLoop } from "./loop.ts";
import { createDependencies } from "./ops/dependencies.ts";
import { startProbes } from "./ops/probes.ts";
import type { Parts } from "./parts.ts";
import type { Clock } from "./ports.ts";
import { createPublisher } from "./publish.ts";
import { reconcile } from "./reconcile.ts";
import { createSlackClient } from "./slack/client.ts";
import { createChat } from "./slack/publish.ts";
import { startSocket } from "./slack/socket.ts";
import { openStore } from "./store/store.ts";
import { createT3Client } from "./t3/client.ts";
import { createExecutor } from "./t3/executor.ts";
import { layoutOf } from "./volume/layout.ts";

/** How long a stop waits for work under way. Kubernetes kills after 30 s by default. */
const DRAIN_MS = 20_000;

/** Resolves once the bot was told to stop and has stopped. Throws where it cannot start at all. */
export async function serve(config: Config): Promise<void> {
  const log = createLog(config.logLevel);
  const clock: Clock = { now: () => Date.now() };
  const store = await openStore(config.stateDir, log);
  const dependencies = createDependencies(["github", "t3", "slack", "cluster"], clock, log);

  const githubClient = createGitHubClient({ ...config.github, log });
  const github = createGitHub(githubClient, config.policy.labels.ready);
  const t3 = createT3Client(config.t3);
  const clusterClients = createClusterClients(config.kubernetes.kubeconfig);
  const slack = createSlackClient(config.slack.apiUrl, config.slack.botToken, log);
  const trees = createTrees({
    layout: layoutOf(config.volume),
    token: config.github.token,
    fetchDefaultBranch: github.fetchDefaultBranch,
  });
  const publisher = createPublisher({
    store,
    github,
    chat: createChat(slack, config.slack.channel, clock),
    policy: config.policy,
    dependencies,
    clock,
    log,
  });
  const parts: Parts = {
    store,
    github,
    executor: createExecutor({
      client: t3,
      publicUrl: config.t3.publicUrl,
      model: config.t3.model,
      snapshotAgeMs: config.policy.watchMs / 2,
      clock,
    }),
    trees,
    cluster: createCluster(clusterClients, config.repos, trees.contains),
    publisher,
    dependencies,
    policy: config.policy,
    model: config.t3.model.model,
    clock,
    log,
  };

  const loop = createLoop<string>({
    name: "repo",
    concurrency: 8,
    backoff: { firstMs: 1_000, ceilingMs: 60_000 },
    log,
    work: (repo) => reconcile(repo, parts),
  });
  const nudgeAll = (): void => {
    for (const repo of config.repos.keys()) loop.nudge(repo);
  };
  const socket = startSocket({
    ...config.slack,
    log,
    actionIds: Object.keys(actions),
    onCommand: (user, text) => runCommand(user, text, { config, store, dependencies, clock, nudgeAll }),
  });
  const probes = startProbes({ githubClient, t3, clusterClients, slack, dependencies, log });

  for (const run of Object.values(store.state.runs)) publisher.nudge(run);
  nudgeAll();
  log.info({ repos: config.repos.size, runs: Object.keys(store.state.runs).length }, "ready");

  await untilToldToStop(log);
  const unfinished = await loop.stop(DRAIN_MS);
  await Promise.all([publisher.stop(DRAIN_MS), socket.stop(), probes.stop()]);
  await store.close();
  log.info({ unfinished }, "stopped");
}

/** The first SIGTERM or SIGINT stops in order; a second one ends the process at once. */
function untilToldToStop(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      log.info({ signal }, "stopping");
      process.once(signal, () => process.exit(130));
      resolve();
    };
    process.once("SIGTERM", onSignal);
    process.once("SIGINT", onSignal);
  });
}
