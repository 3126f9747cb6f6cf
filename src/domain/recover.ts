// What becomes of a turn whose executor was restarted under it. T3 goes on showing such a turn as running, for ever; its
// agent is gone, and an interrupt or an answer makes it look like a success. So: end the session, then let a next turn
// go on from what is there (T3 resumes the agent's own session).

import type { TurnSeen, WorkingEvidence } from "./evidence.ts";
import type { Policy } from "./policy.ts";
import type { BlockReason, Turning } from "./run.ts";

export type Recovery =
  | { readonly do: "order"; readonly why: string }
  | { readonly do: "end-session" }
  | { readonly do: "resume" }
  | { readonly do: "give-up"; readonly reason: BlockReason };

/** In a row, under the same work. What restarts the executor more often than that is not cured by going on. */
const MOST_RESUMES = 3;
/** As with every command: refused so often under fresh ids, another try would not help. */
const REFUSALS = 3;

/** What a restart asks for next; undefined = nothing, decide as ever. */
export function recover(
  state: Turning,
  seen: TurnSeen,
  landed: WorkingEvidence["landed"],
  policy: Policy,
  now: number,
): Recovery | undefined {
  const { stop, resume, turn } = state;
  if (resume !== undefined && stop === null) {
    if ((state.refusals ?? 0) >= REFUSALS) return giveUp("T3 refused to go on after a restart.", resume.why);
    switch (seen.is) {
      case "running":
      case "asking":
        // A turn never identified may be the resumed one, sent just before we were cut off: sending it again adopts it.
        return turn.turnId === null ? { do: "resume" } : { do: "end-session" };
      case "pending":
      case "not-started":
        return { do: "resume" };
      case "ended":
        return landed.known && landed.value === null ? { do: "resume" } : undefined;
      case "missing":
        return undefined;
      default:
        return seen satisfies never;
    }
  }
  if (!isZombie(seen, policy, now)) return undefined;
  if (stop !== null) return { do: "end-session" };
  const times = (turn.resumes ?? 0) + 1;
  if (times > MOST_RESUMES) return giveUp(`T3 was restarted ${times} times under this work.`, null);
  return { do: "order", why: "T3 was restarted while the agent worked." };
}

/** Shown as under way, and nothing works on it any more. */
export function isZombie(seen: TurnSeen, policy: Policy, now: number): boolean {
  if (seen.is !== "running" && seen.is !== "asking" && seen.is !== "pending") return false;
  const { restarted } = seen;
  return restarted !== undefined && (restarted.certain || now - restarted.since > policy.zombieMs);
}

/** The message that lets the agent go on. `unseen`: the message that may never have reached it, in full. */
export function resumePrompt(unseen: string | null): string {
  const lines = [
    "The server this session runs on was restarted while you worked: whatever ran at that moment is gone.",
    "Look at `git status` and `git log` first, then finish the task by the same rules. Do nothing twice: what you have committed or pushed already is done.",
  ];
  return unseen === null ? lines.join("\n") : `${lines.join("\n")}\n\nThis was your task:\n\n${unseen}`;
}

function giveUp(text: string, details: string | null): Recovery {
  return { do: "give-up", reason: { kind: "session-lost", text, details } };
}
