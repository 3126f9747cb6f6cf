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
import { createLabelOf } from "../registry/registry.ts";
import { createPeopleClient, createSlackClient } from "../slack/client.ts";
import { createPace } from "../slack/pace.ts";
import { createChat } from "../slack/publish.ts";
import { createRights } from "../slack/rights.ts";
import { routed } from "../t3/routed.ts";
import { timersOf } from "../timers.ts";
import { layoutOf } from "../volume/layout.ts";
import type { Base } from "./base.ts";
import { connectMember } from "./members.ts";

/** Throws `config` where what the config names cannot be loaded; whether anything answers is not looked at. */
export async function connectOutside(
  config: Config,
  base: Pick<Base, "dependencies" | "mayAct" | "mayTouch" | "clock" | "log">,
  paused: () => boolean,
) {
  const { mayAct, clock, log } = base;
  const pollMs = pollEvery(config.policy.pollMs, config.repos.size, config.github.requestsPerHour);
  const policy: Policy = { ...config.policy, pollMs };
  const connection = await connectGitHub({ ...config.github, policy, keepIn: config.stateDir, mayAct, clock, log });
  const { github } = connection;
  const members = config.t3.servers.map((server) => connectMember(server, config, policy, base));
  const trees = fencedTrees(
    createTrees({
      layout: layoutOf(config.volume),
      token: connection.auth.token,
      origin: github,
      rulesOf: (repo) => config.trees.rules.get(repo),
      identity: config.trees.identity,
      env: config.trees.env,
      paused,
      log,
    }),
    base.mayTouch,
  );
  const clusterClients = createClusterClients(config.kubernetes.kubeconfig);
  const slack = createSlackClient(config.slack.apiUrl, config.slack.botToken, log, mayAct);
  const slackForPeople = createPeopleClient(config.slack.apiUrl, config.slack.botToken, log, mayAct);
  const cluster = createCluster(
    clusterClients,
    config.repos,
    trees.contains,
    createLabelOf(config.kubernetes.registries),
    log,
  );
  return {
    policy,
    connection,
    github,
    members,
    executor: routed(members),
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
      await Promise.all([...members.map(({ client }) => client.close()), connection.close()]);
    },
  };
}
