// What a session has cost. Dollars are written down in one place only, the provider's own log beside T3's database; where
// that cannot be read they are estimated from the token counts on record and a price table; else they are unknown.

import { open, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Spend } from "../domain/run.ts";
import { parseJson } from "./failure.ts";
import { type T3Activity, usagePayload } from "./schema.ts";

/** USD for a million tokens. */
export type Prices = { readonly inputPerMTok: number; readonly outputPerMTok: number };

export type Spending = { of(threadId: string, activities: readonly T3Activity[]): Promise<Spend> };

export function createSpending(options: {
  readonly baseDir: string | undefined;
  readonly prices: Prices | undefined;
}): Spending {
  const { baseDir, prices } = options;
  const logs = new Map<string, CostLog>();
  return {
    async of(threadId, activities) {
      const calls = callsOf(activities);
      const tokens = tokensOf(activities, calls);
      const reported = baseDir === undefined ? undefined : await readCost(logFile(baseDir, threadId), threadId);
      if (reported !== undefined) return { usd: reported, source: "reported", tokens };
      if (prices === undefined || calls.length === 0) return { usd: null, source: "unknown", tokens };
      const usd = calls.reduce(
        (sum, { input, output }) => sum + (input * prices.inputPerMTok + output * prices.outputPerMTok) / 1e6,
        0,
      );
      return { usd, source: "estimated", tokens };
    },
  };

  async function readCost(file: string, threadId: string): Promise<number | undefined> {
    const before = logs.get(threadId);
    const log = await readOn(file, before).catch(() => undefined);
    if (log === undefined) return undefined;
    logs.set(threadId, log);
    return log.results === 0 ? undefined : log.ended + log.last;
  }
}

type Call = { readonly turnId: string | null; readonly input: number; readonly output: number };

/** One entry a call to the model. T3 writes a call's counts twice, with the usage and with the result. */
function callsOf(activities: readonly T3Activity[]): readonly Call[] {
  const calls: Call[] = [];
  const updates = activities
    .filter(({ kind }) => kind === "context-window.updated")
    .sort((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0));
  for (const { payload, turnId } of updates) {
    const { inputTokens, outputTokens, lastUsedTokens, usedTokens } = usagePayload.safeParse(payload).data ?? {};
    const output = outputTokens ?? 0;
    const input = inputTokens ?? Math.max(0, (lastUsedTokens ?? usedTokens ?? 0) - output);
    const before = calls.at(-1);
    if (before?.turnId === turnId && before.input === input && before.output === output) continue;
    calls.push({ turnId, input, output });
  }
  return calls;
}

function tokensOf(activities: readonly T3Activity[], calls: readonly Call[]): number | null {
  const totals = activities.flatMap(({ kind, payload }) =>
    kind === "context-window.updated" ? (usagePayload.safeParse(payload).data?.totalProcessedTokens ?? []) : [],
  );
  if (totals.length > 0) return Math.max(...totals);
  return calls.length === 0 ? null : calls.reduce((sum, { input, output }) => sum + input + output, 0);
}

/** As T3 names its logs: what is odd in a file name becomes `_`. */
function logFile(baseDir: string, threadId: string): string {
  return join(baseDir, "userdata", "logs", "provider", `${threadId.replaceAll(/[^A-Za-z0-9._-]/g, "_")}.log`);
}

/** How far a log was read. A process reports its total so far with each result, so a lower total is another process. */
type CostLog = {
  readonly ino: number;
  readonly offset: number;
  readonly results: number;
  readonly ended: number;
  readonly last: number;
};

const resultSchema = z.object({ type: z.literal("result"), total_cost_usd: z.number().nonnegative() });
const CHUNK = 1024 * 1024;

/** Reads what was added since `before`. A rotated log is begun anew, and what was seen of the old one is kept. */
async function readOn(file: string, before: CostLog | undefined): Promise<CostLog> {
  const { ino, size } = await stat(file);
  const same = before !== undefined && before.ino === ino && before.offset <= size;
  let { results, ended, last } = before ?? { results: 0, ended: 0, last: 0 };
  let offset = same ? before.offset : 0;
  const handle = await open(file, "r");
  try {
    let rest: Uint8Array = new Uint8Array();
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK), 0, CHUNK, offset + rest.length);
      if (bytesRead === 0) break;
      const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      const end = bytes.lastIndexOf("\n") + 1;
      for (const line of bytes.toString("utf8", 0, end).split("\n")) {
        const total = totalIn(line);
        if (total === undefined) continue;
        if (total < last) ended += last;
        last = total;
        results += 1;
      }
      offset += end;
      rest = bytes.subarray(end);
    }
  } finally {
    await handle.close();
  }
  return { ino, offset, results, ended, last };
}

function totalIn(line: string): number | undefined {
  if (!line.includes('"total_cost_usd"')) return undefined;
  return resultSchema.safeParse(parseJson(line.slice(line.indexOf("{")))).data?.total_cost_usd;
}
