// Two T3 servers and two repos: each repo has its server, and keeps it for as long as it can.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Bot, writeBotConfig } from "../../playground/demo/bot.ts";
import type { T3 } from "../../playground/t3/server.ts";
import { addressesOf } from "../../playground/world/addresses.ts";
import { channel } from "../../playground/world/team.ts";
import { savePilot } from "../../src/pilot/result.ts";
import { type Stage, setStage, until, viewer } from "../support/stage.ts";

let stage: Stage;
let bot: Bot;
let rates: string;
let returns: string;
let east: T3;
let west: T3;

/** As cheap as an agent can be, and long enough at work to be looked at. */
const AGENT = fileURLToPath(new URL("../../playground/agent/agent.sh", import.meta.url));
const agent = { command: "sh", args: ["-c", `sleep 3; exec sh '${AGENT}'`], speaks: "text" } as const;

beforeAll(async () => {
  stage = await setStage({}, { agentFor: () => agent });
  const { world } = stage;
  [east, west] = [world.t3, await world.addT3("west")];
  rates = await world.addRepo("rates");
  returns = await world.addRepo("returns");
  writeFileSync(join(stage.dir, "west-token"), west.issueToken({ label: "afk" }));
  configure({ drain: false });
  for (const name of ["east", "west"]) {
    const passed = { version: 1, at: Date.now(), ms: 0, t3Version: "0.0.28", passed: true, checks: [] } as const;
    await savePilot(join(stage.dir, "volume", "state"), name, passed);
  }
  bot = stage.startBot();
  await armed();
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

function configure({ drain }: { readonly drain: boolean }): void {
  const other = { name: "west", url: west.url, token: { file: "west-token" }, capacity: 2, drain };
  writeBotConfig(stage.dir, addressesOf(stage.world, stage.dir), {
    t3: { name: "east", capacity: 2, others: [other] },
    repos: [rates, returns].map((repo) => ({ repo, workloads: [] })),
  });
}

async function armed(): Promise<void> {
  await until("both are armed", () => bot.logged().filter(({ msg }) => msg === "armed").length === 2);
}

function release(inRepo: string): number {
  const maintainer = stage.world.github.as("maintainer");
  const { number } = maintainer.createIssue(inRepo, { title: `A change in ${inRepo}`, body: "Please." });
  maintainer.label({ repo: inRepo, number }, "ready-for-agent");
  return number;
}

const deployed = (inRepo: string, number: number) =>
  until(`${inRepo}#${number} is done`, () => stage.world.github.issue(inRepo, number).state === "closed");

/** Where the sessions of the repo's issues are, in order. */
function sessions(server: T3, inRepo: string): readonly string[] {
  return server.threads().flatMap(({ title }) => (title.endsWith(` in ${inRepo}`) ? [title] : []));
}

async function ask(text: string): Promise<string> {
  const person = stage.world.slack.as(viewer.id);
  const before = person.messages(channel.id).length;
  await person.command("/afk", text, channel.id);
  const answer = await until(`an answer to ${text}`, () =>
    person
      .messages(channel.id)
      .slice(before)
      .find(({ onlyYou }) => onlyYou),
  );
  return JSON.stringify(answer.blocks);
}

const at = (server: T3) => [sessions(server, rates).length, sessions(server, returns).length];

const LONG_MS = 300_000;

test(
  "two repos at work at once are at two servers",
  async () => {
    const [first, second] = [release(rates), release(returns)];
    await Promise.all([deployed(rates, first), deployed(returns, second)]);
    expect([at(east), at(west)].toSorted()).toEqual([
      [0, 1],
      [1, 0],
    ]);
    expect(await ask("repos")).toMatch(/at east.*at west|at west.*at east/s);
  },
  LONG_MS,
);

test(
  "each stays at its own, over a restart of the bot and with the other one away, and why says what is waited for",
  async () => {
    const [before, [waiting, going]] = [[at(east), at(west)], at(west)[1] === 1 ? [returns, rates] : [rates, returns]];
    await bot.stop();
    await west.listener.off();
    bot = stage.startBot();
    await bot.said("armed");
    const [held, free] = [release(waiting), release(going)];
    await deployed(going, free);
    expect(stage.world.github.issue(waiting, held).state).toBe("open");
    expect(await ask(`why ${waiting}#${held}`)).toContain("west does not answer");
    expect(await ask("status")).toMatch(/west.*does not answer/s);
    await west.listener.on();
    await deployed(waiting, held);
    expect([at(east), at(west)]).toEqual(before.map((counts) => counts.map((count) => 2 * count)));
  },
  LONG_MS,
);

test(
  "a drained server finishes what is under way there, and its repo moves with the next run",
  async () => {
    const moving = at(west)[1] === 2 ? returns : rates;
    const last = release(moving);
    await until("at work there", () => sessions(west, moving).length === 3);
    configure({ drain: true });
    await until("the config is taken", () => bot.logged().some(({ msg }) => msg === "config taken"));
    await deployed(moving, last);
    const next = release(moving);
    await deployed(moving, next);
    expect([sessions(west, moving).length, sessions(east, moving).length]).toEqual([3, 1]);
    expect(await ask("status")).toContain("drained, empty");
  },
  LONG_MS,
);
