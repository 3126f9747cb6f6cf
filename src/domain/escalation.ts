// The open questions of a run to people, derived from its state alone. An id is of one question and no other, so a
// button knows whether what it was drawn for is still asked.

import type { Escalated } from "./escalated.ts";
import type { BotEvent } from "./event.ts";
import type { Order } from "./order.ts";
import type { Policy } from "./policy.ts";
import type { BlockReason, Landed, Run, RunId } from "./run.ts";

type Asked = Extract<Run["state"], { name: "working" }>["asked"];
export type Request = NonNullable<Asked>["requests"][number];

type Common = { readonly id: string; readonly run: RunId; readonly since: number };
export type Escalation = Common &
  (
    | {
        readonly kind: "blocked";
        readonly reason: BlockReason;
        readonly agentMayLive: boolean;
        /** What nobody answered in time: an answer is a way on. */
        readonly request: Request | null;
      }
    | {
        readonly kind: "frozen";
        readonly reason: BlockReason;
        /** What was gathered when it froze, in short; null = not yet. */
        readonly summary: string | null;
        readonly landed: Landed;
        readonly agentMayLive: boolean;
      }
    | { readonly kind: "approval" | "question"; readonly request: Request }
  );

/** Everything that a person can choose. `open-session` is a link. */
export type Choice =
  | "approve"
  | "deny"
  | "answer"
  | "unblock"
  | "retry"
  | "unfreeze"
  | "hand-over"
  | "abandon"
  | "open-session";

export function escalationsOf(run: Run): readonly Escalation[] {
  const { state } = run;
  switch (state.name) {
    case "working":
    case "fixing": {
      // While the agent is being stopped, no answer reaches it.
      if (state.asked === undefined || state.stop !== null) return [];
      const { since, requests, kind } = state.asked;
      return requests.map((request) => ({
        id: `${run.id}/asked/${request.id}`,
        run: run.id,
        since,
        kind: kind === "approval" ? "approval" : "question",
        request,
      }));
    }
    case "blocked": {
      const { since, reason, agentMayLive, asked, stranded } = state;
      const request = asked?.kind === "input" ? (asked.requests[0] ?? null) : null;
      // Whoever finds the run stranded asks the same question, so that its message is found again.
      const id = stranded ? `${run.id}/stranded` : `${run.id}/blocked/${since}`;
      return [{ id, run: run.id, since, kind: "blocked", reason, agentMayLive, request }];
    }
    case "frozen": {
      const { since, reason, agentMayLive, landed, summary = null } = state;
      const id = `${run.id}/frozen/${since}`;
      return [{ id, run: run.id, since, kind: "frozen", reason, summary, agentMayLive, landed }];
    }
    default:
      return [];
  }
}

export function choicesOf(escalation: Escalation): readonly Choice[] {
  switch (escalation.kind) {
    case "approval":
      return ["approve", "deny", "open-session"];
    case "question":
      return ["answer", "open-session"];
    case "blocked":
      return [
        ...(escalation.request === null ? [] : (["answer"] as const)),
        "unblock",
        "retry",
        "hand-over",
        "abandon",
        "open-session",
      ];
    case "frozen":
      return ["unfreeze", "hand-over", "abandon", "open-session"];
    default:
      return escalation satisfies never;
  }
}

/** The run that an escalation's id is of. */
export function runOfEscalation(id: string): RunId {
  return id.split("/")[0] ?? "";
}

/** What is asked, in a line. Nothing in it is anybody else's text. */
export function headlineOf(escalation: Escalation): string {
  switch (escalation.kind) {
    case "approval":
      return "May the agent do this?";
    case "question": {
      const count = escalation.request.questions?.length ?? 1;
      return count === 1 ? "The agent asks" : `The agent asks ${count} questions`;
    }
    case "blocked":
      return `Blocked: ${escalation.reason.text}`;
    case "frozen":
      return `Frozen: ${escalation.reason.text}`;
    default:
      return escalation satisfies never;
  }
}

/** The command, the question, the last words: other people's text. */
export function exactOf(escalation: Escalation): string | null {
  if (escalation.kind === "frozen") return escalation.summary ?? escalation.reason.details;
  if (escalation.kind === "blocked") return escalation.reason.details;
  return escalation.request.text;
}

/** When something happens without an answer, and what. Null = it waits for ever: silence decides nothing. */
export function deadlineOf(
  escalation: Escalation,
  policy: Policy,
): { readonly at: number; readonly byDefault: string } | null {
  switch (escalation.kind) {
    case "approval":
      return {
        at: escalation.since + policy.askTimeoutMs,
        byDefault: "the agent is interrupted and the run is blocked; nothing is approved by silence",
      };
    case "question":
      return {
        at: escalation.since + policy.askTimeoutMs,
        byDefault:
          "the agent is interrupted and the run is blocked with the question kept; you can still answer it then",
      };
    default:
      return null;
  }
}

/**
 * What a person asked for that settles the escalation once it is carried out; undefined = nobody has yet. Never by times: a
 * clock may have been put back in between. An order that was carried out has ended its escalation with that, but for an
 * answer to the agent: that one is under way until the agent no longer asks.
 */
export function orderInHand(run: Run, escalation: Escalation): Order | undefined {
  const waiting = run.orders.findLast((order) => settles(order, escalation));
  if (waiting !== undefined || escalation.kind === "blocked" || escalation.kind === "frozen") return waiting;
  return run.resolved.findLast(
    ({ order, outcome }) => outcome === "done" && isAnswer(order) && settles(order, escalation),
  )?.order;
}

function isAnswer({ what }: Order): boolean {
  return what.kind === "approve" || what.kind === "answer";
}

function settles({ what }: Order, escalation: Escalation): boolean {
  switch (what.kind) {
    case "approve":
    case "answer":
      return "request" in escalation && escalation.request?.id === what.request;
    case "stop":
      return escalation.kind === "approval" || escalation.kind === "question";
    case "hand-over":
    case "abandon":
      return true;
    case "unblock":
    case "retry":
    case "steer":
      return escalation.kind === "blocked";
    case "keep-fixing":
    case "verify-again":
    case "revert":
      return escalation.kind === "frozen";
    default:
      return what satisfies never;
  }
}

const MOST_KEPT = 20;
const LONGEST_KEPT = 500;

/**
 * The run with those of its escalations kept that the event ended, so that their messages can say how. `reminded` tells
 * the last step of each one's reminders; 0 = there was none.
 */
export function withEscalated(before: Run, after: Run, event: BotEvent, reminded: (id: string) => number): Run {
  const earlier = escalationsOf(before);
  if (earlier.length === 0) return after;
  const open = new Set(escalationsOf(after).map(({ id }) => id));
  const over = earlier
    .filter(({ id }) => !open.has(id))
    .map(
      (escalation): Escalated => ({
        id: escalation.id,
        kind: escalation.kind,
        since: escalation.since,
        headline: headlineOf(escalation),
        exact: exactOf(escalation)?.slice(0, LONGEST_KEPT) ?? null,
        ...(reminded(escalation.id) === 0 ? {} : { reminded: reminded(escalation.id) }),
        over: { at: event.at, order: endedBy(before, escalation, event) ?? null, why: whyOver(escalation, event) },
      }),
    );
  return over.length === 0 ? after : { ...after, escalated: [...(after.escalated ?? []), ...over].slice(-MOST_KEPT) };
}

function endedBy(run: Run, escalation: Escalation, event: BotEvent): Order | undefined {
  const id = "order" in event ? event.order : undefined;
  const named = run.orders.find((order) => order.id === id);
  if (named !== undefined) return named;
  const asked = escalation.kind === "approval" || escalation.kind === "question";
  if (event.type === "run.stop-ordered" && event.reason.kind !== "stopped") return undefined;
  return asked ? orderInHand(run, escalation) : undefined;
}

function whyOver(escalation: Escalation, event: BotEvent): string {
  switch (event.type) {
    case "run.ask-over":
    case "run.asked":
      return escalation.kind === "approval" ? "Decided in T3." : "Answered in T3.";
    case "run.stop-ordered":
      return event.reason.kind === "asked" ? "Nobody answered in time." : event.reason.text;
    case "run.abandoned":
    case "run.handed-over":
      return event.why;
    case "run.turn-started":
      return "The agent was started again.";
    case "run.landed":
      return "Its commits landed after all, and are being judged.";
    default:
      return "The run went on.";
  }
}
