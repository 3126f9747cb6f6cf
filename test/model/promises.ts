// What the core promises (the table of what it is for), as can be seen in its state and its journal at any moment.

import { expect } from "vitest";
import { escalationsOf, orderInHand } from "../../src/domain/escalation.ts";
import { isActive, isEnded, type Run } from "../../src/domain/run.ts";
import { emptyState, reduceAll } from "../../src/domain/state.ts";
import type { Bot } from "./bot.ts";
import { type Outside, REPOS } from "./outside.ts";

export type Model = { paused: boolean; releases: number; presses: number };
export type Real = { readonly bot: Bot; readonly outside: Outside };

export function keepsItsPromises({ bot, outside }: Real, model: Model): void {
  expect(bot.broken, "broken at the moment of a decision").toEqual([]);
  for (const repo of REPOS) {
    const runs = Object.values(bot.state.runs).filter((run) => run.repo === repo);
    expect(outside.living(repo), `agents at work in ${repo}`).toBeLessThanOrEqual(1);
    expect(runs.filter(isActive).length, `runs at work in ${repo}`).toBeLessThanOrEqual(1);
    const frozen = runs.some(({ state }) => state.name === "frozen");
    if (frozen) expect(runs.filter(isActive), `work in ${repo}, which is frozen`).toEqual([]);
    const slots = runs.filter((run) => !isEnded(run) || run.tree !== null).map(({ slot }) => slot);
    expect(new Set(slots).size, `slots lent twice in ${repo}`).toBe(slots.length);
    for (const run of runs.filter(isEnded)) expect(outside.hasLiving(run.id), "an agent left behind").toBe(false);
  }
  for (const run of Object.values(bot.state.runs)) {
    for (const escalation of run.orders.length > 0 ? [] : escalationsOf(run)) {
      const answer = ["approval", "question"].includes(escalation.kind);
      if (!answer) expect(orderInHand(run, escalation), `taken for settled: ${escalation.id}`).toBeUndefined();
    }
  }
  expect(bot.state.pause !== null).toBe(model.paused);
  staysWithinTheBudget(bot);
  doesNothingTwice(bot, model);
  expect(reduceAll(emptyState, bot.journal), "the journal gives the state").toEqual(bot.state);
}

/** At most so many fixes and so long from the first red verdict, and anew only where a person granted it. */
function staysWithinTheBudget({ journal, policy }: Bot): void {
  const spent = new Map<string, { readonly since: number; readonly fixes: number }>();
  for (const event of journal) {
    if (event.type === "run.unfrozen") spent.delete(event.run);
    if (event.type !== "run.fix-ordered" || !event.counts) continue;
    const { since = event.at, fixes = 0 } = spent.get(event.run) ?? {};
    spent.set(event.run, { since, fixes: fixes + 1 });
    expect(fixes + 1, `fixes of ${event.run}`).toBeLessThanOrEqual(policy.maxFixes);
    expect(event.at - since, `time for fixes of ${event.run}`).toBeLessThanOrEqual(policy.fixMs);
  }
}

function doesNothingTwice({ journal, state }: Bot, { releases, presses }: Model): void {
  const dispatched = journal.flatMap((event) => (event.type === "run.dispatched" ? [event.run.id] : []));
  expect(new Set(dispatched).size, "one run a release").toBe(dispatched.length);
  expect(dispatched.length).toBeLessThanOrEqual(releases);
  const done = journal.flatMap((event) => ("order" in event && typeof event.order === "string" ? [event.order] : []));
  expect(new Set(done).size, "one doing a press").toBe(done.length);
  const runs: readonly Run[] = Object.values(state.runs);
  const known = runs.flatMap(({ orders, resolved }) => [...orders, ...resolved.map(({ order }) => order)]);
  expect(new Set(known.map(({ id }) => id)).size, "one place for a press").toBe(known.length);
  expect(known.length).toBeLessThanOrEqual(presses);
  const ends = journal.flatMap((event) => (ENDS.has(event.type) && "run" in event ? [event.run] : []));
  expect(new Set(ends).size, "an end is the end").toBe(ends.length);
  for (const run of runs) if (isEnded(run)) expect(run.orders, "orders left in an ended run").toEqual([]);
}

const ENDS: ReadonlySet<string> = new Set(["run.deployed", "run.abandoned", "run.handed-over"]);
