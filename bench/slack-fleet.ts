// Two hundred runs that change every second, for five minutes of a time that is set, over real requests: how stale a card
// gets, how long a question takes to be seen, and whether Slack ever has to say that it is too much.

import { channel } from "../playground/world/team.ts";
import type { BotEvent } from "../src/domain/event.ts";
import { issueKey } from "../src/domain/repo.ts";
import type { Run } from "../src/domain/run.ts";
import { type BotState, emptyState, reduce, reduceAll } from "../src/domain/state.ts";
import type { Store } from "../src/ports.ts";
import { asksNow, costsMore, duplicatesIn, openSlack, publishTo, viewer, workingRun } from "./slack-stage.ts";
import { simulateTime } from "./slack-time.ts";

export type FleetFigures = {
  readonly own429: number;
  readonly stalestCardMs: number;
  readonly escalationsMs: readonly number[];
  readonly duplicates: number;
  readonly cardsDrawn: number;
};

/** `askEveryS`: one run more asks people, who answer half a minute later. */
export async function measureFleet(options: {
  readonly runs: number;
  readonly seconds: number;
  readonly askEveryS: number;
}): Promise<FleetFigures> {
  const start = Date.parse("2026-01-05T09:00:00Z");
  const time = simulateTime(start);
  const slack = await openSlack(time.now);
  let state: BotState = emptyState;
  const store: Store = {
    get state() {
      return state;
    },
    async commit(event) {
      state = reduce(state, event);
    },
    async close() {},
  };
  const publisher = publishTo(slack, store, time);
  const runs = Array.from({ length: options.runs }, (_, n) => workingRun(n + 1, start));
  const current = (run: Run): Run => state.runs[run.id] ?? run;
  for (const run of runs) await store.commit({ type: "run.dispatched", at: start, run });

  /** By run: since when its card does not show all. By question: when it was asked. */
  const unshown = new Map<string, number>();
  const asked = new Map<string, { readonly at: number; readonly began: number }>();
  const staleness: number[] = [];
  const escalationsMs: number[] = [];
  let cardsDrawn = 0;
  let measuring = false;

  slack.onChange((change) => {
    if (change.kind !== "message" || change.channel !== channel.id) return;
    const message = slack
      .as(viewer.id)
      .messages(channel.id)
      .findLast(({ ts }) => ts === change.ts);
    if (message === undefined) return;
    if (message.threadTs === undefined) return sawCard(message.ts);
    const question = questionOf(slack.metadata(channel.id, message.ts));
    const since = question === undefined ? undefined : asked.get(question);
    if (question === undefined || since === undefined) return;
    asked.delete(question);
    // What waits in set time, and what the requests and the drawing take in real time.
    if (measuring) escalationsMs.push(time.now() - since.at + performance.now() - since.began);
  });

  function sawCard(ts: string): void {
    const run = runs.find(({ repo, issue }) => state.threads[issueKey(repo, issue.number)]?.ts === ts);
    const since = run && unshown.get(run.id);
    if (run === undefined || since === undefined) return;
    unshown.delete(run.id);
    if (!measuring) return;
    cardsDrawn += 1;
    staleness.push(time.now() - since);
  }

  let second = 0;
  const answers: { readonly at: number; readonly run: Run }[] = [];
  async function onward(): Promise<void> {
    second += 1;
    const at = time.now();
    const events: BotEvent[] = runs.map((run) => costsMore(run, second, at));
    while ((answers[0]?.at ?? Number.POSITIVE_INFINITY) <= second) {
      const over = answers.shift();
      if (over !== undefined) events.push({ type: "run.ask-over", at, run: over.run.id });
    }
    const asking = second % options.askEveryS === 0 ? runs[(second * 7) % runs.length] : undefined;
    if (
      asking !== undefined &&
      current(asking).state.name === "working" &&
      !answers.some(({ run }) => run === asking)
    ) {
      const id = `request-${second}`;
      events.push(asksNow(asking, id, at));
      asked.set(`${asking.id}/asked/${id}`, { at, began: performance.now() });
      answers.push({ at: second + 30, run: asking });
    }
    state = reduceAll(state, events);
    for (const run of runs) {
      if (!unshown.has(run.id)) unshown.set(run.id, at);
      publisher.nudge(current(run));
    }
    await time.pass(1_000);
  }

  // All have their threads first: a post a second is all that Slack allows to a channel.
  for (const run of runs) publisher.nudge(run);
  await time.pass(options.runs * 1_100);
  for (let warm = 0; warm < options.seconds; warm += 1) await onward();
  measuring = true;
  for (let measured = 0; measured < options.seconds; measured += 1) await onward();
  const left = [...unshown.values()].map((since) => time.now() - since);
  const lost = [...asked.values()].map((since) => time.now() - since.at).filter((ms) => ms > 10_000);
  const figures = {
    own429: slack.stats().rateLimited,
    stalestCardMs: Math.max(...staleness, ...left),
    escalationsMs: [...escalationsMs, ...lost],
    duplicates: duplicatesIn(slack),
    cardsDrawn,
  };
  await publisher.stop(0);
  time.close();
  await slack.close();
  return figures;
}

/** The escalation that a message is of, by its nonce. */
function questionOf(metadata: unknown): string | undefined {
  const { event_payload: payload } = (metadata ?? {}) as { event_payload?: { nonce?: unknown } };
  const nonce = typeof payload?.nonce === "string" ? payload.nonce : "";
  return /^reply\/[^#]+#\d+\/(.+)$/.exec(nonce)?.[1];
}
