// The questions and approvals on a thread's record, and which of them somebody still waits for.

import { isDeepStrictEqual } from "node:util";
import type { QuestionSeen } from "../domain/evidence.ts";
import { requestPayload, resolvedPayload, type T3Activity, type T3Thread } from "./schema.ts";

export type Request = {
  readonly id: string;
  readonly kind: "approval" | "input";
  readonly text: string;
  readonly questions: readonly QuestionSeen[];
};

const CLOSES = /^(approval|user-input)\.resolved$|^provider\.(approval|user-input)\.respond\.failed$/;

/** Requests among `own` that were neither resolved nor found dead by a failed answer. */
export function openRequests(all: readonly T3Activity[], own: readonly T3Activity[]): readonly Request[] {
  const asked = own.filter(({ kind }) => kind === "approval.requested" || kind === "user-input.requested");
  if (asked.length === 0) return [];
  const closed = new Set(all.flatMap((activity) => (CLOSES.test(activity.kind) ? requestIdOf(activity) : [])));
  return asked.flatMap((activity) => {
    const payload = requestPayload.safeParse(activity.payload);
    if (!payload.success || closed.has(payload.data.requestId)) return [];
    const { requestId, detail, questions = [] } = payload.data;
    const text = questions.map(({ question }) => question).join("\n") || detail || activity.summary;
    const kind = activity.kind === "approval.requested" ? "approval" : "input";
    return [{ id: requestId, kind, text, questions: questions.map(questionSeen) } as const];
  });
}

/** Whether the session runs the very turn that asked, and the request is open. */
export function isOpenRequest(thread: T3Thread, requestId: string): boolean {
  const { session, activities, deletedAt } = thread;
  if (deletedAt !== null || session?.status !== "running") return false;
  const own = activities.filter(({ turnId }) => turnId !== null && turnId === session.activeTurnId);
  return openRequests(activities, own).some(({ id }) => id === requestId);
}

/** Whether the very answer is on record: ours, from before we were cut off, or the same by somebody else. */
export function isAnsweredBy({ activities }: T3Thread, requestId: string, answer: Record<string, unknown>): boolean {
  return activities.some(({ kind, payload }) => {
    const seen = resolvedPayload.safeParse(payload);
    if (!seen.success || seen.data.requestId !== requestId) return false;
    if (kind === "approval.resolved") return seen.data.decision === answer["decision"];
    return kind === "user-input.resolved" && isDeepStrictEqual(seen.data.answers, answer["answers"]);
  });
}

type Question = NonNullable<ReturnType<typeof requestPayload.parse>["questions"]>[number];

function questionSeen({ id, header, question, options = [], multiSelect = false }: Question): QuestionSeen {
  return {
    id,
    text: question,
    header: header ?? null,
    options: options.map(({ label, description }) => ({ label, description: description ?? null })),
    many: multiSelect,
  };
}

function requestIdOf(activity: T3Activity): readonly string[] {
  const payload = requestPayload.safeParse(activity.payload);
  return payload.success ? [payload.data.requestId] : [];
}
