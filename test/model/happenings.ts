// What can happen to the bot, in any order: people, agents, services that come and go, crashes, a config that changes. Some
// of it also happens between a decision and its action, as buttons, ticks, reloads and a stream's events do.

import fc from "fast-check";
import { ORDERS_BY_STATE, type Order } from "../../src/domain/order.ts";
import { type Ci, type Doing, type Outside, REPOS } from "./outside.ts";
import { keepsItsPromises, type Model, type Real } from "./promises.ts";

type Command = fc.Command<Model, Real>;
type Happening = { readonly name: string; happen(real: Real, model: Model): void };

const repo = fc.constantFrom(...REPOS);
const doing = fc.constantFrom<Doing[]>("starts", "works", "asks", "ends", "fails", "lands", "lands", "starts");

/** Everything that a person can order. */
const ORDERS: readonly Order["what"][] = [
  { kind: "unblock", guidance: "Go on." },
  { kind: "retry", cold: false },
  { kind: "retry", cold: true },
  { kind: "hand-over", reason: "" },
  { kind: "abandon", reason: "No." },
  { kind: "stop", reason: "" },
  { kind: "keep-fixing", guidance: "" },
  { kind: "verify-again" },
  { kind: "revert" },
  { kind: "approve", request: "r", decision: "accept" },
  { kind: "answer", request: "r", answers: { r: "That one." } },
  { kind: "steer", text: "Mind the tests." },
];

/**
 * `of`: which of the runs there are, counted from the newest. `fits`: an order that the run's buttons offer now, else any,
 * as from a button that is old. `again`: Slack sends the same press twice.
 */
const press: fc.Arbitrary<Happening> = fc
  .tuple(fc.nat({ max: 100 }), fc.nat({ max: 2 }), fc.constantFrom(true, true, false), fc.boolean())
  .map(([choice, of, fits, again]) => {
    let name = `order ${choice}`;
    return {
      get name() {
        return `${name} of run -${of + 1}${again ? ", twice" : ""}`;
      },
      happen({ bot, outside }, model) {
        const run = Object.values(bot.state.runs).at(-1 - of);
        if (run === undefined) return;
        const offered = ORDERS.filter(({ kind }) => !fits || ORDERS_BY_STATE[run.state.name]?.includes(kind));
        const what = offered[choice % Math.max(1, offered.length)];
        if (what === undefined) return;
        name = `${what.kind}${"cold" in what && what.cold ? " cold" : ""}`;
        model.presses += 1;
        const by = { slack: "U0OPERATOR", github: null };
        const order = { id: `press-${model.presses}`, at: outside.now, by, what };
        for (let times = again ? 2 : 1; times > 0; times -= 1) {
          bot.commit({ type: "run.ordered", at: outside.now, run: run.id, order });
        }
      },
    };
  });

const pause: Happening = {
  name: "a pause",
  happen({ bot, outside }, model) {
    model.paused = true;
    bot.commit({ type: "bot.paused", at: outside.now, by: "U0OPERATOR", reason: "" });
  },
};
export const resume: Happening = {
  name: "a resume",
  happen({ bot, outside }, model) {
    model.paused = false;
    bot.commit({ type: "bot.resumed", at: outside.now, by: "U0OPERATOR" });
  },
};
const reload: fc.Arbitrary<Happening> = fc.constantFrom(1, 2).map((maxRuns) => ({
  name: `a config with room for ${maxRuns}`,
  happen({ bot }) {
    bot.policy = { ...bot.policy, maxRuns };
  },
}));
const agent: fc.Arbitrary<Happening> = fc.tuple(repo, doing).map(([of, what]) => ({
  name: `the agent of ${of} ${what}`,
  happen: ({ outside }) => outside.agent(of, what),
}));
const restart: Happening = { name: "T3 restarts", happen: ({ outside }) => outside.restartT3() };
const latePush: fc.Arbitrary<Happening> = fc.nat({ max: 2 }).map((of) => ({
  name: `a push of run -${of + 1}`,
  happen({ bot, outside }) {
    outside.pushLate(Object.keys(bot.state.runs).at(-1 - of) ?? "");
  },
}));
const nothing: Happening = { name: "nothing", happen: () => {} };

/** What may come between a decision and its action. Another repo's look is one: repos are worked on side by side. */
const meanwhile: fc.Arbitrary<Happening | "the other repo"> = fc.oneof(
  fc.constantFrom(nothing, pause, resume, restart, "the other repo" as const),
  press,
  reload,
  agent,
);

const look: fc.Arbitrary<Happening> = fc.tuple(repo, meanwhile).map(([of, what]) => ({
  name: `look at ${of}, meanwhile ${what === "the other repo" ? "a look at the other" : what.name}`,
  happen(real, model) {
    real.bot.look(of, () => {
      if (what !== "the other repo") return what.happen(real, model);
      for (const other of REPOS) if (other !== of) real.bot.look(other);
    });
  },
}));

const time: fc.Arbitrary<Happening> = fc.constantFrom(1_000, 60_000, 600_000, 3_600_000).map((ms) => ({
  name: `${ms} ms pass`,
  happen({ outside }) {
    outside.now += ms;
  },
}));
const clockBack: fc.Arbitrary<Happening> = fc.constantFrom(60_000, 3_600_000).map((ms) => ({
  name: `the clock is put back by ${ms} ms`,
  happen({ outside }) {
    outside.now -= ms;
  },
}));
const release: fc.Arbitrary<Happening> = fc.nat({ max: 3 }).map((index) => ({
  name: `issue ${index} is released`,
  happen({ outside }, model) {
    model.releases += 1;
    outside.release(index);
  },
}));

type Weather = Parameters<Outside["set"]>[0];
const weather: fc.Arbitrary<Happening> = fc
  .oneof(
    fc.boolean().map((t3Up): Weather => ({ t3Up })),
    fc.boolean().map((githubUp): Weather => ({ githubUp })),
    fc.boolean().map((treesFail): Weather => ({ treesFail })),
    fc.boolean().map((obey): Weather => ({ obey })),
    fc.constantFrom<Ci[]>("silent", "pending", "green", "green", "red", "red").map((ci): Weather => ({ ci })),
  )
  .map((set) => ({ name: JSON.stringify(set), happen: ({ outside }) => outside.set(set) }));

/** Ways that chance alone seldom finds, as a start for what comes after. */
const story: fc.Arbitrary<Happening> = fc
  .tuple(fc.nat({ max: 3 }), fc.constantFrom("lands red", "is fixed in vain", "hangs", "asks", "lands nothing"))
  .map(([index, how]) => ({
    name: `issue ${index} is released and its agent ${how}`,
    happen({ bot, outside }, model) {
      const of = outside.issues[index]?.repo ?? REPOS[0];
      outside.set({ t3Up: true, githubUp: true, treesFail: false, obey: false, ci: "red" });
      model.releases += 1;
      outside.release(index);
      bot.look(of);
      outside.agent(of, "starts");
      if (how === "asks") outside.agent(of, "asks");
      if (how === "lands red") outside.agent(of, "lands");
      if (how === "lands nothing") outside.agent(of, "ends");
      for (let fixes = 0; how === "is fixed in vain" && fixes < 7; fixes += 1) {
        outside.agent(of, "lands");
        bot.look(of);
        outside.agent(of, "starts");
      }
      const hours = how === "lands red" || how === "hangs" ? [0, 3 * 3_600_000, 600_000, 600_000] : [0];
      for (const ms of hours) {
        outside.now += ms;
        bot.look(of);
      }
    },
  }));

/** Each is followed by a look at every promise. */
function command(happening: Happening): Command {
  return {
    check: () => true,
    run(model, real) {
      happening.happen(real, model);
      keepsItsPromises(real, model);
    },
    toString: () => happening.name,
  };
}

const crash: Happening = { name: "crash", happen: ({ bot }) => bot.crash() };

/** Looks, agents and people are what happens most. */
export const happenings: fc.Arbitrary<Command>[] = [
  ...[
    story,
    look,
    look,
    look,
    look,
    agent,
    agent,
    press,
    press,
    press,
    time,
    clockBack,
    release,
    weather,
    weather,
    reload,
    latePush,
  ],
  fc.constantFrom(restart, pause, resume, resume, crash),
].map((happening: fc.Arbitrary<Happening>) => happening.map(command));
