// What a person does in T3's own web page. Each method dispatches the same command that the page would.

import { v4 as uuid } from "uuid";
import type { Command } from "./commands.ts";
import type { ApprovalDecision, Thread } from "./model.ts";

export type Cockpit = {
  /** Writes into a thread: a new turn, or a word into the running one. Returns the message's id. */
  send(threadId: string, text: string): string;
  interrupt(threadId: string): void;
  stop(threadId: string): void;
  /** `answers` by question id: a label, several labels, or free text. */
  answer(threadId: string, requestId: string, answers: Readonly<Record<string, unknown>>): void;
  approve(threadId: string, requestId: string, decision?: ApprovalDecision): void;
};

export function cockpitOver(
  dispatch: (command: Command) => unknown,
  find: (id: string) => Thread | undefined,
): Cockpit {
  const stamp = (threadId: string) => ({ commandId: uuid(), threadId, createdAt: new Date().toISOString() });
  return {
    send(threadId, text) {
      const thread = find(threadId);
      if (thread === undefined) throw new Error(`No thread ${threadId}`);
      const messageId = uuid();
      const { runtimeMode, interactionMode } = thread;
      const message = { messageId, role: "user" as const, text, attachments: [] };
      dispatch({ type: "thread.turn.start", ...stamp(threadId), message, runtimeMode, interactionMode });
      return messageId;
    },
    interrupt: (threadId) => void dispatch({ type: "thread.turn.interrupt", ...stamp(threadId) }),
    stop: (threadId) => void dispatch({ type: "thread.session.stop", ...stamp(threadId) }),
    answer: (threadId, requestId, answers) =>
      void dispatch({ type: "thread.user-input.respond", ...stamp(threadId), requestId, answers: { ...answers } }),
    approve: (threadId, requestId, decision = "accept") =>
      void dispatch({ type: "thread.approval.respond", ...stamp(threadId), requestId, decision }),
  };
}
