// The side effects a run can ask for. Each is safe to repeat, as its identity follows from the run; its outcome comes
// back as events. Of `interrupt` nothing is recorded: whether it worked is seen in the session.

import type { Action } from "./domain/decision.ts";
import type { RunEvent } from "./domain/event.ts";
import { nextOrder } from "./domain/orders.ts";
import { resumePrompt } from "./domain/recover.ts";
import { isTurning, nextOrdinal, type Run } from "./domain/run.ts";
import { AfkError, messageOf } from "./errors.ts";
import { gatherForensics } from "./forensics.ts";
import { fieldsOf } from "./log.ts";
import type { Parts } from "./parts.ts";
import { guidanceText, nextMessage, textOf } from "./say.ts";

/**
 * Runs the action. A preparing step that fails is an event, and so is a command that the executor refuses: its id stays
 * refused, so the next try needs to know. Any other failure is thrown, and the loop backs off.
 */
export async function act(action: Action, run: Run, parts: Parts): Promise<readonly RunEvent[]> {
  try {
    return [...(await perform(action, run, parts))];
  } catch (error) {
    const refused = error instanceof AfkError && error.code === "refused";
    if (run.state.name !== "preparing" && !(refused && isTurning(run.state))) throw error;
    const { clock, log } = parts;
    log.warn({ ...fieldsOf(run), step: action, why: messageOf(error) }, "step failed");
    return [
      {
        type: "run.step-failed",
        at: clock.now(),
        run: run.id,
        step: action,
        text: parts.redact(messageOf(error)),
        refused,
      },
    ];
  }
}

async function perform(action: Action, run: Run, parts: Parts): Promise<readonly RunEvent[]> {
  const { trees, executor, clock, dependencies } = parts;
  const { state } = run;
  const refusals = "refusals" in state ? (state.refusals ?? 0) : 0;
  switch (action) {
    case "prepare-tree": {
      const { tree, made } = await trees.prepare(run);
      return [{ type: "run.tree-ready", at: clock.now(), run: run.id, tree, made }];
    }
    case "open-session": {
      const session = await executor.openSession(run, trees.checkoutPath(run.repo), refusals);
      return [{ type: "run.session-opened", at: clock.now(), run: run.id, session }];
    }
    case "start-turn": {
      const session = require(run.session, "a session");
      const message = await nextMessage(run, parts);
      const turn = await executor.sendTurn(run, session, message, refusals);
      return [{ type: "run.turn-started", at: clock.now(), run: run.id, turn }];
    }
    case "interrupt": {
      if (!isTurning(state)) return [];
      const session = require(run.session, "a session");
      const age = clock.now() - (state.stop?.since ?? clock.now());
      const attempt = { number: Math.floor(age / INTERRUPT_AGAIN_MS), refusals };
      await executor.interrupt(run, session, state.turn, attempt);
      return [];
    }
    case "stop-session": {
      const session = require(run.session, "a session");
      await executor.endSession(run, session, "zombie", refusals);
      return [];
    }
    case "end-idle-session": {
      const session = require(run.session, "a session");
      await executor.endSession(run, session, "idle", refusals);
      return [];
    }
    case "resume-turn": {
      if (!isTurning(state)) return [];
      const session = require(run.session, "a session");
      const { turn } = state;
      const unseen = turn.turnId === null ? await textOf(run, parts) : null;
      const message = { ordinal: nextOrdinal(run), text: resumePrompt(unseen) };
      const next = await executor.sendTurn(run, session, message, refusals);
      const resumed = { ...next, resumes: (turn.resumes ?? 0) + 1 };
      return [{ type: "run.turn-started", at: clock.now(), run: run.id, turn: resumed }];
    }
    case "carry-out-order":
      return await carryOut(run, parts, refusals);
    case "rerun-ci":
      if (state.name !== "verifying") return [];
      for (const { id } of state.rerun?.runs ?? [])
        await dependencies.watch("github", () => parts.github.rerunFailed(run.repo, id));
      return [];
    case "gather-forensics":
      return await gatherForensics(run, parts);
    case "release-tree": {
      // An agent stays at its place after a turn, and may come back to it by itself: the tree is not taken from under one.
      const { session } = run;
      if (session !== null && (await executor.endSession(run, session, "idle", 0)) !== "ended") return [];
      const kept = await trees.release(run);
      return [{ type: "run.tree-released", at: clock.now(), run: run.id, ...(kept.length > 0 && { kept }) }];
    }
    default:
      return action satisfies never;
  }
}

/** What a person asked of a session at work. What it waits for may have been answered elsewhere: then nothing is sent. */
async function carryOut(run: Run, parts: Parts, refusals: number): Promise<readonly RunEvent[]> {
  const { executor, clock } = parts;
  const order = nextOrder(run);
  if (order === undefined) return [];
  const { what } = order;
  const session = require(run.session, "a session");
  if (what.kind === "steer") return await steer(run, what.text, order.id, parts, refusals);
  const send = async (): Promise<"sent" | "stale"> => {
    if (what.kind === "answer") return await executor.answer(run, session, what.request, what.answers, refusals);
    if (what.kind === "approve") return await executor.approve(run, session, what.request, what.decision, refusals);
    return "stale";
  };
  const sent = await send();
  const [outcome, text] =
    sent === "sent" ? (["done", ""] as const) : (["stale", "Nobody waits for it any more."] as const);
  return [{ type: "run.order-over", at: clock.now(), run: run.id, order: order.id, outcome, text }];
}

/** A word to the agent at work. Sent again after a crash it meets itself, as its number follows from the run. */
async function steer(
  run: Run,
  text: string,
  order: string,
  parts: Parts,
  refusals: number,
): Promise<readonly RunEvent[]> {
  const { executor, clock } = parts;
  const session = require(run.session, "a session");
  const message = { ordinal: nextOrdinal(run), text: guidanceText(run, text, parts), steers: true };
  const sent = await executor.sendTurn(run, session, message, refusals);
  const { ordinal, messageId, askedAt } = sent;
  return [{ type: "run.steered", at: clock.now(), run: run.id, ordinal, messageId, askedAt, order }];
}

/** An interrupt that found nothing to interrupt yet is sent anew after so long, under another id. */
const INTERRUPT_AGAIN_MS = 30_000;

function require<T>(value: T | null, what: string): T {
  if (value === null) throw new AfkError("conflict", `The run has no ${what}.`);
  return value;
}
