// What a decision can be, and the ends that all of them share.

import type { RunEvent } from "./event.ts";
import type { Policy } from "./policy.ts";
import { type BlockReason, landedOf, type Run } from "./run.ts";

/** Side effects a run can ask for. Each is safe to repeat: its identity follows from the run (ids.ts). */
export type Action =
  | "prepare-tree"
  | "open-session"
  | "start-turn"
  | "interrupt"
  | "stop-session"
  | "end-idle-session"
  | "resume-turn"
  | "carry-out-order"
  | "rerun-ci"
  | "gather-forensics"
  | "release-tree";

export type Decision =
  | { readonly do: "act"; readonly action: Action }
  /** `starts`: it sets an agent to work where none was, so it counts only while the cap on runs has room. */
  | { readonly do: "record"; readonly event: RunEvent; readonly starts?: true }
  | { readonly do: "wait"; readonly forMs: number };

/** T3 refuses without a reason and for ever: after this many refusals under fresh ids, another would not help. */
export const REFUSALS = 3;

/** The run stops and a person has to look: blocked where nothing landed, frozen where something did. */
export function halt(run: Run, now: number, reason: BlockReason, agentMayLive = false): Decision {
  const landed = landedOf(run);
  const base = { at: now, run: run.id, reason, agentMayLive };
  return {
    do: "record",
    event: landed === null ? { type: "run.blocked", ...base, landed } : { type: "run.frozen", ...base, landed },
  };
}

/** The clock for fixes runs from the first red verdict, whatever is in flight. */
export function fixTimeOver(run: Run, policy: Policy, now: number): BlockReason | undefined {
  if (run.fixes === undefined || now - run.fixes.since <= policy.fixMs) return undefined;
  const text = `It was not fixed within ${minutes(policy.fixMs)} of the first red verdict.`;
  return { kind: "fix-budget", text, details: null };
}

export function unknownText(observed: { readonly known: boolean; readonly why?: string }): string | null {
  return observed.why ?? null;
}

export function minutes(ms: number): string {
  return ms < 90_000 ? `${Math.round(ms / 1000)} seconds` : `${Math.round(ms / 60_000)} minutes`;
}
