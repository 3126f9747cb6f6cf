// Asks each service now and then whether it answers, so that one that is away is named at the start and in `/afk status`
// even while no run needs it.

import type { WebClient } from "@slack/web-api";
import type { Logger } from "pino";
import type { GitHubClient } from "../github/client.ts";
import { githubError } from "../github/client.ts";
import type { ClusterClients } from "../kubernetes/clients.ts";
import { createLoop } from "../loop.ts";
import type { Chat, Dependency } from "../ports.ts";
import { slackError } from "../slack/errors.ts";
import type { T3Client } from "../t3/client.ts";
import type { Dependencies } from "./dependencies.ts";

const EVERY_MS = 20_000;

export function startProbes(parts: {
  readonly githubClient: GitHubClient;
  readonly members: readonly { readonly client: T3Client; readonly dependency: Dependency }[];
  readonly clusterClients: ClusterClients;
  readonly slack: WebClient;
  readonly chat: Pick<Chat, "checkChannel">;
  readonly dependencies: Dependencies;
  readonly log: Logger;
}): { stop(): Promise<void> } {
  const { githubClient, members, clusterClients, slack, chat, dependencies, log } = parts;
  const probes: Readonly<Record<string, () => Promise<unknown>>> = {
    ...Object.fromEntries(members.map(({ dependency, client }) => [dependency, () => client.check()])),
    github: () =>
      githubClient.rest.rateLimit
        .get()
        .catch((error: unknown) => Promise.reject(githubError(error, "asking for the rate limit"))),
    cluster: () => clusterClients.version.getCode(),
    slack: () => slack.auth.test().catch((error: unknown) => Promise.reject(slackError(error, "asking who we are"))),
    channel: () => chat.checkChannel(),
  };
  const loop = createLoop<Dependency>({
    name: "probe",
    concurrency: 8,
    backoff: { firstMs: 1_000, ceilingMs: 30_000 },
    log: log.child({}, { level: "error" }),
    async work(name) {
      await dependencies.watch(name, async () => probes[name]?.());
      return EVERY_MS;
    },
  });
  for (const name of Object.keys(probes) as Dependency[]) loop.nudge(name);
  // New work waits for a service that one call found away: it is asked at once, and not when its turn comes.
  dependencies.onDown((name) => loop.nudge(name));
  return {
    async stop() {
      await loop.stop(0);
    },
  };
}
