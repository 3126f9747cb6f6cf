import { expect, test } from "vitest";
import { escalatedRun } from "../../src/domain/adopt.ts";
import { escalationsOf } from "../../src/domain/escalation.ts";
import { run, T0 } from "../support/build.ts";

test("a bot that loses its state twice asks about a stranded run once, and not as about one that was blocked", () => {
  const [first] = escalationsOf(escalatedRun(run(), "T3 has no session.", T0));
  const [second] = escalationsOf(escalatedRun(run(), "T3 has no session.", T0 + 60_000));
  expect(second?.id).toBe(first?.id);
  const { state } = escalatedRun(run(), "", T0);
  if (state.name !== "blocked") throw new Error("not put before a person");
  const { stranded: _, ...blocked } = state;
  expect(escalationsOf({ ...run(), state: blocked })[0]?.id).not.toBe(first?.id);
});
