// What people get to feel of Slack's side: how soon a press is seen, how stale a card gets in a large fleet, how soon a
// question is there, and that Slack never has to say that it is too much. The bot's own handlers, publisher and adapters
// against the stand-in over loopback.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HandlerContext } from "../handlers/context.ts";
import type { Slack } from "../playground/slack/slack.ts";
import { channel } from "../playground/world/team.ts";
import type { Config } from "../src/config.ts";
import { issueKey } from "../src/domain/repo.ts";
import type { Run } from "../src/domain/run.ts";
import type { Store } from "../src/ports.ts";
import type { Publisher } from "../src/publish.ts";
import { peopleOf } from "../src/serve/people.ts";
import { createPeopleClient } from "../src/slack/client.ts";
import { createRights } from "../src/slack/rights.ts";
import { startSocket } from "../src/slack/socket.ts";
import { audited, openAudit } from "../src/store/audit.ts";
import { openStore } from "../src/store/store.ts";
import { timersOf } from "../src/timers.ts";
import { measureFleet } from "./slack-fleet.ts";
import {
  asksNow,
  costsMore,
  duplicatesIn,
  log,
  openSlack,
  operator,
  p95,
  publishTo,
  viewer,
  workingRun,
} from "./slack-stage.ts";

const RUNS = 200;
const PRESSES = 40;
/** Cards that wait to be redrawn when somebody presses. */
const BUSY = 20;
const SECONDS = 5 * 60;
const ASK_EVERY_S = 20;
/** Between two presses, so that each meets a rested Slack. */
const REST_MS = 60_000;

export async function run({ json }: { readonly json: boolean }): Promise<Record<string, unknown>> {
  const say = (line: string): void => void (json || process.stderr.write(`${line}\n`));
  const dir = mkdtempSync(join(tmpdir(), "afk-slack-"));
  try {
    const presses = await measurePresses(dir, say);
    const fleet = await measureFleet({ runs: RUNS, seconds: SECONDS, askEveryS: ASK_EVERY_S });
    say(
      `${fleet.cardsDrawn} cards drawn in ${SECONDS} s, questions after ${fleet.escalationsMs.map(Math.round).join(" ")} ms`,
    );
    return {
      bench: "slack",
      pressP95Ms: Math.round(p95(presses.tookMs)),
      own429: presses.own429 + fleet.own429,
      stalestCardMs: Math.round(fleet.stalestCardMs),
      escalationP95Ms: Math.round(p95(fleet.escalationsMs)),
      duplicates: presses.duplicates + fleet.duplicates,
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measurePresses(dir: string, say: (line: string) => void) {
  let later = 0;
  const clock = { now: () => Date.now() + later };
  const slack = await openSlack(clock.now);
  const audit = openAudit(dir);
  const store = audited(await openStore(join(dir, "state"), log), audit);
  const publisher = publishTo(slack, store, timersOf(clock));
  const client = createPeopleClient(slack.apiUrl.replace(/\/$/, ""), slack.botToken, log);
  const config = { slack: { operators: [operator.id], people: {} }, repos: new Map() } as unknown as Config;

  /** As the loop does it where T3 takes the answer at once. */
  async function carryOut(id: string): Promise<void> {
    const order = store.state.runs[id]?.orders[0];
    if (order === undefined) return;
    await store.commit({
      type: "run.order-over",
      at: clock.now(),
      run: id,
      order: order.id,
      outcome: "done",
      text: "",
    });
    await store.commit({ type: "run.ask-over", at: clock.now(), run: id });
    publisher.nudge(store.state.runs[id] as Run);
  }
  const context = {
    config,
    store,
    clock,
    audit,
    rights: createRights(client, config, clock),
    nudge(run: Run) {
      publisher.nudge(run, "person");
      void carryOut(run.id);
    },
  } as unknown as HandlerContext;
  const { botToken, appToken } = slack;
  const apiUrl = slack.apiUrl.replace(/\/$/, "");
  const socket = startSocket({ apiUrl, botToken, appToken, client, log, people: peopleOf(context) });
  await until(() => slack.stats().sockets === 2);

  const runs = Array.from({ length: BUSY + 1 }, (_, n) => workingRun(n + 1, clock.now()));
  for (const each of runs) {
    await store.commit({ type: "run.dispatched", at: clock.now(), run: each });
    publisher.nudge(each);
    later += 5_000;
    await until(() => rootOf(store, each) !== undefined);
  }
  const [pressed, ...others] = runs as [Run, ...Run[]];
  const tookMs: number[] = [];
  for (let n = 1; n <= PRESSES; n += 1) {
    later += REST_MS;
    await store.commit(asksNow(pressed, `request-${n}`, clock.now()));
    publisher.nudge(store.state.runs[pressed.id] as Run);
    const question = await until(() => openQuestion(slack, rootOf(store, pressed)));
    later += REST_MS;
    await changeAll(others, n, store, publisher, clock.now());
    // Slack may say everything twice.
    slack.duplicateNext(1);
    const begun = performance.now();
    await slack.as(operator.id).press(channel.id, question, "approve.v1");
    await until(() => !asks(slack, question) && !asks(slack, rootOf(store, pressed) ?? ""));
    tookMs.push(performance.now() - begun);
  }
  say(`from the press to the redrawn card: ${tookMs.map(Math.round).join(" ")} ms`);
  const orders = (store.state.runs[pressed.id]?.resolved ?? []).map(({ order }) => order.id);
  const duplicates = duplicatesIn(slack) + orders.length - new Set(orders).size;
  const own429 = slack.stats().rateLimited;
  await socket.stop();
  await publisher.stop(5_000);
  await store.close();
  await slack.close();
  return { tookMs, own429, duplicates };
}

async function changeAll(runs: readonly Run[], n: number, store: Store, publisher: Publisher, at: number) {
  for (const each of runs) await store.commit(costsMore(each, n, at));
  for (const each of runs) publisher.nudge(store.state.runs[each.id] as Run);
}

function rootOf(store: Store, { repo, issue }: Run): string | undefined {
  return store.state.threads[issueKey(repo, issue.number)]?.ts ?? undefined;
}

function messageAt(slack: Slack, ts: string) {
  return slack
    .as(viewer.id)
    .messages(channel.id)
    .find((message) => message.ts === ts);
}

/** The newest question below the root that can still be answered. */
function openQuestion(slack: Slack, root: string | undefined): string | undefined {
  const last = slack
    .as(viewer.id)
    .messages(channel.id)
    .findLast(({ threadTs }) => threadTs === root);
  return last !== undefined && asks(slack, last.ts) ? last.ts : undefined;
}

/** A question that has its buttons, or a card that says that the agent waits. */
function asks(slack: Slack, ts: string): boolean {
  const shown = JSON.stringify(messageAt(slack, ts)?.blocks ?? []);
  return shown.includes("approve.v1") || shown.includes("waits for people");
}

async function until<T>(look: () => T | undefined | false): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > deadline) throw new Error("not seen within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
