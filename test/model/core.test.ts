// The promises of the pure core, against whatever order things happen in.

import fc from "fast-check";
import { expect, test } from "vitest";
import { holdsRepo, isEnded } from "../../src/domain/run.ts";
import { runsOf } from "../../src/domain/runs.ts";
import { stateSchema } from "../../src/domain/state.ts";
import { Bot } from "./bot.ts";
import { happenings, resume } from "./happenings.ts";
import { Outside, REPOS } from "./outside.ts";
import { keepsItsPromises, type Model, type Real } from "./promises.ts";

/** More by hand: `AFK_MODEL_RUNS=2000 npm test -- test/model`. */
const RUNS = Number(process.env["AFK_MODEL_RUNS"] ?? 150);

test("whatever happens in whatever order, the core keeps its promises, and every run comes to an end", () => {
  fc.assert(
    fc.property(fc.commands(happenings, { maxCommands: 80, size: "max" }), (all) => {
      const outside = new Outside();
      const real: Real = { bot: new Bot(outside), outside };
      const model: Model = { paused: false, releases: 0, presses: 0 };
      fc.modelRun(() => ({ model, real }), all);
      expect(stateSchema.safeParse(JSON.parse(JSON.stringify(real.bot.state))).success).toBe(true);
      comesToAnEnd(real, model);
    }),
    { numRuns: RUNS },
  );
});

/** With everything up again and nobody touching anything, each deadline passes: no wait is endless, no order forgotten. */
function comesToAnEnd(real: Real, model: Model): void {
  const { bot, outside } = real;
  resume.happen(real, model);
  outside.set({ t3Up: true, githubUp: true, treesFail: false, obey: true, ci: "pending" });
  for (let minutes = 0; minutes < 24 * 60; minutes += 10) {
    outside.now += 10 * 60_000;
    for (const of of REPOS) bot.look(of);
  }
  keepsItsPromises(real, model);
  const runs = Object.values(bot.state.runs);
  const open = runs.filter((run) => !isEnded(run) && !("reason" in run.state));
  expect(open.map(({ state }) => state)).toEqual([]);
  // What waits still waits for a person: the repo is frozen, or its agent is not to be stopped.
  for (const { id, repo, orders, state } of runs) {
    if ("agentMayLive" in state && state.agentMayLive) expect(outside.hasLiving(id), `agent of ${id}`).toBe(true);
    const holders = runsOf(bot.state, repo).flatMap((run) => holdsRepo(run) ?? []);
    if (orders.length > 0) expect(holders, `orders of ${id} wait for nothing`).not.toEqual([]);
  }
}
