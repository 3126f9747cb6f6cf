// `<base>/userdata/logs/provider/<threadId>.log`: what the agents said, raw. The only place where a turn's cost in USD
// is written down.

import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FromAgent } from "../agent/protocol.ts";

export type ProviderLog = (threadId: string, message: FromAgent) => void;

export function openProviderLog(baseDir: string): ProviderLog {
  const dir = join(baseDir, "userdata", "logs", "provider");
  mkdirSync(dir, { recursive: true });
  return (threadId, message) => {
    const native = message.type === "result" ? resultOf(message) : message;
    const name = threadId.replaceAll(/[^A-Za-z0-9._-]/g, "_");
    appendFileSync(join(dir, `${name}.log`), `[${new Date().toISOString()}] NTIVE: ${JSON.stringify(native)}\n`);
  };
}

function resultOf(result: Extract<FromAgent, { type: "result" }>): object {
  const subtype = { success: "success", error: "error_during_execution", interrupted: "error_during_execution" };
  return {
    type: "result",
    subtype: result.outcome === "max-turns" ? "error_max_turns" : subtype[result.outcome],
    is_error: result.isError,
    result: result.message,
    total_cost_usd: result.costUsd,
    usage: { input_tokens: result.inputTokens, output_tokens: result.outputTokens },
  };
}
