// Two replicas of the bot on one volume, each a process with a cluster token of its own.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bot, startBot, writeBotConfig } from "../../playground/demo/bot.ts";
import { clusterAdmin } from "../../playground/kubernetes/cluster.ts";
import type { Exchange } from "../../playground/listener.ts";
import { type Stage, setStage } from "../../playground/sweep/stage.ts";
import { cluster, repo } from "../../playground/world/team.ts";

export type Times = { readonly leaseDuration: string; readonly renewDeadline: string; readonly retryPeriod: string };

export type Replicas = AsyncDisposable & {
  readonly world: Stage;
  /** Each with a name of its own. */
  start(name: string, times: Times): Bot;
  release(): number;
  /** The cluster's API answers that replica no more. */
  cutOff(name: string): void;
  /** What changed something outside since the last call, whoever asked for it; the Lease left out. */
  acts(): readonly string[];
};

export async function setReplicas(): Promise<Replicas> {
  const dir = mkdtempSync(join(tmpdir(), "afk-replicas-"));
  const world = await setStage(join(dir, "world"));
  const bots: Bot[] = [];
  const acts: string[] = [];
  const isCut = new Set<string>();
  for (const listener of world.listeners) {
    listener.intercept({
      async before(exchange) {
        if (listener === world.cluster.listener && isCut.has(exchange.authorization?.split(" ").at(-1) ?? "")) {
          return { do: "cut" };
        }
        if (isAct(exchange)) acts.push(`${exchange.service} ${exchange.method} ${exchange.path}`);
        return undefined;
      },
    });
  }
  return {
    world,
    start(name, times) {
      const own = join(dir, name);
      const kubeconfigFile = join(dir, `kubeconfig-${name}.yaml`);
      world.cluster.addToken(`replica-${name}`, { user: name, rules: clusterAdmin });
      writeFileSync(kubeconfigFile, world.cluster.kubeconfig(`replica-${name}`, cluster.namespace));
      const configFile = writeBotConfig(
        own,
        { ...world.addresses, kubeconfigFile },
        {
          volume: world.volume,
          policy: { poll: "400ms", watch: "400ms" },
          leaderElection: { enabled: true, identity: name, ...times },
        },
      );
      const bot = startBot(own, configFile, world.addresses);
      bots.push(bot);
      return bot;
    },
    release() {
      const maintainer = world.github.as("maintainer");
      const { number } = maintainer.createIssue(repo, { title: "Quote a surcharge", body: "Please." });
      maintainer.label({ repo, number }, "ready-for-agent");
      return number;
    },
    cutOff(name) {
      isCut.add(`replica-${name}`);
    },
    acts: () => acts.splice(0),
    async [Symbol.asyncDispose]() {
      for (const bot of bots) {
        bot.process.kill("SIGCONT");
        await bot.stop();
      }
      await world[Symbol.asyncDispose]();
      rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** Requests that change something, agents' pushes and the Lease aside. */
function isAct({ service, method, path }: Exchange): boolean {
  switch (service) {
    case "github":
      return path.startsWith("/api/") && method !== "GET" && !path.endsWith("/graphql");
    case "slack":
      return /\/api\/(chat|views|reactions|files)\./.test(path);
    case "t3":
      return path.includes("/orchestration/dispatch");
    case "kubernetes":
      return method !== "GET" && !path.includes("/leases") && !path.includes("reviews");
    default:
      return true;
  }
}
