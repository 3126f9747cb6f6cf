// Raises open questions to people again while nobody answers them, by the ladder of domain/ladder.ts.
//
// A reminder is an event, and what it looks like in Slack follows from the state like everything there. The second bell is
// rung from the state as well, in a loop of its own: one that fails is logged and tried again for as long as the question
// is open, and Slack knows nothing of it.

import type { Logger } from "pino";
import { notificationOf } from "../views/notification.ts";
import type { NtfySettings } from "./config.ts";
import { type Escalation, escalationsOf, orderInHand, runOfEscalation } from "./domain/escalation.ts";
import { type Ladder, nextBell, ringNow } from "./domain/ladder.ts";
import type { Policy } from "./domain/policy.ts";
import type { Run } from "./domain/run.ts";
import { fieldsOf } from "./log.ts";
import { createLoop } from "./loop.ts";
import type { Ntfy } from "./ntfy/ntfy.ts";
import type { Clock, Store } from "./ports.ts";

/** How late a bell may be. */
const LOOK_MS = 2_000;

export type Bells = { stop(withinMs: number): Promise<void> };

export function startBells(parts: {
  readonly store: Store;
  readonly ladder: Ladder;
  readonly policy: Policy;
  readonly second: (Pick<NtfySettings, "rings"> & { readonly ntfy: Ntfy }) | undefined;
  /** Draws what people see of the run. */
  readonly nudge: (run: Run) => void;
  readonly clock: Clock;
  readonly log: Logger;
}): Bells {
  const { store, ladder, policy, second, nudge, clock, log } = parts;

  /** What waits for people and nobody has settled; an order that is not carried out yet settles it. */
  function waiting(run: Run): readonly Escalation[] {
    return escalationsOf(run).filter((escalation) => orderInHand(run, escalation) === undefined);
  }

  const bells = createLoop<"bells">({
    name: "bells",
    concurrency: 1,
    backoff: { firstMs: 1_000, ceilingMs: 60_000 },
    log,
    async work() {
      for (const { id } of Object.values(store.state.runs)) await remind(id);
      return LOOK_MS;
    },
  });

  async function remind(id: string): Promise<void> {
    const run = store.state.runs[id];
    for (const escalation of run === undefined ? [] : waiting(run)) {
      const now = clock.now();
      const { step, how, at } = nextBell(escalation, store.state.reminders[escalation.id], { ladder, policy, now });
      if (at <= now) {
        await store.commit({ type: "bot.reminded", at: now, escalation: escalation.id, step });
        const after = store.state.runs[id];
        if (after === undefined) return;
        log.info({ ...fieldsOf(after), step, how }, "people reminded");
        nudge(after);
      }
      if (stepToRing(escalation) !== undefined) ringing.nudge(escalation.id);
    }
  }

  function stepToRing(escalation: Escalation): number | undefined {
    if (second === undefined) return undefined;
    const { rings } = second;
    const reminded = store.state.reminders[escalation.id];
    return ringNow(escalation, reminded, { rings, quiet: ladder.quiet, now: clock.now() });
  }

  const ringing = createLoop<string>({
    name: "second bell",
    concurrency: 1,
    backoff: { firstMs: 2_000, ceilingMs: 5 * 60_000 },
    log,
    async work(id) {
      const run = store.state.runs[runOfEscalation(id)];
      const escalation = run && waiting(run).find((each) => each.id === id);
      if (run === undefined || escalation === undefined || second === undefined) return null;
      const step = stepToRing(escalation);
      if (step === undefined) return null;
      await second.ntfy.notify(notificationOf(run, escalation, step));
      await store.commit({ type: "bot.rang", at: clock.now(), escalation: id, step });
      log.info({ ...fieldsOf(run), step }, "second bell rung");
      return null;
    },
  });

  bells.nudge("bells");
  return {
    async stop(withinMs) {
      await Promise.all([bells.stop(withinMs), ringing.stop(withinMs)]);
    },
  };
}
