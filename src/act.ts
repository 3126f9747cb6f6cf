// The side effects a run can ask for. Each is safe to repeat, as its identity follows from the run; its outcome comes
// back as events. Of `interrupt` nothing is recorded: whether it worked is seen in the session.

import type { Action } from "./domain/decide.ts";
import type { RunEvent } from "./domain/event.ts";
import { resumePrompt, unseenText } from "./domain/recover.ts";
import type { Run } from "./domain/run.ts";
import { AfkError, messageOf } from "./errors.ts";
import type { Parts } from "./parts.ts";
import type { Dependency } from "./ports.ts";

/**
 * Runs the action. A preparing step that fails is an event, and so is a command that the executor refuses: its id stays
 * refused, so the next try needs to know. Any other failure is thrown, and the loop backs off.
 */
export async function act(action: Action, run: Run, parts: Parts): Promise<readonly RunEvent[]> {
  try {
    return [...(await perform(action, run, parts))];
  } catch (error) {
    const refused = error instanceof AfkError && error.code === "refused";
    if (run.state.name !== "preparing" && !(refused && run.state.name === "working")) throw error;
    const { clock, log } = parts;
    log.warn(
      { repo: run.repo, issue: run.issue.number, run: run.id, step: action, why: messageOf(error) },
      "step failed",
    );
    return [{ type: "run.step-failed", at: clock.now(), run: run.id, step: action, text: messageOf(error), refused }];
  }
}

async function perform(action: Action, run: Run, parts: Parts): Promise<readonly RunEvent[]> {
  const { trees, executor, clock, dependencies } = parts;
  const { state } = run;
  const refusals = state.name === "preparing" || state.name === "working" ? (state.refusals ?? 0) : 0;
  const on = <T>(dependency: Dependency, call: () => Promise<T>): Promise<T> => dependencies.watch(dependency, call);
  switch (action) {
    case "prepare-tree": {
      const tree = await trees.prepare(run);
      return [{ type: "run.tree-ready", at: clock.now(), run: run.id, tree }];
    }
    case "open-session": {
      const session = await on("t3", () => executor.openSession(run, trees.checkoutPath(run.repo), refusals));
      return [{ type: "run.session-opened", at: clock.now(), run: run.id, session }];
    }
    case "start-turn": {
      const session = require(run.session, "a session");
      const message = { ordinal: 1, text: run.prompt.text };
      const turn = await on("t3", () => executor.sendTurn(run, session, message, refusals));
      return [{ type: "run.turn-started", at: clock.now(), run: run.id, turn }];
    }
    case "interrupt": {
      if (state.name !== "working") return [];
      const session = require(run.session, "a session");
      const age = clock.now() - (state.stop?.since ?? clock.now());
      const attempt = { number: Math.floor(age / INTERRUPT_AGAIN_MS), refusals };
      await on("t3", () => executor.interrupt(run, session, state.turn, attempt));
      return [];
    }
    case "stop-session": {
      const session = require(run.session, "a session");
      await on("t3", () => executor.endSession(run, session, "zombie", refusals));
      return [];
    }
    case "resume-turn": {
      if (state.name !== "working") return [];
      const session = require(run.session, "a session");
      const { turn } = state;
      const message = { ordinal: turn.ordinal + 1, text: resumePrompt(unseenText(turn, run.prompt.text)) };
      const next = await on("t3", () => executor.sendTurn(run, session, message, refusals));
      const resumed = { ...next, resumes: (turn.resumes ?? 0) + 1 };
      return [{ type: "run.turn-started", at: clock.now(), run: run.id, turn: resumed }];
    }
    case "release-tree": {
      // An agent stays at its place after a turn, and may come back to it by itself: the tree is not taken from under one.
      const { session } = run;
      if (session !== null && (await on("t3", () => executor.endSession(run, session, "idle", 0))) !== "ended")
        return [];
      await trees.release(run);
      return [{ type: "run.tree-released", at: clock.now(), run: run.id }];
    }
    default:
      return action satisfies never;
  }
}

/** An interrupt that found nothing to interrupt yet is sent anew after so long, under another id. */
const INTERRUPT_AGAIN_MS = 30_000;

function require<T>(value: T | null, what: string): T {
  if (value === null) throw new AfkError("conflict", `The run has no ${what}.`);
  return value;
}
