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
  // T3 orders what happened within one millisecond by chance: a tool's end may stand before its beginning.
  const ends = activities.filter(({ kind }) => kind === "tool.completed");
  return activities.flatMap((activity): readonly EntrySight[] => {
    const { id, kind, payload, createdAt: at, tone } = activity;
    const text = wordsOf(activity);
    if (kind === "tool.updated" && payload["status"] === "inProgress" && !hasResult(payload)) {
      const end = ends.findIndex((one) => wordsOf(one) === text);
      const [ended] = end < 0 ? [] : ends.splice(end, 1);
      return [{ kind: "tool", id, at, text, ...resultOf(ended?.payload) }];
    }
    if (kind === "user-input.resolved") {
      return [{ kind: "note", id, at, text: `Answered: ${answersIn(payload["answers"])}` }];
    }
    if (kind === "approval.resolved")
      return [{ kind: "note", id, at, text: `Approval: ${String(payload["decision"])}` }];
    return tone === "error" ? [{ kind: "error", id, at, text }] : [];
  });
}

function wordsOf({ payload, summary }: Activity): string {
  return String(payload["detail"] ?? payload["message"] ?? summary);
}

type Payload = Activity["payload"];

function hasResult(payload: Payload): boolean {
  const data = payload["data"];
  return typeof data === "object" && data !== null && "result" in data;
}

/** Of a tool that has not ended there is none yet. */
function resultOf(payload: Payload | undefined): Pick<Extract<EntrySight, { kind: "tool" }>, "output" | "state"> {
  if (payload === undefined) return { output: "", state: "running" };
  const data = payload["data"] as { readonly result?: { readonly content?: unknown; readonly is_error?: unknown } };
  const { content = "", is_error: failed } = data.result ?? {};
  return { output: String(content).slice(-LONGEST), state: failed === true ? "failed" : "done" };
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
