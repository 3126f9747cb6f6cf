// The election over the stand-in's API, with its optimistic locking, in short times.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Cluster, clusterAdmin, startKubernetes } from "../../playground/kubernetes/cluster.ts";
import { createClusterClients } from "../../src/kubernetes/clients.ts";
import { createLeases } from "../../src/kubernetes/lease.ts";
import { type Leadership, type Leases, waitToLead } from "../../src/leader/election.ts";

const TIMES = { leaseMs: 3_000, renewMs: 2_000, retryMs: 150 };
const log = pino({ level: "silent" });

let dir: string;
let cluster: Cluster;
let stop: AbortController;
let name = 0;
const leading: Leadership[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "afk-lease-"));
  cluster = await startKubernetes();
  cluster.createNamespace("afk");
  for (const token of ["one", "two"]) {
    cluster.addToken(token, { user: token, rules: clusterAdmin });
    writeFileSync(join(dir, token), cluster.kubeconfig(token, "afk"));
  }
});
beforeEach(() => {
  name += 1;
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  cluster.listener.intercept(undefined);
  for (const one of leading.splice(0)) await one.release();
});
afterAll(async () => {
  await cluster.close();
  rmSync(dir, { recursive: true, force: true });
});

function leasesOf(token: "one" | "two"): Leases {
  const { coordination } = createClusterClients(join(dir, token), TIMES.renewMs / 2);
  return createLeases(coordination, { namespace: "afk", name: `lease-${name}` });
}

async function run(token: "one" | "two", leases = leasesOf(token)): Promise<Leadership> {
  const leadership = await waitToLead({ leases, identity: token, ...TIMES, log }, stop.signal);
  if (leadership === undefined) throw new Error("stopped");
  leading.push(leadership);
  return leadership;
}

function mayAct({ check }: Leadership): boolean {
  try {
    check();
    return true;
  } catch {
    return false;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const cut = (token: string): void =>
  cluster.listener.intercept({
    before: async ({ authorization }) => (authorization?.endsWith(token) ? { do: "cut" } : undefined),
  });

describe("of two that ask at the same time", () => {
  test("one leads, for as long as it renews, and the other waits", async () => {
    const both = [run("one"), run("two")];
    const first = await Promise.race(both);
    await pause(2 * TIMES.leaseMs);
    expect(leading).toEqual([first]);
    expect(mayAct(first)).toBe(true);
    stop.abort();
    await Promise.allSettled(both);
  });

  test("the second leads as soon as the first has given the Lease back", async () => {
    const first = await run("one");
    const second = run("two");
    await pause(3 * TIMES.retryMs);
    await first.release();
    expect(mayAct(first)).toBe(false);
    const began = performance.now();
    expect(mayAct(await second)).toBe(true);
    expect(performance.now() - began).toBeLessThan(TIMES.leaseMs);
    const record = await leasesOf("one").read();
    expect(record).toMatchObject({ holder: "two", transitions: 1, leaseMs: TIMES.leaseMs });
  });
});

describe("a leader that is cut off from the API", () => {
  test("stops acting before another may begin, and says why", async () => {
    const first = await run("one");
    const second = run("two");
    await pause(2 * TIMES.retryMs);
    const stillActs = second.then(() => mayAct(first));
    cut("one");
    expect(await first.lost).toMatch(/could not be renewed for \d+ s/);
    expect(mayAct(first)).toBe(false);
    expect(await stillActs).toBe(false);
    expect(mayAct(await second)).toBe(true);
  });

  test("goes on where it was only for a moment", async () => {
    const first = await run("one");
    cut("one");
    await pause(TIMES.renewMs / 2);
    cluster.listener.intercept(undefined);
    await pause(TIMES.leaseMs);
    expect(mayAct(first)).toBe(true);
  });

  test("whose request is never answered does not wait for the answer", async () => {
    const first = await run("one");
    cluster.listener.intercept({ before: () => new Promise(() => {}) });
    expect(await first.lost).toMatch(/could not be renewed/);
  });
});

describe("where an answer is lost", () => {
  test("of the first write, the Lease is ours all the same, and is found to be", async () => {
    let lost = false;
    cluster.listener.intercept({
      async after({ method }) {
        if (lost || method !== "POST") return undefined;
        lost = true;
        return { do: "cut" };
      },
    });
    expect(mayAct(await run("one"))).toBe(true);
    expect(lost).toBe(true);
    expect(await leasesOf("two").read()).toMatchObject({ holder: "one", transitions: 0 });
  });

  test("of a renewal, the conflict with ourselves is none", async () => {
    const first = await run("one");
    let lost = 0;
    cluster.listener.intercept({
      async after({ method }) {
        if (method !== "PUT" || lost >= 2) return undefined;
        lost += 1;
        return { do: "cut" };
      },
    });
    await pause(2 * TIMES.leaseMs);
    expect(lost).toBe(2);
    expect(mayAct(first)).toBe(true);
  });
});

describe("a Lease that somebody meddles with", () => {
  test("taken by hand: the leader stops at once", async () => {
    const first = await run("one");
    const hand = leasesOf("two");
    const record = await hand.read();
    if (record === undefined) throw new Error("no Lease");
    while ((await hand.write({ ...record, holder: "somebody" })) === "conflict") await hand.read();
    expect(await first.lost).toBe("somebody holds the Lease now");
    expect(mayAct(first)).toBe(false);
  });

  test("removed: the leader makes it anew, and who stands by waits as long as before", async () => {
    const first = await run("one");
    const second = run("two");
    await pause(3 * TIMES.retryMs);
    const { coordination } = createClusterClients(join(dir, "two"));
    await coordination.deleteNamespacedLease({ namespace: "afk", name: `lease-${name}` });
    await pause(TIMES.leaseMs);
    expect(leading).toEqual([first]);
    expect(mayAct(first)).toBe(true);
    stop.abort();
    await Promise.allSettled([second]);
  });

  test("whose times are those of a machine in another year is judged by what changes in it", async () => {
    const hand = leasesOf("two");
    const then = Date.parse("2031-01-01T00:00:00Z");
    await hand.write({ holder: "elsewhere", leaseMs: 2_000, acquiredAt: then, renewedAt: then, transitions: 4 });
    const began = performance.now();
    const first = await run("one");
    expect(performance.now() - began).toBeGreaterThanOrEqual(1_900);
    expect(mayAct(first)).toBe(true);
    expect(await leasesOf("one").read()).toMatchObject({ holder: "one", transitions: 5 });
  });
});

test("without the right to it the bot says which right it needs, and goes on asking", async () => {
  cluster.addToken("one", { user: "one", rules: [] });
  try {
    await expect(leasesOf("one").read()).rejects.toThrow(/it says 403\. The bot's service account has to get, create/);
    const waiting = run("one");
    await pause(3 * TIMES.retryMs);
    cluster.addToken("one", { user: "one", rules: clusterAdmin });
    expect(mayAct(await waiting)).toBe(true);
  } finally {
    cluster.addToken("one", { user: "one", rules: clusterAdmin });
  }
});
