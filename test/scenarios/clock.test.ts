import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMachine, type Machine } from "../../playground/soak/machine.ts";
import { type Stage, setStage, until } from "../support/stage.ts";

let stage: Stage;
let machine: Machine;

beforeAll(async () => {
  stage = await setStage();
  machine = createMachine(stage.dir, join(stage.dir, "volume"), undefined);
  await stage.startBot(machine.env).said("armed");
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
  machine[Symbol.dispose]();
});

test.each([
  ["on", 15_000],
  ["back", -15_000],
])("a clock that jumps %s while the agent works, and is set right, stops and doubles nothing", async (_, offsetMs) => {
  const issue = stage.release("slow ms=6000", `A change while the clock is ${offsetMs / 1000} s off`);
  const sessions = () => stage.world.t3.threads().filter(({ title }) => title.startsWith(`#${issue} `));
  await until("the agent at work", () => sessions()[0]?.messages.some(({ role }) => role === "assistant"));
  machine.setClock(offsetMs);
  await sleep(2_500);
  machine.setClock(0);
  await until("the card says deployed", () => stage.thread(issue).root?.text.startsWith("Deployed:"));
  expect(sessions()).toHaveLength(1);
  expect(sessions()[0]?.messages.filter(({ role }) => role === "user")).toHaveLength(1);
  expect(stage.thread(issue).replies.filter(({ broadcast }) => broadcast)).toEqual([]);
});
