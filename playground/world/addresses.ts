// Where everything in a world is, for a bot that is a process of its own.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "./world.ts";

export type WorldAddresses = {
  readonly githubUrl: string;
  readonly githubApiUrl: string;
  readonly slackApiUrl: string;
  readonly t3Url: string;
  readonly t3Token: string;
  readonly clusterUrl: string;
  readonly kubeconfigFile: string;
};

/** Writes the bot's kubeconfig into `dir`, which must be there. */
export function addressesOf(
  world: Pick<World, "github" | "slack" | "t3" | "t3Token" | "cluster" | "kubeconfig">,
  dir: string,
): WorldAddresses {
  const kubeconfigFile = join(dir, "kubeconfig.yaml");
  writeFileSync(kubeconfigFile, world.kubeconfig, { mode: 0o600 });
  return {
    githubUrl: world.github.url,
    githubApiUrl: world.github.apiUrl,
    slackApiUrl: world.slack.apiUrl,
    t3Url: world.t3.url,
    t3Token: world.t3Token,
    clusterUrl: world.cluster.url,
    kubeconfigFile,
  };
}
