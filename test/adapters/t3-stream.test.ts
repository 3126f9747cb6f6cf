// What T3's stream spares, and what is done without it. Through the bot's own client and executor.

import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Turn } from "../../src/domain/run.ts";
import { clientOf, newProject } from "../playground/t3-client.ts";
import { eventually, type Setup, seenAs, setup } from "./t3-support.ts";

const turn: Turn = { ordinal: 1, messageId: "m", askedAt: Date.now(), turnIdsBefore: [], turnId: null };

/** Threads on record without any agent at work. */
async function threads({ server, world }: Setup, count: number): Promise<readonly string[]> {
  const t3 = clientOf(server.url, server.issueToken());
  const project = await newProject(t3, world.checkout);
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) ids.push(await t3.createThread(project));
  return ids;
}

const sessionOf = (threadId: string) => ({ projectId: "p", threadId, url: null });

describe.concurrent("with the stream live", () => {
  test("an idle bot with 50 sessions reads each once, and polls no snapshot", async () => {
    await using t3 = await setup();
    const ids = await threads(t3, 50);
    const lookAtAll = () => Promise.all(ids.map((id) => t3.executor.observeTurn(sessionOf(id), turn, false)));
    await eventually("the changes", () => new Set(t3.changes).size === 50);
    for (let looks = 0; looks < 10; looks += 1) {
      for (const seen of await lookAtAll()) expect(seen).toMatchObject({ known: true, value: { is: "pending" } });
    }
    expect(t3.client.reads).toEqual({ snapshots: 0, threads: 50 });
  });

  test.each(["0.0.27", "0.0.28", "head"] as const)(
    "a change of state says look again, and mere activity does not (%s)",
    async (version) => {
      await using t3 = await setup({ version });
      const started = await t3.start("slow ms=1500");
      const said = () => t3.changes.filter((id) => id === started.session.threadId).length;
      const first = await seenAs(t3, started, "running");
      let last = { activeAt: first.activeAt, said: said(), reads: t3.client.reads.threads };
      const quiet = await eventually("a sign of life that came without a nudge and without a read", async () => {
        const { activeAt, turnId } = await seenAs(t3, started, "running");
        const before = last;
        if (activeAt > before.activeAt) last = { activeAt, said: said(), reads: t3.client.reads.threads };
        return activeAt > before.activeAt && last.said === before.said && last.reads === before.reads
          ? turnId
          : undefined;
      });
      expect(quiet).toBe(first.turnId);
      const before = said();
      await seenAs(t3, started, "ended");
      expect(said()).toBeGreaterThan(before);
    },
  );

  test("what was missed during a break is told when it is back, from the last sequence on, and nothing else", async () => {
    await using t3 = await setup();
    const [quiet = "", moved = ""] = await threads(t3, 2);
    await eventually("both", () => t3.changes.includes(quiet) && t3.changes.includes(moved));
    await t3.server.listener.off();
    await eventually("the break", () => !t3.client.live());
    t3.server.cockpit.interrupt(moved);
    const before = t3.changes.length;
    await t3.server.listener.on();
    await eventually("the return", () => t3.client.live());
    expect(t3.changes.slice(before)).toEqual([moved]);
  });

  test("a proxy that drops the header at the upgrade is passed with a ticket", async () => {
    await using t3 = await setup({ stream: false });
    t3.server.listener.intercept({
      before: async ({ path }) => (path === "/ws" ? { do: "answer", status: 401 } : undefined),
    });
    t3.client.watch(() => {});
    await eventually("the stream", () => t3.client.live());
  });

  test("it follows a server through a restart", async () => {
    await using t3 = await setup();
    await t3.server.restart({ graceful: false });
    await eventually("the return", () => t3.client.live());
    const [id = ""] = await threads(t3, 1);
    await eventually("a change", () => t3.changes.includes(id));
    expect(t3.client.lastEnvironment()).toMatchObject({ serverVersion: "0.0.28" });
  });
});

describe.concurrent("without the stream", () => {
  test("with 80 threads on record a poll is fetched once for all runs", async () => {
    await using t3 = await setup({ stream: false, pollMs: 60_000 });
    const ids = await threads(t3, 80);
    const seen = await Promise.all(ids.map((id) => t3.executor.observeTurn(sessionOf(id), turn, false)));
    expect(seen.filter(({ known }) => known)).toHaveLength(80);
    expect(t3.client.reads).toEqual({ snapshots: 1, threads: 0 });
  });

  test("HEAD's read of one thread is used where it answers in JSON", async () => {
    await using t3 = await setup({ stream: false, version: "head" });
    const [id = ""] = await threads(t3, 1);
    expect(await t3.client.findThread(id, "fresh")).toMatchObject({ id });
    expect(await t3.client.findThread(randomUUID(), "fresh")).toBeUndefined();
    expect(t3.client.reads).toEqual({ snapshots: 0, threads: 1 });
  });

  test("a web page where the read should be is no answer (0.0.28 with its web build)", async () => {
    await using t3 = await setup({ stream: false });
    const [id = ""] = await threads(t3, 1);
    expect(await t3.client.findThread(id, "fresh")).toMatchObject({ id });
    expect(t3.client.reads).toEqual({ snapshots: 1, threads: 0 });
  });

  test("a deleted thread is missing, whichever read tells", async () => {
    for (const options of [{ stream: false }, { stream: true }, { version: "head" as const }]) {
      await using t3 = await setup(options);
      const [id = ""] = await threads(t3, 1);
      await t3.client.dispatch({ type: "thread.delete", commandId: randomUUID(), threadId: id });
      expect(await t3.executor.observeTurn(sessionOf(id), turn, false)).toEqual({
        known: true,
        value: { is: "missing" },
      });
    }
  });
});
