// What goes wrong, drawn from the seed. Small faults hit single requests of the bot: which, follows from the service and
// the request's number there. Large ones come at their moment: a kill, a restart, a service that is away, a clock that
// jumps, a volume without room. How often each struck is counted: a fault that never strikes shows nothing.

import { setTimeout as pause } from "node:timers/promises";
import type { Exchange, Fault } from "../listener.ts";
import { tokens } from "../world/team.ts";
import { type Draw, drawOf } from "./draw.ts";
import type { Keeper } from "./keeper.ts";
import type { Machine } from "./machine.ts";
import type { Stage } from "./stage.ts";

export type Large = { readonly atMs: number; readonly what: LargeKind };

/** Each resolves to whether there was anything for it to strike. */
const LARGE = {
  "kill the bot": async (_stage, keeper) => keeper.kill(),
  "restart T3": ({ t3 }) => done(t3.restart({ graceful: true })),
  "kill T3": ({ t3 }) => done(t3.restart({ graceful: false })),
  "cut Slack's sockets": async ({ slack }) => slack.stats().sockets > 0 && done(slack.cutSockets()),
  "refresh Slack's sockets": async ({ slack }) =>
    slack.stats().sockets > 0 && done(slack.refreshSockets({ warningMs: 200 })),
  "double Slack's envelopes": ({ slack }) => done(slack.duplicateNext(5)),
  "replay Slack's envelopes": async ({ slack }) =>
    slack
      .envelopes()
      .slice(-5)
      .filter(({ id }) => slack.replay(id)).length > 0,
  "rate-limit Slack": ({ slack }) => done(slack.rateLimit(1)),
  "rate-limit GitHub": ({ github }) => done(github.rateLimitNow(2, "secondary")),
  "end the cluster's watches": async ({ cluster }) => cluster.dropWatches("end") > 0,
  "hang the cluster's watches": async ({ cluster }) => cluster.dropWatches("hang") > 0,
  "fail the cluster's watches": async ({ cluster }) => cluster.dropWatches("error") > 0,
  "compact the cluster's history": ({ cluster }) => done(cluster.expire()),
  "GitHub away": ({ github }) => away(github.listener),
  "Slack away": ({ slack }) => away(slack.listener),
  "T3 away": ({ t3 }) => away(t3.listener),
  "cluster away": ({ cluster }) => away(cluster.listener),
  "the clock jumps on": ({ machine }) => clockOff(machine, 45_000),
  "the clock jumps back": ({ machine }) => clockOff(machine, -45_000),
  "summer time begins": async ({ machine }) => done(machine.setSummerTime(true)),
  "summer time ends": async ({ machine }) => done(machine.setSummerTime(false)),
  "too little room": ({ machine }) => withoutRoom(machine, 3),
  "no room at all": ({ machine }) => withoutRoom(machine, 0),
} as const satisfies Record<string, (stage: Stage, keeper: Keeper) => Promise<boolean>>;

export type LargeKind = keyof typeof LARGE;

const AWAY_MS = 2_500;

async function done(what: unknown): Promise<true> {
  await what;
  return true;
}

async function away({ off, on }: Stage["listeners"][number]): Promise<boolean> {
  await off();
  await pause(AWAY_MS);
  await on();
  return true;
}

/** Until somebody sets it right. */
async function clockOff(machine: Machine, offsetMs: number): Promise<boolean> {
  machine.setClock(offsetMs);
  await pause(AWAY_MS);
  machine.setClock(0);
  return true;
}

/** Until somebody makes room. */
async function withoutRoom(machine: Machine, freePercent: number): Promise<boolean> {
  if (!machine.fillable) return false;
  machine.fill(freePercent);
  await pause(AWAY_MS);
  machine.empty();
  return true;
}

/** The last of a long soak has no kill: memory is to be seen over a life that is long enough. */
const LAST_KILL_SHARE = 0.6;
const LONG_MS = 180_000;

/**
 * One of them every few seconds, and a kill among each five; in a long soak half as often, each before any comes again.
 */
export function planLarge(seed: number, ms: number): readonly Large[] {
  const draw = drawOf(seed, "large");
  const kinds = Object.keys(LARGE) as [LargeKind, ...LargeKind[]];
  const pace = ms >= LONG_MS ? 2 : 1;
  const plan: Large[] = [];
  let left: LargeKind[] = [];
  for (let atMs = draw.between(4_000, 8_000); atMs < ms; atMs += pace * draw.between(2_500, 6_000)) {
    const mayKill = pace === 1 || atMs < ms * LAST_KILL_SHARE;
    if (mayKill && plan.length % 5 === 1) plan.push({ atMs, what: "kill the bot" });
    else {
      if (left.length === 0) left = kinds.filter((kind) => kind !== "kill the bot");
      plan.push({ atMs, what: left.splice(Math.floor(draw.share() * left.length), 1)[0] ?? "kill T3" });
    }
  }
  return plan;
}

/** How often each fault struck; those that never did are there with 0. */
export type Strikes = {
  readonly of: Readonly<Record<string, number>>;
  total(): number;
  count(what: LargeKind | SmallKind): void;
};

export function countStrikes(): Strikes {
  const of: Record<string, number> = Object.fromEntries(
    [...Object.keys(LARGE), ...Object.keys(SMALL), ...Object.values(ALSO)].map((what) => [what, 0]),
  );
  return {
    of,
    total: () => Object.values(of).reduce((sum, count) => sum + count, 0),
    count(what) {
      of[what] = (of[what] ?? 0) + 1;
    },
  };
}

const TRIES = 8;
const AGAIN_MS = 700;

export async function commit({ what }: Large, stage: Stage, keeper: Keeper, strikes: Strikes): Promise<void> {
  // The bot may just be starting, with no socket yet to cut.
  for (let tries = 0; tries < TRIES; tries += 1) {
    if (await LARGE[what](stage, keeper)) return strikes.count(what);
    await pause(AGAIN_MS);
  }
}

export type SmallFaults = { stop(): void };

const SMALL = {
  "answer 500": async () => ({ do: "answer", status: 500 }),
  "answer 502": async () => ({ do: "answer", status: 502, body: "<html>Bad Gateway</html>" }),
  "answer 429": async () => ({ do: "answer", status: 429, headers: { "retry-after": "1" } }),
  "half an answer": async () => ({
    do: "answer",
    status: 200,
    headers: { "content-type": "application/json" },
    body: '{"half":',
  }),
  "cut before it took effect": async () => ({ do: "cut" }),
  "no answer for seconds": async (draw) => {
    await pause(draw.between(1_000, 4_000));
    return { do: "cut" };
  },
} as const satisfies Record<string, (draw: Draw) => Promise<Fault>>;
const ALSO = { after: "cut after it took effect" } as const;
type SmallKind = keyof typeof SMALL | (typeof ALSO)["after"];
const BEFORE = Object.keys(SMALL) as [keyof typeof SMALL, ...(keyof typeof SMALL)[]];

/** So many of a hundred requests suffer; half of them after they took effect. */
const SUFFER_SHARE = 0.015;

export function startSmallFaults(stage: Stage, seed: number, strikes: Strikes): SmallFaults {
  for (const listener of stage.listeners) {
    const drawn = ({ n }: Exchange, when: string) => drawOf(seed, `${listener.service} ${n} ${when}`);
    listener.intercept({
      async before(exchange) {
        const draw = drawn(exchange, "before");
        if (!isBots(exchange) || draw.share() >= SUFFER_SHARE / 2) return undefined;
        const what = draw.pick(BEFORE);
        strikes.count(what);
        return await SMALL[what](draw);
      },
      async after(exchange) {
        if (!isBots(exchange) || drawn(exchange, "after").share() >= SUFFER_SHARE / 2) return undefined;
        strikes.count(ALSO.after);
        return { do: "cut" };
      },
    });
  }
  return {
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
