// What an event makes of a run. Never fails: an event that does not fit the run's state leaves it as it is.

import type { BotEvent } from "./event.ts";
import type { Resolved } from "./order.ts";
import {
  isEnded,
  isTurning,
  type Landed,
  landedOf,
  type Run,
  type RunState,
  type RunStateOf,
  type Turn,
} from "./run.ts";

type OneRunEvent = Exclude<
  BotEvent,
  | { type: `slack.${string}` | `bot.${string}` | `repo.${string}` | `housekeeping.${string}` }
  | { type: "run.dispatched" | "run.adopted" | "run.archived" }
>;

export function reduceRun(run: Run, event: OneRunEvent): Run {
  let next = apply(run, event);
  if (event.type !== "run.order-over" && "order" in event && typeof event.order === "string") {
    next = resolve(next, event.order, event.at, "done", "");
  }
  if (!isEnded(next)) return next;
  for (const { id } of next.orders) next = resolve(next, id, event.at, "stale", "The run ended before.");
  return next;
}

function apply(run: Run, event: OneRunEvent): Run {
  const { at } = event;
  const { state } = run;
  switch (event.type) {
    case "run.step-failed":
      return stepFailed(run, event);
    case "run.tree-ready":
      return { ...reaching(run, "tree", at), tree: event.tree, ...(event.made && { treeMade: event.made }) };
    case "run.session-opened":
      return { ...run, session: event.session };
    case "run.turn-started":
      return turnStarted(run, event.turn, at);
    case "run.turn-identified":
      if (!isTurning(state)) return run;
      return moved(run, { ...state, turn: identified(state.turn, event.turnId) });
    case "run.steered": {
      if (!isTurning(state)) return run;
      const { ordinal, messageId, askedAt } = event;
      const turn = { ...state.turn, steered: { ordinal, messageId, askedAt } };
      return { ...moved(run, { ...state, turn }), messages: Math.max(run.messages, ordinal) };
    }
    case "run.again-ordered": {
      if (!isTurning(state)) return run;
      const { message, notBefore, why } = event;
      const again = { notBefore, why };
      const corrects = state.name === "fixing" ? { landed: state.landed } : {};
      return moved(run, { name: "preparing", since: at, failure: null, refusals: 0, message, again, ...corrects });
    }
    case "run.stop-ordered":
      if (!isTurning(state) || state.stop !== null) return run;
      return moved(run, { ...state, stop: { since: at, reason: event.reason } });
    case "run.resume-ordered":
      if (!isTurning(state) || state.stop !== null) return run;
      return moved(run, { ...state, resume: { since: at, why: event.why } });
    case "run.asked":
      if (!isTurning(state)) return run;
      return moved(run, { ...state, asked: event.asked });
    case "run.ask-over": {
      if (!isTurning(state)) return run;
      const { asked, ...rest } = state;
      const waitedMs = (state.waitedMs ?? 0) + (asked === undefined ? 0 : Math.max(0, at - asked.since));
      return moved(run, { ...rest, waitedMs });
    }
    case "run.spend-seen":
      return { ...run, spend: event.spend };
    case "run.landed":
      return landed(run, event.landed, at);
    case "run.landed-late":
      return state.name === "blocked" ? moved(reaching(run, "landed", at), { ...state, landed: event.landed }) : run;
    case "run.fix-ordered":
      return fixOrdered(run, event);
    case "run.rerun-ordered":
      return state.name === "verifying"
        ? moved(run, { ...state, rerun: { at, why: event.why, runs: event.runs } })
        : run;
    case "run.blocked": {
      const { reason, landed: earlier, agentMayLive } = event;
      if (earlier !== null) return frozen(run, at, reason, earlier, agentMayLive);
      const asked = reason.kind === "asked" && state.name === "working" ? state.asked : undefined;
      const turn = turnOf(state);
      return moved(run, { name: "blocked", since: at, reason, turn, agentMayLive, ...(asked && { asked }) });
    }
    case "run.frozen":
      return frozen(run, at, event.reason, event.landed, event.agentMayLive);
    case "run.agent-settled":
      if (state.name !== "blocked" && state.name !== "frozen") return run;
      return moved(run, { ...state, agentMayLive: false });
    case "run.forensics-kept":
      return state.name === "frozen"
        ? moved(run, { ...state, forensics: event.path, ...(event.summary && { summary: event.summary }) })
        : run;
    case "run.unblocked":
      if (state.name !== "blocked") return run;
      return {
        ...moved(run, { name: "preparing", since: at, failure: null, refusals: 0, message: event.message }),
        slot: event.slot,
        tree: event.slot === run.slot ? run.tree : null,
      };
    case "run.unfrozen":
      return unfrozen(run, event);
    case "run.deployed":
      if (state.name !== "verifying") return run;
      return moved(run, { name: "deployed", since: at, landed: state.landed, evidence: event.evidence });
    case "run.handed-over":
      return moved(run, { name: "handed-over", since: at, why: event.why, landed: landedOf(run) });
    case "run.abandoned":
      return moved(run, { name: "abandoned", since: at, why: event.why });
    case "run.ordered":
      if (isEnded(run) || knows(run, event.order.id)) return run;
      return { ...run, orders: [...run.orders, event.order] };
    case "run.order-over":
      return resolve(run, event.order, at, event.outcome, event.text);
    case "run.tree-released":
      return { ...run, tree: null, ...(event.kept && { kept: event.kept }) };
    case "github.comment-shown":
      return { ...run, shown: { ...run.shown, commentId: event.commentId, comment: event.digest } };
    case "github.issue-shown":
      return { ...run, shown: { ...run.shown, issue: event.digest } };
    default:
      return event satisfies never;
  }
}

function stepFailed(run: Run, event: Extract<OneRunEvent, { type: "run.step-failed" }>): Run {
  const { state } = run;
  if (isTurning(state) && event.refused) {
    return moved(run, { ...state, refusals: (state.refusals ?? 0) + 1 });
  }
  if (state.name !== "preparing") return run;
  return moved(run, {
    ...state,
    failure: { step: event.step, text: event.text, at: event.at },
    refusals: state.refusals + (event.refused ? 1 : 0),
  });
}

/** A turn after something landed is a corrective one, a resumed one goes on with what it was. */
function turnStarted(run: Run, turn: Turn, at: number): Run {
  const { state } = run;
  const next = { ...reaching(run, "turn", at), messages: Math.max(run.messages, turn.ordinal) };
  const { message, again } = "turn" in state || state.name === "preparing" ? (state as Asked) : {};
  const flight = { since: at, turn, stop: null, ...(message && { message }), ...(again && { again }) };
  if (state.name === "fixing")
    return moved(next, { name: "fixing", ...flight, landed: state.landed, kind: state.kind });
  if (state.name === "preparing" && state.landed !== undefined) {
    const kind = message?.kind === "revert" ? "revert" : "fix";
    return moved(next, { name: "fixing", ...flight, landed: state.landed, kind });
  }
  return moved(next, { name: "working", ...flight });
}

type Asked = Partial<Pick<RunStateOf<"working">, "message" | "again">>;

/** A turn is found once; a later id is that of the turn in which a person's word was taken up. */
function identified(turn: Turn, turnId: string): Turn {
  if (turn.turnId === null || turn.turnId === turnId || turn.steered === undefined) return { ...turn, turnId };
  const { steered, ...rest } = turn;
  return { ...rest, ...steered, turnIdsBefore: [...turn.turnIdsBefore, turn.turnId], turnId };
}

function landed(run: Run, what: Landed, at: number): Run {
  const { state } = run;
  const asked = state.name === "fixing" && state.kind === "revert";
  const reverts = state.name === "verifying" ? state.reverts : asked && what.sha !== state.landed.sha;
  const onRed = state.name === "verifying" ? state.onRed : asked ? "freeze" : "fix";
  return moved(reaching(run, "landed", at), { name: "verifying", since: at, landed: what, onRed, reverts });
}

function fixOrdered(run: Run, event: Extract<OneRunEvent, { type: "run.fix-ordered" }>): Run {
  const { at, message, landed: red } = event;
  const attempts = (run.fixes?.attempts ?? 0) + (event.counts ? 1 : 0);
  return {
    ...moved(run, { name: "preparing", since: at, failure: null, refusals: 0, message, landed: red }),
    fixes: { since: run.fixes?.since ?? at, attempts },
  };
}

function frozen(
  run: Run,
  since: number,
  reason: RunStateOf<"frozen">["reason"],
  what: Landed,
  agentMayLive: boolean,
): Run {
  return moved(run, { name: "frozen", since, reason, landed: what, turn: turnOf(run.state), agentMayLive });
}

function unfrozen(run: Run, { how, guidance, at }: Extract<OneRunEvent, { type: "run.unfrozen" }>): Run {
  const { state } = run;
  if (state.name !== "frozen") return run;
  const { fixes: _, ...fresh } = run;
  return moved(fresh, {
    name: "verifying",
    since: at,
    landed: { ...state.landed, seenAt: at },
    onRed: how === "keep-fixing" ? "fix" : "freeze",
    reverts: false,
    ...(guidance === "" ? {} : { guidance }),
  });
}

function resolve(run: Run, id: string, at: number, outcome: Resolved["outcome"], text: string): Run {
  const order = run.orders.find((one) => one.id === id);
  if (order === undefined) return run;
  return {
    ...run,
    orders: run.orders.filter((one) => one !== order),
    resolved: [...run.resolved, { order, at, outcome, text }].slice(-MOST_RESOLVED),
  };
}

/** People look at the last ones; the audit has them all. */
const MOST_RESOLVED = 50;

function knows(run: Run, order: string): boolean {
  return run.orders.some(({ id }) => id === order) || run.resolved.some((one) => one.order.id === order);
}

function turnOf(state: RunState): Turn | null {
  return "turn" in state ? state.turn : null;
}

/** The first time counts. */
function reaching(run: Run, phase: keyof Run["reached"], at: number): Run {
  return run.reached[phase] === undefined ? { ...run, reached: { ...run.reached, [phase]: at } } : run;
}

function moved(run: Run, state: RunState): Run {
  return { ...run, state };
}
