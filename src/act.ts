// The side effects a run can ask for. Each is safe to repeat, as its identity follows from the run; its outcome comes
// back as events. Of `interrupt` nothing is recorded: whether it worked is seen in the session.

import type { Action } from "./domain/decide.ts";
import type { RunEvent } from "./domain/event.ts";
import type { Run } from "./domain/run.ts";
import { AfkError, messageOf } from "./errors.ts";
import type { Parts } from "./parts.ts";
import type { Dependency } from "./ports.ts";

/** Runs the action. A preparing step that fails is an event; any other failure is thrown, and the loop backs off. */
export async function act(action: Action, run: Run, parts: Parts): Promise<readonly RunEvent[]> {
  try {
    return [...(await perform(action, run, parts))];
  } catch (error) {
    if (run.state.name !== "preparing") throw error;
    const { clock, log } = parts;
    const refused = error instanceof AfkError && error.code === "refused";
    log.warn(
      { repo: run.repo, issue: run.issue.number, run: run.id, step: action, why: messageOf(error) },
      "step failed",
    );
    return [{ type: "run.step-failed", at: clock.now(), run: run.id, step: action, text: messageOf(error), refused }];
  }
}

async function perform(action: Action, run: Run, parts: Parts): Promise<readonly RunEvent[]> {
  const { trees, executor, clock, dependencies } = parts;
  const refusals = run.state.name === "preparing" ? run.state.refusals : 0;
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
      const turn = await on("t3", () => executor.startTurn(run, session, refusals));
      return [{ type: "run.turn-started", at: clock.now(), run: run.id, turn }];
    }
    case "interrupt": {
      if (run.state.name !== "working") return [];
      const { turn } = run.state;
      const session = require(run.session, "a session");
      await on("t3", () => executor.interrupt(run, session, turn));
      return [];
    }
    case "release-tree": {
      await trees.release(run);
      return [{ type: "run.tree-released", at: clock.now(), run: run.id }];
    }
    default:
      return action satisfies never;
  }
}

function require<T>(value: T | null, what: string): T {
  if (value === null) throw new AfkError("conflict", `The run has no ${what}.`);
  return value;
}
