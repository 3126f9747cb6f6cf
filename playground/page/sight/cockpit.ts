// T3's sessions as its own page would show them: who said what, which tools ran, and what a session waits for.

import type { Activity, Message, Question, Thread } from "../../t3/model.ts";
import type { T3 } from "../../t3/server.ts";
import type { CockpitSection, EntrySight, SessionSight, Waiting } from "../protocol.ts";

const LONGEST = 6_000;
/** Of a session, the latest. */
const ENTRIES = 150;

export function lookAtCockpit(t3: T3, agent: string | null): CockpitSection {
  const threads = t3.threads().filter(({ archivedAt, deletedAt }) => archivedAt === null && deletedAt === null);
  return { url: t3.url, environmentId: t3.environmentId, agent, sessions: threads.map(sessionSight).toReversed() };
}

function sessionSight(thread: Thread): SessionSight {
  const { id, title, branch, updatedAt, session, messages, activities } = thread;
  const entries = [...messages.map(messageEntry), ...activityEntries(activities)];
  return {
    id,
    title,
    status: session?.status ?? "idle",
    branch,
    updatedAt,
    lastError: session?.lastError ?? null,
    waiting: waitingFor(activities),
    entries: entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(-ENTRIES),
  };
}

function messageEntry({ id, role, text, createdAt }: Message): EntrySight {
  const kind = role === "assistant" ? "agent" : role === "user" ? "person" : "note";
  return { kind, id, at: createdAt, text: text.slice(0, LONGEST) };
}

function activityEntries(activities: readonly Activity[]): readonly EntrySight[] {
  const running: EntrySight[] = [];
  const entries: EntrySight[] = [];
  for (const { id, kind, summary, payload, createdAt: at, tone } of activities) {
    const text = String(payload["detail"] ?? payload["message"] ?? summary);
    if (kind === "tool.updated" && payload["status"] === "inProgress" && !hasResult(payload)) {
      running.push({ kind: "tool", id, at, text, output: "", state: "running" });
    } else if (kind === "tool.completed") {
      const begun = running.findIndex((entry) => entry.text === text);
      const [started] = begun < 0 ? [] : running.splice(begun, 1);
      const { content, failed } = resultOf(payload);
      entries.push({
        kind: "tool",
        id: started?.id ?? id,
        at: started?.at ?? at,
        text,
        output: content.slice(-LONGEST),
        state: failed ? "failed" : "done",
      });
    } else if (kind === "user-input.resolved") {
      entries.push({ kind: "note", id, at, text: `Answered: ${answersIn(payload["answers"])}` });
    } else if (kind === "approval.resolved") {
      entries.push({ kind: "note", id, at, text: `Approval: ${String(payload["decision"])}` });
    } else if (tone === "error") entries.push({ kind: "error", id, at, text });
  }
  return [...entries, ...running];
}

type Payload = Activity["payload"];

function hasResult(payload: Payload): boolean {
  const data = payload["data"];
  return typeof data === "object" && data !== null && "result" in data;
}

function resultOf(payload: Payload): { readonly content: string; readonly failed: boolean } {
  const data = payload["data"] as { readonly result?: { readonly content?: unknown; readonly is_error?: unknown } };
  return { content: String(data.result?.content ?? ""), failed: data.result?.is_error === true };
}

function answersIn(answers: unknown): string {
  const given = typeof answers === "object" && answers !== null ? Object.values(answers).flat() : [];
  return given.length === 0 ? "nothing" : given.join(", ");
}

const SETTLED = ["resolved", "respond.failed"];

function waitingFor(activities: readonly Activity[]): Waiting | null {
  const settled = new Set(
    activities.flatMap(({ kind, payload }) =>
      SETTLED.some((end) => kind.endsWith(end)) ? [String(payload["requestId"])] : [],
    ),
  );
  const asked = activities.find(
    ({ kind, payload }) =>
      (kind === "approval.requested" || kind === "user-input.requested") && !settled.has(String(payload["requestId"])),
  );
  if (asked === undefined) return null;
  const requestId = String(asked.payload["requestId"]);
  return asked.kind === "approval.requested"
    ? { for: "approval", requestId, what: String(asked.payload["detail"]) }
    : { for: "answer", requestId, questions: asked.payload["questions"] as readonly Question[] };
}
