// How the server's own findings get into the log. A deleted or archived thread takes none: T3 no longer finds it, which
// is why a thread archived in mid-turn stays "running" for ever.

import type { Engine } from "./engine.ts";
import type { Draft } from "./events.ts";
import type { Activity, ProposedPlan, Session } from "./model.ts";
import type { ThreadRecord } from "./projection.ts";

export type Recorder = {
  thread(threadId: string): ThreadRecord | undefined;
  session(threadId: string, change: Pick<Session, "status" | "activeTurnId"> & Partial<Session>, at?: string): void;
  activity(threadId: string, ...activities: readonly Activity[]): void;
  message(threadId: string, turnId: string, messageId: string, text: string): void;
  plan(threadId: string, plan: ProposedPlan): void;
  draft(by: string, draft: Draft): void;
};

export function now(): string {
  return new Date().toISOString();
}

/** `isClosed` true mutes everything: a server that is going down writes no more. */
export function createRecorder(engine: Engine, isClosed: () => boolean): Recorder {
  function living(threadId: string): ThreadRecord | undefined {
    const thread = engine.thread(threadId);
    return thread === undefined || thread.deletedAt !== null || thread.archivedAt !== null ? undefined : thread;
  }

  function draft(by: string, event: Draft): void {
    if (isClosed() || !("threadId" in event.payload) || living(event.payload.threadId) === undefined) return;
    engine.record(by, [event]);
  }

  return {
    thread: living,
    draft,
    session(threadId, change, at = now()) {
      const thread = living(threadId);
      if (thread === undefined) return;
      const session: Session = {
        ...(thread.session ?? {
          threadId,
          providerName: null,
          runtimeMode: thread.runtimeMode,
        }),
        lastError: thread.session?.lastError ?? null,
        ...change,
        updatedAt: at,
      };
      draft("provider:thread-session-set", {
        type: "thread.session-set",
        payload: { threadId, session },
        occurredAt: at,
      });
    },
    activity(threadId, ...activities) {
      for (const activity of activities) {
        draft("provider:thread-activity-append", {
          type: "thread.activity-appended",
          payload: { threadId, activity },
          occurredAt: activity.createdAt,
        });
      }
    },
    message(threadId, turnId, messageId, text) {
      const at = now();
      const base = { threadId, messageId, role: "assistant" as const, turnId, createdAt: at, updatedAt: at };
      const finalize = { ...base, text, streaming: true };
      draft("provider:assistant-delta-finalize", { type: "thread.message-sent", payload: finalize, occurredAt: at });
      const complete = { ...base, text: "", streaming: false };
      draft("provider:assistant-complete", { type: "thread.message-sent", payload: complete, occurredAt: at });
    },
    plan(threadId, proposedPlan) {
      draft("provider:proposed-plan-upsert", {
        type: "thread.proposed-plan-upserted",
        payload: { threadId, proposedPlan },
        occurredAt: proposedPlan.updatedAt,
      });
    },
  };
}
