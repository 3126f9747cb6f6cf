// The adapters, connected as the config says. None of them acts by itself, nor where this process may not.

import type { Config } from "../config.ts";
import { pollEvery } from "../domain/pace.ts";
import type { Policy } from "../domain/policy.ts";
import { createTrees } from "../git/trees.ts";
import { connectGitHub } from "../github/connect.ts";
import { createClusterClients } from "../kubernetes/clients.ts";
import { createCluster } from "../kubernetes/cluster.ts";
import { fencedTrees } from "../leader/fence.ts";
import { createNtfy } from "../ntfy/ntfy.ts";
import { createPeopleClient, createSlackClient } from "../slack/client.ts";
import { createPace } from "../slack/pace.ts";
import { createChat } from "../slack/publish.ts";
import { createRights } from "../slack/rights.ts";
import { createT3Client } from "../t3/client.ts";
import { createExecutor } from "../t3/executor.ts";
import { createRuntime } from "../t3/runtime.ts";
import { createSpending } from "../t3/spend.ts";
import { createTokens } from "../t3/token.ts";
import { timersOf } from "../timers.ts";
import { layoutOf } from "../volume/layout.ts";
import type { Base } from "./base.ts";

/** Throws `config` where what the config names cannot be loaded; whether anything answers is not looked at. */
export async function connectOutside(
  config: Config,
  { mayAct, clock, log }: Pick<Base, "mayAct" | "clock" | "log">,
  paused: () => boolean,
) {
  const pollMs = pollEvery(config.policy.pollMs, config.repos.size, config.github.requestsPerHour);
  const policy: Policy = { ...config.policy, pollMs };
  const connection = await connectGitHub({ ...config.github, policy, keepIn: config.stateDir, mayAct, clock, log });
  const { github } = connection;
  const t3 = createT3Client({
    url: config.t3.url,
    tokens: createTokens(config.t3.token, config.t3.url, clock),
    pollMs: policy.watchMs / 2,
    mayAct,
    clock,
    log,
  });
  const executor = createExecutor({
    client: t3,
    runtime: createRuntime(config.t3.baseDir),
    spending: createSpending({ baseDir: config.t3.baseDir, prices: config.t3.prices[config.t3.model.model] }),
    publicUrl: config.t3.publicUrl,
    model: config.t3.model,
    runtimeMode: config.t3.runtimeMode,
    clock,
  });
  const trees = fencedTrees(
    createTrees({
      layout: layoutOf(config.volume),
      token: connection.auth.token,
      fetchDefaultBranch: github.fetchDefaultBranch,
      rulesOf: (repo) => config.trees.rules.get(repo),
      identity: config.trees.identity,
      env: config.trees.env,
      paused,
      log,
    }),
    mayAct,
  );
  const clusterClients = createClusterClients(config.kubernetes.kubeconfig);
  const slack = createSlackClient(config.slack.apiUrl, config.slack.botToken, log, mayAct);
  const slackForPeople = createPeopleClient(config.slack.apiUrl, config.slack.botToken, log, mayAct);
  const cluster = createCluster(clusterClients, config.repos, trees.contains, log);
  return {
    policy,
    connection,
    github,
    t3,
    executor,
    trees,
    clusterClients,
    cluster: cluster,
    slack,
    slackForPeople,
    rights: createRights(slackForPeople, config, clock),
    secondBell: config.ntfy && { rings: config.ntfy.rings, ntfy: createNtfy(config.ntfy, mayAct) },
    chat: createChat(slack, config.slack.channel, createPace(clock), timersOf(clock), log),
    async close(): Promise<void> {
      cluster.close();
      await Promise.all([t3.close(), connection.close()]);
    },
  };
}
