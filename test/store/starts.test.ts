// Two repos are worked on side by side: each decides by what it saw, and both may have seen the same last room.

import { expect, test } from "vitest";
import type { Order } from "../../src/domain/order.ts";
import { decideOrder } from "../../src/domain/orders.ts";
import { isActive, type Run } from "../../src/domain/run.ts";
import { startWithinCap } from "../../src/starts.ts";
import { policy, run, SHA, T0, turn } from "../support/build.ts";
import { temporaryFolder, withStore } from "./support.ts";

const reason = { kind: "stalled", text: "Stalled.", details: null } as const;
const stopped = { since: T0, reason, turn, agentMayLive: false };
const landed = { sha: SHA, commits: 1, seenAt: T0 };
const by = { slack: "U1", github: null };
const ordered = (name: string, what: Order["what"], state: Run["state"]): Run =>
  run({ id: name, repo: `acme/${name}`, orders: [{ id: `press-${name}`, at: T0, by, what }], state });

test("two blocked runs that are let go on in the same instant pass the cap one by one", async () => {
  await withStore(temporaryFolder(), async (store) => {
    const one = { store, policy: { ...policy, maxRuns: 1 } };
    const blocked = { name: "blocked", ...stopped } as const;
    const waiting = [
      ordered("one", { kind: "unblock", guidance: "" }, blocked),
      ordered("two", { kind: "retry", cold: false }, blocked),
      ordered("three", { kind: "revert" }, { name: "frozen", ...stopped, landed }),
      ordered("four", { kind: "keep-fixing", guidance: "" }, { name: "frozen", ...stopped, landed }),
    ];
    for (const each of waiting) await store.commit({ type: "run.dispatched", at: T0, run: each });
    const sent = { known: true, value: false } as const;
    const around = { paused: false, others: [], room: true, sent, freeSlot: undefined, policy };
    const started = await Promise.all(
      waiting.map(async (each) => {
        const decision = decideOrder(each, around, T0 + 1);
        if (decision?.do !== "record" || !decision.starts) throw new Error(`no start: ${JSON.stringify(decision)}`);
        return await startWithinCap(decision.event, one, (event) => store.commit(event));
      }),
    );
    expect(started).toEqual([true, false, false, false]);
    expect(
      Object.values(store.state.runs)
        .filter(isActive)
        .map(({ id }) => id),
    ).toEqual(["one"]);
    expect(store.state.runs["two"]?.orders).toHaveLength(1);
  });
});
