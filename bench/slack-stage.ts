// Slack and the bot's side of it, without the loop: publisher, views, Slack's adapters, on a store and a time that are given.

import { pino } from "pino";
import { type Slack, startSlack } from "../playground/slack/slack.ts";
import { channel, slackUsers } from "../playground/world/team.ts";
import type { Run } from "../src/domain/run.ts";
import { createDependencies } from "../src/ops/dependencies.ts";
import type { GitHub, Store, Timers } from "../src/ports.ts";
import { createPublisher, type Publisher } from "../src/publish.ts";
import { createSlackClient } from "../src/slack/client.ts";
import { createPace } from "../src/slack/pace.ts";
import { createChat } from "../src/slack/publish.ts";
import { policy, turn } from "../test/support/build.ts";
import { activeRun } from "./runs.ts";

export const [operator, viewer] = slackUsers;
export const log = pino({ level: "silent" });

/** A workspace with Slack's own limits. */
export async function openSlack(now: () => number): Promise<Slack> {
  const slack = await startSlack({ now });
  for (const user of slackUsers) slack.addUser(user);
  slack.addChannel({ ...channel, members: [...slackUsers.map(({ id }) => id), slack.bot.userId] });
  return slack;
}

export function publishTo(slack: Slack, store: Store, timers: Timers): Publisher {
  const client = createSlackClient(slack.apiUrl.replace(/\/$/, ""), slack.botToken, log);
  // GitHub has no part in what is measured.
  const github = { showIssue: async () => {}, showComment: async () => 1 } as unknown as GitHub;
  return createPublisher({
    store,
    github,
    chat: createChat(client, channel.id, createPace(timers), timers, log),
    policy,
    audience: { operators: [operator.id], ownersOf: () => [] },
    dependencies: createDependencies(["github", "slack"], timers, log),
    timers,
    log,
  });
}

/** An agent at work. */
export function workingRun(n: number, now: number): Run {
  const url = "https://t3.example/env/thread";
  const session = { projectId: "p", threadId: `t-${n}`, url };
  return { ...activeRun(n), startedAt: now, session, state: { name: "working", since: now, turn, stop: null } };
}

/** The same agent waits for people. */
export function asksNow(run: Run, id: string, at: number) {
  const requests = [{ id, text: "rm -rf build" }];
  return { type: "run.asked", at, run: run.id, asked: { since: at, kind: "approval", requests } } as const;
}

/** Something on the card changes. */
export function costsMore(run: Run, times: number, at: number) {
  return {
    type: "run.spend-seen",
    at,
    run: run.id,
    spend: { usd: times / 100, source: "reported", tokens: times * 1_000 },
  } as const;
}

/** Messages that stand there more than once, by the nonce that each has. */
export function duplicatesIn(slack: Slack): number {
  const nonces = slack
    .as(viewer.id)
    .messages(channel.id)
    .filter(({ onlyYou }) => !onlyYou)
    .map(({ ts }) => JSON.stringify(slack.metadata(channel.id, ts)));
  return nonces.length - new Set(nonces).size;
}

export function p95(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95)] ?? -1;
}
