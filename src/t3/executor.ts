// The executor port over T3. Look before you leap: each step reads the record first and adopts what is there, since T3's
// 500 says "exists already" and "failed" with the same words. Every id follows from the run, so a step that was cut off
// is simply done again; an id that T3 refused stays refused, so `refusals` makes the next one.

import { commandIdOf, messageIdOf, projectIdOf, threadIdOf } from "../domain/ids.ts";
import { known, unknown } from "../domain/observed.ts";
import type { Run, Session, Turn } from "../domain/run.ts";
import { AfkError, messageOf } from "../errors.ts";
import type { Clock, Executor } from "../ports.ts";
import type { T3Client, T3Command } from "./client.ts";
import { observeTurn, turnIdsBefore } from "./observe.ts";
import { isAnsweredBy, isOpenRequest } from "./requests.ts";
import type { Runtime } from "./runtime.ts";
import type { T3Thread } from "./schema.ts";
import type { Spending } from "./spend.ts";

const TITLE_LENGTH = 120;
/** A background turn of a run that is over and says nothing for so long is interrupted. */
const LATE_SILENCE_MS = 30 * 60_000;
/** T3 ends an idle session within a second, and one among many waiting commands within some. */
const STOP_AGAIN_MS = 30_000;

const LAST_MESSAGES = 20;

export type Model = { readonly instanceId: string; readonly model: string };

export function createExecutor(options: {
  readonly client: T3Client;
  readonly runtime: Runtime;
  readonly spending: Spending;
  readonly publicUrl: string;
  readonly model: Model;
  readonly runtimeMode: "full-access" | "auto-accept-edits" | "approval-required";
  readonly clock: Clock;
}): Executor {
  const { client, runtime, spending, publicUrl, model, runtimeMode, clock } = options;
  const createdAt = (): string => new Date(clock.now()).toISOString();

  async function ensureProject(run: Run, workspaceRoot: string, refusals: number): Promise<string> {
    const before = await client.findProject(workspaceRoot);
    if (before !== undefined) return before;
    await client.dispatch({
      type: "project.create",
      commandId: commandIdOf(run.id, "project.create", refusals),
      projectId: projectIdOf(workspaceRoot),
      title: run.repo,
      workspaceRoot,
      createdAt: createdAt(),
    });
    const after = await client.findProject(workspaceRoot);
    if (after === undefined) throw new AfkError("refused", `T3 has no project for ${workspaceRoot} after creating it.`);
    return after;
  }

  async function requireThread(session: Session): Promise<T3Thread> {
    const thread = await client.findThread(session.threadId, "fresh");
    if (thread === undefined) throw new AfkError("refused", `T3 has no thread ${session.threadId}.`);
    return thread;
  }

  /** `sign`: when the record last showed that a server worked on it. A session that lives is set anew after a start. */
  function restarted(thread: T3Thread, sign: number) {
    const since = runtime.restartedSince(sign);
    if (since === "no") return undefined;
    if (since !== "unknown") return { certain: true, since };
    const silent = client.silentSince(thread.id);
    return silent === null ? undefined : { certain: false, since: silent };
  }

  async function respond(session: Session, requestId: string, command: T3Command): Promise<"sent" | "stale"> {
    // A dead request's answer makes T3 show a success that never was: nothing is sent unless somebody waits for it.
    const thread = await requireThread(session);
    if (isAnsweredBy(thread, requestId, command)) return "sent";
    if (!isOpenRequest(thread, requestId) || restarted(thread, sessionTime(thread))?.certain) return "stale";
    const { threadId } = session;
    await client.dispatch({ ...command, threadId, requestId, createdAt: createdAt() });
    return "sent";
  }

  return {
    async findSession(run) {
      try {
        const thread = await client.findThread(threadIdOf(run), "fresh");
        if (thread === undefined || thread.deletedAt !== null) return known(null);
        const sent = (ordinal: number) => thread.messages.find(({ id }) => id === messageIdOf(run, ordinal));
        let turns = 0;
        while (sent(turns + 1) !== undefined) turns += 1;
        const first = sent(1);
        return known({
          turns,
          first: first === undefined ? null : { text: first.text, askedAt: Date.parse(first.createdAt) },
        });
      } catch (error) {
        return unknown(messageOf(error));
      }
    },

    async openSession(run, workspaceRoot, refusals) {
      const { environmentId } = await client.environment();
      const projectId = await ensureProject(run, workspaceRoot, refusals);
      const threadId = threadIdOf(run.id);
      if ((await client.findThread(threadId, "fresh")) === undefined) {
        await client.dispatch({
          type: "thread.create",
          commandId: commandIdOf(run.id, "thread.create", refusals),
          threadId,
          projectId,
          title: titleOf(run),
          modelSelection: model,
          runtimeMode,
          interactionMode: "default",
          branch: run.branch,
          worktreePath: run.tree?.path ?? null,
          createdAt: createdAt(),
        });
      }
      return { projectId, threadId, url: `${publicUrl}/${environmentId}/${threadId}` };
    },

    async sendTurn(run, session, { ordinal, text, steers = false }, refusals) {
      const messageId = messageIdOf(run.id, ordinal);
      const before = await requireThread(session);
      if (!before.messages.some((message) => message.id === messageId)) {
        if (!steers && isAtWork(before) && restarted(before, sessionTime(before)) === undefined) {
          throw new AfkError("conflict", "The session is at work on something begun in the background.");
        }
        await client.dispatch({
          type: "thread.turn.start",
          commandId: commandIdOf(run.id, `turn.start/${ordinal}`, refusals),
          threadId: session.threadId,
          message: { messageId, role: "user", text, attachments: [] },
          runtimeMode,
          interactionMode: "default",
          createdAt: createdAt(),
        });
      }
      // T3's stored time is the only link between message and turn, and later versions replace the one we sent.
      const thread = await requireThread(session);
      const turn = turnOf(thread, run, ordinal);
      if (turn === null) throw new AfkError("refused", "T3 accepted the message and does not show it.");
      return turn;
    },

    async findTurn(run, session, ordinal) {
      try {
        const thread = await client.findThread(session.threadId, "fresh");
        return known(thread === undefined ? null : turnOf(thread, run, ordinal));
      } catch (error) {
        return unknown(messageOf(error));
      }
    },

    async interrupt(run, session, turn, { number, refusals }) {
      await client.dispatch({
        type: "thread.turn.interrupt",
        commandId: commandIdOf(run.id, `turn.interrupt/${turn.ordinal}/${number}`, refusals),
        threadId: session.threadId,
        ...(turn.turnId !== null && { turnId: turn.turnId }),
        createdAt: createdAt(),
      });
    },

    async endSession(run, session, what, refusals) {
      const thread = await client.findThread(session.threadId, "fresh");
      const record = thread?.session ?? null;
      if (thread === undefined || record === null || record.status === "stopped") return "ended";
      // The id follows from the record as it is: the same session is ended once, one that came back is ended again. A T3
      // that is killed forgets what it had accepted and not done yet: what has no effect for long is asked for anew.
      const silentMs = clock.now() - Date.parse(thread.updatedAt);
      const again = silentMs > STOP_AGAIN_MS ? `/${thread.updatedAt}` : "";
      const id = (step: string) => commandIdOf(run.id, `${step}/${what}/${record.updatedAt}${again}`, refusals);
      const { threadId } = session;
      if (what === "idle" && record.status === "running" && record.activeTurnId !== null) {
        if (silentMs > LATE_SILENCE_MS) {
          const type = "thread.turn.interrupt";
          await client.dispatch({ type, commandId: id("late.interrupt"), threadId, createdAt: createdAt() });
        }
        return "busy";
      }
      const stop = { type: "thread.session.stop", commandId: id("session.stop"), threadId, createdAt: createdAt() };
      try {
        await client.dispatch(stop);
        return "ending";
      } catch (error) {
        // Nothing of the run hangs on an idle agent's end: T3 ends it by itself after a while.
        if (what === "idle" && error instanceof AfkError && error.code === "refused") return "ended";
        throw error;
      }
    },

    answer: (run, session, requestId, answers, refusals) =>
      respond(session, requestId, {
        type: "thread.user-input.respond",
        commandId: commandIdOf(run.id, `answer/${requestId}`, refusals),
        answers,
      }),

    approve: (run, session, requestId, decision, refusals) =>
      respond(session, requestId, {
        type: "thread.approval.respond",
        commandId: commandIdOf(run.id, `approve/${requestId}`, refusals),
        decision,
      }),

    async observeTurn(session, turn, interrupted) {
      try {
        const thread = await client.findThread(session.threadId, "watched");
        if (thread === undefined) return known({ is: "missing" });
        const seen = observeTurn(thread, turn, interrupted);
        if (seen.is !== "running" && seen.is !== "asking" && seen.is !== "pending") return known(seen);
        const sign = Math.max(sessionTime(thread), seen.is === "pending" ? turn.askedAt : 0);
        return known({ ...seen, restarted: restarted(thread, sign) });
      } catch (error) {
        return unknown(messageOf(error));
      }
    },

    async fetchLastMessages(session) {
      try {
        const thread = await client.findThread(session.threadId, "fresh");
        if (thread === undefined) return unknown("T3 no longer has the session");
        const said = thread.messages.toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
        return known(said.slice(-LAST_MESSAGES).map(({ role, createdAt, text }) => `${createdAt} ${role}\n${text}`));
      } catch (error) {
        return unknown(messageOf(error));
      }
    },

    async observeSpend(session) {
      const thread = await client.findThread(session.threadId, "watched");
      return await spending.of(session.threadId, thread?.activities ?? []);
    },
  };
}

/** The turn that our message number `ordinal` asked for, as far as the message says; null = it is not there. */
function turnOf(thread: T3Thread, run: Run, ordinal: number): Turn | null {
  const messageId = messageIdOf(run.id, ordinal);
  const message = thread.messages.find(({ id }) => id === messageId);
  if (message === undefined) return null;
  const askedAt = Date.parse(message.createdAt);
  return { ordinal, messageId, askedAt, turnIdsBefore: [...turnIdsBefore(thread, askedAt)], turnId: null };
}

function isAtWork({ session }: T3Thread): boolean {
  return session?.status === "running" && session.activeTurnId !== null;
}

function sessionTime({ session }: T3Thread): number {
  return session === null ? 0 : Date.parse(session.updatedAt) || 0;
}

/** Never "New thread" or such: T3 would ask a model for a title. */
function titleOf(run: Run): string {
  const title = `#${run.issue.number} ${run.issue.title.replaceAll(/\s+/g, " ").trim()}`.trim();
  return title.length <= TITLE_LENGTH ? title : `${title.slice(0, TITLE_LENGTH - 1)}…`;
}
