// What becomes of what people asked of a run, one thing at a time. Undefined = nothing to do for it now: the state goes on.

import { haltUnsent } from "./decide.ts";
import type { Decision } from "./decision.ts";
import type { MessageSent } from "./evidence.ts";
import { ORDERS_BY_STATE, type Order } from "./order.ts";
import type { Policy } from "./policy.ts";
import { holdsRepo, isTurning, type Message, nextOrdinal, type Run, type RunStateOf, waitsForRepo } from "./run.ts";

/** What else an order depends on. */
export type Around = {
  readonly paused: boolean;
  /** The other runs of the repo. */
  readonly others: readonly Run[];
  /** Whether the cap on runs over all repos has room for one more. */
  readonly room: boolean;
  /** Whether a preparing run's message has been sent. */
  readonly sent: MessageSent;
  /** A slot that no run holds; undefined = not asked, as nothing asks for one. */
  readonly freeSlot: number | undefined;
  readonly policy: Policy;
};

/** Leaving goes before anything that waits: a run that is to be given up does not go on first. */
export function nextOrder({ orders }: Run): Order | undefined {
  return orders.find(({ what }) => LEAVING.has(what.kind)) ?? orders[0];
}

const LEAVING: ReadonlySet<string> = new Set(["stop", "hand-over", "abandon"]);

/** Whether the run is to go on in a slot that is not its own. */
export function wantsNewSlot(run: Run): boolean {
  const what = nextOrder(run)?.what;
  return what?.kind === "retry" && what.cold && run.state.name === "blocked";
}

export function decideOrder(run: Run, around: Around, now: number): Decision | undefined {
  const order = nextOrder(run);
  if (order === undefined) return undefined;
  const { state } = run;
  const { what } = order;
  if (what.kind === "stop" && (state.name === "blocked" || state.name === "frozen")) {
    // Whoever stops it means what was asked before as well: it does not go on by that a moment later.
    const earlier = run.orders[0];
    return earlier === undefined || earlier === order
      ? over(run, order, "done", "", now)
      : over(run, earlier, "stale", "The run was stopped before it could go on.", now);
  }
  if (!(ORDERS_BY_STATE[state.name] ?? []).includes(what.kind)) {
    return over(run, order, "stale", `The run is ${state.name} by now.`, now);
  }
  switch (what.kind) {
    case "stop":
    case "hand-over":
    case "abandon":
      return leave(run, order, around, now);
    case "approve":
      return { do: "act", action: "carry-out-order" };
    case "answer":
    case "steer":
      if (isTurning(state)) {
        if (state.stop !== null) return over(run, order, "stale", "The agent is being stopped.", now);
        // Before the turn is known, its own message may not have been taken up: a word on top of it would be lost.
        return what.kind === "steer" && state.turn.turnId === null
          ? undefined
          : { do: "act", action: "carry-out-order" };
      }
      if (state.name !== "blocked") return undefined;
      if (what.kind === "answer" && !asks(state, what.request)) {
        return over(run, order, "stale", "The agent no longer asks that.", now);
      }
      return takeUp(run, order, around, now);
    case "unblock":
    case "retry":
      return takeUp(run, order, around, now);
    case "keep-fixing":
    case "verify-again":
    case "revert":
      return unfreeze(run, order, around, now);
    default:
      return what satisfies never;
  }
}

function asks(state: RunStateOf<"blocked">, request: string): boolean {
  return state.asked?.requests.some(({ id }) => id === request) ?? false;
}

/** Out of the bot's hands. What works is stopped first: an agent is never left behind by itself. */
function leave(run: Run, order: Order, { sent }: Around, now: number): Decision | undefined {
  const { what } = order;
  if (what.kind !== "stop" && what.kind !== "hand-over" && what.kind !== "abandon") return undefined;
  const { state } = run;
  const by = order.by.github ?? order.by.slack;
  const said = { kind: "stopped" as const, text: `Stopped by a person.`, details: what.reason || null };
  switch (state.name) {
    case "working":
    case "fixing":
      return state.stop !== null
        ? undefined
        : { do: "record", event: { type: "run.stop-ordered", at: now, run: run.id, reason: said } };
    case "preparing":
      return haltUnsent(run, sent, now, said);
    case "verifying":
      if (what.kind === "stop")
        return over(run, order, "stale", "The agent is done; CI and the rollout are watched.", now);
      break;
    case "blocked":
    case "frozen":
      if (state.agentMayLive) return undefined;
      break;
    default:
      return undefined;
  }
  const base = { at: now, run: run.id, order: order.id };
  const why = what.reason || `asked for by ${by}`;
  return what.kind === "abandon"
    ? { do: "record", event: { type: "run.abandoned", ...base, why } }
    : { do: "record", event: { type: "run.handed-over", ...base, why } };
}

/** A blocked run goes on once the repo is free, in the order in which people asked. */
function takeUp(run: Run, order: Order, { paused, others, room, freeSlot, policy }: Around, now: number): Decision {
  const wait: Decision = { do: "wait", forMs: policy.watchMs };
  if (paused || !room || holdsRepo(run) !== undefined) return wait;
  const earlier = others.some((other) => (waitsForRepo(other) ?? Number.POSITIVE_INFINITY) < order.at);
  if (earlier || others.some((other) => holdsRepo(other) !== undefined)) return wait;
  const slot = wantsNewSlot(run) ? freeSlot : run.slot;
  if (slot === undefined) return wait;
  return {
    do: "record",
    starts: true,
    event: {
      type: "run.unblocked",
      at: now,
      run: run.id,
      message: messageOf(run, order),
      slot,
      order: order.id,
    },
  };
}

function messageOf(run: Run, { what }: Order): Message {
  const ordinal = nextOrdinal(run);
  if (ordinal === 1) return { ordinal: 1, kind: "task", text: "" };
  switch (what.kind) {
    case "unblock":
      return { ordinal, kind: "guidance", text: what.guidance };
    case "steer":
      return { ordinal, kind: "guidance", text: what.text };
    case "answer":
      return { ordinal, kind: "answer", text: answerText(what.answers) };
    default:
      return { ordinal, kind: "task", text: "" };
  }
}

function answerText(answers: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(answers)
    .map(([question, answer]) => `${question}\n${typeof answer === "string" ? answer : answer.join(", ")}`)
    .join("\n\n");
}

/** Only a look needs no agent: all else waits for the end of a pause, and for room. */
function unfreeze(run: Run, order: Order, { paused, room, policy }: Around, now: number): Decision | undefined {
  const { state } = run;
  const { what } = order;
  if (state.name !== "frozen") return undefined;
  const wait: Decision = { do: "wait", forMs: policy.watchMs };
  if (state.agentMayLive) return undefined;
  const base = { at: now, run: run.id, order: order.id };
  if (what.kind === "verify-again") {
    return { do: "record", event: { type: "run.unfrozen", ...base, how: "verify-again", guidance: "" } };
  }
  if (paused || !room) return wait;
  if (what.kind === "keep-fixing") {
    const event = { type: "run.unfrozen" as const, ...base, how: "keep-fixing" as const, guidance: what.guidance };
    return { do: "record", starts: true, event };
  }
  const message: Message = { ordinal: nextOrdinal(run), kind: "revert", text: "" };
  return {
    do: "record",
    starts: true,
    event: { type: "run.fix-ordered", ...base, message, landed: state.landed, counts: false },
  };
}

function over(run: Run, order: Order, outcome: "done" | "stale", text: string, now: number): Decision {
  return { do: "record", event: { type: "run.order-over", at: now, run: run.id, order: order.id, outcome, text } };
}
