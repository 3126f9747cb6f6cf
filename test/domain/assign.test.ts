// Which T3 server a repo's next run goes to: each line a world, and where it goes.

import { describe, expect, test } from "vitest";
import { assign, disarmedEverywhere, type ExecutorSeen } from "../../src/domain/assign.ts";
import type { Run } from "../../src/domain/run.ts";
import { type BotState, emptyState, reduce } from "../../src/domain/state.ts";
import { run, SHA, T0 } from "../support/build.ts";

const server = (name: string, over: Partial<ExecutorSeen> = {}): ExecutorSeen => ({
  name,
  capacity: null,
  drain: false,
  disarmed: undefined,
  down: undefined,
  ...over,
});

function world(runs: readonly Partial<Run>[], assigned: Readonly<Record<string, string>> = {}): BotState {
  const all = runs.map((over, n) => run({ id: `r${n}`, ...over }));
  const state = { ...emptyState, runs: Object.fromEntries(all.map((one) => [one.id, one])) };
  return Object.entries(assigned).reduce(
    (before, [repo, executor]) => reduce(before, { type: "repo.assigned", at: T0, repo, executor }),
    state,
  );
}

const deployed = { name: "deployed", since: T0, landed: { sha: SHA, commits: 1, seenAt: T0 }, evidence: [] } as const;
const reason = { kind: "stalled", text: "Stalled.", details: null } as const;
const blocked = { name: "blocked", since: T0, reason, turn: null, agentMayLive: false } as const;

const [east, west] = [server("east"), server("west")];
const away = { down: "connection refused" };

describe("a repo's next run goes", () => {
  type Line = readonly [
    where: string,
    to: string | undefined,
    state: BotState,
    servers: ExecutorSeen[],
    warm?: boolean,
  ];
  const lines: readonly Line[] = [
    ["to the only one", "east", world([]), [east]],
    ["to the first, where all is equal", "east", world([]), [east, west]],
    ["where fewer runs are", "west", world([{ repo: "acme/a", executor: "east" }]), [east, west]],
    ["where fewer repos are, with as many runs", "west", world([], { "acme/a": "east" }), [east, west]],
    [
      "where more room is left, by capacity",
      "east",
      world([{ repo: "acme/a", executor: "east" }]),
      [server("east", { capacity: 4 }), server("west", { capacity: 1 })],
    ],
    [
      "where it is warm, whatever the load",
      "east",
      world([{ repo: "acme/a" }], { "acme/shop": "east" }),
      [east, west],
      true,
    ],
    [
      "where its blocked run is",
      "east",
      world([{ state: blocked, executor: "east" }], { "acme/shop": "east" }),
      [east, west],
    ],
    [
      "to the first, of a repo that was warm before there were several",
      "east",
      world([{ repo: "acme/a" }]),
      [east, west],
      true,
    ],
    [
      "away from a drained one, warm or not",
      "west",
      world([], { "acme/shop": "east" }),
      [server("east", { drain: true }), west],
      true,
    ],
    [
      "away from one that is away, when nothing is warm",
      "west",
      world([], { "acme/shop": "east" }),
      [server("east", away), west],
    ],
    ["anywhere, when its server is in the config no more", "west", world([], { "acme/shop": "north" }), [west], true],
    ["nowhere, when all are drained", undefined, world([]), [server("east", { drain: true })]],
    ["nowhere, when none is armed", undefined, world([]), [server("east", { disarmed: "no pilot" })]],
    [
      "nowhere, when all are full",
      undefined,
      world([{ repo: "acme/a", executor: "east" }]),
      [server("east", { capacity: 1 })],
    ],
  ];
  for (const [where, to, state, servers, warm = false] of lines) {
    test(where, () => {
      const place = assign("acme/shop", state, servers, warm, 4);
      expect(place.executor).toBe(to);
      expect(place.trouble === undefined).toBe(to !== undefined);
    });
  }

  test("nowhere yet, and stays, while the server that it is warm at is full, away or unarmed", () => {
    const troubles: readonly (readonly [Partial<ExecutorSeen>, RegExp])[] = [
      [{ capacity: 1 }, /east is full: 1 of 1 runs/],
      [away, /east does not answer: connection refused/],
      [{ disarmed: "the pilot was never run" }, /east is not armed: the pilot/],
    ];
    for (const [over, why] of troubles) {
      const state = world([{ repo: "acme/a", executor: "east" }], { "acme/shop": "east" });
      const place = assign("acme/shop", state, [server("east", over), west], true, 4);
      expect(place.executor).toBe("east");
      expect(place.trouble).toMatch(why);
    }
  });

  test("where an ended run was counts no more", () => {
    const state = world([{ state: deployed, executor: "east" }], { "acme/shop": "east", "acme/a": "east" });
    expect(assign("acme/shop", state, [east, west], false, 4).executor).toBe("west");
  });
});

test("the bot as a whole is unarmed only where no server is armed", () => {
  expect(disarmedEverywhere([server("east", { disarmed: "no pilot" }), west])).toBeUndefined();
  expect(disarmedEverywhere([server("east", { disarmed: "a" }), server("west", { disarmed: "b" })])).toBe(
    "east: a; west: b",
  );
  expect(disarmedEverywhere([server("east", { disarmed: "no pilot" })])).toBe("no pilot");
});
