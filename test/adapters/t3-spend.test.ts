import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { T3Activity } from "../../src/t3/schema.ts";
import { createSpending } from "../../src/t3/spend.ts";
import { seenAs, setup } from "./t3-support.ts";

const base = mkdtempSync(join(tmpdir(), "t3-spend-"));
const logs = join(base, "userdata", "logs", "provider");
mkdirSync(logs, { recursive: true });
afterAll(() => rmSync(base, { recursive: true }));

const result = (usd: number) =>
  `[2026-01-05T09:00:00.000Z] NTIVE: ${JSON.stringify({ type: "result", total_cost_usd: usd })}\n`;
const usage = (turnId: string, inputTokens: number, outputTokens: number, second: number): T3Activity => ({
  kind: "context-window.updated",
  summary: "Context window updated",
  payload: { usedTokens: inputTokens + outputTokens, inputTokens, outputTokens },
  turnId,
  createdAt: new Date(Date.UTC(2026, 0, 5, 9, 0, second)).toISOString(),
});

describe("what a session has cost", () => {
  test("is the agent's own total: of one process the last, of several their sum, through a rotation too", async () => {
    const spending = createSpending({ baseDir: base, prices: undefined });
    const file = join(logs, "th-1.log");
    const cost = async () => (await spending.of("th-1", [])).usd;
    expect(await spending.of("th-1", [])).toEqual({ usd: null, source: "unknown", tokens: null });
    writeFileSync(file, `${result(1)}some noise with ü and "total_cost_usd" in it\n${result(2.5)}`);
    expect(await spending.of("th-1", [])).toEqual({ usd: 2.5, source: "reported", tokens: null });
    appendFileSync(file, result(0.5).slice(0, 20));
    expect(await cost()).toBe(2.5);
    appendFileSync(file, result(0.5).slice(20));
    expect(await cost()).toBe(3);
    renameSync(file, `${file}.1`);
    writeFileSync(file, result(0.75));
    expect(await cost()).toBe(3.25);
  });

  test("is estimated from the price table where the log is not shared, each call counted once", async () => {
    const spending = createSpending({ baseDir: undefined, prices: { inputPerMTok: 5, outputPerMTok: 25 } });
    const calls = [usage("t1", 1_000_000, 100_000, 2), usage("t1", 1_000_000, 100_000, 3), usage("t2", 200_000, 0, 4)];
    expect(await spending.of("th-2", calls)).toEqual({ usd: 8.5, source: "estimated", tokens: 1_300_000 });
  });

  test("is unknown, not nothing, where neither is there", async () => {
    const spending = createSpending({ baseDir: join(base, "nowhere"), prices: undefined });
    expect(await spending.of("th-3", [usage("t1", 10, 5, 1)])).toEqual({ usd: null, source: "unknown", tokens: 15 });
  });

  test("is read from the stand-in's own log after a turn", async () => {
    await using t3 = await setup({ shareBaseDir: true });
    const started = await t3.start("no-commit");
    await seenAs(t3, started, "ended");
    const spend = await t3.executor.observeSpend(started.session);
    expect(spend).toMatchObject({ source: "reported", tokens: expect.any(Number) });
    expect(spend.usd).toBeGreaterThan(0);
  });
});
