// What goes wrong, drawn from the seed. Small faults hit single requests of the bot: which, follows from the service and
// the request's number there. Large ones come at their moment: a kill, a restart, a service that is away.

import { setTimeout as pause } from "node:timers/promises";
import type { Exchange, Fault } from "../listener.ts";
import { tokens } from "../world/team.ts";
import { type Draw, drawOf } from "./draw.ts";
import type { Keeper } from "./keeper.ts";
import type { Stage } from "./stage.ts";

export type Large = { readonly atMs: number; readonly what: LargeKind };

const LARGE = {
  "kill the bot": (_stage, keeper) => keeper.kill(),
  "restart T3": ({ t3 }) => t3.restart({ graceful: true }),
  "kill T3": ({ t3 }) => t3.restart({ graceful: false }),
  "cut Slack's sockets": ({ slack }) => slack.cutSockets(),
  "refresh Slack's sockets": ({ slack }) => slack.refreshSockets({ warningMs: 200 }),
  "double Slack's envelopes": ({ slack }) => slack.duplicateNext(5),
  "replay Slack's envelopes": ({ slack }) => {
    for (const { id } of slack.envelopes().slice(-5)) slack.replay(id);
  },
  "rate-limit Slack": ({ slack }) => slack.rateLimit(1),
  "rate-limit GitHub": ({ github }) => github.rateLimitNow(2, "secondary"),
  "end the cluster's watches": ({ cluster }) => cluster.dropWatches("end"),
  "hang the cluster's watches": ({ cluster }) => cluster.dropWatches("hang"),
  "fail the cluster's watches": ({ cluster }) => cluster.dropWatches("error"),
  "compact the cluster's history": ({ cluster }) => cluster.expire(),
  "GitHub away": ({ github }) => away(github.listener),
  "Slack away": ({ slack }) => away(slack.listener),
  "T3 away": ({ t3 }) => away(t3.listener),
  "cluster away": ({ cluster }) => away(cluster.listener),
} as const satisfies Record<string, (stage: Stage, keeper: Keeper) => unknown>;

export type LargeKind = keyof typeof LARGE;

const AWAY_MS = 2_500;

async function away({ off, on }: Stage["listeners"][number]): Promise<void> {
  await off();
  await pause(AWAY_MS);
  await on();
}

/** One of them every few seconds, and a kill among each five. */
export function planLarge(seed: number, ms: number): readonly Large[] {
  const draw = drawOf(seed, "large");
  const kinds = Object.keys(LARGE) as [LargeKind, ...LargeKind[]];
  const plan: Large[] = [];
  for (let atMs = draw.between(4_000, 8_000); atMs < ms; atMs += draw.between(2_500, 6_000)) {
    plan.push({ atMs, what: plan.length % 5 === 1 ? "kill the bot" : draw.pick(kinds) });
  }
  return plan;
}

export async function commit({ what }: Large, stage: Stage, keeper: Keeper): Promise<void> {
  await LARGE[what](stage, keeper);
}

export type SmallFaults = { count(): number; stop(): void };

const BEFORE: readonly [(draw: Draw) => Promise<Fault>, ...((draw: Draw) => Promise<Fault>)[]] = [
  async () => ({ do: "answer", status: 500 }),
  async () => ({ do: "answer", status: 502, body: "<html>Bad Gateway</html>" }),
  async () => ({ do: "answer", status: 429, headers: { "retry-after": "1" } }),
  async () => ({ do: "answer", status: 200, headers: { "content-type": "application/json" }, body: '{"half":' }),
  async () => ({ do: "cut" }),
  async (draw) => {
    await pause(draw.between(1_000, 4_000));
    return { do: "cut" };
  },
];

/** So many of a hundred requests suffer; half of them after they took effect. */
const SUFFER_SHARE = 0.015;

export function startSmallFaults(stage: Stage, seed: number): SmallFaults {
  let count = 0;
  for (const listener of stage.listeners) {
    const drawn = ({ n }: Exchange, when: string) => drawOf(seed, `${listener.service} ${n} ${when}`);
    listener.intercept({
      async before(exchange) {
        const draw = drawn(exchange, "before");
        if (!isBots(exchange) || draw.share() >= SUFFER_SHARE / 2) return undefined;
        count += 1;
        return await draw.pick(BEFORE)(draw);
      },
      async after(exchange) {
        if (!isBots(exchange) || drawn(exchange, "after").share() >= SUFFER_SHARE / 2) return undefined;
        count += 1;
        return { do: "cut" };
      },
    });
  }
  return {
    count: () => count,
    stop() {
      for (const listener of stage.listeners) listener.intercept(undefined);
    },
  };
}

const GIT_BOT = `Basic ${Buffer.from(`x-access-token:${tokens.githubBot}`).toString("base64")}`;

/** Slack and T3 are used by nobody but the bot. */
function isBots({ service, authorization = "" }: Exchange): boolean {
  if (service === "slack" || service === "t3") return true;
  return (
    authorization === GIT_BOT ||
    authorization.endsWith(` ${tokens.githubBot}`) ||
    authorization.endsWith(` ${tokens.clusterBot}`)
  );
}
