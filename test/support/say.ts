import type { Decision } from "../../src/domain/decision.ts";

/** A decision in a few words, so that a table reads as a list of promises. */
export function say(decision: Decision | undefined): string {
  if (decision === undefined) return "nothing";
  if (decision.do === "wait") return "wait";
  if (decision.do === "act") return decision.action;
  const { event } = decision;
  if (event.type === "run.blocked")
    return `blocked ${event.reason.kind}${event.agentMayLive ? ", agent may live" : ""}`;
  if (event.type === "run.frozen") return `frozen ${event.reason.kind}${event.agentMayLive ? ", agent may live" : ""}`;
  if (event.type === "run.stop-ordered") return `stop ${event.reason.kind}`;
  if (event.type === "run.order-over") return `over ${event.outcome}`;
  return event.type;
}
