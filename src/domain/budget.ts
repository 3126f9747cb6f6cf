import type { Policy } from "./policy.ts";
import type { BlockReason, Spend } from "./run.ts";

/** Why the run has to stop for its cost; undefined = it may go on. What is unknown stops nothing, and is shown so. */
export function overBudget(spend: Spend, policy: Policy): BlockReason | undefined {
  const { usd, tokens, source } = spend;
  if (usd !== null) {
    if (usd < policy.budgetUsd) return undefined;
    const text = `The run has cost ${dollars(usd)} of its ${dollars(policy.budgetUsd)}.`;
    return { kind: "budget", text, details: source === "estimated" ? "Estimated from the price table." : null };
  }
  if (tokens === null || policy.budgetTokens === null || tokens < policy.budgetTokens) return undefined;
  const text = `The run has used ${tokens} of its ${policy.budgetTokens} tokens; its cost is unknown.`;
  return { kind: "budget", text, details: null };
}

/** Whether people would want to know: a dollar or 100,000 tokens more, and any change once a turn is over. */
export function isNews(before: Spend | undefined, now: Spend, over: boolean): boolean {
  if (before === undefined) return over || now.usd !== null;
  if (over) return before.usd !== now.usd || before.tokens !== now.tokens || before.source !== now.source;
  const cost = (now.usd ?? 0) - (before.usd ?? 0);
  const tokens = (now.tokens ?? 0) - (before.tokens ?? 0);
  return Math.abs(cost) >= 1 || Math.abs(tokens) >= 100_000;
}

/** `$1.20`, `about $1.20`, `unknown`: for people. */
export function costText({ usd, source }: Spend): string {
  if (usd === null) return "unknown";
  return source === "estimated" ? `about ${dollars(usd)}` : dollars(usd);
}

function dollars(usd: number): string {
  return `$${usd.toFixed(2)}`;
}
