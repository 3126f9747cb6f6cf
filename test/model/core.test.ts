// The promises of the pure core, against whatever order things happen in: looks, people, agents, services that come and
// go, crashes, a config that changes, and each of them between a decision and its action.

import fc from "fast-check";
import { expect, test } from "vitest";
import { isActive, isEnded } from "../../src/domain/run.ts";
import { emptyState, reduceAll, stateSchema } from "../../src/domain/state.ts";
import { Bot } from "./bot.ts";
import { type Ci, Outside, REPOS } from "./outside.ts";

type Model = { paused: boolean; maxRuns: number; releases: number };
type Real = { readonly bot: Bot; readonly outside: Outside };
type Command = fc.Command<Model, Real>;

/** One thing that happens, and after it every promise is looked at. */
function command(name: string, happen: (real: Real, model: Model) => void): Command {
  return {
    check: () => true,
    run(model, real) {
      happen(real, model);
      keepsItsPromises(real, model);
    },
    toString: () => name,
  };
}

function keepsItsPromises({ bot, outside }: Real, model: Model): void {
  const runs = Object.values(bot.state.runs);
  for (const repo of REPOS) {
    expect(outside.living(repo), `agents at work in ${repo}`).toBeLessThanOrEqual(1);
    expect(runs.filter((run) => run.repo === repo && isActive(run)).length, `runs in ${repo}`).toBeLessThanOrEqual(1);
    const landed = runs.filter((run) => run.repo === repo && run.state.name === "frozen");
    const active = runs.find((run) => run.repo === repo && isActive(run));
    // Landed and red: nothing else starts there, but a person may release the same issue again.
    for (const held of landed) expect(active?.issue.number ?? held.issue.number).toBe(held.issue.number);
  }
  expect(bot.startedInPause, "started in a pause").toEqual([]);
  expect(bot.state.pause !== null).toBe(model.paused);
  const dispatched = bot.journal.flatMap((event) => (event.type === "run.dispatched" ? [event.run.id] : []));
  expect(new Set(dispatched).size, "one run a release").toBe(dispatched.length);
  expect(dispatched.length).toBeLessThanOrEqual(model.releases);
  expect(reduceAll(emptyState, bot.journal), "the journal gives the state").toEqual(bot.state);
}

const repo = fc.constantFrom(...REPOS);
const doing = fc.constantFrom("starts", "works", "asks", "ends", "fails", "lands", "lands", "starts" as const);

/** What may come between a decision and its action. */
const meanwhile: fc.Arbitrary<{ readonly name: string; happen(real: Real, model: Model): void }> = fc.oneof(
  fc.constant({ name: "nothing", happen: () => {} }),
  fc.constant({ name: "a pause", happen: pause }),
  fc.constant({ name: "a resume", happen: resume }),
  fc.constant({ name: "a restart of T3", happen: ({ outside }: Real) => outside.restartT3() }),
  fc.constant({
    name: "a config with room for one run",
    happen: ({ bot }: Real) => {
      bot.policy = { ...bot.policy, maxRuns: 1 };
    },
  }),
  fc.tuple(repo, doing).map(([of, what]) => ({
    name: `the agent of ${of} ${what}`,
    happen: ({ outside }: Real) => outside.agent(of, what),
  })),
);

function pause({ bot, outside }: Real, model: Model): void {
  model.paused = true;
  bot.commit({ type: "bot.paused", at: outside.now, by: "U0OPERATOR", reason: "" });
}

function resume({ bot, outside }: Real, model: Model): void {
  model.paused = false;
  bot.commit({ type: "bot.resumed", at: outside.now, by: "U0OPERATOR" });
}

const look = fc
  .tuple(repo, meanwhile)
  .map(([of, { name, happen }]) =>
    command(`look at ${of}, meanwhile ${name}`, (real, model) => real.bot.look(of, () => happen(real, model))),
  );
const agent = fc
  .tuple(repo, doing)
  .map(([of, what]) => command(`the agent of ${of} ${what}`, ({ outside }) => outside.agent(of, what)));

/** Ways that chance alone seldom finds, as a start for what comes after. */
const story = fc.tuple(fc.nat({ max: 3 }), fc.constantFrom("lands red", "hangs" as const)).map(([index, how]) =>
  command(`issue ${index} is released and its agent ${how}`, ({ bot, outside }, model) => {
    const of = outside.issues[index]?.repo ?? REPOS[0];
    outside.set({ t3Up: true, githubUp: true, treesFail: false, obey: false, ci: "red" });
    model.releases += 1;
    outside.release(index);
    bot.look(of);
    outside.agent(of, "starts");
    if (how === "lands red") outside.agent(of, "lands");
    for (const ms of [0, 3 * 3_600_000, 600_000, 600_000]) {
      outside.now += ms;
      bot.look(of);
    }
  }),
);

const commands = [
  story,
  look,
  look,
  look,
  agent,
  agent,
  fc.constantFrom(1_000, 60_000, 600_000, 3_600_000).map((ms) =>
    command(`${ms} ms pass`, ({ outside }) => {
      outside.now += ms;
    }),
  ),
  fc.nat({ max: 3 }).map((index) =>
    command(`issue ${index} is released`, ({ outside }, model) => {
      model.releases += 1;
      outside.release(index);
    }),
  ),
  fc.boolean().map((up) => command(`T3 is ${up ? "up" : "down"}`, ({ outside }) => outside.set({ t3Up: up }))),
  fc.boolean().map((up) => command(`GitHub is ${up ? "up" : "down"}`, ({ outside }) => outside.set({ githubUp: up }))),
  fc.boolean().map((fail) => command(`trees fail: ${fail}`, ({ outside }) => outside.set({ treesFail: fail }))),
  fc.boolean().map((obey) => command(`agents obey: ${obey}`, ({ outside }) => outside.set({ obey }))),
  fc
    .constantFrom<Ci>("silent", "pending", "green", "green", "red")
    .map((ci) => command(`CI is ${ci}`, ({ outside }) => outside.set({ ci }))),
  fc.constant(command("T3 restarts", ({ outside }) => outside.restartT3())),
  fc.constant(command("pause", pause)),
  fc.constant(command("resume", resume)),
  fc.constant(command("crash", ({ bot }) => bot.crash())),
];

test("whatever happens in whatever order, the core keeps its promises, and every run comes to an end", () => {
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 80, size: "max" }), (happenings) => {
      const outside = new Outside();
      const real: Real = { bot: new Bot(outside), outside };
      const model: Model = { paused: false, maxRuns: 2, releases: 0 };
      fc.modelRun(() => ({ model, real }), happenings);
      expect(stateSchema.safeParse(JSON.parse(JSON.stringify(real.bot.state))).success).toBe(true);
      comesToAnEnd(real, model);
    }),
    { numRuns: 200 },
  );
});

/** With everything up again and nobody touching anything, each deadline passes: no wait is endless. */
function comesToAnEnd(real: Real, model: Model): void {
  const { bot, outside } = real;
  resume(real, model);
  outside.set({ t3Up: true, githubUp: true, treesFail: false, obey: true, ci: "pending" });
  for (let minutes = 0; minutes < 24 * 60; minutes += 10) {
    outside.now += 10 * 60_000;
    for (const of of REPOS) bot.look(of);
  }
  keepsItsPromises(real, model);
  const open = Object.values(bot.state.runs).filter((run) => !isEnded(run) && !("reason" in run.state));
  expect(open.map(({ state }) => state)).toEqual([]);
}
