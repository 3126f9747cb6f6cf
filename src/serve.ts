// Builds the bot from its config and runs it until a signal. The one place where adapters, loops and handlers meet.

import type { Logger } from "pino";
import { actions, runCommand } from "../handlers/index.ts";
import type { Config } from "./config.ts";
import { firstLookMs, pollEvery } from "./domain/pace.ts";
import type { Policy } from "./domain/policy.ts";
import { isEnded } from "./domain/run.ts";
import { createEnrolments } from "./enrol/enrolments.ts";
import { createTrees } from "./git/trees.ts";
import { connectGitHub } from "./github/connect.ts";
import { createClusterClients } from "./kubernetes/clients.ts";
import { createCluster } from "./kubernetes/cluster.ts";
import { createLog } from "./log.ts";
import { createLoop } from "./loop.ts";
import { createDependencies } from "./ops/dependencies.ts";
import { startProbes } from "./ops/probes.ts";
import type { Parts } from "./parts.ts";
import { createArming } from "./pilot/arming.ts";
import type { Clock } from "./ports.ts";
import { createPublisher } from "./publish.ts";
import { reconcile } from "./reconcile.ts";
import { createSlackClient } from "./slack/client.ts";
import { createChat } from "./slack/publish.ts";
import { startSocket } from "./slack/socket.ts";
import { openHistory } from "./store/history.ts";
import { openStore } from "./store/store.ts";
import { createT3Client } from "./t3/client.ts";
import { createExecutor } from "./t3/executor.ts";
import { createRuntime } from "./t3/runtime.ts";
import { createSpending } from "./t3/spend.ts";
import { createTokens } from "./t3/token.ts";
import { layoutOf } from "./volume/layout.ts";
import { readFreeShare } from "./volume/space.ts";
import { explain } from "./why.ts";

/** How long a stop waits for work under way. Kubernetes kills after 30 s by default. */
const DRAIN_MS = 20_000;

/** Resolves once the bot was told to stop and has stopped. Throws where it cannot start at all. */
export async function serve(config: Config): Promise<void> {
  const log = createLog(config.logLevel);
  const clock: Clock = { now: () => Date.now() };
  const store = await openStore(config.stateDir, log);
  const dependencies = createDependencies(["github", "t3", "slack", "cluster"], clock, log);

  const pollMs = pollEvery(config.policy.pollMs, config.repos.size, config.github.requestsPerHour);
  const policy: Policy = { ...config.policy, pollMs };
  const connection = await connectGitHub({ ...config.github, policy, keepIn: config.stateDir, clock, log });
  const { github, client: githubClient, limits } = connection;
  const repos = [...config.repos.keys()];
  const { labels } = policy;
  const enrolments = createEnrolments({ repos, stateDir: config.stateDir, github, labels, clock, log });
  const t3 = createT3Client({
    url: config.t3.url,
    tokens: createTokens(config.t3.token, config.t3.url, clock),
    pollMs: config.policy.watchMs / 2,
    clock,
    log,
  });
  const clusterClients = createClusterClients(config.kubernetes.kubeconfig);
  const slack = createSlackClient(config.slack.apiUrl, config.slack.botToken, log);
  const trees = createTrees({
    layout: layoutOf(config.volume),
    token: connection.auth.token,
    fetchDefaultBranch: github.fetchDefaultBranch,
  });
  const publisher = createPublisher({
    store,
    github,
    chat: createChat(slack, config.slack.channel, clock),
    policy,
    dependencies,
    clock,
    log,
  });
  const parts: Parts = {
    store,
    history: openHistory(config.stateDir),
    github,
    executor: createExecutor({
      client: t3,
      runtime: createRuntime(config.t3.baseDir),
      spending: createSpending({ baseDir: config.t3.baseDir, prices: config.t3.prices[config.t3.model.model] }),
      publicUrl: config.t3.publicUrl,
      model: config.t3.model,
      clock,
    }),
    trees,
    cluster: createCluster(clusterClients, config.repos, trees.contains),
    publisher,
    dependencies,
    policy,
    enrolments,
    readVolumeFree: () => readFreeShare(config.volume),
    disarmed: () => arming.disarmed(),
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
  // With many repos not all at once: GitHub counts requests per minute too.
  const firstLooks = new Set<NodeJS.Timeout>();
  const nudgeAll = (): void => {
    for (const [index, repo] of repos.entries()) {
      const timer = setTimeout(
        () => {
          firstLooks.delete(timer);
          loop.nudge(repo);
        },
        firstLookMs(index, repos.length, pollMs),
      );
      firstLooks.add(timer);
    }
  };
  // A change of a thread says: look again at the repo whose run works in it.
  t3.watch((threadId) => {
    const run = Object.values(store.state.runs).find(({ session }) => session?.threadId === threadId);
    if (run !== undefined) loop.nudge(run.repo);
  });
  const arming = createArming({
    config,
    client: t3,
    clock,
    log,
    paused: () => store.state.pause !== null,
    onArmed: nudgeAll,
  });
  const socket = startSocket({
    ...config.slack,
    log,
    actionIds: Object.keys(actions),
    onCommand: (user, text) =>
      runCommand(user, text, {
        config,
        store,
        dependencies,
        clock,
        enrolments,
        polling: { everyMs: pollMs, inForce: limits.inForce },
        arming,
        explain: (repo, issue) => explain(repo, issue, { ...parts, state: store.state }),
        nudgeAll,
      }),
  });
  const probes = startProbes({ githubClient, t3, clusterClients, slack, dependencies, log });

  for (const run of Object.values(store.state.runs)) publisher.nudge(run);
  for (const run of Object.values(store.state.runs)) if (!isEnded(run)) loop.nudge(run.repo);
  nudgeAll();
  const enrolling = enrolments.watch();
  log.info({ repos: config.repos.size, runs: Object.keys(store.state.runs).length }, "ready");

  await untilToldToStop(log);
  for (const timer of firstLooks) clearTimeout(timer);
  const unfinished = await loop.stop(DRAIN_MS);
  await Promise.all([publisher.stop(DRAIN_MS), socket.stop(), probes.stop(), arming.stop(), t3.close()]);
  await Promise.all([enrolling.stop(), connection.close()]);
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
